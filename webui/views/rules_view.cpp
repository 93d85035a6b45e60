#include "webui/views/rules_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/words.h"

namespace racehub::ui {
namespace {

/// A choice among the values of an enumeration.
template <class E, std::size_t N>
void choose(Context& context, std::string_view label, const std::array<E, N>& values,
            std::string_view (*word)(E), E& value) {
    std::vector<std::string_view> options;
    int chosen = -1;
    for (std::size_t i = 0; i < N; ++i) {
        options.push_back(word(values[i]));
        if (values[i] == value) chosen = static_cast<int>(i);
    }
    const int picked = context.ui.choice(label, options, chosen, context.client.director());
    if (picked >= 0) value = values[static_cast<std::size_t>(picked)];
}

}  // namespace

void RulesView::duration(Context& context, std::string_view label, TimeUs& value_us,
                         TimeUs least_us, TimeUs most_us) {
    Ui& ui = context.ui;
    ui.text(ui.place(0, 24), Face::regular, kSmall, kDim, label);
    if (!context.client.director()) {
        return ui.text(ui.place(0, kTarget), Face::bold, kBody, kText, format_duration(value_us));
    }
    const std::string id = "rules/" + std::string(label);
    // Minutes where they read better: 5:00 rather than 300.
    std::string text = value_us >= 60 * kSecondUs && value_us % kSecondUs == 0
                           ? format_clock(value_us)
                           : format_duration(value_us);
    if (text.ends_with(" s")) text.resize(text.size() - 2);
    Field like;
    like.figures = true;
    like.most_bytes = 12;
    const bool committed = ui.field(id, ui.place(150, kTarget), label, text, like);
    ImGui::SameLine(0, kGap);
    ui.text(ui.place(0, kTarget), Face::regular, kSmall, kDim, "seconds, or minutes:seconds");
    if (!committed) return;
    TimeUs typed_us = 0;
    complaint_.clear();
    if (!parse_duration(text, typed_us) || typed_us < least_us || typed_us > most_us) {
        complaint_ = std::string(label) + ": a time from " + format_duration(least_us) + " to " +
                     format_duration(most_us) + ", please.";
    } else {
        value_us = typed_us;
    }
}

void RulesView::draw_distance(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Distance");
    choose(context, "The race goes to", std::array{Distance::laps, Distance::time, Distance::open},
           words::distance, draft_.distance);
    if (draft_.distance == Distance::laps) {
        const bool may = context.client.director();
        const int step = ui.stepper("Number of laps", std::to_string(draft_.laps), may);
        draft_.laps = std::clamp(draft_.laps + step, 1, 10'000);
        for (const int laps : {5, 10, 20, 50, 100}) {
            if (laps != 5) ui.flow(70);
            ImGui::PushID(laps);
            if (may && ui.button(std::to_string(laps), {}, may)) draft_.laps = laps;
            ImGui::PopID();
        }
    }
    if (draft_.distance == Distance::time) {
        duration(context, "Race time", draft_.time_us, kSecondUs, 48 * kHourUs);
    }
    if (draft_.distance == Distance::open) {
        ui.paragraph("The race runs until the race director stops it.", kDim);
        return;
    }
    choose(context, "After the winner, the others finish",
           std::array{Finish::current_lap, Finish::full_distance}, words::finish, draft_.finish);
    duration(context, "Time they have for it", draft_.grace_us, 0, kHourUs);
}

void RulesView::draw_start(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Start");
    const int step =
        ui.stepper("Start lights", std::to_string(draft_.lights), context.client.director());
    draft_.lights = std::clamp(draft_.lights + step, 0, kMaxLights);
    duration(context, "From light to light", draft_.light_interval_us, 100'000, 10 * kSecondUs);
    duration(context, "All lights on, at least", draft_.hold_min_us, 0, 60 * kSecondUs);
    duration(context, "All lights on, at most", draft_.hold_max_us, 0, 60 * kSecondUs);
    choose(
        context, "Jump start",
        std::array{JumpRule::ignore, JumpRule::warn, JumpRule::time_penalty, JumpRule::disqualify},
        words::jump_rule, draft_.jump_rule);
    if (draft_.jump_rule == JumpRule::time_penalty) {
        duration(context, "Penalty for it", draft_.jump_penalty_us, 0, kHourUs);
    }
    choose(context, "The first lap begins at",
           std::array{FirstLap::from_start, FirstLap::from_first_crossing}, words::first_lap,
           draft_.first_lap);
}

void RulesView::draw_laps(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Laps");
    duration(context, "Shortest possible lap (sooner is a bounce)", draft_.min_lap_us, 0, kHourUs);
    duration(context, "Longest usual lap (later: a crossing was missed?)", draft_.max_lap_us, 0,
             24 * kHourUs);
}

void RulesView::draw_heats(Context& context) {
    context.ui.heading("Heats");
    context.ui.paragraph(
        "Each lane has one time, from the start gate to the finish. What cannot be true is held "
        "for the race director.",
        kDim);
    duration(context, "Shortest possible lane time", draft_.min_heat_us, 0, kHourUs);
    duration(context, "Time limit of the timing device (a DNF counts as this)",
             draft_.heat_timeout_us, kSecondUs, kHourUs);
}

void RulesView::draw_track(Context& context) {
    Ui& ui = context.ui;
    if (!context.client.director()) return;
    ui.heading("Track");
    ui.text(ui.place(0, 24), Face::regular, kSmall, kDim, "Name");
    ui.field("rules/name", ui.place(std::min(ui.left(), 420.0F), kTarget), "Name of the track",
             name_);
    if (draft_.discipline != Discipline::heat) return;  // under Lanes, with the drivers
    const Track& track = *context.track;
    const bool busy = track.race && !track.race->ended();
    const int step = ui.stepper("Lanes on this track", std::to_string(track.lanes),
                                context.may_command() && !busy);
    const std::int32_t lanes = track.lanes + step;
    if (step != 0 && lanes >= 1 && lanes <= kMaxLanes)
        context.command(TrackConfigure{track.name, lanes, track.settings});
}

void RulesView::draw_save(Context& context, const Track& track) {
    Ui& ui = context.ui;
    if (!complaint_.empty()) ui.paragraph(complaint_, kRed);
    if (draft_.hold_min_us > draft_.hold_max_us) {
        return ui.paragraph("The lights must stay on at most as long as, or longer than, at least.",
                            kRed);
    }
    if (!context.client.director() || (draft_ == saved_ && name_ == track.name)) return;
    ui.space();
    const ButtonStyle save{kGreen, kInk, 18, ImGuiKey_None};
    if (ui.button("Save for the next race", save, context.may_command(), 0, 52)) {
        context.command(TrackConfigure{name_, track.lanes, draft_});
    }
    ui.flow(120);
    if (ui.button("Discard", {}, true, 0, 52)) {
        draft_ = saved_;
        name_ = track.name;
        complaint_.clear();
    }
}

void RulesView::draw(Context& context) {
    Ui& ui = context.ui;
    if (context.track == nullptr) return ui.paragraph("This hub has no track yet.", kDim);
    const Track& track = *context.track;
    if (track_ != track.id || !(saved_ == track.settings)) {
        track_ = track.id;
        saved_ = draft_ = track.settings;
        name_ = track.name;
    }
    ui.heading("Rules of the next race");
    if (track.race && !track.race->ended()) {
        ui.paragraph("A race is armed or on: it keeps the rules it was armed with.", kYellow);
    }
    draw_save(context, track);
    choose(context, "This track is for", std::array{Discipline::circuit, Discipline::heat},
           words::discipline, draft_.discipline);
    const bool two = ui.left() > 900;
    if (draft_.discipline == Discipline::heat) {
        draw_heats(context);
        return draw_track(context);
    }
    if (two) ImGui::Columns(2, "rules", false);
    draw_distance(context);
    draw_laps(context);
    draw_track(context);
    if (two) ImGui::NextColumn();
    draw_start(context);
    if (two) ImGui::Columns(1);
}

}  // namespace racehub::ui
