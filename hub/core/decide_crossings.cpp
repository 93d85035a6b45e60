#include "hub/core/decider.h"
#include "hub/core/laps.h"

namespace racehub {

void Decider::decide(const GateMissed& data) {
    if (track_ == nullptr) return no_track();
    emit(CrossingsMissed{data.gate, data.lane, data.count}, now_us_);
}

void Decider::decide(const GateCrossed& data) {
    if (track_ == nullptr) return no_track();
    // No detection lies in the future: a source whose clock runs ahead is taken at its arrival.
    const bool ahead = input_.time_us > now_us_;
    const TimeUs at_us = ahead ? now_us_ : input_.time_us;
    const IgnoreReason reason = count(data, at_us, ahead);
    if (reason != IgnoreReason{}) {
        emit(CrossingIgnored{data.gate, data.lane, reason, at_us}, at_us);
    }
}

IgnoreReason Decider::count(const GateCrossed& data, TimeUs at_us, bool ahead) {
    if (!track_->race) return IgnoreReason::no_race;
    const Race& race = *track_->race;
    if (race.settings.discipline != Discipline::circuit) return IgnoreReason::not_started;
    if (race.phase == Phase::armed) return IgnoreReason::not_started;
    if (race.ended()) {
        return at_us <= race.ended_us && race.started_us != 0 ? IgnoreReason::too_late
                                                              : IgnoreReason::no_race;
    }
    const EntryState* entry = on_lane(race, data.lane);
    if (entry == nullptr) return IgnoreReason::no_entry;
    if (entry->status == EntryStatus::dnf || entry->status == EntryStatus::dsq) {
        return IgnoreReason::entry_out;
    }
    if (race.phase == Phase::lights || at_us < race.started_us) {
        return before_start(data.gate, race, *entry, at_us);
    }
    if (race.paused_us(at_us, at_us + 1) > 0) return IgnoreReason::paused;
    if (data.gate == Gate::finish) return finish_line(race, *entry, data, at_us, ahead);
    return split(race, *entry, data.gate, at_us);
}

IgnoreReason Decider::before_start(Gate gate, const Race& race, const EntryState& entry,
                                   TimeUs at_us) {
    const bool at_line = gate == Gate::finish || gate == Gate::start;
    if (!at_line || race.settings.jump_rule == JumpRule::ignore || at_us >= race.go_us) {
        return IgnoreReason::not_started;
    }
    if (at_us < race.first_light_us || entry.jumped) return IgnoreReason::before_start;
    const std::int32_t number = entry.entry.entry;
    const std::int32_t penalty = entry.next_penalty;
    const RaceSettings settings = race.settings;
    const std::string by(kRules);
    emit(JumpStartDetected{number, race.go_us - at_us, settings.jump_rule}, at_us);
    if (settings.jump_rule == JumpRule::time_penalty && settings.jump_penalty_us > 0) {
        emit(PenaltyGiven{number, penalty, settings.jump_penalty_us, by, "jump start"}, at_us);
    }
    if (settings.jump_rule == JumpRule::disqualify) {
        emit(EntryDisqualified{number, by, "jump start"}, at_us);
    }
    return {};
}

IgnoreReason Decider::finish_line(const Race& race, const EntryState& entry,
                                  const GateCrossed& data, TimeUs at_us, bool ahead) {
    if (entry.laps.size() >= kMaxLapsPerEntry) return IgnoreReason::entry_finished;
    LapCompleted lap;
    lap.entry = entry.entry.entry;
    lap.lap = entry.next_lap;
    lap.crossed_us = at_us;
    if (!ahead) {
        lap.clock = data.clock;
        lap.stamp_us = data.stamp_us;
    }
    const LapFigures figures = figures_for(race, entry, at_us, lap.clock, lap.stamp_us);
    if (figures.after_end) return IgnoreReason::entry_finished;
    if (too_soon(race, entry, at_us)) return IgnoreReason::too_soon;
    lap.number = figures.number;
    lap.lap_us = figures.lap_us;
    emit(std::move(lap), at_us);
    settle(std::string(kRules), {});
    return {};
}

bool Decider::too_soon(const Race& race, const EntryState& entry, TimeUs at_us) {
    const TimeUs min_us = std::max<TimeUs>(race.settings.min_lap_us, 1);
    if (race.settings.first_lap == FirstLap::from_start &&
        at_us - race.started_us < race.settings.min_lap_us) {
        return true;
    }
    for (std::size_t i = entry.laps.size(); i-- > 0;) {
        const Lap& lap = entry.laps[i];
        if (lap.status == LapStatus::crossing_void) continue;
        const TimeUs apart_us = at_us - lap.crossed_us;
        if (apart_us < min_us && apart_us > -min_us) return true;
        if (apart_us >= min_us) return false;
    }
    return false;
}

IgnoreReason Decider::split(const Race& race, const EntryState& entry, Gate gate, TimeUs at_us) {
    if (entry.status == EntryStatus::finished) return IgnoreReason::entry_finished;
    const TimeUs min_us = std::max<TimeUs>(race.settings.min_lap_us, 1);
    const auto bounced = [&](const std::vector<Split>& splits) {
        return std::any_of(splits.begin(), splits.end(), [&](const Split& split) {
            const TimeUs apart_us = at_us - split.crossed_us;
            return split.gate == gate && apart_us < min_us && apart_us > -min_us;
        });
    };
    if (bounced(entry.open_splits)) return IgnoreReason::too_soon;
    for (std::size_t i = entry.laps.size(); i-- > 0;) {
        if (entry.laps[i].crossed_us <= at_us - min_us) break;  // all before it is older still
        if (bounced(entry.laps[i].splits)) return IgnoreReason::too_soon;
    }
    emit(SplitPassed{entry.entry.entry, gate, at_us}, at_us);
    return {};
}

const EntryState* Decider::on_lane(const Race& race, std::int32_t lane) {
    for (const EntryState& entry : race.entries) {
        if (entry.entry.lane == lane) return &entry;
    }
    return nullptr;
}

}  // namespace racehub
