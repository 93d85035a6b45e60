// The start procedure: lights, hold, lights out; what cancels it; crossings around it; jump starts.

#include <catch2/catch.hpp>
#include <set>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;

TEST_CASE("The start is announced ahead and runs by its announcement", "[start]") {
    HubDriver hub{RaceSettings{}};
    const TimeUs asked_us = hub.now_us;
    hub.command(RaceStart{});
    REQUIRE(hub.phase() == Phase::lights);
    const StartScheduled start = *hub.newest<StartScheduled>();
    CHECK(start.lights == 5);
    CHECK(start.first_light_us == asked_us + 1_s);
    CHECK(start.light_interval_us == 1_s);
    const TimeUs fifth_us = start.first_light_us + 4 * start.light_interval_us;
    CHECK(start.go_us >= fifth_us + 1_s);
    CHECK(start.go_us <= fifth_us + 4_s);

    hub.run_to(start.go_us - 1);
    CHECK(hub.phase() == Phase::lights);
    CHECK(hub.count<LightLit>() == 5);
    CHECK(hub.count<RaceStarted>() == 0);
    hub.run_to(start.go_us);
    CHECK(hub.phase() == Phase::running);

    int number = 0;
    for (const Event& fact : hub.facts) {
        if (const auto* light = std::get_if<LightLit>(&fact.data)) {
            CHECK(light->number == ++number);
            CHECK(fact.time_us == start.first_light_us + (number - 1) * start.light_interval_us);
        }
    }
    CHECK(hub.newest_event<RaceStarted>()->time_us == start.go_us);
    CHECK(hub.race().started_us == start.go_us);
}

TEST_CASE("All figures of the start are the settings'", "[start]") {
    RaceSettings settings;
    settings.lights = GENERATE(1, 3, 10);
    settings.lead_us = 2'500_ms;
    settings.light_interval_us = 700_ms;
    settings.hold_min_us = settings.hold_max_us = 1'234'567;
    HubDriver hub{settings};
    const TimeUs asked_us = hub.now_us;
    const TimeUs go_us = hub.start_race();
    CHECK(go_us == asked_us + 2'500_ms + (settings.lights - 1) * 700_ms + 1'234'567);
    CHECK(hub.count<LightLit>() == settings.lights);
}

TEST_CASE("Without lights the race goes after the lead", "[start]") {
    RaceSettings settings;
    settings.lights = 0;
    settings.lead_us = GENERATE(TimeUs{0}, 3_s);
    HubDriver hub{settings};
    const TimeUs asked_us = hub.now_us;
    CHECK(hub.start_race() == asked_us + settings.lead_us);
    CHECK(hub.count<LightLit>() == 0);
}

TEST_CASE("The hold is random between its bounds and follows from the command's entropy",
          "[start]") {
    std::set<TimeUs> holds;
    for (std::uint32_t entropy = 1; entropy < 2'000'000'000; entropy += 37'123'457) {
        HubDriver hub{RaceSettings{}};
        hub.entropy = entropy;
        hub.command(RaceStart{});
        const StartScheduled start = *hub.newest<StartScheduled>();
        const TimeUs hold_us = start.go_us - start.first_light_us - 4 * start.light_interval_us;
        REQUIRE(hold_us >= 1_s);
        REQUIRE(hold_us <= 4_s);
        holds.insert(hold_us);

        HubDriver again{RaceSettings{}};
        again.entropy = entropy;
        again.command(RaceStart{});
        REQUIRE(again.newest<StartScheduled>()->go_us == start.go_us);
    }
    CHECK(holds.size() > 40);  // nobody can learn the hold
    CHECK(*holds.begin() < 1'700_ms);
    CHECK(*holds.rbegin() > 3'300_ms);
}

TEST_CASE("The announcement lies ahead of the hub's clock, whatever the commander's clock says",
          "[start]") {
    HubDriver hub{RaceSettings{}};
    Event start;
    start.track = "main";
    start.source = "director:anna";
    start.time_us = hub.now_us - 30_s;
    start.data = RaceStart{};
    hub.send(start);
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.race().first_light_us == hub.now_us + 1_s);
}

TEST_CASE("Stop and abort during the lights really cancel them", "[start]") {
    HubDriver hub{RaceSettings{}};
    hub.command(RaceStart{});
    hub.run_for(3_s);  // lights are on
    REQUIRE(hub.count<LightLit>() >= 2);
    const bool stop = GENERATE(true, false);
    if (stop) {
        hub.command(RaceStop{"false alarm"});
    } else {
        hub.command(RaceAbort{"car on its roof"});
    }
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.phase() == Phase::aborted);
    CHECK(hub.newest<RaceAborted>()->by == "director:anna");
    CHECK(hub.race().lights_lit == 0);
    CHECK_FALSE(next_deadline(hub.state));

    const auto facts_before = hub.facts.size();
    hub.run_for(60_s);
    Event timer;  // even a timer that was already on its way
    timer.track = "main";
    timer.source = "hub";
    timer.data = TimerElapsed{};
    hub.send(timer);
    CHECK(hub.facts.size() == facts_before);
    CHECK(hub.count<RaceStarted>() == 0);
}

TEST_CASE("New race during the lights either cancels them or is refused, never both", "[start]") {
    HubDriver hub{RaceSettings{}};
    hub.command(RaceStart{});
    hub.run_for(3_s);
    const int lit = hub.count<LightLit>();
    hub.command(RaceClear{});
    if (hub.outcome.accepted) {
        hub.run_for(60_s);
        CHECK(hub.count<LightLit>() == lit);
        CHECK(hub.count<RaceStarted>() == 0);
        CHECK(hub.phase() == Phase::idle);
    } else {
        CHECK(hub.outcome.code == "wrong_phase");
        CHECK(hub.phase() == Phase::lights);
    }
}

TEST_CASE("Start, abort, start runs exactly one sequence", "[start]") {
    HubDriver hub{RaceSettings{}};
    hub.command(RaceStart{});
    const std::string first = hub.race().race_id;
    hub.run_for(2'500_ms);
    hub.command(RaceAbort{});
    hub.run_for(100_ms);
    const auto from = hub.facts.size();
    hub.command(RaceStart{});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.race().race_id != first);
    const TimeUs go_us = hub.race().go_us;
    hub.run_for(30_s);
    int lights = 0, starts = 0;
    for (std::size_t i = from; i < hub.facts.size(); ++i) {
        lights += std::holds_alternative<LightLit>(hub.facts[i].data) ? 1 : 0;
        starts += std::holds_alternative<RaceStarted>(hub.facts[i].data) ? 1 : 0;
        CHECK(hub.facts[i].race_id == hub.race().race_id);
    }
    CHECK(lights == 5);
    CHECK(starts == 1);
    CHECK(hub.race().started_us == go_us);
}

TEST_CASE("A second start during the lights is refused and changes nothing", "[start]") {
    HubDriver hub{RaceSettings{}};
    hub.command(RaceStart{});
    const TimeUs go_us = hub.race().go_us;
    hub.run_for(1'500_ms);
    hub.command(RaceStart{});
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.code == "wrong_phase");
    CHECK(hub.last.empty());
    CHECK(hub.race().go_us == go_us);
}

TEST_CASE("A crossing after lights out counts although the timer has not been heard", "[start]") {
    RaceSettings settings;
    HubDriver hub{settings};
    hub.command(RaceStart{});
    const TimeUs go_us = hub.race().go_us;
    hub.now_us = go_us + 5_s;  // the machine was busy: no timer input came in between
    hub.cross_late(go_us + 5_s, 1);
    CHECK(hub.phase() == Phase::running);
    CHECK(hub.count_last<LightLit>() == 5);
    CHECK(hub.newest_event<RaceStarted>()->time_us == go_us);
    REQUIRE(hub.count_last<LapCompleted>() == 1);
    CHECK(hub.newest<LapCompleted>()->lap_us == 5_s);
    CHECK_FALSE(hub.entry(1).jumped);
}

TEST_CASE("A crossing in the armed phase is shown, not counted, and no jump start", "[start]") {
    HubDriver hub{RaceSettings{}};
    hub.command(RaceArm{});
    hub.cross_at(hub.now_us + 1_s, 2);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::not_started);
    CHECK_FALSE(hub.entry(2).jumped);
    hub.start_race();
    CHECK_FALSE(hub.entry(2).jumped);
    CHECK(hub.entry(2).laps.empty());
}

TEST_CASE("Jump start by rule", "[start][jump]") {
    RaceSettings settings;
    settings.jump_penalty_us = 7_s;
    settings.hold_min_us = settings.hold_max_us = 2_s;

    SECTION("ignore: shown, nothing else") {
        settings.jump_rule = JumpRule::ignore;
        HubDriver hub{settings};
        hub.command(RaceStart{});
        hub.cross_at(hub.race().go_us - 500_ms, 1);
        CHECK(hub.count<JumpStartDetected>() == 0);
        CHECK(hub.count_last<CrossingIgnored>() == 1);
        CHECK_FALSE(hub.entry(1).jumped);
    }
    SECTION("warn: on the lane at once, no penalty") {
        settings.jump_rule = JumpRule::warn;
        HubDriver hub{settings};
        hub.command(RaceStart{});
        hub.cross_at(hub.race().go_us - 500_ms, 1);
        REQUIRE(hub.count_last<JumpStartDetected>() == 1);
        CHECK(hub.newest<JumpStartDetected>()->early_us == 500_ms);
        CHECK(hub.newest<JumpStartDetected>()->entry == 1);
        CHECK(hub.entry(1).jumped);
        CHECK_FALSE(hub.entry(2).jumped);
        CHECK(hub.entry(1).penalty_us == 0);
        hub.run_to(hub.race().go_us);
        CHECK(hub.entry(1).status == EntryStatus::running);
        CHECK(hub.standing(1).jumped);
    }
    SECTION("time penalty: once, however often the car is seen") {
        settings.jump_rule = JumpRule::time_penalty;
        HubDriver hub{settings};
        hub.command(RaceStart{});
        const TimeUs go_us = hub.race().go_us;
        hub.cross_at(go_us - 900_ms, 3);
        hub.cross_at(go_us - 100_ms, 3);
        CHECK(hub.count<JumpStartDetected>() == 1);
        CHECK(hub.count<PenaltyGiven>() == 1);
        CHECK(hub.entry(3).penalty_us == 7_s);
        CHECK(hub.entry(3).early_us == 900_ms);
        hub.run_to(go_us);
        hub.drive(3, go_us, {10_s});
        CHECK(hub.standing(3).total_us == 17_s);
    }
    SECTION("disqualify: out before the race begins") {
        settings.jump_rule = JumpRule::disqualify;
        HubDriver hub{settings};
        hub.command(RaceStart{});
        const TimeUs go_us = hub.race().go_us;
        hub.cross_at(go_us - 1_s, 4);
        CHECK(hub.entry(4).status == EntryStatus::dsq);
        hub.cross_at(go_us + 8_s, 4);
        CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::entry_out);
        CHECK(hub.entry(4).laps_counted == 0);
        CHECK(hub.order().back() == 4);
    }
}

TEST_CASE("A jump-start crossing that arrives after lights out is one all the same",
          "[start][jump]") {
    RaceSettings settings;
    settings.jump_rule = JumpRule::time_penalty;
    HubDriver hub{settings};
    const TimeUs go_us = hub.start_race();
    hub.run_to(go_us + 200_ms);
    hub.cross_late(go_us - 30_ms, 2);
    REQUIRE(hub.count_last<JumpStartDetected>() == 1);
    CHECK(hub.newest<JumpStartDetected>()->early_us == 30_ms);
    CHECK(hub.entry(2).penalty_us == settings.jump_penalty_us);
    CHECK(hub.entry(2).laps.empty());
    // Its first lap is still measured from lights out.
    hub.cross_at(go_us + 9_s, 2);
    CHECK(hub.laps_us(2) == std::vector<TimeUs>{9_s});
}

TEST_CASE("A jump start ends with its race: the re-run begins clean", "[start][jump]") {
    RaceSettings settings;
    settings.jump_rule = JumpRule::disqualify;
    HubDriver hub{settings};
    hub.command(RaceStart{});
    hub.cross_at(hub.race().first_light_us + 100_ms, 1);
    REQUIRE(hub.entry(1).jumped);
    hub.command(RaceAbort{"jump start"});
    const TimeUs go_us = hub.start_race();
    CHECK_FALSE(hub.entry(1).jumped);
    CHECK(hub.entry(1).status == EntryStatus::running);
    hub.cross_at(go_us + 6_s, 1);
    CHECK(hub.entry(1).laps_counted == 1);
}

TEST_CASE("A crossing before the first light is no jump start", "[start][jump]") {
    HubDriver hub{RaceSettings{}};
    hub.command(RaceStart{});
    hub.cross_at(hub.race().first_light_us - 500_ms, 1);  // the car is still being put on the grid
    CHECK(hub.count<JumpStartDetected>() == 0);
    CHECK_FALSE(hub.entry(1).jumped);
}

TEST_CASE("A crossing exactly at lights out is not early", "[start][jump]") {
    RaceSettings settings;
    settings.jump_rule = JumpRule::disqualify;
    settings.first_lap = FirstLap::from_first_crossing;
    settings.min_lap_us = 0;
    HubDriver hub{settings};
    hub.command(RaceStart{});
    hub.cross_at(hub.race().go_us, 1);
    CHECK(hub.count<JumpStartDetected>() == 0);
    CHECK(hub.entry(1).status == EntryStatus::running);
    CHECK(hub.entry(1).laps.size() == 1);
}
