#include "webui/views/race_control.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/heats_view.h"
#include "webui/views/band.h"
#include "webui/views/heat_lanes.h"
#include "webui/views/standings_table.h"

namespace racehub::ui {
namespace {

constexpr std::size_t kFeedLines = 6;
constexpr float kButtonHeight = 64;

ButtonStyle style_of(ImU32 fill, ImU32 text, ImGuiKey key) {
    return ButtonStyle{fill, text, 20, key};
}

/// One button of the action bar.
struct Action {
    std::string_view label;
    ButtonStyle style;
    bool hold;
    Payload command;
};

std::vector<Action> actions_for(const RaceView& race) {
    std::vector<Action> list;
    if (race.can_clear)
        list.push_back({"NEW RACE", style_of(kBlue, kInk, ImGuiKey_N), false, RaceClear{}});
    if (race.can_arm && !race.can_clear)
        list.push_back({"ARM", style_of(kBlue, kInk, ImGuiKey_A), false, RaceArm{}});
    if (race.can_start)
        list.push_back({"START", style_of(kGreen, kInk, ImGuiKey_S), false, RaceStart{}});
    if (race.can_pause)
        list.push_back({"PAUSE", style_of(kYellow, kInk, ImGuiKey_P), false, RacePause{}});
    if (race.can_resume)
        list.push_back({"RESUME", style_of(kGreen, kInk, ImGuiKey_P), false, RaceResume{}});
    if (race.can_stop)
        list.push_back(
            {"Hold to STOP", style_of(rgb(0xc4282d), kWhite, ImGuiKey_X), true, RaceStop{}});
    // A false start must be stoppable at once: before the race runs, aborting loses nothing.
    const bool easy = race.phase == Phase::armed || race.phase == Phase::lights;
    if (race.can_abort) {
        list.push_back({easy ? "ABORT" : "Hold to ABORT",
                        style_of(easy ? rgb(0xc4282d) : kRaised, kWhite, ImGuiKey_Q), !easy,
                        RaceAbort{}});
    }
    return list;
}

}  // namespace

void RaceControl::draw_actions(Context& context) {
    Ui& ui = context.ui;
    if (!context.client.director()) {
        return ui.paragraph("You are watching. To run races, log in as race director (top right).",
                            kDim);
    }
    const std::vector<Action> list = actions_for(context.race);
    if (list.empty()) return;
    const std::size_t columns = ui.narrow() ? std::min<std::size_t>(list.size(), 2) : list.size();
    const float most = ui.narrow() ? ui.left() : 340.0F;
    const float w = std::min(
        (ui.left() - kGap * static_cast<float>(columns - 1)) / static_cast<float>(columns), most);
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (i % columns != 0) ImGui::SameLine(0, kGap);
        // The last one alone in its line takes all of it.
        const bool alone = columns > 1 && i + 1 == list.size() && i % columns == 0;
        const Rect rect = ui.place(alone ? 0.0F : w, kButtonHeight);
        const bool used =
            list[i].hold ? ui.hold_button(rect, list[i].label, list[i].style, context.may_command())
                         : ui.button(rect, list[i].label, list[i].style, context.may_command());
        if (used) context.command(list[i].command);
    }
}

void RaceControl::draw_feed(Context& context) {
    Ui& ui = context.ui;
    const auto& notices = context.client.feed().notices();
    std::size_t shown = 0;
    for (auto notice = notices.rbegin(); notice != notices.rend() && shown < kFeedLines; ++notice) {
        if (notice->track != context.race.track_id) continue;
        if (shown++ == 0) ui.heading("Race control");
        const Rect line = ui.place(0, 26);
        ImU32 color = kLine;
        if (notice->tone == Tone::good) color = kGreen;
        if (notice->tone == Tone::warning) color = kYellow;
        if (notice->tone == Tone::bad) color = kRed;
        ui.fill(Rect{line.x, line.y + 3, 4, line.h - 6}, color, 2);
        const std::string age =
            format_age(std::max<TimeUs>(context.hub_now_us - notice->time_us, 0));
        ui.text(Rect{line.x + 14, line.y, 60, line.h}, Face::regular, kSmall, kDim, age);
        ui.text(Rect{line.x + 74, line.y, line.w - 74, line.h}, Face::regular, 16, kText,
                notice->text);
    }
}

void RaceControl::draw_heat(Context& context) {
    Ui& ui = context.ui;
    const RaceView& race = context.race;
    const TimerLights& lights = context.client.lights(race.track_id);
    if (lights.gate_ready) gate_light(ui, lights, ui.place(0, 30), 16);
    if (!race.held) {
        if (context.client.director()) {
            desk_.draw_actions(context);
        } else {
            ui.paragraph("You are watching. To run heats, log in as race director (top right).",
                         kDim);
        }
    }
    draw_hold(ui, race);
    const std::string& hint = context.client.director() ? race.hint : race.watcher_hint;
    if (!hint.empty()) ui.paragraph(hint, kDim);
    const bool two = ui.left() > 1'000;
    if (two) {
        ImGui::Columns(2, "heat", false);
        ImGui::SetColumnWidth(0, ui.width * 0.54F);
    }
    LanesStyle style;
    if (ui.narrow()) style.text = 18;
    heat_lanes(ui, race, lights, ui.place(0, heat_lanes_height(race.rows.size(), style)), style);
    if (two) ImGui::NextColumn();
    desk_.draw_result(context);
    desk_.draw_offers(context);
    const SessionView session =
        session_view(context.client.state(), race.track_id, RankBy::average);
    if (session.next > 0 && race.phase != Phase::idle) {
        ui.heading("Next: heat " + std::to_string(session.next));
        ui.paragraph(session.next_line_up);
    }
    draw_feed(context);
    if (two) ImGui::Columns(1);
}

void RaceControl::draw(Context& context) {
    Ui& ui = context.ui;
    const RaceView& race = context.race;
    flag_band(ui, race, ui.place(0, ui.narrow() ? 76.0F : 96.0F));
    if (race.heat) {
        ui.space(4);
        return draw_heat(context);
    }
    if (race.lights.shown) {
        ui.space(4);
        start_lights(ui, race.lights,
                     ui.place(0, ui.narrow() ? 110.0F : std::min(190.0F, ui.height * 0.22F)));
    }
    ui.space(4);
    draw_actions(context);
    if (!race.hint.empty() && context.client.director()) ui.paragraph(race.hint, kDim);
    TableStyle style;
    style.row_height = 52;
    style.ages = true;
    if (ui.narrow()) style.text = 16;
    const float h = standings_height(race.rows.size(), style);
    standings_table(ui, race, ui.place(0, h), style);
    if (!race.fastest.empty()) ui.paragraph("★ Fastest lap: " + race.fastest, kPurple);
    draw_feed(context);
}

}  // namespace racehub::ui
