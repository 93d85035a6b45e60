#include "webui/views/settings_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/source_light.h"
#include "webui/views/form_rows.h"

namespace racehub::ui {
namespace {

constexpr float kWide = 1'000;  ///< from here on the device stands beside its settings
constexpr float kTileWidth = 300, kRow = 52, kLampWidth = 118, kLampHeight = 64;
constexpr std::size_t kLinesShown = 60, kMostShown = 400;

ImU32 color_of(SourceLight::Look look) {
    switch (look) {
        case SourceLight::Look::good:
            return kGreen;
        case SourceLight::Look::trying:
            return kYellow;
        case SourceLight::Look::bad:
            return kRed;
        case SourceLight::Look::off:
            break;
    }
    return kDim;
}

void lamp(Ui& ui, std::string_view label, std::string_view state, ImU32 color) {
    ui.flow(kLampWidth);
    const Rect rect = ui.place(kLampWidth, kLampHeight);
    ui.fill(rect, kPanel);
    ui.fill(Rect{rect.x, rect.y, 8, rect.h}, color, 3);
    ui.text(Rect{rect.x + 18, rect.y + 8, rect.w - 24, 20}, Face::regular, kSmall, kDim, label);
    ui.text(Rect{rect.x + 18, rect.y + 30, rect.w - 24, 26}, Face::bold, kBody, color, state);
}

/// The beginning of a long line, cut at a letter.
std::string beginning(std::string text) {
    if (text.size() <= kMostShown) return text;
    text.resize(kMostShown);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80)
        text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.pop_back();
    return text + "…";
}

ButtonStyle strong() {
    ButtonStyle style;
    style.fill = kBlue;
    style.text = kInk;
    return style;
}

}  // namespace

const SourceHealth* SettingsView::health(const Context& context, const std::string& source) const {
    for (const SourceHealth& each : context.client.sources()) {
        if (each.id == source) return &each;
    }
    return nullptr;
}

void SettingsView::draw_list(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Set up sources");
    const float w = ui.narrow() ? ui.left() : kTileWidth;
    bool first = true;
    for (const SourceHealth& source : context.client.sources()) {
        if (!first) ui.flow(w);
        first = false;
        const Rect rect = ui.place(w, kRow);
        ButtonStyle style;
        style.fill = kPanel;
        const bool pressed = ui.button(rect, "Open " + source.id, style);
        const SourceLight light = source_light(&source, context.hub_now_us);
        const bool here = desk_.mode() == SourceDesk::Mode::form && desk_.source() == source.id;
        ui.fill(rect, here ? kRaised : kPanel);
        if (here) ui.frame(rect, kBlue, 2);
        ui.circle(rect.x + 22, rect.y + rect.h / 2, 8, color_of(light.look));
        const Rect inside{rect.x + 44, rect.y, rect.w - 54, rect.h};
        ui.text(Rect{inside.x, rect.y + 5, inside.w, 24}, Face::bold, kBody, kText, source.id);
        ui.text(Rect{inside.x, rect.y + 27, inside.w, 20}, Face::regular, kSmall, kDim, light.word);
        if (pressed) desk_.choose(source.id);
    }
    if (!first) ui.flow(w);
    if (ui.button("Add a source", {}, true, std::min(w, 200.0F), kRow)) desk_.add();
}

void SettingsView::draw_plugins(Context& context) {
    Ui& ui = context.ui;
    std::vector<std::string> taken;
    for (const SourceHealth& source : context.client.sources()) taken.push_back(source.id);
    ui.heading("What should be connected?");
    for (const PluginChoice& plugin : desk_.plugins()) {
        if (!plugin.problem.empty()) {
            ui.paragraph("× " + plugin.library + " cannot be used: " + plugin.problem, kDim,
                         kSmall);
            continue;
        }
        ImGui::PushID(plugin.plugin_id.c_str());
        ButtonStyle style;
        style.fill = kPanel;
        style.align = Align::left;
        const bool pressed =
            ui.button(ui.place(std::min(ui.left(), 640.0F), kRow), plugin.name, style);
        ImGui::PopID();
        ui.paragraph(plugin.description, kDim, kSmall);
        if (pressed) return desk_.make_of(PluginChoice(plugin), context.race.track_id, taken);
    }
}

void SettingsView::draw_head(Context& context) {
    Ui& ui = context.ui;
    ui.heading(desk_.is_new() ? "New: " + desk_.plugin_name()
                              : desk_.source() + " (" + desk_.plugin_name() + ")");
    if (desk_.is_new()) return;
    const SourceHealth* source = health(context, desk_.source());
    const SourceLight light = source_light(source, context.hub_now_us);
    const Rect line = ui.place(0, 28);
    ui.circle(line.x + 12, line.y + 14, 8, color_of(light.look));
    ui.text(Rect{line.x + 30, line.y, line.w - 30, line.h}, Face::bold, kBody, color_of(light.look),
            light.word);
    if (source != nullptr) ui.paragraph(source->text, kDim, 15);
}

void SettingsView::draw_actions(Context& context) {
    Ui& ui = context.ui;
    const bool free = !desk_.busy() && desk_.known();
    ui.space(4);
    if (ui.button("Save", desk_.unsaved() ? strong() : ButtonStyle{}, free && desk_.unsaved(), 110))
        desk_.save();
    const auto next = [&](const char* label, bool enabled, float w) {
        ui.flow(w);
        return ui.button(label, {}, enabled, w);
    };
    if (desk_.tests() && next("Test connection", free, 170)) desk_.test();
    if (desk_.discovers() && next("Discover", free, 120)) desk_.discover();
    if (desk_.is_new()) {
        if (next("Cancel", true, 110)) desk_.leave();
        return;
    }
    if (next("Restart", free, 110)) desk_.restart();
    if (next("Ask for dbg", free, 140)) desk_.ask("dbg");
    ButtonStyle red;
    red.text = kRed;
    ui.flow(170);
    if (ui.hold_button(ui.place(170, kTarget), "Hold to remove", red, free)) desk_.remove();
}

void SettingsView::draw_message(Context& context) {
    Ui& ui = context.ui;
    if (desk_.busy()) ui.paragraph(desk_.busy_text(), kDim);
    if (!desk_.message().empty()) {
        ui.paragraph((desk_.message_good() ? "✓ " : "× ") + desk_.message(),
                     desk_.message_good() ? kGreen : kRed);
    }
    for (const std::string& problem : desk_.problems()) ui.paragraph("× " + problem, kRed, 15);
}

void SettingsView::draw_found(Context& context) {
    Ui& ui = context.ui;
    for (std::size_t i = 0; i < desk_.found().size(); ++i) {
        const FoundDevice& device = desk_.found()[i];
        const Rect line = ui.place(std::min(ui.left(), 640.0F), kRow);
        ui.fill(line, kPanel);
        ui.text(Rect{line.x + 14, line.y, line.w - 120, line.h}, Face::regular, kBody, kText,
                device.label);
        ImGui::PushID(static_cast<int>(i));
        const bool pressed =
            ui.button(Rect{line.right() - 96, line.y + 4, 90, kTarget}, "Use", strong());
        ImGui::PopID();
        if (pressed) return desk_.use(FoundDevice(device));
    }
}

void SettingsView::draw_common(Context& context) {
    Ui& ui = context.ui;
    Field like;
    like.most_bytes = 60;
    if (desk_.is_new())
        labelled_field(ui, "settings/ id", "Name of this source", desk_.new_id, like);
    std::vector<std::string_view> tracks;
    std::vector<std::string> ids;
    int chosen = -1;
    for (const Track& track : context.client.state().tracks) {
        if (track.id == desk_.track) chosen = static_cast<int>(ids.size());
        ids.push_back(track.id);
        tracks.push_back(track.name);
    }
    if (!ids.empty()) {
        const int picked = ui.choice("Track", tracks, chosen);
        if (picked >= 0) {
            desk_.track = ids[static_cast<std::size_t>(picked)];
            desk_.touch();
        }
    }
    const int picked = ui.choice("Switched on", {"Off", "On"}, desk_.enabled ? 1 : 0);
    if (picked < 0) return;
    desk_.enabled = picked == 1;
    desk_.touch();
}

void SettingsView::draw_device(Context& context) {
    Ui& ui = context.ui;
    const SourceHealth* source = health(context, desk_.source());
    if (source == nullptr || !source->lights) return;
    const TimerLights& lights = *source->lights;
    ui.heading("The device: wave your hand");
    const bool known = lights.gate_ready.has_value();
    ui.place(1, 1);
    lamp(ui, "Start gate",
         !known               ? "unknown"
         : *lights.gate_ready ? "closed"
                              : "open",
         !known               ? kDim
         : *lights.gate_ready ? kGreen
                              : kYellow);
    for (const auto& [lane, blocked] : lights.lanes)
        lamp(ui, "Lane " + std::to_string(lane), blocked ? "blocked" : "clear",
             blocked ? kYellow : kGreen);
    ui.paragraph(lights.text, kDim, 15);
}

void SettingsView::draw_protocol(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Protocol");
    if (ui.button("Download", {}, true, 130))
        context.page.download(desk_.log_path() + "?download=1");
    const auto& lines = desk_.lines();
    if (lines.empty()) ui.paragraph("Nothing was said yet.", kDim);
    const std::size_t from = lines.size() > kLinesShown ? lines.size() - kLinesShown : 0;
    // The newest on top: it is what one looks for, and it does not run away while one scrolls.
    for (std::size_t i = lines.size(); i-- > from;) {
        const WireLine& line = lines[i];
        const bool note = line.dir == "note";
        const std::string sign = line.dir == "in" ? "‹ " : line.dir == "out" ? "› " : "· ";
        const TimeUs day_us = 24 * kHourUs;
        const TimeUs local_us = line.time_us + context.page.zone_us(line.time_us);
        ui.paragraph(format_clock(((local_us % day_us) / kSecondUs) * kSecondUs) + " " + sign +
                         beginning(line.text),
                     note               ? kDim
                     : line.dir == "in" ? kText
                                        : kBlue,
                     kSmall);
    }
}

void SettingsView::draw_source(Context& context) {
    Ui& ui = context.ui;
    const bool wide = ui.left() >= kWide && !desk_.is_new();
    if (wide) {
        ImGui::BeginChild("form", ImVec2(ui.left() * 0.55F, 0), ImGuiChildFlags_AutoResizeY);
    }
    draw_head(context);
    draw_actions(context);
    draw_message(context);
    draw_found(context);
    if (!wide && !desk_.is_new()) draw_device(context);
    if (desk_.known()) {
        ui.heading("Settings");
        draw_common(context);
        form_rows(ui, desk_.form());
    }
    if (wide) {
        ImGui::EndChild();
        ImGui::SameLine(0, 2 * kGap);
        ImGui::BeginChild("device", ImVec2(0, 0), ImGuiChildFlags_AutoResizeY);
        draw_device(context);
    }
    if (!desk_.is_new()) draw_protocol(context);
    if (wide) ImGui::EndChild();
}

void SettingsView::draw(Context& context) {
    Ui& ui = context.ui;
    if (!context.client.director()) {
        ui.heading("Set up sources");
        return ui.paragraph("Log in as race director to set up gates, timers and other sources.",
                            kDim);
    }
    draw_list(context);
    if (desk_.mode() != SourceDesk::Mode::form) draw_message(context);
    if (desk_.mode() == SourceDesk::Mode::choose_plugin) draw_plugins(context);
    if (desk_.mode() == SourceDesk::Mode::form) {
        draw_source(context);
        desk_.listen(context.local_us);
        ui.again_after(SourceDesk::kLogUs);
    }
    for (const SourceDesk::Request& each : desk_.take_requests())
        context.page.send(each.method, each.path, each.body);
}

}  // namespace racehub::ui
