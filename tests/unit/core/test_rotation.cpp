// Rotations: whatever is asked, each entry meets each lane as often as the others, and nobody is on
// two lanes at once.

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "hub/core/rotation.h"

using namespace racehub;

namespace {

std::vector<std::int32_t> up_to(std::int32_t n) {
    std::vector<std::int32_t> list(static_cast<std::size_t>(n));
    std::iota(list.begin(), list.end(), 1);
    return list;
}

std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> runs_of(
    const std::vector<HeatLanes>& heats) {
    std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> runs;
    for (const HeatLanes& heat : heats) {
        for (const HeatLane& place : heat) ++runs[{place.entry, place.lane}];
    }
    return runs;
}

void require_sound(const std::vector<HeatLanes>& heats) {
    for (const HeatLanes& heat : heats) {
        std::set<std::int32_t> lanes, entries;
        for (const HeatLane& place : heat) {
            REQUIRE(lanes.insert(place.lane).second);
            REQUIRE(entries.insert(place.entry).second);
        }
        REQUIRE_FALSE(heat.empty());
    }
}

}  // namespace

TEST_CASE("Each entry runs each lane once a round", "[rotation]") {
    for (std::int32_t lanes = 1; lanes <= 8; ++lanes) {
        for (std::int32_t entries = 1; entries <= 25; ++entries) {
            const std::int32_t rounds = 1 + entries % 3;
            INFO(entries << " entries, " << lanes << " lanes, " << rounds << " rounds");
            const RotationRequest request{up_to(entries), up_to(lanes), rounds, {}};
            const std::vector<HeatLanes> heats = plan_rotation(request);
            require_sound(heats);
            REQUIRE(heats.size() == static_cast<std::size_t>(std::max(entries, lanes) * rounds));
            const Fairness fairness = measure_rotation(request, heats);
            REQUIRE(fairness.fewest_on_lane == rounds);
            REQUIRE(fairness.most_on_lane == rounds);
            REQUIRE(plan_rotation(request) == heats);
        }
    }
}

TEST_CASE("Opponents mix: nobody meets one rival much more often than another", "[rotation]") {
    for (std::int32_t entries : {5, 7, 8, 10, 13, 16, 20}) {
        INFO(entries << " entries on 4 lanes");
        const RotationRequest request{up_to(entries), up_to(4), 1, {}};
        const Fairness fairness = measure_rotation(request, plan_rotation(request));
        CHECK(fairness.most_meetings - fairness.fewest_meetings <= 2);
        CHECK(fairness.most_meetings <= 3);
    }
}

TEST_CASE("What has been run is not planned again, whoever comes or goes", "[rotation]") {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        const auto entries = static_cast<std::int32_t>(2 + random() % 12);
        const auto lanes = static_cast<std::int32_t>(1 + random() % 5);
        const auto rounds = static_cast<std::int32_t>(1 + random() % 2);
        RotationRequest request{up_to(entries), up_to(lanes), rounds, {}};
        std::vector<HeatLanes> all = plan_rotation(request);
        all.resize(1 + random() % all.size());
        RotationRequest rest = request;
        rest.done = all;
        rest.entries.push_back(entries + 1);       // comes late
        rest.entries.erase(rest.entries.begin());  // withdraws
        const std::vector<HeatLanes> heats = plan_rotation(rest);
        require_sound(heats);
        all.insert(all.end(), heats.begin(), heats.end());
        auto runs = runs_of(all);
        for (const std::int32_t entry : rest.entries) {
            for (const std::int32_t lane : rest.lanes) REQUIRE(runs[{entry, lane}] == rounds);
        }
        for (const HeatLanes& heat : heats) {
            for (const HeatLane& place : heat) REQUIRE(place.entry != 1);
        }
    }
}

TEST_CASE("A club's largest plan does not hold the race thread up", "[rotation]") {
    RotationRequest request{up_to(128), up_to(8), 1, {}};
    request.done = {plan_rotation(request)[0]};
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<HeatLanes> heats = plan_rotation(request);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    require_sound(heats);
    CHECK(took.count() < 2.0);  // milliseconds; the rest is for a busy machine and sanitizers
}

TEST_CASE("Nobody, or no lane: nothing to plan", "[rotation]") {
    CHECK(plan_rotation(RotationRequest{{}, up_to(2), 1, {}}).empty());
    CHECK(plan_rotation(RotationRequest{up_to(2), {}, 1, {}}).empty());
    CHECK(measure_rotation(RotationRequest{}, {}).heats == 0);
}
