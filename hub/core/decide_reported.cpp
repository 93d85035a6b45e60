#include <set>

#include "hub/core/decider.h"

namespace racehub {
namespace {

/// What the entry's running lap began with is enough: a source that says it again means its last
/// words, not those of an hour ago.
bool passed(const EntryState& entry, Gate gate, TimeUs crossed_us) {
    const auto same = [&](const Split& split) {
        return split.gate == gate && split.crossed_us == crossed_us;
    };
    const auto in = [&](const std::vector<Split>& splits) {
        return std::any_of(splits.begin(), splits.end(), same);
    };
    return in(entry.open_splits) || std::any_of(entry.laps.begin(), entry.laps.end(),
                                                [&](const Lap& lap) { return in(lap.splits); });
}

bool knows_stint(const EntryState& entry, const EntryReported& data) {
    return std::any_of(entry.stints.begin(), entry.stints.end(), [&](const Stint& stint) {
        return stint.stint == data.stint && stint.tyre == data.tyre &&
               stint.tyre_age == data.tyre_age;
    });
}

bool same_lap(const Lap& lap, const LapCompleted& data) {
    return lap.id == data.lap && lap.lap_us == data.lap_us && lap.crossed_us == data.crossed_us &&
           lap.sectors_us == data.sectors_us && lap.cut == data.cut;
}

}  // namespace

// ---- the race ----

void Decider::decide(const RaceReported& data) {
    if (track_ == nullptr) return no_track();
    std::set<std::int32_t> numbers;
    for (const Entry& entry : data.entries) numbers.insert(entry.entry);
    if (numbers.size() != data.entries.size()) {
        return refuse("bad_value", "data.entries: each entry needs a number of its own.");
    }
    const bool own = track_->race && track_->race->report &&
                     track_->race->report->source == input_.source &&
                     track_->race->phase != Phase::aborted;
    if (busy() && !own) return refuse_running();
    if (!own || track_->race->report->report_id != data.report_id) return open_race(data);
    for (const Entry& entry : data.entries) {
        const EntryState* known = track_->race->find(entry.entry);
        if (known != nullptr && known->entry == entry) continue;
        if (known == nullptr && (track_->race->entries.size() >= kMaxEntries || !busy())) continue;
        emit(EntryAssigned{entry}, at_us());
    }
    if (busy()) set_clock(data.race_us, data.rate, false);
}

void Decider::open_race(const RaceReported& data) {
    if (busy()) emit(RaceFinished{EndReason::reported, input_.source}, at_us());
    RaceArmed armed{track_->settings, data.entries};
    armed.settings.discipline = Discipline::reported;
    armed.settings.distance = data.laps > 0      ? Distance::laps
                              : data.time_us > 0 ? Distance::time
                                                 : Distance::open;
    if (data.laps > 0) armed.settings.laps = data.laps;
    if (data.time_us > 0) armed.settings.time_us = std::max(data.time_us, kSecondUs);
    armed.report = RaceReport{input_.source, data.report_id, data.name, data.session};
    emit_for(std::to_string(state_.races + 1), std::move(armed), at_us());
    set_clock(data.race_us, data.rate, false);
}

void Decider::decide(const ClockReported& data) {
    if (reports()) set_clock(data.race_us, data.rate, data.rewind);
}

void Decider::set_clock(TimeUs race_us, std::int32_t rate, bool rewind) {
    const std::optional<Pace> pace = track_->race->pace;
    const bool same = pace && pace->rate == rate && track_->race->clock_us(at_us()) == race_us;
    if (!same || rewind) emit(RaceClocked{race_us, rate, rewind}, at_us());
    if (race_us >= 0) start_by_clock(race_us);
}

void Decider::start_by_clock(TimeUs race_us) {
    if (track_->phase() != Phase::armed) return;
    // The hub's instant of the race's zero, had the clock always gone as fast as the hub's.
    emit(RaceStarted{}, std::max<TimeUs>(1, at_us() - race_us));
}

void Decider::decide(const ResultReported& data) {
    if (!reports()) return;
    for (const ReportedResult& result : data.results) {
        if (track_->race->find(result.entry) == nullptr) return no_entry(result.entry);
    }
    start_by_clock(data.race_us);
    if (!data.results.empty()) emit(RaceClassified{data.results}, at_us());
    if (busy()) emit(RaceFinished{EndReason::reported, input_.source}, at_us());
}

void Decider::decide(const MessageReported& data) {
    if (!reports()) return;
    for (const Message& known : track_->race->messages) {
        if (known.race_us == data.race_us && known.text == data.text && known.from == data.from) {
            return;  // said again after a reconnect, or after going back in time
        }
    }
    emit(MessagePosted{data.race_us, data.about, data.text, data.from, data.flag, data.sector,
                       data.entry},
         at_us());
}

void Decider::decide(const MapReported& data) {
    if (track_ == nullptr) return no_track();
    if (track_->map != data.map) emit_for({}, TrackMapped{data.map}, at_us());
}

// ---- its entries ----

void Decider::decide(const LapReported& data) {
    if (reported_entry(data.entry) == nullptr) return;
    start_by_clock(data.race_us);
    LapCompleted lap;
    lap.entry = data.entry;
    lap.lap = lap.number = data.number;
    lap.lap_us = data.lap_us;
    lap.crossed_us = track_->race->started_us + data.race_us;
    lap.sectors_us = data.sectors_us;
    lap.cut = data.cut;
    const EntryState& entry = *track_->race->find(data.entry);
    const bool known = std::any_of(entry.laps.begin(), entry.laps.end(),
                                   [&](const Lap& candidate) { return same_lap(candidate, lap); });
    if (!known) emit(std::move(lap), at_us());
    if (data.position > 0 && data.position != track_->race->find(data.entry)->position) {
        emit(EntryUpdated{data.entry, data.race_us, data.position, 0, {}, 0}, at_us());
    }
}

void Decider::decide(const EntryReported& data) {
    const EntryState* entry = reported_entry(data.entry);
    if (entry == nullptr) return;
    if (data.gate) pass(*entry, *data.gate, data.race_us);
    entry = track_->race->find(data.entry);
    const bool moved = data.position > 0 && data.position != entry->position;
    const bool new_stint = data.stint > 0 && !knows_stint(*entry, data);
    if (moved || new_stint) {
        EntryUpdated update{data.entry, data.race_us, moved ? data.position : 0, 0, {}, 0};
        if (new_stint) update.stint = data.stint;
        if (new_stint) update.tyre = data.tyre;
        if (new_stint) update.tyre_age = data.tyre_age;
        emit(std::move(update), at_us());
    }
    if (data.status) report_status(*track_->race->find(data.entry), *data.status, data.reason);
}

void Decider::pass(const EntryState& entry, Gate gate, TimeUs race_us) {
    const bool at_pit = gate == Gate::pit_in || gate == Gate::pit_out;
    if (at_pit && entry.in_pit == (gate == Gate::pit_in)) return;  // it is there already
    const TimeUs crossed_us = track_->race->started_us + race_us;
    if (passed(entry, gate, crossed_us)) return;
    emit(SplitPassed{entry.entry.entry, gate, crossed_us}, at_us());
}

void Decider::report_status(const EntryState& entry, EntryStatus status,
                            const std::string& reason) {
    const std::int32_t number = entry.entry.entry;
    if (entry.status == status) return;
    if (status == EntryStatus::dnf) emit(EntryRetired{number, input_.source, reason}, at_us());
    if (status == EntryStatus::dsq) emit(EntryDisqualified{number, input_.source, reason}, at_us());
    if (status == EntryStatus::finished) emit(EntryFinished{number}, at_us());
    if (status == EntryStatus::running && entry.status != EntryStatus::ready) {
        emit(EntryReinstated{number, input_.source, reason}, at_us());
    }
}

// ---- checks ----

bool Decider::reports() {
    if (track_ == nullptr) {
        no_track();
    } else if (!track_->race || !track_->race->report || track_->phase() == Phase::aborted) {
        refuse("no_race", "No race that others time is on this track. Report the race first.");
    } else if (track_->race->report->source != input_.source) {
        refuse("other_source",
               "The race on this track is timed by \"" + track_->race->report->source + "\".");
    } else {
        return true;
    }
    return false;
}

const EntryState* Decider::reported_entry(std::int32_t number) {
    if (!reports()) return nullptr;
    const EntryState* entry = track_->race->find(number);
    if (entry == nullptr) no_entry(number);
    return entry;
}

bool Decider::timed_here() {
    if (!track_->race || !track_->race->report) return true;
    refuse("timed_elsewhere",
           "\"" + track_->race->report->source + "\" times this race; correct it there.");
    return false;
}

}  // namespace racehub
