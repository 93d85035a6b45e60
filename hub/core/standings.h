#pragma once
// The table of a race, computed from the state on demand, by the same code in the hub and in the
// browser.

#include "hub/core/state.h"

namespace racehub {

struct Standing {
    std::int32_t position = 0;  ///< 1-based; as reported, if so: may have holes or ties then
    std::int32_t entry = 0;
    std::int32_t lane = 0;
    EntryStatus status = EntryStatus::ready;
    std::int32_t laps = 0;
    TimeUs last_lap_us = 0;  ///< 0: none, as all durations here
    TimeUs best_lap_us = 0;
    TimeUs average_lap_us = 0;
    TimeUs total_us = 0;  ///< race clock at the last counted lap, penalties added
    TimeUs penalty_us = 0;
    std::int32_t laps_behind_leader = 0;  ///< whole laps, at the entry's own last crossing
    TimeUs gap_us = 0;  ///< to the leader, from crossings of the line with the same lap number
    std::int32_t laps_behind_ahead = 0;
    TimeUs interval_us = 0;       ///< to the entry ahead, likewise
    bool has_gap = false;         ///< false: no common crossing yet, gap and interval say nothing
    bool fastest = false;         ///< holds the race's fastest lap
    bool last_is_best = false;    ///< the last lap is its best
    TimeUs lap_began_us = 0;      ///< instant at which the running lap began; 0: none is running
    TimeUs last_crossing_us = 0;  ///< any gate; age = now - this
    bool jumped = false;
    bool in_pit = false;
    std::int32_t pit_stops = 0;
    HeatStatus heat = HeatStatus::waiting;  ///< races that are heats
    TimeUs heat_us = 0;
    std::int32_t heat_place = 0;  ///< ties share a place; 0: none
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("position", s.position);
        v("entry", s.entry);
        v("lane", s.lane);
        v("status", s.status);
        v("laps", s.laps);
        v("last_lap_us", s.last_lap_us);
        v("best_lap_us", s.best_lap_us);
        v("average_lap_us", s.average_lap_us);
        v("total_us", s.total_us);
        v("penalty_us", s.penalty_us);
        v("laps_behind_leader", s.laps_behind_leader);
        v("gap_us", s.gap_us);
        v("laps_behind_ahead", s.laps_behind_ahead);
        v("interval_us", s.interval_us);
        v("has_gap", s.has_gap);
        v("fastest", s.fastest);
        v("last_is_best", s.last_is_best);
        v("lap_began_us", s.lap_began_us);
        v("last_crossing_us", s.last_crossing_us);
        v("jumped", s.jumped);
        v("in_pit", s.in_pit);
        v("pit_stops", s.pit_stops);
        v("heat", s.heat);
        v("heat_us", s.heat_us);
        v("heat_place", s.heat_place);
    }
};

/// Standings in order of position. Order: racing and finished entries by laps, then by total time
/// with penalties, then entries without a lap by number; after them DNF (by laps, then time), DNS,
/// DSQ. Reported races: in the order of reported positions, then likewise.
std::vector<Standing> standings(const Race& race);

}  // namespace racehub
