#include "webui/views/form_rows.h"

#include <algorithm>

namespace racehub::ui {
namespace {

constexpr float kFieldWidth = 420, kIndent = 18;
constexpr std::size_t kMostBytes = 1'000;

using Kind = FormRow::Kind;

void draw_help(Ui& ui, const FormRow& row) {
    if (!row.problem.empty()) ui.paragraph("× " + row.problem, kRed, 15);
    if (!row.help.empty()) ui.paragraph(row.help, kDim, kSmall);
}

void draw_typed(Ui& ui, SettingsForm& form, const FormRow& row) {
    Field like;
    like.secret = row.kind == Kind::secret;
    like.figures = row.kind == Kind::number;
    like.most_bytes = kMostBytes;
    std::string value = row.value;
    const std::string label = row.label + (row.required ? " (needed)" : "");
    if (labelled_field(ui, "settings/" + row.path, label, value, like)) form.set(row.path, value);
}

void draw_choice(Ui& ui, SettingsForm& form, const FormRow& row) {
    std::vector<std::string_view> options(row.options.begin(), row.options.end());
    std::vector<std::string> values = row.options;
    if (row.kind == Kind::flag) {
        options = {"No", "Yes"};
        values = {"false", "true"};
    }
    const auto found = std::find(values.begin(), values.end(), row.value);
    const int chosen = found == values.end() ? -1 : static_cast<int>(found - values.begin());
    const int picked = ui.choice(row.label, options, chosen);
    if (picked >= 0) form.set(row.path, values[static_cast<std::size_t>(picked)]);
}

/// True: the rows are other ones now.
bool draw_list_part(Ui& ui, SettingsForm& form, const FormRow& row) {
    if (row.kind == Kind::add) {
        if (!ui.button("Add to " + row.label)) return false;
        form.add_item(row.path);
        return true;
    }
    const Rect line = ui.place(std::min(ui.left(), kFieldWidth), kTarget);
    ui.text(Rect{line.x, line.y, line.w - 120, line.h}, Face::bold, kBody, kText, row.label);
    if (!ui.button(Rect{line.right() - 110, line.y, 110, line.h}, "Take out")) return false;
    form.remove_item(row.path);
    return true;
}

}  // namespace

bool labelled_field(Ui& ui, const std::string& id, const std::string& label, std::string& value,
                    const Field& like) {
    ui.text(ui.place(0, 24), Face::regular, kSmall, kDim, label);
    std::string typed = value;
    ui.field(id, ui.place(std::min(ui.left(), kFieldWidth), kTarget), label, typed, like);
    if (typed == value) return false;
    value = typed;
    return true;
}

void form_rows(Ui& ui, SettingsForm& form) {
    for (std::size_t i = 0; i < form.rows().size(); ++i) {
        const FormRow row = form.rows()[i];
        const float indent = kIndent * static_cast<float>(row.depth);
        if (indent > 0) ImGui::Indent(indent);
        ImGui::PushID((row.path + (row.kind == Kind::add ? "+" : "")).c_str());
        bool other_rows = false;
        switch (row.kind) {
            case Kind::group:
                ui.space(4);
                ui.text(ui.place(0, 30), Face::bold, 18, kText, row.label);
                break;
            case Kind::item:
            case Kind::add:
                other_rows = draw_list_part(ui, form, row);
                break;
            case Kind::flag:
            case Kind::choice:
                draw_choice(ui, form, row);
                break;
            case Kind::text:
            case Kind::secret:
            case Kind::number:
                draw_typed(ui, form, row);
                break;
        }
        draw_help(ui, row);
        ImGui::PopID();
        if (indent > 0) ImGui::Unindent(indent);
        if (other_rows) return ui.again_after(1);
    }
}

}  // namespace racehub::ui
