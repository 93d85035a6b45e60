// The race director puts right what the sensors got wrong: every figure follows, restoring undoes
// exactly, who and why are kept.

#include <catch2/catch.hpp>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;
using Laps = std::vector<TimeUs>;

namespace {

/// Two cars after three laps each: car 1 laps in 10 s, car 2 in 11 s.
struct Evening {
    explicit Evening(RaceSettings settings = {}) : hub(settings, 3) {
        go_us = hub.start_race();
        for (int lap = 1; lap <= 3; ++lap) {
            hub.cross_at(go_us + lap * 10_s, 1);
            hub.cross_at(go_us + lap * 11_s, 2);
        }
    }
    HubDriver hub;
    TimeUs go_us = 0;
};

std::string figures(const HubDriver& hub) {
    std::string text;
    for (const EntryState& entry : hub.race().entries) {
        EntryState seen = entry;
        seen.next_lap = seen.next_penalty = 0;  // names are never used twice
        seen.penalties.clear();
        text += digest(seen);
    }
    for (const Standing& row : standings(hub.race())) text += digest(row);
    return text;
}

RaceSettings to_laps(std::int32_t laps) {
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = laps;
    return settings;
}

}  // namespace

TEST_CASE("A ghost crossing: its time belongs to the next lap", "[corrections]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    hub.command(LapVoid{1, 2, LapStatus::crossing_void, "reflection"});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.laps_us(1) == Laps{10_s, 20_s});
    CHECK(hub.entry(1).laps_counted == 2);
    CHECK(hub.entry(1).total_us == 30_s);
    CHECK(hub.entry(1).last_lap_us == 20_s);
    CHECK(hub.entry(1).laps[2].number == 2);
    CHECK(hub.standing(1).average_lap_us == 15_s);
    CHECK(hub.order() == std::vector<std::int32_t>{2, 1, 3});
    const LapVoided fact = *hub.newest<LapVoided>();
    CHECK(fact.by == "director:anna");
    CHECK(fact.reason == "reflection");
}

TEST_CASE("A void lap: the car did cross, the lap does not count", "[corrections]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    hub.command(LapVoid{1, 2, LapStatus::lap_void, "cut the chicane"});
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s});
    CHECK(hub.entry(1).laps_counted == 2);
    CHECK(hub.entry(1).laps[1].number == 0);
    CHECK(hub.entry(1).laps[1].lap_us == 0);
    CHECK(hub.order().front() == 2);
    CHECK(hub.entry(1).lap_times_us == 20_s);
}

TEST_CASE("The last lap as a ghost goes into the running lap", "[corrections]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    hub.command(LapVoid{1, 3, LapStatus::crossing_void, ""});
    CHECK(hub.entry(1).total_us == 20_s);
    CHECK(hub.standing(1).lap_began_us == evening.go_us + 20_s);
    hub.cross_at(evening.go_us + 40_s, 1);
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s, 20_s});
}

TEST_CASE("Void laps are neither best nor fastest", "[corrections]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.drive(1, go_us, {10_s, 6_s, 10_s});
    CHECK(hub.standing(1).best_lap_us == 6_s);
    hub.command(LapVoid{1, 2, GENERATE(LapStatus::crossing_void, LapStatus::lap_void), "cut"});
    CHECK(hub.standing(1).best_lap_us == 10_s);
    CHECK(hub.entry(1).best_lap == 1);
}

TEST_CASE("Restoring undoes exactly, whichever lap and however it was void", "[corrections]") {
    const LapStatus as = GENERATE(LapStatus::crossing_void, LapStatus::lap_void);
    for (std::int32_t lap = 1; lap <= 3; ++lap) {
        Evening evening;
        const std::string before = figures(evening.hub);
        evening.hub.command(LapVoid{1, lap, as, "x"});
        CHECK((figures(evening.hub) != before));
        evening.hub.command(LapRestore{1, lap, "was right after all"});
        CHECK((figures(evening.hub) == before));
        CHECK(evening.hub.newest<LapRestored>()->by == "director:anna");
    }
}

TEST_CASE("A void lap can be turned from one kind into the other", "[corrections]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    hub.command(LapVoid{1, 2, LapStatus::crossing_void, ""});
    hub.command(LapVoid{1, 2, LapStatus::crossing_void, ""});
    CHECK(hub.outcome.code == "no_change");
    hub.command(LapVoid{1, 2, LapStatus::lap_void, ""});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s});
}

TEST_CASE("An added crossing splits the lap it falls into", "[corrections]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.drive(1, go_us, {10_s, 20_s, 10_s});
    hub.command(LapAdd{1, go_us + 19_s, "gate slept"});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.laps_us(1) == Laps{10_s, 9_s, 11_s, 10_s});
    CHECK(hub.entry(1).total_us == 40_s);
    CHECK(hub.newest<LapAdded>()->lap == 4);
    CHECK(hub.entry(1).laps[1].manual);
    CHECK(hub.newest<LapAdded>()->reason == "gate slept");
    hub.command(LapVoid{1, 4, LapStatus::crossing_void, "no, it did not"});
    CHECK(hub.laps_us(1) == Laps{10_s, 20_s, 10_s});
}

TEST_CASE("An added crossing without an instant is now", "[corrections]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.run_to(go_us + 12_s);
    hub.command(LapAdd{1, 0, "seen by eye"});
    CHECK(hub.laps_us(1) == Laps{12_s});
    hub.command(LapAdd{1, 0, "clicked twice"});
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.entry(1).laps_counted == 1);
}

TEST_CASE("An added crossing breaks the chain of stamps only at itself", "[corrections][stamps]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_stamped(go_us + 10_s, 1, "g", 1_s);
    hub.cross_stamped(go_us + 30_s + 7_ms, 1, "g", 21_s);
    CHECK(hub.laps_us(1) == Laps{10_s, 20_s});
    hub.command(LapAdd{1, go_us + 20_s, ""});
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s, 10_s + 7_ms});
    hub.command(LapVoid{1, 3, LapStatus::crossing_void, ""});
    CHECK(hub.laps_us(1) == Laps{10_s, 20_s});
}

TEST_CASE("Penalties: given, withdrawn, given again; the order follows", "[corrections][penalty]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3});
    hub.command(PenaltyGive{1, 4_s, "pushed"});
    CHECK(hub.standing(1).total_us == 34_s);
    CHECK(hub.standing(1).penalty_us == 4_s);
    CHECK(hub.order() == std::vector<std::int32_t>{2, 1, 3});
    CHECK(hub.standing(1).gap_us == 1_s);
    CHECK(hub.newest<PenaltyGiven>()->by == "director:anna");
    hub.command(PenaltyGive{1, 1_s, "pushed again"});
    CHECK(hub.entry(1).penalty_us == 5_s);
    hub.command(PenaltyWithdraw{1, 1, "was the other car"});
    CHECK(hub.entry(1).penalty_us == 1_s);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3});
    hub.command(PenaltyWithdraw{1, 1, ""});
    CHECK(hub.outcome.code == "no_change");
    CHECK(hub.entry(1).penalty_us == 1_s);
    hub.command(PenaltyGive{1, 2_s, ""});
    CHECK(hub.newest<PenaltyGiven>()->penalty == 3);
    CHECK(hub.entry(1).penalties.size() == 3);
    CHECK(hub.entry(1).penalty_us == 3_s);
}

TEST_CASE("A penalty does not take laps away", "[corrections][penalty]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    hub.cross_at(evening.go_us + 40_s, 1);
    hub.command(PenaltyGive{1, 1'000_s, ""});
    CHECK(hub.order().front() == 1);
    CHECK(hub.standing(2).gap_us >= 0);
}

TEST_CASE("A jump-start penalty can be withdrawn like any other", "[corrections][penalty][jump]") {
    RaceSettings settings;
    settings.jump_rule = JumpRule::time_penalty;
    HubDriver hub{settings, 2};
    hub.command(RaceStart{});
    hub.cross_at(hub.race().go_us - 100_ms, 1);
    hub.run_to(hub.race().go_us);
    hub.command(PenaltyWithdraw{1, 1, "touched the gate by hand"});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.entry(1).penalty_us == 0);
    CHECK(hub.entry(1).jumped);
}

TEST_CASE("DNF and DSQ stand at the end, their crossings do not count, reinstating undoes",
          "[corrections]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    const bool disqualified = GENERATE(false, true);
    const std::string before = figures(hub);
    if (disqualified) {
        hub.command(EntryDisqualify{1, "wrong motor"});
    } else {
        hub.command(EntryRetire{1, "wheel off"});
    }
    CHECK(hub.entry(1).status == (disqualified ? EntryStatus::dsq : EntryStatus::dnf));
    CHECK(hub.order().front() == 2);
    CHECK(hub.standing(1).lap_began_us == 0);
    hub.cross_at(evening.go_us + 40_s, 1);
    CHECK(hub.newest<CrossingIgnored>()->reason == IgnoreReason::entry_out);
    CHECK(hub.entry(1).laps_counted == 3);
    hub.command(EntryReinstate{1, "mistake"});
    CHECK(hub.entry(1).status == EntryStatus::running);
    CHECK(hub.order().front() == 1);
    hub.cross_at(evening.go_us + 50_s, 1);
    CHECK(hub.entry(1).laps_counted == 4);
    if (hub.count<CrossingIgnored>() == 0) CHECK((figures(hub) == before));
}

TEST_CASE("Who is disqualified does not hold the fastest lap", "[corrections][standings]") {
    Evening evening;
    HubDriver& hub = evening.hub;
    CHECK(hub.standing(1).fastest);
    hub.command(EntryDisqualify{1, ""});
    CHECK_FALSE(hub.standing(1).fastest);
    CHECK(hub.standing(2).fastest);
}

TEST_CASE("Corrections after the finish put the result in order and do not reopen the race",
          "[corrections][finish]") {
    Evening evening{to_laps(3)};
    HubDriver& hub = evening.hub;
    REQUIRE(hub.phase() == Phase::finished);
    REQUIRE(hub.order() == std::vector<std::int32_t>{1, 2, 3});
    hub.run_for(100_s);
    SECTION("a void lap of the winner") {
        hub.command(LapVoid{1, 2, LapStatus::lap_void, "cut"});
        CHECK(hub.order() == std::vector<std::int32_t>{2, 1, 3});
        CHECK(hub.standing(1).laps == 2);
        hub.command(LapRestore{1, 2, ""});
        CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3});
    }
    SECTION("a penalty") {
        hub.command(PenaltyGive{1, 3'500_ms, "shortcut"});
        CHECK(hub.order() == std::vector<std::int32_t>{2, 1, 3});
        CHECK(hub.standing(1).gap_us == 500_ms);
    }
    SECTION("a disqualification") {
        hub.command(EntryDisqualify{1, "underweight"});
        CHECK(hub.order() == std::vector<std::int32_t>{2, 3, 1});
        hub.command(EntryReinstate{1, "scales were wrong"});
        CHECK(hub.entry(1).status == EntryStatus::finished);
        CHECK(hub.order() == std::vector<std::int32_t>{1, 2, 3});
    }
    SECTION("a lap for the car that no gate saw") {
        CHECK(hub.entry(3).status == EntryStatus::dns);
        hub.command(LapAdd{3, evening.go_us + 13_s, "gate 3 was off"});
        REQUIRE(hub.outcome.accepted);
        CHECK(hub.entry(3).status == EntryStatus::finished);
        CHECK(hub.standing(3).laps == 1);
        hub.command(LapVoid{3, 1, LapStatus::crossing_void, "it was not"});
        CHECK(hub.entry(3).status == EntryStatus::dns);
    }
    SECTION("a disqualified car that never drove is DNS again when reinstated") {
        hub.command(EntryDisqualify{3, ""});
        hub.command(EntryReinstate{3, ""});
        CHECK(hub.entry(3).status == EntryStatus::dns);
    }
    SECTION("a lap more than the race had is refused") {
        hub.command(LapAdd{1, hub.race().ended_us, ""});
        CHECK_FALSE(hub.outcome.accepted);
        CHECK(hub.entry(1).laps_counted == 3);
    }
    CHECK(hub.phase() == Phase::finished);
    CHECK_FALSE(next_deadline(hub.state));
}

TEST_CASE("Taking the winning lap away lets the race go on", "[corrections][finish]") {
    HubDriver hub{to_laps(3), 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 12_s, 2);
    hub.cross_at(go_us + 13_s, 1);  // a ghost
    hub.cross_at(go_us + 20_s, 1);  // flag
    REQUIRE(hub.phase() == Phase::finishing);
    hub.run_to(go_us + 22_s);
    hub.command(LapVoid{1, 2, LapStatus::crossing_void, "reflection"});
    CHECK(hub.count_last<RaceContinued>() == 1);
    CHECK(hub.newest<RaceContinued>()->by == "director:anna");
    CHECK(hub.phase() == Phase::running);
    CHECK(hub.entry(1).status == EntryStatus::running);
    CHECK_FALSE(next_deadline(hub.state));  // the grace is off
    CHECK(hub.laps_us(1) == Laps{10_s, 10_s});
    hub.cross_at(go_us + 24_s, 2);
    CHECK(hub.entry(2).status == EntryStatus::running);
    hub.cross_at(go_us + 30_s, 1);
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.race().finishing_us == go_us + 30_s);
    hub.cross_at(go_us + 36_s, 2);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2});
}

TEST_CASE("Restoring the winning lap gives the flag its instant back", "[corrections][finish]") {
    HubDriver hub{to_laps(2), 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 12_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.command(LapVoid{1, 2, LapStatus::lap_void, "cut?"});
    REQUIRE(hub.phase() == Phase::running);
    hub.cross_at(go_us + 24_s, 2);  // drives its second lap meanwhile, and so wins for now
    REQUIRE(hub.phase() == Phase::finishing);
    REQUIRE(hub.order().front() == 2);
    hub.command(LapRestore{1, 2, "no cut on the video"});
    CHECK(hub.race().finishing_us == go_us + 20_s);
    CHECK(hub.entry(1).status == EntryStatus::finished);
    CHECK(hub.entry(2).status == EntryStatus::finished);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 2});
}

TEST_CASE("Adding the missed last lap ends the race", "[corrections][finish]") {
    HubDriver hub{to_laps(3), 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 12_s, 2);
    hub.cross_at(go_us + 20_s, 1);
    hub.cross_at(go_us + 24_s, 2);
    hub.run_to(go_us + 31_s);
    hub.command(LapAdd{1, go_us + 30_s, "gate missed the winner"});
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.race().finishing_us == go_us + 30_s);
    CHECK(hub.entry(1).status == EntryStatus::finished);
    hub.cross_at(go_us + 36_s, 2);
    CHECK(hub.phase() == Phase::finished);
}

TEST_CASE("Disqualifying the winner in the last lap does not call the others back",
          "[corrections][finish]") {
    HubDriver hub{to_laps(2), 3};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 11_s, 2);
    hub.cross_at(go_us + 19_s, 3);
    hub.cross_at(go_us + 20_s, 1);
    hub.cross_at(go_us + 21_s, 2);
    hub.command(EntryDisqualify{1, "wrong motor"});
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.entry(2).status == EntryStatus::finished);
    hub.cross_at(go_us + 38_s, 3);
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.order() == std::vector<std::int32_t>{2, 3, 1});
}

TEST_CASE("Voiding in the grace sends a car that thought it was done round again",
          "[corrections][finish]") {
    RaceSettings settings;
    settings.distance = Distance::time;
    settings.time_us = 30_s;
    HubDriver hub{settings, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 12_s, 2);
    hub.cross_at(go_us + 32_s, 1);
    REQUIRE(hub.entry(1).status == EntryStatus::finished);
    hub.command(LapVoid{1, 2, LapStatus::crossing_void, "ghost"});
    CHECK(hub.phase() == Phase::finishing);
    CHECK(hub.entry(1).status == EntryStatus::running);
    hub.cross_at(go_us + 36_s, 1);
    CHECK(hub.entry(1).status == EntryStatus::finished);
    CHECK(hub.laps_us(1) == Laps{10_s, 26_s});
}

TEST_CASE("A race that is no longer on its track is corrected by its id", "[corrections]") {
    Evening evening(to_laps(3));
    HubDriver& hub = evening.hub;
    REQUIRE(hub.phase() == Phase::finished);
    const std::string past = hub.race().race_id;
    hub.command(RaceArm{});
    const std::string state_before = encode_state(hub.state);
    const std::string armed = hub.race().race_id;

    hub.command(LapVoid{1, 2, LapStatus::crossing_void, "reflection"}, "main", past);
    REQUIRE(hub.outcome.accepted);
    REQUIRE(hub.last.size() == 1);
    CHECK(hub.last[0].race_id == past);
    CHECK(hub.race().race_id == armed);
    RaceFold fold(past);
    for (const Event& fact : hub.facts) fold.take(fact);
    CHECK(fold.race()->find(1)->laps_counted == 2);

    hub.command(LapVoid{1, 2, LapStatus::crossing_void, "again"}, "main", past);
    CHECK(hub.outcome.code == "no_change");  // each correction sees those before it
    hub.command(LapRestore{1, 2, "it was one"}, "main", past);
    REQUIRE(hub.outcome.accepted);
    hub.state.seq -= 2;  // nothing else changed
    CHECK(encode_state(hub.state) == state_before);
}

TEST_CASE("What is no correction, and races that never were, are refused", "[corrections]") {
    Evening evening(to_laps(3));
    HubDriver& hub = evening.hub;
    const std::string past = hub.race().race_id;
    hub.command(RaceArm{});
    hub.command(RaceStart{}, "main", past);
    CHECK(hub.outcome.code == "other_race");
    hub.command(LapVoid{1, 2, LapStatus::crossing_void, ""}, "main", "77");
    CHECK(hub.outcome.code == "other_race");
    hub.command(LapVoid{9, 2, LapStatus::crossing_void, ""}, "main", past);
    CHECK(hub.outcome.code == "no_entry");
}

TEST_CASE("A race that is over keeps its drivers, unless it is named", "[corrections]") {
    Evening evening(to_laps(3));
    HubDriver& hub = evening.hub;
    REQUIRE(hub.phase() == Phase::finished);
    const std::string past = hub.race().race_id;
    hub.command(EntryAssign{Entry{1, 1, "Next", "", ""}});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.entry(1).entry.driver == "Driver 1");
    CHECK(hub.state.find("main")->roster[0].driver == "Next");

    hub.command(EntryAssign{Entry{1, 0, "Anna", "", ""}}, "main", past);  // her name was wrong
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.entry(1).entry.driver == "Anna");
    CHECK(hub.entry(1).entry.lane == 1);
    CHECK(hub.state.find("main")->roster[0].driver == "Next");
    hub.command(EntryAssign{Entry{9, 0, "Nobody", "", ""}}, "main", past);
    CHECK(hub.outcome.code == "no_entry");

    hub.command(RaceArm{});
    CHECK(hub.entry(1).entry.driver == "Next");
    hub.command(EntryAssign{Entry{2, 0, "Ben", "", ""}}, "main", past);  // and his, later
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.entry(2).entry.driver == "Driver 2");
    RaceFold fold(past);
    for (const Event& fact : hub.facts) fold.take(fact);
    CHECK(fold.race()->find(2)->entry.driver == "Ben");
}
