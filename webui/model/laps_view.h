#pragma once
// All laps of a race, for the summary and for correcting: pure, like race_view.h, but built only
// where it is shown.

#include "hub/core/standings.h"

namespace racehub {

struct LapView {
    std::int32_t id = 0;
    TimeUs crossed_us = 0;
    TimeUs began_us = 0;  ///< the previous crossing that counts as one, or the start; a missed
                          ///< crossing lies between
    std::string number;   ///< "7"; empty when void or when it only begins lap 1
    std::string lap;      ///< its time; kNothing when void
    std::string at;       ///< race clock at the crossing
    std::string status;   ///< in words; empty when it simply counts
    LapStatus status_code = LapStatus::counted;
    bool best = false;     ///< the entry's best
    bool fastest = false;  ///< the race's fastest
    bool suspect = false;  ///< a crossing was probably missed
    bool manual = false;
};

struct PenaltyView {
    std::int32_t id = 0;
    std::string text;  ///< "+5 s, jump start, by the rules"
    bool withdrawn = false;
};

struct EntryLapsView {
    std::int32_t entry = 0, lane = 0;
    std::string position, driver, car;
    std::uint32_t color = 0;
    EntryStatus status_code = EntryStatus::ready;
    std::string status;  ///< short; empty while racing normally
    std::string total, best, average, laps_text;
    std::vector<LapView> laps;  ///< in the order of crossing
    std::vector<PenaltyView> penalties;
};

struct SummaryView {
    bool known = false;  ///< false: no race on this track
    std::string race_id, phase_text, rules, end_reason;
    std::string winner;                  ///< "Anna wins: 20 laps in 4:12.345"; empty until finished
    std::string fastest;                 ///< "Fastest lap: Anna 12.345 (lap 7)"
    std::vector<EntryLapsView> entries;  ///< in the order of the standings
};

/// Laps of each entry beyond `most_laps` are left out, oldest first: a screen shows the newest.
SummaryView summary_view(const HubState& state, std::string_view track_id, std::size_t most_laps);

}  // namespace racehub
