#pragma once
// Races that the hub has stored, from its REST answers: a page of the list, and one race as if it
// were on its track, so that everything that shows a race can show it.

#include "webui/model/feed.h"

namespace racehub {

/// A race in the list.
struct StoredRaceView {
    std::string race_id;
    TimeUs armed_us = 0;
    std::string phase_text;  ///< "Finished", "Aborted"
    std::string what;        ///< "4 entries, 46 laps"
    std::string winner;      ///< empty: none
    std::string fastest;     ///< "8.123"; empty: none
};

/// Reads an answer of /api/races and appends to `list`. `next_before` is what asks for the next
/// page; empty: that was all. False when the body is none.
bool read_races(std::string_view body, std::vector<StoredRaceView>& list, std::string& next_before);

/// Reads an answer of /api/races/{race_id}. `state` then has one track, with this race on it, and
/// `track` is its id.
bool read_race(std::string_view body, HubState& state, std::string& track);

/// Reads an answer of /api/races/{race_id}/facts: the corrections in it, told with the names of
/// `state`.
bool read_corrections(std::string_view body, const HubState& state, Feed& feed);

}  // namespace racehub
