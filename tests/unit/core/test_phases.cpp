// Phases and their legal edges; every command where it does not fit is refused with a code and a
// sentence and changes nothing.

#include <catch2/catch.hpp>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;

namespace {

/// A hub whose track "main" is in that phase, with a lap on entry 1 once the race has run.
HubDriver hub_in(Phase phase) {
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = 2;
    HubDriver hub{settings, 2};
    if (phase == Phase::idle) return hub;
    hub.command(RaceArm{});
    if (phase == Phase::armed) return hub;
    if (phase == Phase::aborted) {
        hub.command(RaceAbort{});
        return hub;
    }
    if (phase == Phase::lights) {
        hub.command(RaceStart{});
        hub.run_for(1'500_ms);
        return hub;
    }
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 1);
    hub.cross_at(go_us + 11_s, 2);
    if (phase == Phase::running) return hub;
    hub.cross_at(go_us + 20_s, 1);
    if (phase == Phase::finishing) return hub;
    hub.cross_at(go_us + 22_s, 2);
    return hub;
}

constexpr Phase kPhases[] = {Phase::idle,      Phase::armed,    Phase::lights, Phase::running,
                             Phase::finishing, Phase::finished, Phase::aborted};

void require_refused(HubDriver& hub, const Payload& data, const std::string& code) {
    const std::string before = digest(hub.state);
    INFO(std::string(type_of(data)) << " in phase " << std::string(name_of(hub.phase())));
    hub.command(data);
    REQUIRE_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.code == code);
    CHECK(hub.outcome.message.back() == '.');
    CHECK(hub.last.empty());
    CHECK((digest(hub.state) == before));
}

}  // namespace

TEST_CASE("Every phase can be reached", "[phases]") {
    for (Phase phase : kPhases) CHECK(hub_in(phase).phase() == phase);
}

TEST_CASE("Each race command is accepted in its phases and refused in all others", "[phases]") {
    struct Row {
        Payload data;
        std::vector<Phase> accepted;
    };
    const std::vector<Row> rows = {
        {RaceArm{}, {Phase::idle, Phase::finished, Phase::aborted}},
        {RaceStart{}, {Phase::idle, Phase::armed, Phase::finished, Phase::aborted}},
        {RaceStop{}, {Phase::armed, Phase::lights, Phase::running, Phase::finishing}},
        {RaceAbort{}, {Phase::armed, Phase::lights, Phase::running, Phase::finishing}},
        {RacePause{}, {Phase::running, Phase::finishing}},
        {RaceResume{}, {}},  // nothing is paused in any of them
        {LapVoid{1, 1, LapStatus::crossing_void, "x"},
         {Phase::running, Phase::finishing, Phase::finished}},
    };
    for (const Row& row : rows) {
        for (Phase phase : kPhases) {
            HubDriver hub = hub_in(phase);
            INFO(std::string(type_of(row.data)) << " in phase " << std::string(name_of(phase)));
            const bool accepted = std::count(row.accepted.begin(), row.accepted.end(), phase) > 0;
            const std::string before = digest(hub.state);
            hub.command(row.data);
            CHECK(hub.outcome.accepted == accepted);
            if (!accepted) {
                CHECK(hub.outcome.message.back() == '.');
                CHECK(hub.last.empty());
                CHECK((digest(hub.state) == before));
            }
        }
    }
}

TEST_CASE("Stop ends a running race and aborts one that has not started", "[phases]") {
    for (Phase phase : {Phase::armed, Phase::lights}) {
        HubDriver hub = hub_in(phase);
        hub.command(RaceStop{});
        CHECK(hub.phase() == Phase::aborted);
    }
    for (Phase phase : {Phase::running, Phase::finishing}) {
        HubDriver hub = hub_in(phase);
        hub.command(RaceStop{});
        CHECK(hub.phase() == Phase::finished);
        CHECK(hub.race().end_reason == EndReason::stopped);
        CHECK(hub.newest<RaceFinished>()->by == "director:anna");
        CHECK_FALSE(next_deadline(hub.state));
    }
}

TEST_CASE("Start from idle arms first; each run is a race of its own", "[phases]") {
    HubDriver hub = hub_in(Phase::idle);
    hub.command(RaceStart{});
    CHECK(hub.count<RaceArmed>() == 1);
    CHECK(hub.phase() == Phase::lights);
    const std::string first = hub.race().race_id;
    hub.run_for(20_s);
    hub.command(RaceStop{});
    hub.command(RaceStart{});
    REQUIRE(hub.outcome.accepted);
    CHECK(hub.race().race_id != first);
    CHECK(hub.race().entries[0].laps.empty());
    CHECK(hub.state.races == 2);
}

TEST_CASE("New race makes the track idle", "[phases]") {
    for (Phase phase : {Phase::finished, Phase::aborted}) {
        HubDriver hub = hub_in(phase);
        hub.command(RaceClear{});
        REQUIRE(hub.outcome.accepted);
        CHECK(hub.phase() == Phase::idle);
        CHECK(hub.count_last<RaceCleared>() == 1);
    }
    HubDriver running = hub_in(Phase::running);
    require_refused(running, RaceClear{}, "wrong_phase");
}

TEST_CASE("A command for another race is refused", "[phases]") {
    HubDriver hub = hub_in(Phase::running);
    const std::string current = hub.race().race_id;
    hub.command(RaceStop{}, "main", current + "9");
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.outcome.code == "other_race");
    CHECK(hub.outcome.message.find(current) != std::string::npos);
    CHECK(hub.phase() == Phase::running);
    hub.command(RaceStop{}, "main", current);
    CHECK(hub.outcome.accepted);
}

TEST_CASE("A command for the last race does not hit the re-run", "[phases]") {
    HubDriver hub = hub_in(Phase::finished);
    const std::string old = hub.race().race_id;
    hub.command(RaceStart{});
    hub.command(RaceAbort{}, "main", old);
    CHECK_FALSE(hub.outcome.accepted);
    CHECK(hub.phase() == Phase::lights);
}

TEST_CASE("A command for an unknown track is refused by name", "[phases]") {
    HubDriver hub = hub_in(Phase::idle);
    const std::vector<Payload> commands = {RaceArm{},
                                           RaceStart{},
                                           RaceStop{},
                                           RaceAbort{},
                                           RacePause{},
                                           RaceResume{},
                                           RaceClear{},
                                           EntryAssign{Entry{1, 1, "", "", ""}},
                                           EntryClear{1},
                                           LapVoid{1, 1, LapStatus::lap_void, ""},
                                           LapRestore{1, 1, ""},
                                           LapAdd{1, 0, ""},
                                           PenaltyGive{1, 1_s, ""},
                                           PenaltyWithdraw{1, 1, ""},
                                           EntryRetire{1, ""},
                                           EntryDisqualify{1, ""},
                                           EntryReinstate{1, ""}};
    for (const Payload& data : commands) {
        INFO(std::string(type_of(data)));
        hub.command(data, "attic");
        REQUIRE_FALSE(hub.outcome.accepted);
        CHECK(hub.outcome.code == "no_track");
        CHECK(hub.outcome.message.find("attic") != std::string::npos);
        CHECK(hub.last.empty());
    }
}

TEST_CASE("Corrections name an entry, a lap, a penalty that exist, or are refused", "[phases]") {
    HubDriver hub = hub_in(Phase::running);
    require_refused(hub, LapVoid{9, 1, LapStatus::lap_void, ""}, "no_entry");
    require_refused(hub, LapVoid{1, 77, LapStatus::lap_void, ""}, "no_lap");
    require_refused(hub, LapVoid{1, 1, LapStatus::counted, ""}, "bad_value");
    require_refused(hub, LapRestore{1, 1, ""}, "no_change");
    require_refused(hub, LapRestore{1, 77, ""}, "no_lap");
    require_refused(hub, LapAdd{9, 0, ""}, "no_entry");
    require_refused(hub, PenaltyGive{9, 1_s, ""}, "no_entry");
    require_refused(hub, PenaltyWithdraw{1, 1, ""}, "no_penalty");
    require_refused(hub, EntryRetire{9, ""}, "no_entry");
    require_refused(hub, EntryReinstate{1, ""}, "no_change");
}

TEST_CASE("A lap is not added before the start, in the future, or in a pause", "[phases]") {
    HubDriver hub = hub_in(Phase::running);
    const Race& race = hub.race();
    require_refused(hub, LapAdd{1, race.started_us - 1, ""}, "bad_value");
    require_refused(hub, LapAdd{1, hub.now_us + 1, ""}, "bad_value");
    require_refused(hub, LapAdd{1, -5, ""}, "bad_value");
    hub.command(RacePause{});
    hub.run_for(5_s);
    require_refused(hub, LapAdd{1, hub.now_us - 2_s, ""}, "bad_value");
}

TEST_CASE("What is done already is said to be so", "[phases]") {
    HubDriver hub = hub_in(Phase::running);
    hub.command(EntryRetire{1, "smoke"});
    require_refused(hub, EntryRetire{1, "smoke"}, "no_change");
    hub.command(EntryDisqualify{2, ""});
    require_refused(hub, EntryDisqualify{2, ""}, "no_change");
    hub.command(RacePause{});
    require_refused(hub, RacePause{}, "wrong_phase");
    hub.command(RaceResume{});
    require_refused(hub, RaceResume{}, "wrong_phase");
}

TEST_CASE("Several tracks race at once and do not touch each other", "[phases][tracks]") {
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = 1;
    HubDriver hub{settings, 2};
    TrackConfigure other;
    other.name = "Drag strip";
    other.lanes = 2;
    hub.command(other, "strip");
    REQUIRE(hub.outcome.accepted);
    hub.command(RaceStart{}, "strip");
    hub.run_for(700_ms);
    hub.command(RaceStart{}, "main");
    CHECK(hub.race("strip").race_id != hub.race("main").race_id);
    const TimeUs go_strip_us = hub.race("strip").go_us, go_main_us = hub.race("main").go_us;
    const auto first = next_deadline(hub.state);
    REQUIRE(first);
    CHECK(first->time_us == hub.race("strip").first_light_us);
    CHECK(first->track == "strip");
    hub.run_for(20_s);
    CHECK(hub.race("strip").started_us == go_strip_us);
    CHECK(hub.race("main").started_us == go_main_us);

    hub.cross_at(hub.now_us, 1);
    CHECK(hub.entry(1, "main").laps_counted == 1);
    CHECK(hub.entry(1, "strip").laps_counted == 0);
    hub.command(RaceStop{}, "main");
    CHECK(hub.phase("main") == Phase::finished);
    CHECK(hub.phase("strip") == Phase::running);
    for (const Event& fact : hub.facts) {
        if (fact.race_id.empty()) continue;
        const bool strip = fact.race_id == hub.race("strip").race_id;
        CHECK(fact.track == (strip ? "strip" : "main"));
    }
}
