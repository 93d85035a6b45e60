#include "webui/views/ui.h"

#include <imgui_internal.h>

#include <algorithm>
#include <cmath>

namespace racehub::ui {
namespace {

constexpr float kButtonPad = 18;

ImU32 faded(ImU32 color, float part) {
    const auto alpha = static_cast<ImU32>(static_cast<float>(color >> 24) * part);
    return (color & 0xffffffU) | (alpha << 24);
}

/// The key's name on a button.
const char* key_name(ImGuiKey key) { return key == ImGuiKey_None ? "" : ImGui::GetKeyName(key); }

}  // namespace

void Ui::begin(TimeUs now_us) {
    now_us_ = now_us;
    again_us_ = 0;
    items.clear();
    texts.clear();
    for (auto& [id, field] : fields) field.seen = false;
}

void Ui::end() {
    std::erase_if(fields,
                  [](const auto& item) { return !item.second.seen && !item.second.focused; });
    if (holding_.empty()) return;
    again_after(30'000);
}

void Ui::again_after(TimeUs delay_us) {
    delay_us = std::max<TimeUs>(delay_us, 1);
    again_us_ = again_us_ == 0 ? delay_us : std::min(again_us_, delay_us);
}

float Ui::left() const { return ImGui::GetContentRegionAvail().x; }

Rect Ui::place(float w, float h) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (w <= 0) w = left();
    ImGui::Dummy(ImVec2(w, h));
    return Rect{at.x, at.y, w, h};
}

void Ui::space(float h) { ImGui::Dummy(ImVec2(1, h)); }

void Ui::flow(float w) {
    ImGui::SameLine(0, kGap);
    if (left() < w) ImGui::NewLine();
}

// ---- drawing ----

void Ui::fill(const Rect& rect, ImU32 color, float round) {
    ImGui::GetWindowDrawList()->AddRectFilled(rect.min(), rect.max(), color, round);
}

void Ui::frame(const Rect& rect, ImU32 color, float thick, float round) {
    ImGui::GetWindowDrawList()->AddRect(rect.min(), rect.max(), color, round, 0, thick);
}

void Ui::circle(float x, float y, float radius, ImU32 color) {
    ImGui::GetWindowDrawList()->AddCircleFilled(ImVec2(x, y), radius, color);
}

float Ui::measure(Face face, float size, std::string_view text) const {
    return fonts.pick(face, size)
        ->CalcTextSizeA(size, FLT_MAX, 0, text.data(), text.data() + text.size())
        .x;
}

void Ui::text(const Rect& rect, Face face, float size, ImU32 color, std::string_view text,
              Align align) {
    if (text.empty()) return;
    texts.emplace_back(text);
    fonts.need(text);
    std::string cut(text);
    float w = measure(face, size, cut);
    while (w > rect.w + 0.5F && cut.size() > 4) {
        cut.resize(cut.size() - (cut.ends_with("…") ? 3 : 0));
        do {
            cut.pop_back();
        } while (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0xc0) == 0x80);
        if (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0x80) != 0) cut.pop_back();
        cut += "…";
        w = measure(face, size, cut);
    }
    float x = rect.x;
    if (align == Align::right) x = rect.right() - w;
    if (align == Align::center) x = rect.x + (rect.w - w) / 2;
    const float y = rect.y + (rect.h - size) / 2;
    ImGui::GetWindowDrawList()->AddText(fonts.pick(face, size), size,
                                        ImVec2(std::round(x), std::round(y)), color, cut.data(),
                                        cut.data() + cut.size());
}

void Ui::wrapped(const Rect& rect, Face face, float size, ImU32 color, std::string_view text) {
    if (text.empty()) return;
    texts.emplace_back(text);
    fonts.need(text);
    ImFont* font = fonts.pick(face, size);
    const ImVec2 area =
        font->CalcTextSizeA(size, FLT_MAX, rect.w, text.data(), text.data() + text.size());
    const ImVec2 at(rect.x, std::round(rect.y + (rect.h - area.y) / 2));
    ImGui::GetWindowDrawList()->AddText(font, size, at, color, text.data(),
                                        text.data() + text.size(), rect.w);
}

void Ui::paragraph(std::string_view text, ImU32 color, float size) {
    if (text.empty()) return;
    texts.emplace_back(text);
    fonts.need(text);
    const float wrap = std::max(left(), 40.0F);
    ImFont* font = fonts.pick(Face::regular, size);
    const ImVec2 area =
        font->CalcTextSizeA(size, FLT_MAX, wrap, text.data(), text.data() + text.size());
    const Rect rect = place(wrap, area.y + 2);
    ImGui::GetWindowDrawList()->AddText(font, size, rect.min(), color, text.data(),
                                        text.data() + text.size(), wrap);
}

void Ui::title(std::string_view words) {
    ImFont* font = fonts.pick(Face::bold, kHead);
    const float h = font->CalcTextSizeA(kHead, FLT_MAX, std::max(left(), 40.0F), words.data(),
                                        words.data() + words.size())
                        .y;
    wrapped(place(0, std::max(46.0F, h + 10)), Face::bold, kHead, kText, words);
}

void Ui::heading(std::string_view words) {
    space(4);
    text(place(0, kHead + 8), Face::bold, 20, kText, words);
}

// ---- acting ----

bool Ui::typing() const {
    return std::any_of(fields.begin(), fields.end(),
                       [](const auto& item) { return item.second.focused; });
}

bool Ui::key_pressed(ImGuiKey key) const {
    return key != ImGuiKey_None && !typing() && !ImGui::GetIO().KeyCtrl && !ImGui::GetIO().KeyAlt &&
           !ImGui::GetIO().KeySuper && ImGui::IsKeyPressed(key, false);
}

bool Ui::pressed(const Rect& rect, std::string_view label, bool enabled, bool* hovered,
                 bool* held) {
    items.push_back(Item{std::string(label), rect, enabled});
    ImGuiWindow* window = ImGui::GetCurrentWindow();
    const ImGuiID id = window->GetID(label.data(), label.data() + label.size());
    const ImRect box(rect.min(), rect.max());
    *hovered = *held = false;
    if (!ImGui::ItemAdd(box, id) || !enabled) return false;
    return ImGui::ButtonBehavior(box, id, hovered, held);
}

void Ui::draw_button(const Rect& rect, std::string_view label, const ButtonStyle& style,
                     bool enabled, bool hovered, bool held, float progress) {
    const float strength = enabled ? 1.0F : 0.35F;
    fill(rect, faded(style.fill, enabled ? 1.0F : 0.22F));
    if (progress > 0) fill(Rect{rect.x, rect.y, rect.w * progress, rect.h}, rgb(0xffffff, 110));
    if (hovered && !touch) fill(rect, rgb(0xffffff, 24));
    if (held) fill(rect, rgb(0x000000, 40));
    if (style.fill == kRaised || !enabled) frame(rect, faded(rgb(0x46535f), strength));
    Rect inside = rect.inner(8, 0);
    const char* key = key_name(style.key);
    if (*key != 0 && !touch && !narrow() && enabled && rect.w > 130) {
        const Rect box{rect.right() - 34, rect.y + (rect.h - 22) / 2, 22, 22};
        frame(box, faded(style.text, 0.6F), 1, 4);
        text(box, Face::bold, kSmall, faded(style.text, 0.85F), key, Align::center);
        inside.w -= 30;
        inside.x += 4;
    }
    text(inside, Face::bold, style.size, enabled ? style.text : faded(kDim, 0.8F), label,
         style.align);
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    if (context.NavId == context.LastItemData.ID && !context.NavDisableHighlight)
        frame(rect.inner(-3, -3), kWhite, 2, 10);
}

bool Ui::button(const Rect& rect, std::string_view label, const ButtonStyle& style, bool enabled) {
    bool hovered = false, held = false;
    const bool used = pressed(rect, label, enabled, &hovered, &held);
    draw_button(rect, label, style, enabled, hovered, held, 0);
    return used || (enabled && key_pressed(style.key));
}

bool Ui::button(std::string_view label, const ButtonStyle& style, bool enabled, float w, float h) {
    if (w <= 0) {
        w = std::max(kTarget, measure(Face::bold, style.size, label) + 2 * kButtonPad);
        if (style.key != ImGuiKey_None && !touch) w += 34;
    }
    return button(place(w, h), label, style, enabled);
}

bool Ui::hold_button(const Rect& rect, std::string_view label, const ButtonStyle& style,
                     bool enabled) {
    bool hovered = false, held = false;
    pressed(rect, label, enabled, &hovered, &held);
    const bool by_key = style.key != ImGuiKey_None && !typing() && ImGui::IsKeyDown(style.key);
    const bool down = enabled && ((held && hovered) || by_key);
    float progress = 0;
    bool done = false;
    if (!down) {
        if (holding_ == label) holding_.clear();
    } else if (holding_ != label) {
        holding_ = label;
        held_since_us_ = now_us_;
        hold_done_ = false;
    } else {
        const TimeUs so_far_us = now_us_ - held_since_us_;
        progress = std::min(1.0F, static_cast<float>(so_far_us) / static_cast<float>(kHoldUs));
        done = so_far_us >= kHoldUs && !hold_done_;
        hold_done_ = hold_done_ || done;
    }
    draw_button(rect, label, style, enabled, hovered, held, progress);
    return done;
}

int Ui::choice(std::string_view label, const std::vector<std::string_view>& options, int chosen,
               bool enabled) {
    text(place(0, 24), Face::regular, kSmall, kDim, label);
    ImGui::PushID(label.data(), label.data() + label.size());
    float widest = 0;
    for (const std::string_view option : options)
        widest = std::max(widest, measure(Face::bold, kBody, option));
    const auto count = static_cast<float>(options.size());
    const float wanted = widest + 28;
    const bool stacked = wanted * count > left();
    const float w = stacked ? left() : std::min(wanted + 20, left() / count);
    int result = -1;
    for (int i = 0; i < static_cast<int>(options.size()); ++i) {
        if (i > 0 && !stacked) ImGui::SameLine(0, 2);
        ButtonStyle style;
        if (i == chosen) {
            style.fill = kBlue;
            style.text = kInk;
        }
        if (button(options[static_cast<std::size_t>(i)], style, enabled, w) && i != chosen)
            result = i;
    }
    ImGui::PopID();
    return result;
}

int Ui::stepper(std::string_view label, std::string_view value, bool enabled) {
    text(place(0, 24), Face::regular, kSmall, kDim, label);
    ImGui::PushID(label.data(), label.data() + label.size());
    int step = 0;
    if (button("–", {}, enabled, kTarget)) step = -1;
    ImGui::SameLine(0, 2);
    const Rect middle = place(110, kTarget);
    fill(middle, kPanel, 4);
    text(middle, Face::bold, kBody, enabled ? kText : kDim, value, Align::center);
    ImGui::SameLine(0, 2);
    if (button("+", {}, enabled, kTarget)) step = 1;
    ImGui::PopID();
    return step;
}

bool Ui::field(const std::string& id, const Rect& rect, std::string_view label, std::string& value,
               const Field& like) {
    Field& field = fields[id];
    field.label = label;
    field.secret = like.secret;
    field.figures = like.figures;
    field.repeat = like.repeat;
    field.most_bytes = like.most_bytes;
    field.rect = rect;
    const ImRect clip = ImGui::GetCurrentWindow()->ClipRect;
    field.clip = Rect{clip.Min.x, clip.Min.y, clip.GetWidth(), clip.GetHeight()};
    field.seen = true;
    items.push_back(Item{std::string(label), rect, true});
    fill(rect, kGround, 6);
    frame(rect, field.focused ? kBlue : rgb(0x5a6876), field.focused ? 2.0F : 1.0F, 6);
    if (field.value.empty() && !field.focused) {
        text(rect.inner(12, 0), Face::regular, 16, rgb(0x8b97a3), label);
    }
    const bool committed = std::exchange(field.committed, false);
    if (committed) again_after(1);  // what was drawn before this field may depend on it
    if (field.focused || committed) {
        value = field.value;
    } else {
        field.value = value;
    }
    if (committed && like.repeat) field.value.clear();
    return committed;
}

}  // namespace racehub::ui
