// Tracks and entries: set-up, limits, changes before and during a race.

#include <catch2/catch.hpp>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;

namespace {

TrackConfigure track_of(std::int32_t lanes, RaceSettings settings = {}) {
    TrackConfigure track;
    track.name = "Attic";
    track.lanes = lanes;
    track.settings = settings;
    return track;
}

EntryAssign assign(std::int32_t entry, std::int32_t lane, const std::string& driver) {
    EntryAssign command;
    command.entry = Entry{entry, lane, driver, "", ""};
    return command;
}

}  // namespace

TEST_CASE("A track is created and changed by the same command", "[tracks]") {
    HubDriver hub;
    hub.command(track_of(2), "attic");
    REQUIRE(hub.outcome.accepted);
    hub.command(track_of(4), "attic");
    REQUIRE(hub.state.tracks.size() == 1);
    CHECK(hub.state.tracks[0].lanes == 4);
    CHECK(hub.count<TrackConfigured>() == 2);
}

TEST_CASE("A track's id is a word for URLs and topics", "[tracks]") {
    HubDriver hub;
    for (const char* id : {"", "two words", "a/b", "caf\xc3\xa9", "x#", "../x"}) {
        hub.command(track_of(2), id);
        CHECK_FALSE(hub.outcome.accepted);
        CHECK(hub.outcome.code == "bad_track");
    }
    hub.command(track_of(2), std::string(65, 'a'));
    CHECK_FALSE(hub.outcome.accepted);
    hub.command(track_of(2), std::string(64, 'a'));
    CHECK(hub.outcome.accepted);
}

TEST_CASE("A hub has at most kMaxTracks tracks", "[tracks]") {
    HubDriver hub;
    for (std::size_t i = 0; i < kMaxTracks; ++i) {
        hub.command(track_of(1), "t" + std::to_string(i));
        REQUIRE(hub.outcome.accepted);
    }
    hub.command(track_of(1), "one-more");
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.state.tracks.size() == kMaxTracks);
    hub.command(track_of(2), "t0");
    CHECK(hub.outcome.accepted);
}

TEST_CASE("Settings that contradict themselves are refused with their names", "[tracks]") {
    HubDriver hub;
    RaceSettings settings;
    settings.hold_min_us = 5_s;
    settings.hold_max_us = 4_s;
    hub.command(track_of(2, settings), "attic");
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.message.find("hold_min_us") != std::string::npos);
    CHECK(hub.state.tracks.empty());

    hub.command(track_of(2), "attic");
    hub.command(RaceArm{settings}, "attic");
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.phase("attic") == Phase::idle);
}

TEST_CASE("Rules given with arm are this race's only", "[tracks]") {
    HubDriver hub{RaceSettings{}, 2};
    RaceSettings sprint;
    sprint.distance = Distance::laps;
    sprint.laps = 3;
    hub.command(RaceArm{sprint});
    CHECK(hub.race().settings == sprint);
    CHECK(hub.state.tracks[0].settings == RaceSettings{});
    hub.command(RaceAbort{});
    hub.command(RaceArm{});
    CHECK(hub.race().settings == RaceSettings{});
}

TEST_CASE("A track configured during a race changes the next one", "[tracks]") {
    HubDriver hub{RaceSettings{}, 2};
    hub.start_race();
    RaceSettings next;
    next.min_lap_us = 9_s;
    hub.command(track_of(2, next));
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.race().settings == RaceSettings{});
    hub.command(track_of(3, next));
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.code == "wrong_phase");
    hub.command(RaceStop{});
    hub.command(RaceArm{});
    CHECK(hub.race().settings == next);
}

TEST_CASE("Without entries every lane races", "[tracks][entries]") {
    HubDriver hub;
    hub.command(track_of(3), "main");
    hub.command(RaceArm{});
    REQUIRE(hub.race().entries.size() == 3);
    CHECK(hub.entry(3).entry.lane == 3);
}

TEST_CASE("A race without anybody is refused", "[tracks][entries]") {
    HubDriver hub;
    hub.command(track_of(0), "main");
    hub.command(RaceStart{});
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.code == "no_entries");
    CHECK(hub.last.empty());
}

TEST_CASE("With entries only they race", "[tracks][entries]") {
    HubDriver hub;
    hub.command(track_of(4), "main");
    hub.command(assign(2, 2, "Zo\xc3\xab"));
    hub.command(assign(3, 3, "Ben"));
    hub.command(RaceArm{});
    REQUIRE(hub.race().entries.size() == 2);
    CHECK(hub.entry(2).entry.driver == "Zo\xc3\xab");
}

TEST_CASE("A driver put on a lane while armed or running is in that race", "[tracks][entries]") {
    HubDriver hub;
    hub.command(track_of(4), "main");
    hub.command(assign(1, 1, "Ann"));
    hub.command(RaceArm{});
    hub.command(assign(2, 2, "Ben"));
    CHECK(hub.race().entries.size() == 2);
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 2);
    CHECK(hub.entry(2).laps_counted == 1);
    hub.command(assign(3, 3, "Cid"));
    hub.cross_at(go_us + 20_s, 3);
    CHECK(hub.entry(3).laps_counted == 1);
    hub.command(assign(2, 2, "Bert"));  // a name put right keeps the laps
    CHECK(hub.entry(2).laps_counted == 1);
    CHECK(hub.entry(2).entry.driver == "Bert");
}

TEST_CASE("A lane can be emptied before the start, not while cars run", "[tracks][entries]") {
    HubDriver hub{RaceSettings{}, 3};
    hub.command(EntryClear{3});
    CHECK(hub.outcome.accepted);
    hub.command(RaceArm{});
    CHECK(hub.race().entries.size() == 2);
    hub.command(EntryClear{2});
    CHECK(hub.outcome.accepted);
    CHECK(hub.race().entries.size() == 1);
    hub.command(EntryClear{2});
    CHECK(hub.outcome.code == "no_entry");
    hub.command(RaceStart{});
    hub.run_for(2_s);
    hub.command(EntryClear{1});
    CHECK(hub.outcome.code == "wrong_phase");
    hub.run_for(10_s);
    hub.command(EntryClear{1});
    CHECK(hub.outcome.code == "wrong_phase");
    CHECK(hub.race().entries.size() == 1);
}

TEST_CASE("An armed race that lost its last entry does not start", "[tracks][entries]") {
    HubDriver hub{RaceSettings{}, 1};
    hub.command(RaceArm{});
    hub.command(EntryClear{1});
    REQUIRE(hub.outcome.accepted);
    hub.command(RaceStart{});
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.code == "no_entries");
    CHECK(hub.phase() == Phase::armed);
}

TEST_CASE("A lane that the track does not have is refused", "[tracks][entries]") {
    HubDriver hub{RaceSettings{}, 2};
    hub.command(assign(3, 3, "Cid"));
    CHECK(hub.outcome.code == "bad_lane");
    hub.command(assign(2, 1, "Ben"));
    CHECK(hub.outcome.code == "bad_lane");
    CHECK(hub.state.tracks[0].roster.size() == 2);
}

TEST_CASE("Fewer lanes: who stood on them is off the roster", "[tracks][entries]") {
    HubDriver hub{RaceSettings{}, 4};
    hub.command(track_of(2));
    CHECK(hub.state.tracks[0].roster.size() == 2);
    hub.command(RaceArm{});
    CHECK(hub.race().entries.size() == 2);
}

TEST_CASE("Drivers stay on their lanes for the next race", "[tracks][entries]") {
    HubDriver hub{RaceSettings{}, 2};
    hub.start_race();
    hub.command(RaceStop{});
    hub.command(RaceClear{});
    hub.start_race();
    CHECK(hub.entry(2).entry.driver == "Driver 2");
}

TEST_CASE("A crossing for a track that the hub does not have changes nothing and says so",
          "[tracks]") {
    HubDriver hub{RaceSettings{}, 2};
    HubState before = hub.state;
    Event input;
    input.time_us = input.recv_us = hub.now_us;
    input.track = "cellar";
    input.source = "gates";
    input.data = GateCrossed{Gate::finish, 1, {}, 0};
    std::vector<Event> facts;
    const Outcome outcome = decide(before, input, facts);
    CHECK_FALSE(outcome.accepted);
    CHECK(outcome.code == "no_track");
    CHECK(facts.empty());
    CHECK((digest(before) == digest(hub.state)));
}

TEST_CASE("A track that is configured without rules keeps those it has", "[tracks]") {
    RaceSettings settings;
    settings.laps = 7;
    HubDriver hub{settings};
    hub.command(TrackConfigure{"Another name", 4, std::nullopt});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.state.find("main")->settings.laps == 7);
    CHECK(hub.state.find("main")->name == "Another name");
    hub.command(TrackConfigure{"", 4, std::nullopt});
    CHECK(hub.outcome.code == "bad_value");
}
