// What a crossing is worth: first laps, bounces, missed and late crossings, device stamps, pauses.

#include <catch2/catch.hpp>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;
using Laps = std::vector<TimeUs>;

TEST_CASE("From the start, the first lap begins at lights out", "[laps]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.drive(1, go_us, {12_s, 8_s, 9_s});
    CHECK(hub.laps_us(1) == Laps{12_s, 8_s, 9_s});
    CHECK(hub.entry(1).laps_counted == 3);
    CHECK(hub.entry(1).total_us == 29_s);
    CHECK(hub.entry(1).best_lap_us == 8_s);
    CHECK(hub.entry(1).last_lap_us == 9_s);
    CHECK(hub.newest<LapCompleted>()->number == 3);
    CHECK(hub.newest<LapCompleted>()->lap_us == 9_s);
}

TEST_CASE("With a rolling start, the first crossing only begins lap 1", "[laps]") {
    RaceSettings settings;
    settings.first_lap = FirstLap::from_first_crossing;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 3_s, 1);
    CHECK(hub.newest<LapCompleted>()->number == 0);
    CHECK(hub.entry(1).laps_counted == 0);
    CHECK(hub.entry(1).best_lap_us == 0);
    hub.drive(1, go_us + 3_s, {8_s, 9_s});
    CHECK(hub.laps_us(1) == Laps{8_s, 9_s});
    CHECK(hub.entry(1).total_us == 20_s);  // the race clock began for all at lights out
    CHECK(hub.standing(1).average_lap_us == 8'500_ms);
}

TEST_CASE("A rolling start may cross at once: min_lap counts from crossing to crossing", "[laps]") {
    RaceSettings settings;
    settings.first_lap = FirstLap::from_first_crossing;
    settings.min_lap_us = 5_s;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 100_ms, 1);
    REQUIRE(hub.entry(1).laps.size() == 1);
    hub.cross_at(go_us + 10_s, 1);
    CHECK(hub.laps_us(1) == Laps{9'900_ms});
}

TEST_CASE("A bounce is shown, not counted, and does not restart the lap", "[laps][min]") {
    RaceSettings settings;
    settings.min_lap_us = 2_s;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 10_s + 10_ms, 1);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::too_soon);
    hub.cross_at(go_us + 11'900_ms, 1);
    CHECK(hub.count<CrossingIgnored>() == 2);
    hub.cross_at(go_us + 19_s, 1);
    CHECK(hub.laps_us(1) == Laps{10_s, 9_s});
}

TEST_CASE("min_lap is exact at its edge", "[laps][min]") {
    RaceSettings settings;
    settings.min_lap_us = 2_s;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 2_s - 1, 1);
    CHECK(hub.entry(1).laps_counted == 0);
    hub.cross_at(go_us + 2_s, 1);
    CHECK(hub.entry(1).laps_counted == 1);
    hub.cross_at(go_us + 4_s - 1, 1);
    CHECK(hub.entry(1).laps_counted == 1);
    hub.cross_at(go_us + 4_s, 1);
    CHECK(hub.laps_us(1) == Laps{2_s, 2_s});
}

TEST_CASE("min_lap 0 switches it off, but one instant is never two laps", "[laps][min]") {
    RaceSettings settings;
    settings.min_lap_us = 0;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 5_s, 1);
    hub.cross_at(go_us + 5_s + 1, 1);
    CHECK(hub.laps_us(1) == Laps{5_s, 1});
    hub.cross_at(go_us + 5_s + 1, 1);
    CHECK(hub.entry(1).laps_counted == 2);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::too_soon);
}

TEST_CASE("A lap longer than max_lap counts and is marked", "[laps]") {
    RaceSettings settings;
    settings.max_lap_us = 20_s;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.drive(1, go_us, {10_s, 20_s, 20_s + 1});
    const auto& laps = hub.entry(1).laps;
    CHECK_FALSE(laps[0].suspect);
    CHECK_FALSE(laps[1].suspect);
    CHECK(laps[2].suspect);
    CHECK(hub.entry(1).laps_counted == 3);

    settings.max_lap_us = 0;
    HubDriver off{settings};
    const TimeUs off_us = off.start_race();
    off.drive(1, off_us, {3'000_s});
    CHECK_FALSE(off.entry(1).laps[0].suspect);
}

TEST_CASE("A late crossing is put where it happened", "[laps][late]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 30_s, 1);
    CHECK(hub.laps_us(1) == Laps{10_s, 20_s});
    hub.cross_late(go_us + 19_s, 1);
    CHECK(hub.laps_us(1) == Laps{10_s, 9_s, 11_s});
    CHECK(hub.entry(1).total_us == 30_s);
    CHECK(hub.entry(1).best_lap_us == 9_s);
    CHECK(hub.entry(1).last_lap_us == 11_s);
    CHECK(hub.newest<LapCompleted>()->number == 2);
    CHECK(hub.newest<LapCompleted>()->lap_us == 9_s);
    const auto& laps = hub.entry(1).laps;
    CHECK(laps[1].id == 3);  // ids are in order of arrival, laps in order of crossing
    CHECK(laps[2].id == 2);
}

TEST_CASE("The same crossings give the same race in any order of arrival", "[laps][late]") {
    std::vector<std::pair<std::int32_t, TimeUs>> crossings;
    for (int lap = 1; lap <= 3; ++lap) {
        crossings.emplace_back(1, lap * 10_s);
        crossings.emplace_back(2, lap * 11_s);
    }
    HubDriver ordered{RaceSettings{}};
    const TimeUs go_us = ordered.start_race();
    ordered.run_to(go_us + 60_s);
    for (const auto& [lane, at_us] : crossings) ordered.cross_late(go_us + at_us, lane);

    std::sort(crossings.begin(), crossings.end());
    do {
        HubDriver hub{RaceSettings{}};
        const TimeUs again_us = hub.start_race();
        hub.run_to(again_us + 60_s);
        for (const auto& [lane, at_us] : crossings) hub.cross_late(again_us + at_us, lane);
        for (std::int32_t entry : {1, 2}) {
            REQUIRE(hub.laps_us(entry) == ordered.laps_us(entry));
            REQUIRE(hub.entry(entry).total_us == ordered.entry(entry).total_us);
            REQUIRE(hub.entry(entry).best_lap_us == ordered.entry(entry).best_lap_us);
        }
        REQUIRE(hub.order() == ordered.order());
    } while (std::next_permutation(crossings.begin(), crossings.end()));
}

TEST_CASE("A late bounce is too near to the crossing after it as well", "[laps][late][min]") {
    RaceSettings settings;
    settings.min_lap_us = 2_s;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 20_s, 1);
    hub.cross_late(go_us + 19_s, 1);
    hub.cross_late(go_us + 11_s, 1);
    hub.cross_late(go_us + 10_s, 1);
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s});
    CHECK(hub.count<CrossingIgnored>() == 3);
}

TEST_CASE("A crossing from the future is taken at its arrival", "[laps]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.run_to(go_us + 10_s);
    hub.cross_late(go_us + 3'000_s, 1);  // the source's clock runs ahead
    CHECK(hub.laps_us(1) == Laps{10_s});
    hub.cross_at(go_us + 19_s, 1);
    CHECK(hub.laps_us(1) == Laps{10_s, 9_s});
}

TEST_CASE("A crossing before the race is not a lap of it", "[laps][late]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs before_us = hub.now_us;
    const TimeUs go_us = hub.start_race();
    hub.run_to(go_us + 10_s);
    hub.cross_late(before_us - 3'600_s, 1);
    CHECK(hub.count_last<CrossingIgnored>() == 1);
    CHECK(hub.entry(1).laps.empty());
    CHECK_FALSE(hub.entry(1).jumped);
}

TEST_CASE("Laps between stamps of one clock are exact; jitter cannot change them",
          "[laps][stamps]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    const TimeUs boot_us = 77'000'000;
    hub.cross_stamped(go_us + 10_s + 3_ms, 1, "gate-a/1", boot_us);
    hub.cross_stamped(go_us + 18_s + 90_ms, 1, "gate-a/1", boot_us + 8_s);
    hub.cross_stamped(go_us + 27_s + 1_ms, 1, "gate-a/1", boot_us + 17_s);
    CHECK(hub.laps_us(1) == Laps{10_s + 3_ms, 8_s, 9_s});
    CHECK(hub.newest<LapCompleted>()->lap_us == 9_s);
    CHECK(hub.newest<LapCompleted>()->stamp_us == boot_us + 17_s);
}

TEST_CASE("Stamps of two clocks are never mixed", "[laps][stamps]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_stamped(go_us + 10_s, 1, "gate-a/1", 5_s);
    hub.cross_stamped(go_us + 20_s, 1, "gate-a/2", 1_s);  // the gate was rebooted
    hub.cross_stamped(go_us + 30_s, 1, "gate-a/2", 11_s - 50_ms);
    hub.cross_at(go_us + 40_s, 1);  // and replaced by one without a clock
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s, 10_s - 50_ms, 10_s});
}

TEST_CASE("A device clock that jumps does not make the lap", "[laps][stamps]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    const TimeUs jump_us = GENERATE(TimeUs{-7'200} * kSecondUs, TimeUs{86'400} * kSecondUs,
                                    TimeUs{8'000'000'000'000'000}, TimeUs{-8'000'000'000'000'000});
    hub.cross_stamped(go_us + 10_s, 1, "g", 100_s);
    hub.cross_stamped(go_us + 20_s, 1, "g", 110_s + jump_us);
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s});
    CHECK(hub.entry(1).lap_times_us == 20_s);
}

TEST_CASE("The race clock stands in a pause", "[laps][pause]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.run_to(go_us + 13_s);
    hub.command(RacePause{"car in the way"});
    CHECK(hub.race().paused());
    hub.cross_at(go_us + 20_s, 2);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::paused);
    hub.run_to(go_us + 43_s);
    CHECK(hub.race().clock_us(hub.now_us) == 13_s);
    hub.command(RaceResume{});
    hub.cross_at(go_us + 49_s, 1);
    CHECK(hub.laps_us(1) == Laps{10_s, 9_s});
    CHECK(hub.entry(1).total_us == 19_s);
    CHECK(hub.race().clock_us(go_us + 49_s) == 19_s);
    CHECK_FALSE(hub.entry(1).laps[1].suspect);
}

TEST_CASE("A crossing from before the pause that arrives within it counts", "[laps][pause][late]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.run_to(go_us + 13_s);
    hub.command(RacePause{});
    hub.run_to(go_us + 14_s);
    hub.cross_late(go_us + 12_s, 1);
    CHECK(hub.laps_us(1) == Laps{12_s});
    hub.run_to(go_us + 23_s);
    hub.command(RaceResume{});
    hub.cross_late(go_us + 18_s, 1);  // and one from the pause that arrives after it does not
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::paused);
    CHECK(hub.entry(1).laps_counted == 1);
}

TEST_CASE("A pause between two stamped crossings is taken off their difference",
          "[laps][pause][stamps]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_stamped(go_us + 10_s, 1, "g", 1_s);
    hub.run_to(go_us + 12_s);
    hub.command(RacePause{});
    hub.run_to(go_us + 42_s);
    hub.command(RaceResume{});
    hub.cross_stamped(go_us + 48_s + 40_ms, 1, "g", 39_s);
    CHECK(hub.laps_us(1) == Laps{10_s, 8_s});
}

TEST_CASE("Crossings outside a race are shown, not counted", "[laps]") {
    HubDriver hub{RaceSettings{}, 2};
    hub.cross_at(hub.now_us + 1_s, 1);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::no_race);
    CHECK(hub.state.tracks[0].gates.at(0).count == 1);
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 5_s, 7);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::no_entry);
    hub.command(RaceStop{});
    hub.cross_at(hub.now_us + 1_s, 1);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::no_race);
    hub.cross_late(go_us + 4_s, 1);  // from within the race, but the result stands
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::too_late);
    CHECK(hub.entry(1).laps.empty());
}

TEST_CASE("A gate that is waved at shows it: instant, count, losses", "[laps][gates]") {
    HubDriver hub{RaceSettings{}};
    hub.cross_at(hub.now_us + 1_s, 3, Gate::sector_1);
    hub.cross_at(hub.now_us + 1_s, 3, Gate::sector_1);
    Event missed;
    missed.track = "main";
    missed.source = "gates";
    missed.data = GateMissed{Gate::sector_1, 3, 4};
    hub.send(missed);
    CHECK(hub.newest<CrossingsMissed>()->count == 4);
    REQUIRE(hub.state.tracks[0].gates.size() == 1);
    const GateSeen& gate = hub.state.tracks[0].gates[0];
    CHECK(gate.gate == Gate::sector_1);
    CHECK(gate.count == 2);
    CHECK(gate.missed == 4);
    CHECK(gate.time_us == hub.now_us);
}

TEST_CASE("Sectors belong to the lap in which they were passed", "[laps][splits]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 3_s, 1, Gate::sector_1);
    hub.cross_at(go_us + 6_s, 1, Gate::sector_2);
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 13_s, 1, Gate::sector_1);
    REQUIRE(hub.entry(1).laps[0].splits.size() == 2);
    CHECK(hub.entry(1).laps[0].splits[1].crossed_us == go_us + 6_s);
    CHECK(hub.entry(1).open_splits.size() == 1);
    // A finish crossing that comes late takes its own splits with it.
    hub.cross_at(go_us + 24_s, 1, Gate::sector_1);
    hub.cross_late(go_us + 20_s, 1);
    REQUIRE(hub.entry(1).laps.size() == 2);
    CHECK(hub.entry(1).laps[1].splits.size() == 1);
    CHECK(hub.entry(1).laps[1].splits[0].crossed_us == go_us + 13_s);
    CHECK(hub.entry(1).open_splits.size() == 1);
    CHECK(hub.entry(1).laps_counted == 2);
}

TEST_CASE("A sector that is heard twice counts once, in whichever lap it was", "[laps][splits]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 3_s, 1, Gate::sector_1);
    hub.cross_late(go_us + 3_s, 1, Gate::sector_1);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::too_soon);
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_late(go_us + 3_s, 1, Gate::sector_1);
    CHECK(hub.count<SplitPassed>() == 1);
    CHECK(hub.entry(1).laps[0].splits.size() == 1);
    // Two laps' sectors that come in the wrong order are two.
    hub.cross_at(go_us + 24_s, 1, Gate::sector_1);
    hub.cross_late(go_us + 13_s, 1, Gate::sector_1);
    CHECK(hub.count<SplitPassed>() == 3);
}

TEST_CASE("A pit gate that is heard late does not send the car back into the pit", "[laps][pit]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 9_s, 1, Gate::pit_out);
    hub.cross_late(go_us + 5_s, 1, Gate::pit_in);
    CHECK_FALSE(hub.standing(1).in_pit);
    CHECK(hub.standing(1).pit_stops == 1);
    hub.cross_at(go_us + 12_s, 1);
    hub.cross_late(go_us + 4_s, 1, Gate::pit_in);
    CHECK_FALSE(hub.standing(1).in_pit);
}

TEST_CASE("Pit stops are counted, and a car in the pit is shown there", "[laps][pit]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 5_s, 1, Gate::pit_in);
    CHECK(hub.standing(1).in_pit);
    CHECK(hub.standing(1).pit_stops == 1);
    hub.cross_at(go_us + 9_s, 1, Gate::pit_out);
    CHECK_FALSE(hub.standing(1).in_pit);
    hub.cross_at(go_us + 15_s, 1, Gate::pit_in);
    CHECK(hub.standing(1).pit_stops == 2);
}
