#include "hub/core/decider.h"
#include "hub/core/laps.h"

namespace racehub {

void Decider::decide(const LapVoid& data) {
    const Lap* lap = lap_to_correct(data.entry, data.lap);
    if (lap == nullptr) return;
    if (data.as == LapStatus::counted) {
        return refuse("bad_value",
                      "data.as: a lap is voided as \"crossing_void\" or \"lap_void\".");
    }
    if (lap->status == data.as) return refuse("no_change", "This lap is void already.");
    emit(LapVoided{data.entry, data.lap, data.as, input_.source, data.reason}, now_us_);
    settle(input_.source, data.reason);
}

void Decider::decide(const LapRestore& data) {
    const Lap* lap = lap_to_correct(data.entry, data.lap);
    if (lap == nullptr) return;
    if (lap->status == LapStatus::counted) return refuse("no_change", "This lap counts already.");
    emit(LapRestored{data.entry, data.lap, input_.source, data.reason}, now_us_);
    settle(input_.source, data.reason);
}

void Decider::decide(const LapAdd& data) {
    const EntryState* entry = entry_to_correct(data.entry);
    if (entry == nullptr) return;
    const Race& race = *track_->race;
    const TimeUs at_us = data.crossed_us == 0 ? now_us_ : data.crossed_us;
    const TimeUs end_us = race.ended_us != 0 ? race.ended_us : now_us_;
    if (at_us <= race.started_us || at_us > end_us) {
        return refuse("bad_value",
                      "data.crossed_us: the crossing must lie between the start and the end of "
                      "the race.");
    }
    if (race.paused_us(at_us, at_us + 1) > 0) {
        return refuse("bad_value", "data.crossed_us: the race was paused at that moment.");
    }
    for (const Lap& lap : entry->laps) {
        if (lap.crossed_us == at_us && lap.status != LapStatus::crossing_void) {
            return refuse("no_change", "The entry has a crossing at that very moment already.");
        }
    }
    if (entry->laps.size() >= kMaxLapsPerEntry) {
        return refuse("too_many_laps", "The entry has as many laps as a race can hold.");
    }
    if (figures_for(race, *entry, at_us, {}, 0).after_end) {
        return refuse("entry_finished",
                      "data.crossed_us: the entry had finished its race by then.");
    }
    emit(LapAdded{data.entry, entry->next_lap, at_us, input_.source, data.reason}, now_us_);
    settle(input_.source, data.reason);
}

void Decider::decide(const PenaltyGive& data) {
    const EntryState* entry = entry_in_race(data.entry);
    if (entry == nullptr || !timed_here()) return;
    if (entry->penalties.size() >= kMaxPenalties) {
        return refuse("too_many_penalties", "The entry has " + std::to_string(kMaxPenalties) +
                                                " penalties; disqualify it instead.");
    }
    if (heat_race()) {
        return refuse("wrong_discipline",
                      "A heat has no time penalties. Correct the lane's time, or disqualify.");
    }
    emit(PenaltyGiven{data.entry, entry->next_penalty, data.penalty_us, input_.source, data.reason},
         now_us_);
}

void Decider::decide(const PenaltyWithdraw& data) {
    const EntryState* entry = entry_in_race(data.entry);
    if (entry == nullptr) return;
    for (const Penalty& penalty : entry->penalties) {
        if (penalty.id != data.penalty) continue;
        if (penalty.withdrawn) return refuse("no_change", "This penalty is withdrawn already.");
        return emit(PenaltyWithdrawn{data.entry, data.penalty, input_.source, data.reason},
                    now_us_);
    }
    refuse("no_penalty", "Entry " + std::to_string(data.entry) + " has no penalty " +
                             std::to_string(data.penalty) + ".");
}

void Decider::decide(const EntryRetire& data) {
    const EntryState* entry = entry_in_race(data.entry);
    if (entry == nullptr) return;
    if (out(*entry)) return refuse("no_change", "The entry is out of the race already.");
    emit(EntryRetired{data.entry, input_.source, data.reason}, now_us_);
    settle(input_.source, data.reason);
}

void Decider::decide(const EntryDisqualify& data) {
    const EntryState* entry = entry_in_race(data.entry);
    if (entry == nullptr) return;
    if (entry->status == EntryStatus::dsq) {
        return refuse("no_change", "The entry is disqualified already.");
    }
    emit(EntryDisqualified{data.entry, input_.source, data.reason}, now_us_);
    settle(input_.source, data.reason);
}

void Decider::decide(const EntryReinstate& data) {
    const EntryState* entry = entry_in_race(data.entry);
    if (entry == nullptr) return;
    if (!out(*entry) && entry->status != EntryStatus::dns) {
        return refuse("no_change", "The entry is in the race.");
    }
    emit(EntryReinstated{data.entry, input_.source, data.reason}, now_us_);
    if (past_ && entry->heat == HeatStatus::timed) {
        // The session knows no more than that the entry was out.
        emit(HeatCorrected{data.entry, entry->heat, entry->heat_us, input_.source, data.reason},
             now_us_);
    }
    settle(input_.source, data.reason);
}

}  // namespace racehub
