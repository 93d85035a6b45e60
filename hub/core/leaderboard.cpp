#include "hub/core/leaderboard.h"

#include <algorithm>
#include <tuple>

namespace racehub {
namespace {

struct Sums {
    LeaderboardRow row;
    TimeUs times_us = 0;
};

void add_heat(const Heat& heat, TimeUs timeout_us, std::vector<Sums>& sums) {
    const std::vector<std::int32_t> places = heat_places(heat.results);
    for (std::size_t i = 0; i < heat.results.size(); ++i) {
        const HeatResult& result = heat.results[i];
        const auto found = std::find_if(sums.begin(), sums.end(),
                                        [&](const Sums& s) { return s.row.entry == result.entry; });
        if (found == sums.end() || result.status == HeatStatus::waiting) continue;
        LeaderboardRow& row = found->row;
        row.runs += 1;
        if (result.status == HeatStatus::dnf) {
            row.dnfs += 1;
            found->times_us += timeout_us;
            continue;
        }
        found->times_us += result.time_us;
        row.points += static_cast<std::int32_t>(heat.results.size()) + 1 - places[i];
        if (row.best_us == 0 || result.time_us < row.best_us) row.best_us = result.time_us;
    }
}

/// Smaller is better; entries without a run behind the others, withdrawn ones behind them.
std::tuple<int, TimeUs> key_of(const LeaderboardRow& row, RankBy rank_by) {
    const int group = row.withdrawn ? 2 : row.runs == 0 ? 1 : 0;
    switch (rank_by) {
        case RankBy::average:
            return {group, row.average_us};
        case RankBy::best:
            return {row.best_us == 0 && group == 0 ? 1 : group, row.best_us};
        case RankBy::points:
            return {group, -row.points};
    }
    return {group, 0};
}

}  // namespace

std::vector<std::int32_t> heat_places(const std::vector<HeatResult>& results) {
    std::vector<std::int32_t> places(results.size(), 0);
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i].status != HeatStatus::timed) continue;
        places[i] = 1;
        for (const HeatResult& other : results) {
            if (other.status == HeatStatus::timed && other.time_us < results[i].time_us) {
                ++places[i];
            }
        }
    }
    return places;
}

std::vector<LeaderboardRow> leaderboard(const Session& session, RankBy rank_by, TimeUs timeout_us) {
    std::vector<Sums> sums;
    for (const Participant& participant : session.participants) {
        Sums& added = sums.emplace_back();
        added.row.entry = participant.entry.entry;
        added.row.withdrawn = participant.withdrawn;
        for (const Heat& heat : session.heats) {
            if (heat.done) continue;
            added.row.planned += static_cast<std::int32_t>(
                std::count_if(heat.lanes.begin(), heat.lanes.end(),
                              [&](const HeatLane& lane) { return lane.entry == added.row.entry; }));
        }
    }
    for (const Heat& heat : session.heats) {
        if (heat.done) add_heat(heat, timeout_us, sums);
    }
    std::vector<LeaderboardRow> rows;
    for (Sums& sum : sums) {
        if (sum.row.runs > 0) sum.row.average_us = sum.times_us / sum.row.runs;
        rows.push_back(sum.row);
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
        return key_of(a, rank_by) < key_of(b, rank_by);
    });
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool tie = i > 0 && key_of(rows[i], rank_by) == key_of(rows[i - 1], rank_by);
        rows[i].place = tie ? rows[i - 1].place : static_cast<std::int32_t>(i) + 1;
    }
    return rows;
}

}  // namespace racehub
