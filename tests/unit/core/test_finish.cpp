// How a race ends: laps, time, stop; the last lap; the grace; pauses around the end.

#include <catch2/catch.hpp>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;

namespace {

RaceSettings laps_race(std::int32_t laps, Finish finish = Finish::current_lap) {
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = laps;
    settings.finish = finish;
    return settings;
}

RaceSettings time_race(TimeUs time_us) {
    RaceSettings settings;
    settings.distance = Distance::time;
    settings.time_us = time_us;
    return settings;
}

}  // namespace

TEST_CASE("Laps, current_lap: the others finish the lap they are on", "[finish]") {
    HubDriver hub{laps_race(3), 3};
    const TimeUs go_us = hub.start_race();
    for (int lap = 1; lap <= 2; ++lap) {
        hub.cross_at(go_us + lap * 10_s, 1);
        hub.cross_at(go_us + lap * 10_s + 1_s, 2);
    }
    hub.cross_at(go_us + 22_s, 3);
    hub.cross_at(go_us + 30_s, 1);
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.entry(1).status == EntryStatus::finished);
    CHECK(hub.newest<RaceFinishing>()->reason == EndReason::distance);
    CHECK(hub.newest<RaceFinishing>()->deadline_us == go_us + 30_s + 60_s);
    hub.cross_at(go_us + 31_s, 2);
    CHECK(hub.entry(2).status == EntryStatus::finished);
    CHECK(hub.phase() == Phase::finishing);
    hub.cross_at(go_us + 38_s, 1);  // a lap of honour
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::entry_finished);
    CHECK(hub.entry(1).laps_counted == 3);
    hub.cross_at(go_us + 44_s, 3);  // a lap down, and done all the same
    CHECK(hub.entry(3).status == EntryStatus::finished);
    CHECK(hub.entry(3).laps_counted == 2);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.race().end_reason == EndReason::all_finished);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3});
    CHECK_FALSE(next_deadline(hub.state));
}

TEST_CASE("Laps, full_distance: each drives them all", "[finish]") {
    HubDriver hub{laps_race(3, Finish::full_distance), 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 14_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.cross_at(go_us + 28_s, 2);
    hub.cross_at(go_us + 30_s, 1);
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.entry(2).status == EntryStatus::running);
    hub.cross_at(go_us + 42_s, 2);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.entry(2).laps_counted == 3);
}

TEST_CASE("The grace ends the race for those who do not come", "[finish][grace]") {
    RaceSettings settings = laps_race(2, Finish::full_distance);
    settings.grace_us = 15_s;
    HubDriver hub{settings, 3};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 12_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.run_to(go_us + 35_s - 1);
    CHECK(hub.phase() == Phase::finishing);
    hub.run_to(go_us + 35_s);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.race().end_reason == EndReason::grace_over);
    CHECK(hub.race().ended_us == go_us + 35_s);
    CHECK(hub.entry(2).laps_counted == 1);
    CHECK(hub.entry(3).status == EntryStatus::dns);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3});
}

TEST_CASE("Grace 0 ends the race with the leader", "[finish][grace]") {
    RaceSettings settings = laps_race(2);
    settings.grace_us = 0;
    HubDriver hub{settings, 2};
    const TimeUs go_us = hub.start_race();
    hub.drive(1, go_us, {10_s});
    hub.cross_at(go_us + 11_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.race().ended_us == go_us + 20_s);
    CHECK(hub.entry(1).status == EntryStatus::finished);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2});
}

TEST_CASE("A crossing after the grace cannot overtake its deadline", "[finish][grace]") {
    RaceSettings settings = laps_race(2);
    settings.grace_us = 5_s;
    HubDriver hub{settings, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 11_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.now_us = go_us + 26_s;  // the timer input is still on its way
    hub.cross_late(go_us + 26_s, 2);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.race().ended_us == go_us + 25_s);
    CHECK(hub.entry(2).laps_counted == 1);
}

TEST_CASE("A one-lap race waits for the second car", "[finish]") {
    HubDriver hub{laps_race(1), 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    CHECK(hub.phase() == Phase::finishing);
    hub.cross_at(go_us + 10'200_ms, 2);
    CHECK(hub.entry(2).laps_counted == 1);
    CHECK(hub.entry(2).status == EntryStatus::finished);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.race().end_reason == EndReason::all_finished);
}

TEST_CASE("A lane on which nobody drives is not waited for", "[finish]") {
    HubDriver hub{laps_race(3), 4};
    const TimeUs go_us = hub.start_race();
    for (int lap = 1; lap <= 3; ++lap) {
        hub.cross_at(go_us + lap * 10_s, 1);
        hub.cross_at(go_us + lap * 10_s + 1_s, 2);
    }
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.entry(3).status == EntryStatus::dns);
    CHECK(hub.entry(4).status == EntryStatus::dns);
}

TEST_CASE("Time: the flag falls at its instant and each finishes its lap", "[finish][time]") {
    HubDriver hub{time_race(30_s), 2};
    const TimeUs go_us = hub.start_race();
    CHECK(next_deadline(hub.state)->time_us == go_us + 30_s);
    hub.cross_at(go_us + 14_s, 1);
    hub.cross_at(go_us + 15_s, 2);
    hub.cross_at(go_us + 28_s, 1);
    hub.cross_at(go_us + 29_s, 2);
    hub.run_to(go_us + 30_s);
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.newest_event<RaceFinishing>()->time_us == go_us + 30_s);
    CHECK(hub.entry(1).status == EntryStatus::running);
    hub.cross_at(go_us + 42_s, 1);
    CHECK(hub.entry(1).laps_counted == 3);
    hub.cross_at(go_us + 43_s, 2);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2});
}

TEST_CASE("Time: a race shorter than a lap still lets each finish its lap", "[finish][time]") {
    HubDriver hub{time_race(5_s), 2};
    const TimeUs go_us = hub.start_race();
    hub.run_to(go_us + 5_s);
    REQUIRE(hub.phase() == Phase::finishing);
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 12_s, 2);
    CHECK(hub.entry(2).laps_counted == 1);
    CHECK(hub.phase() == Phase::finished);
}

TEST_CASE("Time: a pause makes the race longer by itself", "[finish][time][pause]") {
    HubDriver hub{time_race(30_s), 2};
    const TimeUs go_us = hub.start_race();
    hub.run_to(go_us + 20_s);
    hub.command(RacePause{});
    CHECK_FALSE(next_deadline(hub.state));
    hub.run_to(go_us + 120_s);
    CHECK(hub.phase() == Phase::running);
    hub.command(RaceResume{});
    CHECK(next_deadline(hub.state)->time_us == go_us + 130_s);
    hub.run_to(go_us + 130_s);
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.race().clock_us(hub.race().finishing_us) == 30_s);
}

TEST_CASE("A pause in the grace makes it longer by itself", "[finish][grace][pause]") {
    RaceSettings settings = laps_race(1, Finish::full_distance);
    settings.grace_us = 20_s;
    HubDriver hub{settings, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.run_to(go_us + 15_s);
    hub.command(RacePause{});
    hub.run_to(go_us + 115_s);
    CHECK(hub.phase() == Phase::finishing);
    CHECK_FALSE(next_deadline(hub.state));
    hub.command(RaceResume{});
    hub.run_to(go_us + 130_s - 1);
    CHECK(hub.phase() == Phase::finishing);
    hub.run_to(go_us + 130_s);
    CHECK(hub.phase() == Phase::finished);
}

TEST_CASE("Open: only the race director ends it", "[finish]") {
    RaceSettings settings;
    settings.max_lap_us = 0;
    HubDriver hub{settings, 2};
    const TimeUs go_us = hub.start_race();
    hub.drive(1, go_us, std::vector<TimeUs>(100, 60_s));
    CHECK(hub.phase() == Phase::running);
    CHECK_FALSE(next_deadline(hub.state));
    hub.command(RaceStop{});
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.entry(1).status == EntryStatus::finished);
    CHECK(hub.entry(2).status == EntryStatus::dns);
}

TEST_CASE("A stop in a pause ends the race with its clock right", "[finish][pause]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.run_to(go_us + 20_s);
    hub.command(RacePause{});
    hub.run_to(go_us + 50_s);
    hub.command(RaceStop{});
    CHECK(hub.phase() == Phase::finished);
    CHECK_FALSE(hub.race().paused());
    CHECK(hub.race().clock_us(hub.race().ended_us) == 20_s);
}

TEST_CASE("A retired car is not waited for", "[finish]") {
    HubDriver hub{laps_race(2), 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 11_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    REQUIRE(hub.phase() == Phase::finishing);
    hub.command(EntryRetire{2, "wheel off"});
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.entry(2).status == EntryStatus::dnf);
    CHECK(hub.race().end_reason == EndReason::all_finished);
}

TEST_CASE("Laps driven beyond the distance do not count, however they come", "[finish][late]") {
    // Crossing 2 of the winner is heard of only after crossings 1, 3, 4: three laps were driven.
    HubDriver hub{laps_race(3), 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 11_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.cross_at(go_us + 30_s, 1);
    hub.cross_at(go_us + 40_s, 1);
    REQUIRE(hub.entry(1).laps_counted == 3);
    hub.cross_late(go_us + 10_s, 1);
    CHECK(hub.entry(1).laps_counted == 3);
    CHECK(hub.entry(1).total_us == 30_s);
    CHECK(hub.laps_us(1) == std::vector<TimeUs>{10_s, 10_s, 10_s});
    CHECK(hub.race().finishing_us == go_us + 30_s);
}

TEST_CASE("The finish of a lapped car is its first crossing after the flag", "[finish][late]") {
    HubDriver hub{laps_race(3), 3};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 18_s, 2);
    hub.cross_at(go_us + 19_s, 3);
    hub.drive(1, go_us + 4_s, {16_s, 10_s, 10_s});  // flag at 40
    REQUIRE(hub.phase() == Phase::finishing);
    hub.cross_at(go_us + 58_s, 2);
    REQUIRE(hub.entry(2).status == EntryStatus::finished);
    hub.cross_late(go_us + 45_s, 2);  // it had finished here already; 58 was a lap of honour
    CHECK(hub.entry(2).laps_counted == 2);
    CHECK(hub.entry(2).total_us == 45_s);
}

TEST_CASE("A winner who is heard of late is the winner", "[finish][late]") {
    HubDriver hub{laps_race(2), 3};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 10'100_ms, 2);
    hub.cross_at(go_us + 15_s, 3);
    hub.cross_at(go_us + 20'500_ms, 2);
    REQUIRE(hub.entry(2).status == EntryStatus::finished);
    hub.run_for(100_ms);
    hub.cross_late(go_us + 20'400_ms, 1);
    CHECK(hub.entry(1).status == EntryStatus::finished);
    CHECK(hub.order().front() == 1);
    CHECK(hub.race().finishing_us == go_us + 20'400_ms);
    hub.cross_at(go_us + 30_s, 3);
    CHECK(hub.phase() == Phase::finished);
}
