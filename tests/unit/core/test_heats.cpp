// Heats: lane times reported whole by a timing device; what cannot be believed is held; sessions of
// heats and their table.

#include <catch2/catch.hpp>

#include "hub/core/leaderboard.h"
#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;
using Times = std::vector<LaneTime>;

namespace {

RaceSettings heat_settings() {
    RaceSettings settings;
    settings.discipline = Discipline::heat;
    return settings;
}

void report(HubDriver& hub, const std::string& id, Times times,
            std::vector<std::int32_t> armed = {}, const std::string& fault = {}) {
    Event input;
    input.track = "main";
    input.source = "controller";
    input.data = HeatReported{id, std::move(times), std::move(armed), fault, false};
    hub.send(std::move(input));
}

void open_gate(HubDriver& hub) {
    Event input;
    input.track = "main";
    input.source = "controller";
    input.data = HeatStarted{};
    hub.send(std::move(input));
}

/// Three lanes, armed.
HubDriver armed_heat() {
    HubDriver hub{heat_settings(), 3};
    hub.command(RaceArm{});
    return hub;
}

std::vector<Entry> cars(std::initializer_list<std::int32_t> numbers) {
    std::vector<Entry> list;
    for (const std::int32_t number : numbers) {
        list.push_back(Entry{number, 0, "Car " + std::to_string(number), "", ""});
    }
    return list;
}

/// A session of four cars on two lanes.
HubDriver session_of_four() {
    HubDriver hub{RaceSettings{}, 2};
    hub.command(SessionPlan{"Derby", cars({11, 12, 13, 14}), {}, 1});
    return hub;
}

const Session& session(const HubDriver& hub) { return *hub.state.find("main")->session; }

/// Runs the heat that is next; the times are by lane.
void run_next(HubDriver& hub, const std::string& id, TimeUs lane_1_us, TimeUs lane_2_us) {
    hub.command(HeatArm{});
    if (!hub.outcome.accepted) throw std::logic_error(hub.outcome.message);
    report(hub, id, {{1, lane_1_us}, {2, lane_2_us}});
}

}  // namespace

TEST_CASE("A heat starts with its gate and ends with its report", "[heats]") {
    HubDriver hub = armed_heat();
    open_gate(hub);
    CHECK(hub.phase() == Phase::running);
    CHECK(hub.race().started_us == hub.now_us);
    hub.run_for(4_s);
    report(hub, "r1", {{1, 3'212'000}, {2, 3'101'500}, {3, 3'300'000}});
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.race().end_reason == EndReason::timed);
    CHECK(hub.order() == std::vector<std::int32_t>{2, 1, 3});
    CHECK(hub.standing(2).heat_place == 1);
    CHECK(hub.standing(1).heat_us == 3'212'000);
    CHECK_FALSE(next_deadline(hub.state));
}

TEST_CASE("A report without a seen start counts as well", "[heats]") {
    HubDriver hub = armed_heat();
    report(hub, "r1", {{1, 3'200'000}, {2, 3'100'000}, {3, 3'300'000}});
    CHECK(hub.phase() == Phase::finished);
}

TEST_CASE("An armed lane without a time did not finish", "[heats]") {
    HubDriver hub = armed_heat();
    report(hub, "r1", {{1, 3'200'000}, {3, 3'300'000}});
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.entry(2).heat == HeatStatus::dnf);
    CHECK(hub.entry(2).status == EntryStatus::dnf);
    CHECK(hub.order() == std::vector<std::int32_t>{1, 3, 2});
    CHECK(hub.standing(2).heat_place == 0);
}

TEST_CASE("Ties share a place", "[heats]") {
    HubDriver hub = armed_heat();
    report(hub, "r1", {{1, 3'200'000}, {2, 3'300'000}, {3, 3'200'000}});
    CHECK(hub.standing(1).heat_place == 1);
    CHECK(hub.standing(3).heat_place == 1);
    CHECK(hub.standing(2).heat_place == 3);
}

TEST_CASE("What cannot be believed is held and not final", "[heats][held]") {
    struct Row {
        const char* what;
        Times times;
        std::vector<std::int32_t> armed;
        const char* fault;
        HoldReason hold;
    };
    const std::vector<Row> rows = {
        {"nobody arrived", {}, {}, "", HoldReason::all_dnf},
        {"identical",
         {{1, 3'200'000}, {2, 3'200'000}, {3, 3'200'000}},
         {},
         "",
         HoldReason::identical_times},
        {"too fast", {{1, 100'000}, {2, 3'200'000}}, {}, "", HoldReason::under_minimum},
        {"zero is a time, and not a plausible one",
         {{1, 0}, {2, 3'200'000}},
         {},
         "",
         HoldReason::under_minimum},
        {"all at the timeout", {{1, 15'000'000}, {2, 15'000'001}}, {}, "", HoldReason::at_timeout},
        {"negative", {{1, -5}, {2, 3'200'000}}, {}, "", HoldReason::negative},
        {"a lane that was not armed",
         {{1, 3'200'000}, {7, 3'300'000}},
         {},
         "",
         HoldReason::lanes_differ},
        {"armed otherwise", {{1, 3'200'000}}, {1, 2}, "", HoldReason::lanes_differ},
        {"the device says so",
         {{1, 3'200'000}, {2, 3'300'000}},
         {},
         "lane 3 blocked",
         HoldReason::device_fault},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        HubDriver hub = armed_heat();
        report(hub, "r1", row.times, row.armed, row.fault);
        CHECK(hub.phase() == Phase::held);
        CHECK(hub.race().hold == row.hold);
        CHECK(hub.count<RaceFinished>() == 0);
        CHECK_FALSE(next_deadline(hub.state));
        hub.command(HeatAccept{});
        CHECK(hub.phase() == Phase::finished);
        CHECK(hub.race().end_reason == EndReason::accepted);
        CHECK_FALSE(hub.race().hold);
    }
}

TEST_CASE("A heat of one car is not held for being identical with itself", "[heats][held]") {
    HubDriver hub{heat_settings(), 1};
    hub.command(RaceArm{});
    report(hub, "r1", {{1, 3'200'000}});
    CHECK(hub.phase() == Phase::finished);
}

TEST_CASE("A held heat is run again: whole, or single lanes that keep the others' times",
          "[heats][held]") {
    HubDriver hub = armed_heat();
    report(hub, "r1", {{1, 3'200'000}, {2, 100}, {3, 3'300'000}});
    REQUIRE(hub.phase() == Phase::held);
    SECTION("one lane") {
        hub.command(HeatRerun{{2}, "ball on the track"});
        CHECK(hub.phase() == Phase::armed);
        CHECK(hub.newest<HeatReopened>()->by == "director:anna");
        CHECK(hub.entry(1).heat_us == 3'200'000);
        CHECK(hub.entry(2).heat == HeatStatus::waiting);
        report(hub, "r2", {{2, 3'100'000}}, {2});
        CHECK(hub.phase() == Phase::finished);
        CHECK(hub.order() == std::vector<std::int32_t>{2, 1, 3});
    }
    SECTION("all") {
        hub.command(HeatRerun{{}, "false start"});
        for (std::int32_t entry : {1, 2, 3}) CHECK(hub.entry(entry).heat == HeatStatus::waiting);
        report(hub, "r2", {{1, 3'000'000}, {2, 3'100'000}, {3, 3'050'000}});
        CHECK(hub.order() == std::vector<std::int32_t>{1, 3, 2});
    }
    SECTION("an entry that is not in it") {
        hub.command(HeatRerun{{9}, ""});
        CHECK(hub.outcome.code == "no_entry");
        CHECK(hub.phase() == Phase::held);
    }
}

TEST_CASE("A lane is corrected by hand; zero is a DNF", "[heats]") {
    HubDriver hub = armed_heat();
    hub.command(HeatCorrect{1, 3'000'000, ""});
    CHECK(hub.outcome.code == "wrong_phase");
    report(hub, "r1", {{1, 3'200'000}, {2, 3'100'000}});
    hub.command(HeatCorrect{3, 3'050'000, "stopped by hand"});
    CHECK(hub.entry(3).heat_manual);
    CHECK(hub.entry(3).status == EntryStatus::finished);
    CHECK(hub.order() == std::vector<std::int32_t>{3, 2, 1});
    hub.command(HeatCorrect{2, 0, "was pushed"});
    CHECK(hub.entry(2).status == EntryStatus::dnf);
    CHECK(hub.order() == std::vector<std::int32_t>{3, 1, 2});
}

TEST_CASE("A disqualified car does not win its heat, and is back when reinstated",
          "[heats][session]") {
    HubDriver hub = session_of_four();
    hub.command(HeatArm{});
    const std::int32_t first = session(hub).find(1)->lanes[0].entry;
    const std::int32_t second = session(hub).find(1)->lanes[1].entry;
    report(hub, "r1", {{1, 3'000'000}, {2, 3'100'000}});
    hub.command(EntryDisqualify{first, "too heavy"});
    CHECK(hub.order() == std::vector<std::int32_t>{second, first});
    CHECK(hub.standing(second).heat_place == 1);
    CHECK(hub.standing(first).heat_place == 0);
    for (const auto& row : leaderboard(session(hub), RankBy::points, 15_s)) {
        if (row.entry == first) CHECK(row.points == 0);
        if (row.entry == second) CHECK(row.points == 2);
    }
    hub.command(HeatCorrect{first, 2'900'000, "video"});
    CHECK(hub.entry(first).status == EntryStatus::dsq);
    hub.command(EntryReinstate{first, "scales were wrong"});
    CHECK(hub.entry(first).status == EntryStatus::finished);
    CHECK(hub.order() == std::vector<std::int32_t>{first, second});
    CHECK(session(hub).find(1)->results[0].time_us == 2'900'000);
}

TEST_CASE("A heat knows no laps and no time penalties", "[heats]") {
    HubDriver hub = armed_heat();
    open_gate(hub);
    report(hub, "r1", {{1, 3'200'000}, {2, 3'100'000}});
    for (const Payload& data : std::vector<Payload>{LapAdd{1, 0, ""}, PenaltyGive{1, 1_s, ""},
                                                    LapVoid{1, 1, LapStatus::lap_void, ""}}) {
        hub.command(data);
        CHECK(hub.outcome.code == "wrong_discipline");
        CHECK(hub.last.empty());
    }
}

TEST_CASE("A report when nothing is armed is offered, once, and taken or dismissed",
          "[heats][offers]") {
    HubDriver hub{heat_settings(), 2};
    report(hub, "r7", {{1, 3'200'000}, {2, 3'100'000}});
    CHECK(hub.count<ReportOffered>() == 1);
    CHECK(hub.phase() == Phase::idle);
    report(hub, "r7", {{1, 3'200'000}, {2, 3'100'000}});
    CHECK(hub.count<ReportOffered>() == 1);
    hub.command(ReportTake{"r7", ""});
    CHECK(hub.outcome.code == "wrong_phase");  // for which heat?
    hub.command(RaceArm{});
    hub.command(ReportTake{"r8", ""});
    CHECK(hub.outcome.code == "no_report");
    hub.command(ReportTake{"r7", "ran while the hub was off"});
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.standing(2).heat_place == 1);
    CHECK(hub.state.find("main")->offers.empty());
    report(hub, "r9", {{1, 3'000'000}});
    hub.command(ReportDismiss{"r9", "children played"});
    CHECK(hub.outcome.accepted);
    CHECK(hub.state.find("main")->offers.empty());
    CHECK(hub.order().front() == 2);
}

TEST_CASE("What was armed for another race is offered, not taken for this one", "[heats][offers]") {
    HubDriver hub = armed_heat();
    const auto of_race = [&](const std::string& race_id, Payload data) {
        Event input;
        input.track = "main";
        input.race_id = race_id;
        input.source = "controller";
        input.data = std::move(data);
        hub.send(std::move(input));
    };
    of_race("99", HeatStarted{});
    CHECK(hub.phase() == Phase::armed);
    of_race("99", HeatReported{"r1", {{1, 3'200'000}, {2, 3'100'000}}, {}, "", false});
    CHECK(hub.count_last<ReportOffered>() == 1);
    CHECK(hub.phase() == Phase::armed);
    of_race(hub.race().race_id,
            HeatReported{"r2", {{1, 2'200'000}, {2, 2'100'000}}, {}, "", false});
    CHECK(hub.phase() == Phase::finished);
    CHECK(hub.entry(1).heat_us == 2'200'000);
}

TEST_CASE("The report of this heat that is read again changes nothing", "[heats]") {
    HubDriver hub = armed_heat();
    report(hub, "r1", {{1, 3'200'000}, {2, 3'100'000}});
    report(hub, "r1", {{1, 9'900'000}, {2, 9'800'000}});
    CHECK(hub.last.empty());
    CHECK(hub.entry(1).heat_us == 3'200'000);
}

TEST_CASE("A heat has no lights, no pause and no laps", "[heats]") {
    HubDriver hub = armed_heat();
    hub.command(RaceStart{});
    CHECK(hub.outcome.code == "wrong_phase");
    open_gate(hub);
    hub.command(RacePause{});
    CHECK_FALSE(hub.outcome.accepted);
    hub.cross_at(hub.now_us + 2_s, 1);
    CHECK(hub.count_last<CrossingIgnored>() == 1);
    CHECK(hub.entry(1).laps.empty());
    hub.command(RaceStop{});
    CHECK(hub.phase() == Phase::aborted);
}

TEST_CASE("A session gives each car each lane once, heat by heat", "[heats][session]") {
    HubDriver hub = session_of_four();
    REQUIRE(session(hub).heats.size() == 4);
    for (int heat = 1; heat <= 4; ++heat) {
        run_next(hub, "r" + std::to_string(heat), 3'000'000 + heat, 3'500'000);
        CHECK(session(hub).find(heat)->done);
        CHECK(session(hub).find(heat)->results.size() == 2);
    }
    hub.command(HeatArm{});
    CHECK(hub.outcome.code == "no_heat");
    const auto rows = leaderboard(session(hub), RankBy::average, 15_s);
    REQUIRE(rows.size() == 4);
    for (const LeaderboardRow& row : rows) {
        CHECK(row.runs == 2);
        CHECK(row.planned == 0);
        CHECK(row.best_us > 3'000'000);
        CHECK(row.best_us < 3'000'010);
        CHECK(row.points == 3);  // once first, once second
    }
}

TEST_CASE("A held heat is not in the table before it is accepted", "[heats][session][held]") {
    HubDriver hub = session_of_four();
    run_next(hub, "r1", 3'000'000, 3'000'000);
    REQUIRE(hub.phase() == Phase::held);
    for (const auto& row : leaderboard(session(hub), RankBy::average, 15_s)) CHECK(row.runs == 0);
    hub.command(HeatAccept{});
    int runs = 0;
    for (const auto& row : leaderboard(session(hub), RankBy::average, 15_s)) runs += row.runs;
    CHECK(runs == 2);
    // Run again, it is out of the table until the new result is final.
    hub.command(HeatRerun{{}, ""});
    for (const auto& row : leaderboard(session(hub), RankBy::average, 15_s)) CHECK(row.runs == 0);
}

TEST_CASE("A DNF counts as the timeout in the average and brings no points", "[heats][session]") {
    HubDriver hub = session_of_four();
    hub.command(HeatArm{});
    const std::int32_t first = session(hub).find(1)->lanes[0].entry;
    const std::int32_t second = session(hub).find(1)->lanes[1].entry;
    report(hub, "r1", {{1, 3'000'000}});
    for (const auto& row : leaderboard(session(hub), RankBy::points, 15_s)) {
        if (row.entry == first) CHECK(row.points == 2);
        if (row.entry != second) continue;
        CHECK(row.points == 0);
        CHECK(row.dnfs == 1);
        CHECK(row.best_us == 0);
        CHECK(row.average_us == 15_s);
    }
}

TEST_CASE("Late arrivals and withdrawals plan the rest anew; what was run stays",
          "[heats][session]") {
    HubDriver hub = session_of_four();
    run_next(hub, "r1", 3'000'000, 3'100'000);
    hub.command(SessionChange{cars({15}), {12}, {}, {}, "late, and broken"});
    REQUIRE(hub.outcome.accepted);
    CHECK(session(hub).find(1)->done);
    CHECK(session(hub).participants.size() == 5);
    std::map<std::pair<std::int32_t, std::int32_t>, int> runs;
    for (const Heat& heat : session(hub).heats) {
        for (const HeatLane& place : heat.lanes) {
            ++runs[{place.entry, place.lane}];
            if (heat.heat > 1) CHECK(place.entry != 12);
        }
    }
    for (std::int32_t entry : {11, 13, 14, 15}) {
        for (std::int32_t lane : {1, 2}) CHECK(runs[{entry, lane}] == 1);
    }
    hub.command(SessionChange{{}, {}, {12}, {}, "repaired"});
    CHECK(hub.outcome.accepted);
    hub.command(SessionChange{{}, {99}, {}, {}, ""});
    CHECK(hub.outcome.code == "no_entry");
}

TEST_CASE("Nobody is twice in a session", "[heats][session]") {
    HubDriver hub = session_of_four();
    hub.command(SessionPlan{"Derby", cars({11, 11}), {}, 1});
    CHECK_FALSE(hub.outcome.accepted);
    hub.command(SessionChange{cars({11}), {}, {}, {}, ""});
    CHECK_FALSE(hub.outcome.accepted);
    hub.command(SessionChange{{}, {12}, {}, {}, "broken"});
    REQUIRE(hub.outcome.accepted);
    hub.command(SessionChange{cars({12}), {}, {}, {}, "here again"});
    CHECK_FALSE(hub.outcome.accepted);  // it is brought back, not added
    CHECK(session(hub).participants.size() == 4);
}

TEST_CASE("A heat of the last session does not count in the new one", "[heats][session]") {
    HubDriver hub = session_of_four();
    run_next(hub, "r1", 3'000'000, 3'100'000);
    hub.command(SessionPlan{"Final", cars({11, 13}), {}, 1});
    REQUIRE(hub.outcome.accepted);
    hub.command(HeatCorrect{session(hub).find(1)->lanes[0].entry, 2'000'000, "video"});
    hub.command(HeatRerun{{}, ""});
    if (hub.outcome.accepted) report(hub, "r2", {{1, 3'000'000}, {2, 3'100'000}});
    for (const Heat& heat : session(hub).heats) CHECK_FALSE(heat.done);
}

TEST_CASE("A dead lane is left out of what is still to be run", "[heats][session]") {
    HubDriver hub{RaceSettings{}, 3};
    hub.command(SessionPlan{"Derby", cars({1, 2, 3, 4}), {}, 1});
    hub.command(SessionChange{{}, {}, {}, {1, 3}, "lane 2 is dead"});
    REQUIRE(hub.outcome.accepted);
    for (const Heat& heat : session(hub).heats) {
        for (const HeatLane& place : heat.lanes) CHECK(place.lane != 2);
    }
    hub.command(SessionChange{{}, {}, {}, {1, 4}, ""});
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.message.find("lanes") != std::string::npos);
}

TEST_CASE("A heat of earlier in the session is put right, and its table follows", "[heats]") {
    HubDriver hub = session_of_four();
    std::vector<std::string> races;
    for (int heat = 0; heat < 2; ++heat) {
        hub.command(HeatArm{});
        races.push_back(hub.race().race_id);
        report(hub, "r" + std::to_string(heat), {{1, 3_s}, {2, 4_s}});
        REQUIRE(hub.phase() == Phase::finished);
    }
    const std::int32_t first = session(hub).heats[0].results[0].entry;

    hub.command(HeatCorrect{first, 2_s, "photo"}, "main", races[0]);
    REQUIRE(hub.outcome.accepted);
    CHECK(session(hub).heats[0].results[0].time_us == 2_s);
    CHECK(hub.race().race_id == races[1]);

    hub.command(EntryDisqualify{first, "too heavy"}, "main", races[0]);
    REQUIRE(hub.outcome.accepted);
    CHECK(session(hub).heats[0].results[0].status == HeatStatus::dnf);

    hub.command(EntryReinstate{first, "weighed again"}, "main", races[0]);
    REQUIRE(hub.outcome.accepted);
    CHECK(session(hub).heats[0].results[0].status == HeatStatus::timed);
    CHECK(session(hub).heats[0].results[0].time_us == 2_s);
    CHECK(session(hub).heats[1].results[0].time_us == 3_s);
}
