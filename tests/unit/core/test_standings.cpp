// The table as the best live screens show it: order, gaps from crossings of the same line, lapped
// cars, fastest laps.

#include <catch2/catch.hpp>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;

TEST_CASE("Positions are 1..n and name each entry once, in every phase", "[standings]") {
    HubDriver hub{RaceSettings{}, 5};
    hub.command(RaceArm{});
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3, 4, 5});
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 9_s, 4);
    hub.cross_at(go_us + 10_s, 2);
    CHECK(hub.order() == std::vector<std::int32_t>{4, 2, 1, 3, 5});
    std::int32_t position = 0;
    for (const Standing& row : standings(hub.race())) CHECK(row.position == ++position);
}

TEST_CASE("More laps stand before less time", "[standings]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 15_s, 2);
    CHECK(hub.order().front() == 1);
    hub.cross_at(go_us + 25_s, 2);
    CHECK(hub.order().front() == 2);
}

TEST_CASE("Gap and interval are times between crossings with the same lap number", "[standings]") {
    HubDriver hub{RaceSettings{}, 3};
    const TimeUs go_us = hub.start_race();
    for (int lap = 1; lap <= 3; ++lap) {
        hub.cross_at(go_us + lap * 10_s, 1);
        hub.cross_at(go_us + lap * 10_s + lap * 700_ms, 2);
        hub.cross_at(go_us + lap * 10_s + lap * 1'000_ms, 3);
    }
    CHECK(hub.standing(1).gap_us == 0);
    CHECK(hub.standing(2).gap_us == 2'100_ms);
    CHECK(hub.standing(2).interval_us == 2'100_ms);
    CHECK(hub.standing(3).gap_us == 3_s);
    CHECK(hub.standing(3).interval_us == 900_ms);
    CHECK(hub.standing(3).laps_behind_leader == 0);
    // The leader crosses again: nobody loses a lap by that, and the gaps stay what they were.
    hub.cross_at(go_us + 40_s, 1);
    CHECK(hub.standing(2).gap_us == 2'100_ms);
    CHECK(hub.standing(2).laps_behind_leader == 0);
    CHECK(hub.standing(3).interval_us == 900_ms);
}

TEST_CASE("A lapped car is whole laps behind and has a real gap", "[standings]") {
    HubDriver hub{RaceSettings{}, 3};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 11_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.cross_at(go_us + 22_s, 2);
    hub.cross_at(go_us + 25_s, 3);  // the leader has done two laps by now
    CHECK(hub.standing(3).laps_behind_leader == 1);
    CHECK(hub.standing(3).gap_us == 15_s);
    CHECK(hub.standing(3).laps_behind_ahead == 1);
    CHECK(hub.standing(3).interval_us == 14_s);
    CHECK(hub.standing(3).has_gap);
    hub.cross_at(go_us + 30_s, 1);
    hub.cross_at(go_us + 40_s, 1);
    hub.cross_at(go_us + 49_s, 3);
    CHECK(hub.standing(3).laps_behind_leader == 2);
    CHECK(hub.standing(3).gap_us == 29_s);
}

TEST_CASE("Before its first lap an entry has no gap", "[standings]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    CHECK_FALSE(hub.standing(1).has_gap);
    hub.cross_at(go_us + 10_s, 1);
    CHECK_FALSE(hub.standing(2).has_gap);
    CHECK(hub.standing(2).gap_us == 0);
    hub.cross_at(go_us + 11_s, 2);
    CHECK(hub.standing(2).has_gap);
}

TEST_CASE("A gap is never negative, not even when the lead changes", "[standings]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 9_s, 2);
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 19_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.cross_at(go_us + 30_s, 1);  // car 2 has stopped: car 1 leads, though it was behind on lap 2
    CHECK(hub.order().front() == 1);
    CHECK(hub.standing(2).gap_us == 0);
    hub.command(PenaltyGive{1, 60_s, ""});
    CHECK(hub.standing(2).gap_us == 0);
    CHECK(hub.standing(2).interval_us == 0);
}

TEST_CASE("A dead heat is in the order of entries, at every call the same", "[standings]") {
    HubDriver hub{RaceSettings{}, 3};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 3);
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 10_s, 2);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3});
    CHECK(hub.standing(3).gap_us == 0);
    CHECK(hub.standing(3).has_gap);
}

TEST_CASE("Exactly one entry holds the fastest lap; the first to set it keeps it", "[standings]") {
    HubDriver hub{RaceSettings{}, 3};
    const TimeUs go_us = hub.start_race();
    CHECK_FALSE(hub.standing(1).fastest);
    hub.cross_at(go_us + 10_s, 1);
    CHECK(hub.standing(1).fastest);
    hub.cross_at(go_us + 11_s, 2);
    hub.cross_at(go_us + 20_s, 2);
    CHECK(hub.standing(2).fastest);
    CHECK_FALSE(hub.standing(1).fastest);
    CHECK(hub.standing(2).last_is_best);
    hub.cross_at(go_us + 29_s, 1);
    int holders = 0;
    for (const Standing& row : standings(hub.race())) holders += row.fastest ? 1 : 0;
    CHECK(holders == 1);
    hub.cross_at(go_us + 33_s, 2);
    CHECK_FALSE(hub.standing(2).last_is_best);
    CHECK(hub.standing(2).last_lap_us == 13_s);
    CHECK(hub.standing(2).best_lap_us == 9_s);
    CHECK(hub.standing(2).average_lap_us == 11_s);
}

TEST_CASE("The running lap began at the last crossing; none runs for who is done", "[standings]") {
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = 2;
    HubDriver hub{settings, 2};
    const TimeUs go_us = hub.start_race();
    CHECK(hub.standing(1).lap_began_us == go_us);
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 12_s, 2);
    CHECK(hub.standing(1).lap_began_us == go_us + 10_s);
    hub.cross_at(go_us + 20_s, 1);
    CHECK(hub.standing(1).lap_began_us == 0);
    CHECK(hub.standing(2).lap_began_us == go_us + 12_s);
    hub.command(RaceStop{});
    CHECK(hub.standing(2).lap_began_us == 0);
}

TEST_CASE("With a rolling start no lap runs before the first crossing", "[standings]") {
    RaceSettings settings;
    settings.first_lap = FirstLap::from_first_crossing;
    HubDriver hub{settings, 2};
    const TimeUs go_us = hub.start_race();
    CHECK(hub.standing(1).lap_began_us == 0);
    hub.cross_at(go_us + 2_s, 1);
    CHECK(hub.standing(1).lap_began_us == go_us + 2_s);
}

TEST_CASE("The age of the last crossing covers crossings that did not count", "[standings]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 10_s + 50_ms, 1);
    CHECK(hub.standing(1).last_crossing_us == go_us + 10_s + 50_ms);
    hub.cross_at(go_us + 14_s, 1, Gate::sector_1);
    CHECK(hub.standing(1).last_crossing_us == go_us + 14_s);
    CHECK(hub.standing(2).last_crossing_us == 0);
    hub.cross_late(go_us + 3_s, 1, Gate::sector_1);  // an old one does not make it younger
    CHECK(hub.standing(1).last_crossing_us == go_us + 14_s);
}

TEST_CASE("Out of the race: DNF by laps, then DNS, then DSQ", "[standings]") {
    HubDriver hub{RaceSettings{}, 6};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 5);
    hub.cross_at(go_us + 11_s, 4);
    hub.cross_at(go_us + 12_s, 3);
    hub.cross_at(go_us + 22_s, 3);
    hub.cross_at(go_us + 23_s, 6);
    hub.cross_at(go_us + 33_s, 6);
    hub.command(EntryRetire{4, ""});
    hub.command(EntryRetire{3, ""});
    hub.command(EntryDisqualify{6, ""});
    hub.command(RaceStop{});
    CHECK(hub.order() == std::vector<std::int32_t>{5, 3, 4, 1, 2, 6});
    CHECK(hub.entry(1).status == EntryStatus::dns);
}
