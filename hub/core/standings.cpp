#include "hub/core/standings.h"

#include <algorithm>

#include "hub/core/laps.h"

namespace racehub {
namespace {

/// Racing and finished entries stand above those that are out.
int rank_of(EntryStatus status) {
    switch (status) {
        case EntryStatus::ready:
        case EntryStatus::running:
        case EntryStatus::finished:
            return 0;
        case EntryStatus::dnf:
            return 1;
        case EntryStatus::dns:
            return 2;
        case EntryStatus::dsq:
            return 3;
    }
    return 3;
}

bool faster_in_heat(const EntryState& a, const EntryState& b) {
    const bool timed_a = heat_counts(a), timed_b = heat_counts(b);
    if (timed_a != timed_b) return timed_a;
    if (timed_a && a.heat_us != b.heat_us) return a.heat_us < b.heat_us;
    const int rank_a = rank_of(a.status), rank_b = rank_of(b.status);
    if (rank_a != rank_b) return rank_a < rank_b;
    return a.entry.lane < b.entry.lane;
}

bool stands_before(const EntryState& a, const EntryState& b) {
    const int rank_a = rank_of(a.status), rank_b = rank_of(b.status);
    if (rank_a != rank_b) return rank_a < rank_b;
    if (a.laps_counted != b.laps_counted) return a.laps_counted > b.laps_counted;
    const TimeUs time_a = a.total_us + a.penalty_us, time_b = b.total_us + b.penalty_us;
    if (time_a != time_b) return time_a < time_b;
    return a.entry.entry < b.entry.entry;
}

/// Who times the race says who is where; for entries of which it said nothing: as here, or by the
/// best lap where only that counts.
bool stands_before_as_reported(const RaceReport& report, const EntryState& a, const EntryState& b) {
    if ((a.position > 0) != (b.position > 0)) return a.position > 0;
    if (a.position != b.position) return a.position < b.position;
    if (report.session == SessionKind::race) return stands_before(a, b);
    if ((a.best_lap_us > 0) != (b.best_lap_us > 0)) return a.best_lap_us > 0;
    if (a.best_lap_us != b.best_lap_us) return a.best_lap_us < b.best_lap_us;
    return a.entry.entry < b.entry.entry;
}

const Lap* nth_lap(const EntryState& entry, std::int32_t number) {
    for (std::size_t i = entry.laps.size(); i-- > 0;) {
        if (entry.laps[i].number == number) return &entry.laps[i];
        if (entry.laps[i].number > 0 && entry.laps[i].number < number) return nullptr;
    }
    return nullptr;
}

std::int32_t laps_at(const EntryState& entry, TimeUs race_us) {
    for (std::size_t i = entry.laps.size(); i-- > 0;) {
        const Lap& lap = entry.laps[i];
        if (lap.number > 0 && lap.race_us <= race_us) return lap.number;
    }
    return 0;
}

struct Behind {
    bool known = false;
    std::int32_t laps = 0;
    TimeUs time_us = 0;
};

/// How far `behind` was behind `ahead` when it last crossed the line: whole laps, and the time
/// since `ahead` completed the lap with the same number.
Behind distance_between(const EntryState& ahead, const EntryState& behind) {
    Behind result;
    if (behind.laps_counted == 0) return result;
    const Lap* other = nth_lap(ahead, behind.laps_counted);
    if (other == nullptr) return result;
    result.known = true;
    // Who took the lead a moment ago, or carries a penalty, did not do the earlier lap first: the
    // gap is then none that can be told, but never less than nothing.
    result.time_us = std::max<TimeUs>(
        0, behind.total_us + behind.penalty_us - other->race_us - ahead.penalty_us);
    result.laps = std::max(0, laps_at(ahead, behind.total_us) - behind.laps_counted);
    return result;
}

/// Where only the best lap counts: how much slower it is.
Behind slower_by(const EntryState& ahead, const EntryState& behind) {
    Behind result;
    if (ahead.best_lap_us == 0 || behind.best_lap_us == 0) return result;
    result.known = true;
    result.time_us = std::max<TimeUs>(0, behind.best_lap_us - ahead.best_lap_us);
    return result;
}

/// Laps with a time: a reported race may not know that of each.
std::int32_t timed_laps(const Race& race, const EntryState& entry) {
    if (!race.report) return entry.laps_counted;
    return static_cast<std::int32_t>(std::count_if(entry.laps.begin(), entry.laps.end(),
                                                   [](const Lap& lap) { return lap.lap_us > 0; }));
}

Standing row_of(const Race& race, const EntryState& entry) {
    Standing row;
    row.entry = entry.entry.entry;
    row.lane = entry.entry.lane;
    row.status = entry.status;
    row.laps = entry.laps_counted;
    row.last_lap_us = entry.last_lap_us;
    row.best_lap_us = entry.best_lap_us;
    const std::int32_t timed = timed_laps(race, entry);
    if (timed > 0) row.average_lap_us = entry.lap_times_us / timed;
    row.penalty_us = entry.penalty_us;
    row.total_us = entry.total_us + entry.penalty_us;
    row.last_is_best = entry.last_lap_us > 0 && entry.last_lap_us == entry.best_lap_us;
    row.last_crossing_us = entry.last_crossing_us;
    row.jumped = entry.jumped;
    row.in_pit = entry.in_pit;
    row.pit_stops = entry.pit_stops;
    row.heat = entry.heat;
    row.heat_us = entry.heat_us;
    if (race.on() && entry.status == EntryStatus::running) {
        const Lap* last = last_crossing(entry);
        if (race.pace) {
            // On the hub's clock only while the race's goes as fast.
            if (last != nullptr && race.pace->rate == 1'000) {
                row.lap_began_us = race.pace->at_us + last->race_us - race.pace->race_us;
            }
        } else if (last != nullptr) {
            row.lap_began_us = last->crossed_us;
        } else if (race.settings.first_lap == FirstLap::from_start) {
            row.lap_began_us = race.started_us;
        }
    }
    return row;
}

}  // namespace

std::vector<Standing> standings(const Race& race) {
    std::vector<const EntryState*> order;
    order.reserve(race.entries.size());
    for (const EntryState& entry : race.entries) order.push_back(&entry);
    const bool heat = race.settings.discipline == Discipline::heat;
    std::stable_sort(order.begin(), order.end(), [&](const EntryState* a, const EntryState* b) {
        if (race.report) return stands_before_as_reported(*race.report, *a, *b);
        return heat ? faster_in_heat(*a, *b) : stands_before(*a, *b);
    });

    const bool best_counts = race.report && race.report->session != SessionKind::race;
    const EntryState* fastest = nullptr;
    for (const EntryState* entry : order) {
        if (entry->best_lap_us == 0 || entry->status == EntryStatus::dsq) continue;
        if (fastest == nullptr || entry->best_lap_us < fastest->best_lap_us) fastest = entry;
    }

    std::vector<Standing> rows;
    rows.reserve(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        Standing row = row_of(race, *order[i]);
        row.position = static_cast<std::int32_t>(i) + 1;
        if (order[i]->position > 0) row.position = order[i]->position;
        row.fastest = order[i] == fastest;
        if (heat_counts(*order[i])) {
            const bool tie = i > 0 && rows.back().heat_us == row.heat_us;
            row.heat_place = tie ? rows.back().heat_place : row.position;
        }
        if (i > 0) {
            const auto behind = best_counts ? slower_by : distance_between;
            const Behind gap = behind(*order[0], *order[i]);
            const Behind interval = behind(*order[i - 1], *order[i]);
            row.has_gap = gap.known && interval.known;
            row.laps_behind_leader = gap.laps;
            row.gap_us = gap.time_us;
            row.laps_behind_ahead = interval.laps;
            row.interval_us = interval.time_us;
        } else {
            row.has_gap = row.laps > 0;
        }
        rows.push_back(row);
    }
    return rows;
}

}  // namespace racehub
