// Sessions of heats as texts: list, leaderboard, typed names, stored races.

#include "webui/model/heats_view.h"

#include <catch2/catch.hpp>

#include "tests/unit/webui/fixture.h"
#include "webui/model/page_json.h"
#include "webui/model/race_view.h"
#include "webui/model/stored_races.h"

namespace racehub::test {

TEST_CASE("names are read with number and car, or without", "[webui][heats]") {
    Entry entry;
    REQUIRE(parse_participant("17 Ada Lovelace,  Red Baron ", 3, entry));
    CHECK(entry == Entry{17, 0, "Ada Lovelace", "Red Baron", ""});
    REQUIRE(parse_participant(" Björn", 3, entry));
    CHECK(entry == Entry{3, 0, "Björn", "", ""});
    REQUIRE(parse_participant("2Fast", 3, entry));  // a name that begins with a figure
    CHECK(entry == Entry{3, 0, "2Fast", "", ""});
    REQUIRE(parse_participant("12345 Ada", 3, entry));
    CHECK(entry.driver == "12345 Ada");
    CHECK_FALSE(parse_participant("", 3, entry));
    CHECK_FALSE(parse_participant("  , car", 3, entry));
    CHECK_FALSE(parse_participant(std::string(65, 'x'), 3, entry));
}

TEST_CASE("a session tells which heat is on the track and who is next", "[webui][heats]") {
    FakeHub hub;
    CHECK_FALSE(session_view(hub.state, kTrack, RankBy::average).known);
    hub.plan_heats();
    SessionView view = session_view(hub.state, kTrack, RankBy::average);
    REQUIRE(view.heats.size() == 4);
    CHECK(view.progress == "0 of 4 heats run");
    CHECK(view.next == 1);
    CHECK(view.heats[0].stage == HeatStage::next);
    hub.run_heat({3'000'000, 3'200'000, 0});
    hub.input(HeatArm{0});
    view = session_view(hub.state, kTrack, RankBy::average);
    CHECK(view.heats[0].stage == HeatStage::done);
    CHECK(view.heats[0].lanes[0].result == "3.000");
    CHECK(view.heats[0].lanes[0].place == "1");
    CHECK(view.heats[0].lanes[2].result == "DNF");
    CHECK(view.heats[1].stage == HeatStage::armed);
    CHECK(view.current == 1);
    CHECK(view.next == 3);  // after the one that is on the track
    CHECK(view.partial);
    CHECK(view.winner.empty());
}

TEST_CASE("a held heat has no place and no result in any list", "[webui][heats]") {
    FakeHub hub;
    hub.plan_heats();
    hub.run_heat({100'000, 3'200'000, 3'300'000});
    const SessionView session = session_view(hub.state, kTrack, RankBy::average);
    CHECK(session.heats[0].stage == HeatStage::held);
    CHECK(session.heats[0].lanes[0].result.empty());
    for (const BoardRow& row : session.board) CHECK_FALSE(row.ranked);
    const RaceView race = race_view(hub.state, kTrack, hub.now_us);
    CHECK(race.held);
    CHECK(race.phase_text == "Not final");
    CHECK(race.hold_text.find("shorter than any car") != std::string::npos);
    CHECK_FALSE(race.can_arm);
    CHECK(race.can_rerun);
    Page page(hub);
    const auto json = nlohmann::json::parse(page_json(page.client, "", page.local_us(), 0));
    CHECK(json["race"]["held"] == true);
    CHECK_FALSE(json.contains("summary"));
    CHECK(json["session"]["heats"][0]["stage"] == "held");
}

TEST_CASE("a heat's clock runs in tenths, and its rows stand by lane until it is final",
          "[webui][heats]") {
    FakeHub hub;
    hub.plan_heats();
    hub.input(HeatArm{0});
    hub.input(HeatStarted{}, "timer");
    RaceView race = race_view(hub.state, kTrack, hub.now_us + 1'234'567);
    CHECK(race.clock == "1.2");
    CHECK(race.rows[0].running == "1.2");
    CHECK(race.rows[0].lane == 1);
    CHECK(race.next_change_us > 0);
    CHECK_FALSE(race.can_pause);
    CHECK_FALSE(race.can_start);
    hub.advance(4 * kSecondUs);
    hub.report({3'300'000, 3'200'000, 3'100'000});
    race = race_view(hub.state, kTrack, hub.now_us);
    CHECK(race.rows[0].lane == 3);
    CHECK(race.rows[0].position == "1");
    CHECK(race.clock == "3.100");
    CHECK(race.progress == "Heat 1 of 4");
}

TEST_CASE("the order follows average, best and points; ties share the win", "[webui][heats]") {
    FakeHub hub;
    hub.plan_heats();
    while (hub.state.find(kTrack)->session->next() != nullptr)
        hub.run_heat({3'000'000, 3'200'000, 3'300'000});
    const SessionView view = session_view(hub.state, kTrack, RankBy::average);
    CHECK_FALSE(view.partial);
    // Everybody met each lane once, and lanes decide here.
    CHECK(view.winner == "Ada and Björn and Chiara and Dev share the win");
    CHECK(view.board[3].place == "1");
    CHECK(view.board[0].average == "3.166");
    CHECK(view.board[0].runs == "3");
    CHECK(session_view(hub.state, kTrack, RankBy::points).board[0].points == "6");
}

TEST_CASE("a device that tells no start leaves the order of the result alone", "[webui][heats]") {
    FakeHub hub;
    hub.plan_heats();
    hub.input(HeatArm{0});
    hub.report({0, 3'200'000, 3'100'000});
    const RaceView race = race_view(hub.state, kTrack, hub.now_us);
    REQUIRE(race.phase == Phase::finished);
    CHECK(race.rows[0].lane == 3);
    CHECK(race.rows[1].lane == 2);
    CHECK(race.rows[2].status == "DNF");
}

TEST_CASE("a plan is told before it is made", "[webui][heats]") {
    CHECK(plan_text({{}, {1, 2}, 1, {}}) == "Nobody races yet.");
    CHECK(plan_text({{1, 2}, {}, 1, {}}) == "Choose at least one lane.");
    CHECK(plan_text({{1, 2, 3, 4}, {1, 2, 3, 4}, 1, {}}) ==
          "4 heats. Everybody runs 1 time on each lane and meets each other 4 times. Two heats in "
          "a row: 12 times.");
}

TEST_CASE("stored races are read from the hub's answers", "[webui][history]") {
    std::vector<StoredRaceView> list;
    std::string next;
    REQUIRE(read_races(R"({"races":[{"race_id":"7","track":"main","phase":"finished","armed_us":5,
        "entries":4,"laps":46,"winner":{"entry":1,"driver":"Ada"},
        "best_lap":{"entry":2,"lap_us":8123000}},{"race_id":"6","phase":"aborted"}],
        "next_before":"6"})",
                       list, next));
    REQUIRE(list.size() == 2);
    CHECK(list[0].winner == "Ada");
    CHECK(list[0].fastest == "8.123");
    CHECK(list[0].what == "4 entries, 46 laps");
    CHECK(list[1].phase_text == "Aborted");
    CHECK(next == "6");
    CHECK_FALSE(read_races("[]", list, next));
    CHECK_FALSE(read_races(R"({"races":7})", list, next));

    FakeHub hub;
    hub.set_up();
    hub.start();
    hub.advance(7 * kSecondUs);
    hub.cross(1);
    hub.input(PenaltyGive{1, 5 * kSecondUs, "cut"});
    const auto state = nlohmann::json::parse(encode_state(hub.state));
    const nlohmann::json answer{{"track", "main"}, {"race", state["tracks"][0]["race"]}};
    HubState alone;
    std::string track;
    REQUIRE(read_race(answer.dump(), alone, track));
    CHECK(track == "main");
    CHECK(alone.find("main")->race->find(1)->laps_counted == 1);
    CHECK_FALSE(read_race(R"({"track":"main","race":{"phase":"noon"}})", alone, track));

    Feed feed;
    nlohmann::json facts = nlohmann::json::array();
    for (const Event& fact : hub.facts) facts.push_back(nlohmann::json::parse(encode_event(fact)));
    REQUIRE(read_race(answer.dump(), alone, track));
    REQUIRE(read_corrections(nlohmann::json{{"facts", facts}}.dump(), alone, feed));
    REQUIRE(feed.corrections().size() == 1);
    CHECK(feed.corrections()[0].text == "Anna: penalty +5 s");
}

}  // namespace racehub::test
