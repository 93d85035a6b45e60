#pragma once
// The table of a session of heats, computed from the final results on demand, by the same code in
// hub and browser.

#include "hub/core/state.h"

namespace racehub {

/// What decides the order. A DNF counts as the device's timeout in the average and brings no
/// points.
enum class RankBy : std::uint8_t { average = 1, best, points };
RH_ENUM_NAMES(RankBy, {RankBy::average, "average"}, {RankBy::best, "best"},
              {RankBy::points, "points"});

struct LeaderboardRow {
    std::int32_t place = 0;  ///< ties share a place
    std::int32_t entry = 0;
    std::int32_t runs = 0;     ///< heats with a final result, DNF included
    std::int32_t planned = 0;  ///< heats still to come
    std::int32_t dnfs = 0;
    TimeUs best_us = 0;  ///< 0: none, as all durations here
    TimeUs average_us = 0;
    std::int32_t points = 0;  ///< per heat: lanes used + 1 - place
    bool withdrawn = false;
    template <class Self, class V>
    static void fields(Self& r, V& v) {
        v("place", r.place);
        v("entry", r.entry);
        v("runs", r.runs);
        v("planned", r.planned);
        v("dnfs", r.dnfs);
        v("best_us", r.best_us);
        v("average_us", r.average_us);
        v("points", r.points);
        v("withdrawn", r.withdrawn);
    }
};

/// Rows in order of place. Entries without a run come last; withdrawn ones behind them.
std::vector<LeaderboardRow> leaderboard(const Session& session, RankBy rank_by, TimeUs timeout_us);

/// Place of each result in one heat, by the same index: 1 for the fastest, ties share, 0 for DNF.
std::vector<std::int32_t> heat_places(const std::vector<HeatResult>& results);

}  // namespace racehub
