#include "webui/views/corrections_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/words.h"

namespace racehub::ui {
namespace {

constexpr std::size_t kMostLaps = 400;  ///< newest; a screen of a day's race is of no use
constexpr float kLapHeight = 48;

ImU32 color_of(const LapView& lap) {
    if (lap.status_code != LapStatus::counted) return kDim;
    if (lap.fastest) return kPurple;
    if (lap.best) return kGreen;
    return lap.suspect ? kYellow : kText;
}

}  // namespace

void CorrectionsDesk::correct(Context& context, const Payload& data) {
    context.client.command(context.local_us, data, track_, race_id_);
    complaint_.clear();
    sent_ = true;
}

void CorrectionsDesk::draw_entries(Context& context, const SummaryView& summary) {
    Ui& ui = context.ui;
    bool first = true;
    for (const EntryLapsView& entry : summary.entries) {
        const std::string label = entry.position + "  " + entry.driver;
        const float w = ui.measure(Face::bold, kBody, label) + 40;
        if (!first) ui.flow(w);
        first = false;
        ButtonStyle style;
        if (entry.entry == entry_) {
            style.fill = rgb(entry.color);
            style.text = kInk;
        }
        ImGui::PushID(entry.entry);
        if (ui.button(label, style, true, w)) entry_ = entry.entry;
        ImGui::PopID();
    }
}

void CorrectionsDesk::draw_out(Context& context, const EntryLapsView& entry) {
    Ui& ui = context.ui;
    const bool may = context.may_command();
    const bool out = entry.status_code == EntryStatus::dnf || entry.status_code == EntryStatus::dsq;
    if (out) {
        if (ui.button("Back in the race", {}, may))
            correct(context, EntryReinstate{entry.entry, reason_});
    } else {
        if (ui.button("DNF", {}, may)) correct(context, EntryRetire{entry.entry, reason_});
        ui.flow(170);
        const ButtonStyle style{rgb(0xc4282d), kWhite, kBody, ImGuiKey_None};
        if (ui.hold_button(ui.place(160, kTarget), "Hold to DSQ", style, may)) {
            correct(context, EntryDisqualify{entry.entry, reason_});
        }
    }
}

void CorrectionsDesk::draw_verdicts(Context& context, const EntryLapsView& entry) {
    Ui& ui = context.ui;
    const bool may = context.may_command();
    ui.text(ui.place(0, 24), Face::regular, kSmall, kDim,
            "Reason (goes into the log with your name)");
    Field like;
    like.most_bytes = 200;
    ui.field("corrections/reason", ui.place(std::min(ui.left(), 560.0F), kTarget), "Reason",
             reason_, like);
    ui.space(4);
    if (!over_) {
        if (ui.button("Add a lap now", {}, may)) correct(context, LapAdd{entry.entry, 0, reason_});
        ui.flow(280);
    }
    Field figures;
    figures.figures = true;
    figures.most_bytes = 8;
    ui.field("corrections/penalty", ui.place(80, kTarget), "Penalty in seconds", penalty_, figures);
    ImGui::SameLine(0, kGap);
    if (ui.button("Give penalty (s)", {}, may)) {
        TimeUs penalty_us = 0;
        if (parse_duration(penalty_, penalty_us) && penalty_us > 0 && penalty_us <= kHourUs) {
            correct(context, PenaltyGive{entry.entry, penalty_us, reason_});
        } else {
            complaint_ = "A penalty is a time in seconds, up to an hour.";
        }
    }
    draw_out(context, entry);
    if (!complaint_.empty()) ui.paragraph(complaint_, kRed);
}

void CorrectionsDesk::draw_buttons(Context& context, const EntryLapsView& entry, const LapView& lap,
                                   const Rect& line) {
    Ui& ui = context.ui;
    const bool may = context.may_command();
    Rect right{line.right() - 92, line.y + 2, 90, kTarget};
    Rect next{right.x - 94, right.y, 90, kTarget};
    if (lap.status_code != LapStatus::counted) {
        if (ui.button(right, "Restore", {}, may))
            correct(context, LapRestore{entry.entry, lap.id, reason_});
    } else {
        if (ui.button(right, "Void", {}, may)) {
            correct(context, LapVoid{entry.entry, lap.id, LapStatus::lap_void, reason_});
        }
        // A missed crossing makes one long lap out of two: put it back in the middle. Otherwise
        // the crossing may be a ghost.
        if (lap.suspect) {
            if (ui.button(next, "Split", {}, may)) {
                const TimeUs middle_us = lap.began_us + (lap.crossed_us - lap.began_us) / 2;
                correct(context, LapAdd{entry.entry, middle_us, reason_});
            }
        } else if (ui.button(next, "Ghost", {}, may)) {
            correct(context, LapVoid{entry.entry, lap.id, LapStatus::crossing_void, reason_});
        }
    }
}

void CorrectionsDesk::draw_lap(Context& context, const EntryLapsView& entry, const LapView& lap) {
    Ui& ui = context.ui;
    ImGui::PushID(lap.id);
    const Rect line = ui.place(0, kLapHeight);
    ui.fill(Rect{line.x, line.bottom() - 1, line.w, 1}, kLine, 0);
    const ImU32 color = color_of(lap);
    ui.text(Rect{line.x, line.y, 44, line.h}, Face::regular, kBody, kDim,
            lap.number.empty() ? "–" : lap.number, Align::right);
    const std::string sign = lap.fastest ? " ★" : lap.best ? " ▲" : "";
    ui.text(Rect{line.x + 58, line.y, 130, line.h}, Face::figures, 19, color, lap.lap + sign);
    const float buttons = context.client.director() ? 190.0F : 0.0F;
    const float note_x = line.x + (ui.narrow() ? 175.0F : 300.0F);
    if (!ui.narrow())
        ui.text(Rect{line.x + 190, line.y, 100, line.h}, Face::figures, kSmall, kDim, lap.at);
    ui.text(Rect{note_x, line.y, line.right() - note_x - buttons, line.h}, Face::regular, kSmall,
            lap.suspect ? kYellow : kDim, lap.status);
    if (context.client.director()) draw_buttons(context, entry, lap, line);
    ImGui::PopID();
}

void CorrectionsDesk::draw_penalties(Context& context, const EntryLapsView& entry) {
    Ui& ui = context.ui;
    for (const PenaltyView& penalty : entry.penalties) {
        ImGui::PushID(1'000'000 + penalty.id);
        const Rect line = ui.place(0, kLapHeight);
        ui.text(Rect{line.x, line.y, line.w - 120, line.h}, Face::regular, kBody,
                penalty.withdrawn ? kDim : kYellow, penalty.text);
        if (!penalty.withdrawn && context.client.director() &&
            ui.button(Rect{line.right() - 112, line.y + 2, 110, kTarget}, "Withdraw", {},
                      context.may_command())) {
            correct(context, PenaltyWithdraw{entry.entry, penalty.id, reason_});
        }
        ImGui::PopID();
    }
}

void CorrectionsDesk::draw_entry(Context& context, const EntryLapsView& entry) {
    Ui& ui = context.ui;
    const Rect head = ui.place(0, 40);
    ui.fill(Rect{head.x, head.y + 4, 8, head.h - 8}, rgb(entry.color), 3);
    ui.text(Rect{head.x + 18, head.y, head.w - 18, head.h}, Face::bold, 22, kText,
            entry.driver + (entry.status.empty() ? "" : " (" + entry.status + ")") + ": " +
                entry.laps_text + ", " + entry.total);
    if (context.client.director()) draw_verdicts(context, entry);
    draw_penalties(context, entry);
}

void CorrectionsDesk::draw_history(Context& context, const CorrectedRace& race) {
    Ui& ui = context.ui;
    ui.heading("Corrected in this race");
    bool any = false;
    for (auto one = race.corrections.rbegin(); one != race.corrections.rend(); ++one) {
        if (one->track != race.track || one->race_id != race.race_id) continue;
        any = true;
        std::string text = one->text + ", by " + words::who(one->by);
        if (!one->reason.empty()) text += ": " + one->reason;
        text += " (" + format_age(std::max<TimeUs>(context.hub_now_us - one->time_us, 0)) + ")";
        ui.paragraph(text, kText, 16);
    }
    if (!any) ui.paragraph("Nothing.", kDim);
}

bool CorrectionsDesk::draw(Context& context, const CorrectedRace& race) {
    Ui& ui = context.ui;
    const SummaryView summary = summary_view(race.state, race.track, kMostLaps);
    track_ = race.track;
    race_id_ = race.race_id;
    over_ = !summary.end_reason.empty();
    sent_ = false;
    const auto find = [&] {
        return std::find_if(summary.entries.begin(), summary.entries.end(),
                            [this](const EntryLapsView& entry) { return entry.entry == entry_; });
    };
    if (find() == summary.entries.end() && !summary.entries.empty())
        entry_ = summary.entries.front().entry;
    draw_entries(context, summary);
    const auto chosen = find();
    if (chosen == summary.entries.end()) return false;
    ui.space(4);
    const bool two = ui.left() > 1'000;
    if (two) {
        ImGui::Columns(2, "corrections", false);
        ImGui::SetColumnWidth(0, ui.width * 0.46F);
    }
    draw_entry(context, *chosen);
    if (two) {
        draw_history(context, race);
        ImGui::NextColumn();
    }
    if (context.client.director()) {
        ui.paragraph(
            "Void: the lap does not count. Ghost: nobody crossed, the time goes to the next lap. "
            "Split: a crossing was missed.",
            kDim, kSmall);
    }
    for (auto lap = chosen->laps.rbegin(); lap != chosen->laps.rend(); ++lap)
        draw_lap(context, *chosen, *lap);
    if (two) {
        ImGui::Columns(1);
    } else {
        draw_history(context, race);
    }
    return sent_;
}

void CorrectionsView::draw(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Laps and corrections");
    if (context.race.race_id.empty()) return ui.paragraph("No race on this track yet.", kDim);
    if (history_of_ != context.race.race_id) {
        history_of_ = context.race.race_id;
        context.page.want_history(history_of_);
    }
    desk_.draw(context, CorrectedRace{context.client.state(), context.race.track_id,
                                      context.race.race_id, context.client.feed().corrections()});
}

}  // namespace racehub::ui
