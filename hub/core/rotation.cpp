#include "hub/core/rotation.h"

#include <algorithm>
#include <limits>
#include <map>

namespace racehub {
namespace {

/// How often entries met, by index into RotationRequest::entries.
class Meetings {
  public:
    explicit Meetings(std::size_t entries) : entries_(entries), count_(entries * entries, 0) {}
    void add(std::size_t a, std::size_t b) {
        ++count_[a * entries_ + b];
        ++count_[b * entries_ + a];
    }
    std::int32_t of(std::size_t a, std::size_t b) const { return count_[a * entries_ + b]; }

  private:
    std::size_t entries_;
    std::vector<std::int32_t> count_;
};

/// Offsets of a cyclic chart: in heat h the entry on lane i is (h + offset[i]) mod n. Two entries
/// meet once for each pair of lanes whose offsets differ by their distance, so spreading the
/// differences spreads the opponents. A difference of one puts an entry into two heats in a row and
/// costs extra.
std::vector<std::size_t> chart_offsets(std::size_t n, std::size_t lanes) {
    std::vector<std::size_t> offsets{0};
    std::vector<int> used(n, 0);
    while (offsets.size() < lanes) {
        std::size_t best = 0;
        long best_cost = std::numeric_limits<long>::max();
        for (std::size_t candidate = 1; candidate < n; ++candidate) {
            if (std::find(offsets.begin(), offsets.end(), candidate) != offsets.end()) continue;
            long cost = 0;
            for (const std::size_t other : offsets) {
                const std::size_t apart = (candidate + n - other) % n;
                const std::size_t distance = std::min(apart, n - apart);
                cost += 1 + 8L * used[distance] + (distance == 1 ? 3 : 0);
            }
            if (cost < best_cost) {
                best_cost = cost;
                best = candidate;
            }
        }
        for (const std::size_t other : offsets) {
            const std::size_t apart = (best + n - other) % n;
            ++used[std::min(apart, n - apart)];
        }
        offsets.push_back(best);
    }
    return offsets;
}

std::vector<HeatLanes> chart(const RotationRequest& request) {
    // With fewer entries than lanes the chart is filled up with nobody: an empty lane.
    const std::size_t n = std::max(request.entries.size(), request.lanes.size());
    const std::vector<std::size_t> offsets = chart_offsets(n, request.lanes.size());
    std::vector<HeatLanes> heats;
    for (std::int32_t round = 0; round < request.rounds; ++round) {
        for (std::size_t h = 0; h < n; ++h) {
            HeatLanes heat;
            for (std::size_t i = 0; i < request.lanes.size(); ++i) {
                const std::size_t who = (h + offsets[i]) % n;
                if (who < request.entries.size()) {
                    heat.push_back(HeatLane{request.lanes[i], request.entries[who]});
                }
            }
            if (!heat.empty()) heats.push_back(std::move(heat));
        }
    }
    return heats;
}

/// Fills heats one by one with the entries that lack most.
class Greedy {
  public:
    explicit Greedy(const RotationRequest& request)
        : request_(request), meetings_(request.entries.size()) {
        const auto rounds = static_cast<std::size_t>(std::max(request.rounds, 0));
        lacks_.assign(
            request.entries.size(),
            std::vector<std::int32_t>(request.lanes.size(), static_cast<std::int32_t>(rounds)));
        for (const HeatLanes& heat : request.done) count_done(heat);
    }

    std::vector<HeatLanes> plan() {
        std::vector<HeatLanes> heats;
        while (anything_left()) heats.push_back(next_heat());
        return heats;
    }

  private:
    void count_done(const HeatLanes& heat) {
        std::vector<std::size_t> present;
        for (const HeatLane& place : heat) {
            const auto who = index_of(request_.entries, place.entry);
            const auto lane = index_of(request_.lanes, place.lane);
            if (who == request_.entries.size()) continue;
            if (lane < request_.lanes.size() && lacks_[who][lane] > 0) --lacks_[who][lane];
            for (const std::size_t other : present) meetings_.add(who, other);
            present.push_back(who);
        }
        last_ = present;
    }

    static std::size_t index_of(const std::vector<std::int32_t>& list, std::int32_t value) {
        return static_cast<std::size_t>(std::find(list.begin(), list.end(), value) - list.begin());
    }

    std::int32_t left(std::size_t who) const {
        std::int32_t sum = 0;
        for (const std::int32_t lack : lacks_[who]) sum += lack;
        return sum;
    }

    bool anything_left() const {
        for (std::size_t who = 0; who < lacks_.size(); ++who) {
            if (left(who) > 0) return true;
        }
        return false;
    }

    HeatLanes next_heat() {
        std::vector<std::size_t> present;
        std::vector<std::pair<std::size_t, std::size_t>> places;  // lane index, entry index
        std::vector<bool> taken(request_.lanes.size(), false);
        for (std::size_t step = 0; step < request_.lanes.size(); ++step) {
            const auto [lane, who] = best_place(taken, present);
            if (who == request_.entries.size()) break;
            taken[lane] = true;
            places.emplace_back(lane, who);
            --lacks_[who][lane];
            for (const std::size_t other : present) meetings_.add(who, other);
            present.push_back(who);
        }
        std::sort(places.begin(), places.end());
        HeatLanes heat;
        for (const auto& [lane, who] : places) {
            heat.push_back(HeatLane{request_.lanes[lane], request_.entries[who]});
        }
        last_ = present;
        return heat;
    }

    std::pair<std::size_t, std::size_t> best_place(const std::vector<bool>& taken,
                                                   const std::vector<std::size_t>& present) const {
        std::pair<std::size_t, std::size_t> best{0, request_.entries.size()};
        long best_score = std::numeric_limits<long>::min();
        for (std::size_t lane = 0; lane < taken.size(); ++lane) {
            if (taken[lane]) continue;
            for (std::size_t who = 0; who < lacks_.size(); ++who) {
                if (lacks_[who][lane] == 0 || contains(present, who)) continue;
                long score = 100L * left(who) + 10L * lacks_[who][lane];
                for (const std::size_t other : present) score -= 15L * meetings_.of(who, other);
                if (contains(last_, who)) score -= 60;
                if (score > best_score) {
                    best_score = score;
                    best = {lane, who};
                }
            }
        }
        return best;
    }

    static bool contains(const std::vector<std::size_t>& list, std::size_t value) {
        return std::find(list.begin(), list.end(), value) != list.end();
    }

    const RotationRequest& request_;
    Meetings meetings_;
    std::vector<std::vector<std::int32_t>> lacks_;  ///< [entry][lane]: runs still to be had
    std::vector<std::size_t> last_;                 ///< who ran in the heat before
};

}  // namespace

std::vector<HeatLanes> plan_rotation(const RotationRequest& request) {
    if (request.entries.empty() || request.lanes.empty()) return {};
    if (request.done.empty()) return chart(request);
    return Greedy(request).plan();
}

Fairness measure_rotation(const RotationRequest& request, const std::vector<HeatLanes>& heats) {
    Fairness fairness;
    fairness.heats = static_cast<std::int32_t>(heats.size());
    std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> on_lane, meetings;
    std::vector<std::int32_t> before;
    for (const HeatLanes& heat : heats) {
        std::vector<std::int32_t> present;
        for (const HeatLane& place : heat) {
            ++on_lane[{place.entry, place.lane}];
            for (const std::int32_t other : present) {
                ++meetings[std::minmax(place.entry, other)];
            }
            if (std::find(before.begin(), before.end(), place.entry) != before.end()) {
                ++fairness.back_to_back;
            }
            present.push_back(place.entry);
        }
        fairness.empty_lanes += static_cast<std::int32_t>(request.lanes.size() - heat.size());
        before = std::move(present);
    }
    fairness.fewest_on_lane = fairness.fewest_meetings = std::numeric_limits<std::int32_t>::max();
    for (std::size_t i = 0; i < request.entries.size(); ++i) {
        for (const std::int32_t lane : request.lanes) {
            const std::int32_t runs = on_lane[{request.entries[i], lane}];
            fairness.fewest_on_lane = std::min(fairness.fewest_on_lane, runs);
            fairness.most_on_lane = std::max(fairness.most_on_lane, runs);
        }
        for (std::size_t k = i + 1; k < request.entries.size(); ++k) {
            const std::int32_t met = meetings[std::minmax(request.entries[i], request.entries[k])];
            fairness.fewest_meetings = std::min(fairness.fewest_meetings, met);
            fairness.most_meetings = std::max(fairness.most_meetings, met);
        }
    }
    if (request.entries.size() < 2) fairness.fewest_meetings = 0;
    if (request.entries.empty() || request.lanes.empty()) fairness.fewest_on_lane = 0;
    return fairness;
}

}  // namespace racehub
