#include "hub/core/laps.h"

#include <algorithm>

namespace racehub {
namespace {

/// The crossing before `index` that really happened; null: none.
const Lap* previous_crossing(const EntryState& entry, std::size_t index) {
    while (index-- > 0) {
        const Lap& lap = entry.laps[index];
        if (lap.status != LapStatus::crossing_void) return &lap;
    }
    return nullptr;
}

/// More than any network delays a crossing: stamps that differ from the hub's clock by more come
/// from a device clock that jumped.
constexpr TimeUs kMostJitterUs = kHourUs;

/// Race time between two crossings. Stamps of one device clock are exact; the hub's clock carries
/// network jitter.
TimeUs between_us(const Race& race, const Lap& from, const Lap& to) {
    const TimeUs by_hub_us = race.clock_us(to.crossed_us) - race.clock_us(from.crossed_us);
    if (from.clock.empty() || from.clock != to.clock) return by_hub_us;
    const TimeUs by_stamp_us =
        to.stamp_us - from.stamp_us - race.paused_us(from.crossed_us, to.crossed_us);
    const TimeUs jitter_us = by_stamp_us - by_hub_us;
    const bool jumped = jitter_us > kMostJitterUs || jitter_us < -kMostJitterUs;
    return by_stamp_us > 0 && !jumped ? by_stamp_us : by_hub_us;
}

/// True when the crossing ends a lap; false when it only begins lap 1 of a rolling start.
bool ends_lap(const Race& race, const Lap* previous) {
    return previous != nullptr || race.settings.first_lap == FirstLap::from_start;
}

/// True when an entry with so many laps has done all that the race asks of it by its last crossing.
/// What it crosses later counts nothing, also when an earlier crossing is heard of or put right
/// only afterwards.
bool over_by(const Race& race, std::int32_t laps_counted, const Lap* last) {
    const RaceSettings& rules = race.settings;
    if (rules.distance == Distance::laps) {
        if (laps_counted >= rules.laps) return true;
        if (rules.finish == Finish::full_distance) return false;
    }
    return race.finishing_us != 0 && last != nullptr && last->crossed_us >= race.finishing_us;
}

TimeUs lap_time_us(const Race& race, const Lap* previous, const Lap& lap) {
    return previous != nullptr ? between_us(race, *previous, lap) : race.clock_us(lap.crossed_us);
}

void add_to_sums(EntryState& entry, const Lap& lap) {
    entry.laps_counted = lap.number;
    entry.last_lap_us = lap.lap_us;
    entry.total_us = lap.race_us;
    entry.lap_times_us += lap.lap_us;
    if (entry.best_lap_us == 0 || lap.lap_us < entry.best_lap_us) {
        entry.best_lap_us = lap.lap_us;
        entry.best_lap = lap.id;
    }
}

void derive_one(const Race& race, EntryState& entry, Lap& lap, const Lap* previous) {
    lap.race_us = race.clock_us(lap.crossed_us);
    lap.number = 0;
    lap.lap_us = 0;
    lap.suspect = false;
    if (lap.status != LapStatus::counted || !ends_lap(race, previous)) return;
    if (over_by(race, entry.laps_counted, previous)) return;
    lap.number = entry.laps_counted + 1;
    lap.lap_us = lap_time_us(race, previous, lap);
    lap.suspect = race.settings.max_lap_us > 0 && lap.lap_us > race.settings.max_lap_us;
    add_to_sums(entry, lap);
}

}  // namespace

LapFigures figures_for(const Race& race, const EntryState& entry, TimeUs crossed_us,
                       const std::string& clock, TimeUs stamp_us) {
    LapFigures figures;
    figures.index = entry.laps.size();
    while (figures.index > 0 && entry.laps[figures.index - 1].crossed_us > crossed_us) {
        --figures.index;
    }
    const Lap* previous = previous_crossing(entry, figures.index);
    std::int32_t laps_before = 0;
    for (std::size_t i = figures.index; i-- > 0 && laps_before == 0;) {
        laps_before = entry.laps[i].number;
    }
    figures.after_end = over_by(race, laps_before, previous);
    if (figures.after_end || !ends_lap(race, previous)) return figures;
    Lap lap;
    lap.crossed_us = crossed_us;
    lap.clock = clock;
    lap.stamp_us = stamp_us;
    figures.lap_us = lap_time_us(race, previous, lap);
    figures.number = laps_before + 1;
    return figures;
}

void derive_laps(const Race& race, EntryState& entry) {
    if (race.report) return;  // the figures are another's
    entry.laps_counted = 0;
    entry.last_lap_us = entry.best_lap_us = entry.total_us = entry.lap_times_us = 0;
    entry.best_lap = 0;
    const Lap* previous = nullptr;
    for (Lap& lap : entry.laps) {
        derive_one(race, entry, lap, previous);
        if (lap.status != LapStatus::crossing_void) previous = &lap;
    }
}

void derive_newest(const Race& race, EntryState& entry, std::size_t index) {
    derive_one(race, entry, entry.laps[index], previous_crossing(entry, index));
}

const Lap* last_crossing(const EntryState& entry) {
    return previous_crossing(entry, entry.laps.size());
}

TimeUs crossing_of(const EntryState& entry, std::int32_t number) {
    for (std::size_t i = entry.laps.size(); i-- > 0;) {
        const Lap& lap = entry.laps[i];
        if (lap.number == number) return lap.crossed_us;
        if (lap.number > 0 && lap.number < number) return 0;
    }
    return 0;
}

bool reached_end(const Race& race, const EntryState& entry) {
    return over_by(race, entry.laps_counted, last_crossing(entry));
}

bool drove(const Race& race, const EntryState& entry) {
    if (entry.heat == HeatStatus::timed) return true;
    return entry.jumped || last_crossing(entry) != nullptr ||
           entry.last_crossing_us >= race.started_us;
}

bool heat_counts(const EntryState& entry) {
    return entry.heat == HeatStatus::timed && entry.status != EntryStatus::dsq &&
           entry.status != EntryStatus::dnf;
}

TimeUs distance_done_us(const Race& race) {
    if (race.settings.distance != Distance::laps) return 0;
    TimeUs earliest_us = 0;
    for (const EntryState& entry : race.entries) {
        if (entry.laps_counted < race.settings.laps) continue;
        const TimeUs done_us = crossing_of(entry, race.settings.laps);
        if (done_us != 0 && (earliest_us == 0 || done_us < earliest_us)) earliest_us = done_us;
    }
    return earliest_us;
}

}  // namespace racehub
