#include "plugins/emperor/fold/gaps.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "plugins/emperor/fold/session.h"

namespace racehub::emperor {
namespace {

using nlohmann::json;

constexpr double kStep = 0.002;        // of a lap between two moments of a trail
constexpr std::size_t kTrail = 1'000;  // moments: two laps; who is further behind is lapped
constexpr std::int64_t kEveryUs = 500'000;
constexpr std::int64_t kGoneUs = 30'000'000;
// Near the line the server's count of laps and the car's place disagree for a moment.
constexpr double kNearLine = 0.1;

}  // namespace

std::optional<std::int64_t> Gaps::Runner::passed_us(double wanted) const {
    const auto after = std::lower_bound(trail.begin(), trail.end(), wanted,
                                        [](const Moment& m, double p) { return m.progress < p; });
    if (after == trail.end() || after == trail.begin()) return std::nullopt;
    const Moment& before = *(after - 1);
    const double part = (wanted - before.progress) / (after->progress - before.progress);
    return before.at_us + std::llround(part * static_cast<double>(after->at_us - before.at_us));
}

void Gaps::take(const CarUpdate& update, const Session& session, std::int64_t now_us) {
    const Entrant* entrant = session.is_race() ? session.by_car(update.car_id) : nullptr;
    if (!entrant) return;
    Runner& runner = runners_[entrant->names.entry];
    const double spline = std::min(update.spline, 0.999'999);
    if (runner.spline < 0) {
        // On the grid cars stand before the line that begins their first lap.
        runner.laps = entrant->count - (entrant->count == 0 && spline > 1 - kNearLine ? 1 : 0);
    } else if (runner.spline > 1 - kNearLine && spline < kNearLine) {
        runner.laps += 1;
    } else if (runner.spline < kNearLine && spline > 1 - kNearLine) {
        runner.laps -= 1;
    }
    if (spline > kNearLine && spline < 1 - kNearLine) runner.laps = entrant->count;
    runner.spline = spline;
    moved_ = true;
    const double progress = runner.progress();
    std::deque<Moment>& trail = runner.trail;
    while (!trail.empty() && trail.back().progress > progress) trail.pop_back();
    if (!trail.empty() && progress - trail.back().progress < kStep) return;
    trail.push_back({progress, now_us});
    if (trail.size() > kTrail) trail.pop_front();
}

std::string Gaps::changed(const Session& session, std::int64_t now_us) {
    if (!moved_ || now_us - told_us_ < kEveryUs || !session.is_race()) return {};
    struct Rank {
        int entry;
        const Runner* runner;
    };
    std::vector<Rank> order;
    for (const Entrant& each : session.entrants()) {
        const auto found = runners_.find(each.names.entry);
        if (!each.connected || found == runners_.end() || found->second.trail.empty()) continue;
        if (now_us - found->second.trail.back().at_us < kGoneUs) {
            order.push_back({each.names.entry, &found->second});
        }
    }
    if (order.size() < 2) return {};
    moved_ = false;
    told_us_ = now_us;
    std::sort(order.begin(), order.end(), [](const Rank& a, const Rank& b) {
        return a.runner->progress() > b.runner->progress();
    });
    json gaps = json::array();
    for (std::size_t i = 0; i < order.size(); ++i) {
        const double here = order[i].runner->progress();
        json gap = {{"entry", order[i].entry}};
        const auto behind = [&](const Runner& ahead, const char* time, const char* laps) {
            const double distance = ahead.progress() - here;
            if (distance >= 1) {
                gap[laps] = std::min(static_cast<int>(distance), 10'000);
            } else if (const auto at_us = ahead.passed_us(here)) {
                gap[time] = std::max<std::int64_t>(0, now_us - *at_us);
            }
        };
        if (i == 0) gap["gap_us"] = 0;
        if (i > 0) behind(*order[0].runner, "gap_us", "laps_behind");
        if (i > 0) behind(*order[i - 1].runner, "interval_us", "laps_behind_ahead");
        gaps.push_back(std::move(gap));
    }
    return json({{"race_us", session.race_us(now_us)}, {"gaps", std::move(gaps)}}).dump();
}

void Gaps::forget() {
    runners_.clear();
    moved_ = false;
}

}  // namespace racehub::emperor
