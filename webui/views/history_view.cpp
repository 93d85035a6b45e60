#include "webui/views/history_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/words.h"
#include "webui/views/heat_lanes.h"
#include "webui/views/result_view.h"

namespace racehub::ui {
namespace {

constexpr float kRowHeight = 58;
constexpr std::size_t kMostRaces = 2'000;  ///< in the list; older ones are a question for exports

}  // namespace

void HistoryView::ask_list(Context& context, const std::string& before) {
    list_path_ = "/api/races?track=" + track_ + "&limit=50";
    if (!before.empty()) list_path_ += "&before=" + before;
    list_asked_ = true;
    list_failed_ = false;
    context.page.get(list_path_);
}

void HistoryView::on_got(const std::string& path, int status, const std::string& body) {
    if (path == list_path_) {
        list_path_.clear();
        list_failed_ = status != 200 || !read_races(body, races_, next_before_);
    } else if (path == race_path_) {
        race_path_.clear();
        race_failed_ = status != 200 || !read_race(body, state_, state_track_);
        race_known_ = !race_failed_;
        if (race_known_ && !facts_body_.empty()) read_corrections(facts_body_, state_, feed_);
    } else if (path == facts_path_ && status == 200) {
        facts_path_.clear();
        facts_body_ = body;
        if (race_known_) read_corrections(body, state_, feed_);
    }
}

void HistoryView::open(Context& context, const StoredRaceView& race) {
    shown_ = race.race_id;
    shown_armed_us_ = race.armed_us;
    race_known_ = race_failed_ = correcting_ = ask_again_ = false;
    ask_race(context);
}

void HistoryView::ask_race(Context& context) {
    feed_.clear();
    facts_body_.clear();
    race_path_ = "/api/races/" + shown_;
    facts_path_ = race_path_ + "/facts";
    context.page.get(race_path_);
    context.page.get(facts_path_);
}

void HistoryView::draw_list(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Races on " + context.race.track_name);
    const bool waits = !list_path_.empty();
    if (list_failed_) {
        ui.paragraph("The hub did not tell about its races.", kRed);
        if (ui.button("Try again")) ask_list(context, next_before_);
    } else if (races_.empty()) {
        return ui.paragraph(waits ? "Asking the hub …" : "No race has been run on this track yet.",
                            kDim);
    }
    for (const StoredRaceView& race : races_) {
        const Rect line = ui.place(0, kRowHeight);
        if (!ImGui::IsRectVisible(line.min(), line.max())) continue;
        ImGui::PushID(race.race_id.c_str());
        ButtonStyle style;
        style.fill = kPanel;
        const bool pressed = ui.button(line, " ", style);
        ui.items.back().label = "Open race " + race.race_id;
        ImGui::PopID();
        const bool good = !race.winner.empty();
        ui.fill(Rect{line.x, line.y, 6, line.h}, good ? kGreen : kLine, 3);
        const std::string when = format_date(race.armed_us + context.page.zone_us(race.armed_us));
        const float right_w = ui.narrow() ? 92.0F : 260.0F;
        const Rect inside{line.x + 20, line.y, line.w - 40 - right_w, line.h};
        ui.text(Rect{inside.x, inside.y + 6, inside.w, 26}, Face::bold, 18, good ? kText : kDim,
                good ? race.winner + " wins" : race.phase_text);
        ui.text(Rect{inside.x, inside.y + 32, inside.w, 20}, Face::regular, kSmall, kDim,
                when + (ui.narrow() ? "" : " · race " + race.race_id));
        const Rect right{line.right() - 20 - right_w, line.y, right_w, line.h};
        if (!race.fastest.empty()) {
            ui.text(Rect{right.x, right.y + 6, right.w, 26}, Face::figures, 18, kPurple,
                    "★ " + race.fastest, Align::right);
        }
        ui.text(Rect{right.x, right.y + 32, right.w, 20}, Face::regular, kSmall, kDim,
                ui.narrow() ? (race.fastest.empty() ? "" : "fastest") : race.what, Align::right);
        if (pressed) return open(context, race);
    }
    if (next_before_.empty() || races_.size() >= kMostRaces) return;
    ui.space();
    if (ui.button(waits ? "Asking the hub …" : "Older races", {}, !waits, 220, 52))
        ask_list(context, next_before_);
}

void HistoryView::draw_race(Context& context) {
    Ui& ui = context.ui;
    if (ui.button("‹ All races", {}, true, 140)) return shown_.clear();
    ui.paragraph(
        format_date(shown_armed_us_ + context.page.zone_us(shown_armed_us_)) + " · race " + shown_,
        kDim);
    if (race_failed_ && !race_known_)
        return ui.paragraph("The hub could not tell about this race.", kRed);
    if (!race_known_) return ui.paragraph("Asking the hub …", kDim);
    const RaceView race = race_view(state_, state_track_, context.hub_now_us);
    if (ask_again_ && !context.client.pending() && race_path_.empty()) {
        ask_again_ = false;
        ask_race(context);
    }
    const bool ended = race.phase == Phase::finished || race.phase == Phase::aborted;
    if (correcting_) return draw_corrections(context, race);
    if (context.client.director() && !race.heat && !race.reported && ended) {
        if (ui.button("Correct this race", {}, context.may_command())) correcting_ = true;
    }
    if (race.heat) {
        ui.text(ui.place(0, 46), Face::bold, kHead, kText,
                race.heat_number > 0 ? "Heat " + std::to_string(race.heat_number) : "Heat");
        if (race.held) ui.paragraph("Not final: " + race.hold_text, kYellow);
        LanesStyle style;
        heat_lanes(
            ui, race, {},
            ui.place(std::min(ui.left(), 900.0F), heat_lanes_height(race.rows.size(), style)),
            style);
    } else {
        draw_summary(ui, state_, state_track_);
    }
    if (!feed_.corrections().empty()) ui.heading("Corrected in this race");
    for (const Correction& correction : feed_.corrections()) {
        std::string text = correction.text + ", by " + words::who(correction.by);
        if (!correction.reason.empty()) text += ": " + correction.reason;
        ui.paragraph(text, kText, 16);
    }
}

/// A stored race is corrected like the one on the track; then it is read again.
void HistoryView::draw_corrections(Context& context, const RaceView& race) {
    Ui& ui = context.ui;
    ui.title("Correct race " + shown_);
    if (ui.button("Done", {}, true, 120)) correcting_ = false;
    ask_again_ = desk_.draw(context, CorrectedRace{state_, state_track_, race.race_id,
                                                   feed_.corrections()}) ||
                 ask_again_;
}

void HistoryView::draw(Context& context) {
    Ui& ui = context.ui;
    if (context.track == nullptr) return ui.paragraph("This hub has no track yet.", kDim);
    // Another track, or a race has been added or ended since: what was read is not all.
    const std::string newest = context.race.race_id + (context.race.can_clear ? "." : "");
    if (track_ != context.race.track_id) shown_.clear();
    if (!list_asked_ || track_ != context.race.track_id ||
        (newest_ != newest && shown_.empty() && list_path_.empty())) {
        track_ = context.race.track_id;
        newest_ = newest;
        races_.clear();
        next_before_.clear();
        ask_list(context, "");
    }
    shown_.empty() ? draw_list(context) : draw_race(context);
}

}  // namespace racehub::ui
