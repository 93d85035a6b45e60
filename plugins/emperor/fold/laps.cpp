#include "plugins/emperor/fold/laps.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace racehub::emperor {
namespace {

constexpr std::size_t kSectors = 3;          // of every track of the game that has them
constexpr std::int64_t kRoundingUs = 2'000;  // each sector is rounded to the millisecond

/// Times of laps that nobody saw, out of their sum; 0 where it is not known.
std::vector<std::int64_t> unseen_times(const CarRecord& before, const CarRecord& now, int count,
                                       std::int64_t sum_us) {
    std::vector<std::int64_t> times(static_cast<std::size_t>(count), 0);
    if (count == 0 || sum_us <= 0) return times;
    if (count == 1) {
        times[0] = sum_us;
        return times;
    }
    const bool improved = now.best_us > 0 && (before.best_us == 0 || now.best_us < before.best_us);
    if (!improved || now.best_us == now.last_us || now.best_us >= sum_us) return times;
    times.back() = now.best_us;
    if (count == 2) times.front() = sum_us - now.best_us;
    return times;
}

bool is_cut(std::int64_t lap_us, std::int64_t best_us) {
    return lap_us > 0 && (best_us == 0 || lap_us < best_us);
}

bool adds_up(const std::vector<std::int64_t>& sectors_us, std::int64_t lap_us) {
    const std::int64_t sum_us =
        std::accumulate(sectors_us.begin(), sectors_us.end(), std::int64_t{0});
    return std::abs(sum_us - lap_us) <= kRoundingUs;
}

}  // namespace

std::vector<DerivedLap> laps_between(const CarRecord& before, const CarRecord& now) {
    std::vector<DerivedLap> laps;
    if (now.laps <= before.laps) return laps;
    const int unseen = now.laps - before.laps - 1;
    const std::int64_t sum_us =
        std::max<std::int64_t>(0, now.total_us - before.total_us - now.last_us);
    const std::vector<std::int64_t> times = unseen_times(before, now, unseen, sum_us);
    const std::int64_t known_us = std::accumulate(times.begin(), times.end(), std::int64_t{0});
    const auto unknown = std::count(times.begin(), times.end(), 0);
    const std::int64_t each_us =
        unknown > 0 ? std::max<std::int64_t>(0, sum_us - known_us) / unknown : 0;
    std::int64_t total_us = before.total_us;
    for (const std::int64_t lap_us : times) {
        total_us += lap_us > 0 ? lap_us : each_us;
        DerivedLap& lap = laps.emplace_back();
        lap.lap_us = lap_us;
        lap.total_us = total_us;
        lap.cut = is_cut(lap_us, now.best_us);
        if (now.completed_us > 0) {
            lap.completed_us =
                std::max(before.completed_us,
                         now.completed_us - std::max<std::int64_t>(0, now.total_us - total_us));
        }
    }
    if (laps.size() > kMaxUnseen) laps.erase(laps.begin(), laps.end() - kMaxUnseen);
    DerivedLap& last = laps.emplace_back();
    last.lap_us = now.last_us;
    last.total_us = now.total_us;
    last.completed_us = now.completed_us;
    last.cut = is_cut(now.last_us, now.best_us);
    return laps;
}

bool began_anew(const CarRecord& before, const CarRecord& now) {
    const bool less = now.laps < before.laps || now.total_us < before.total_us;
    return less && now.completed_us > before.completed_us;
}

std::vector<std::int64_t> sectors_of_last(const CarRecord& now,
                                          const std::vector<std::int64_t>& seen_us) {
    if (now.last_us <= 0) return {};
    if (now.last_us == now.best_us && adds_up(now.best_splits_us, now.last_us)) {
        return now.best_splits_us;
    }
    for (const auto& splits_us : {now.splits_us, seen_us}) {
        if (splits_us.size() == kSectors && adds_up(splits_us, now.last_us)) return splits_us;
    }
    if (seen_us.size() != kSectors - 1) return {};
    const std::int64_t rest_us =
        now.last_us - std::accumulate(seen_us.begin(), seen_us.end(), std::int64_t{0});
    if (rest_us <= 0) return {};
    std::vector<std::int64_t> sectors_us = seen_us;
    sectors_us.push_back(rest_us);
    return sectors_us;
}

}  // namespace racehub::emperor
