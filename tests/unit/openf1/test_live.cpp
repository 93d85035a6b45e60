// Documents of the live stream, in the order and the versions in which they come.

#include <catch2/catch.hpp>

#include "plugins/openf1/instant.h"
#include "plugins/openf1/live.h"
#include "tests/unit/openf1/support.h"

using namespace racehub;
using namespace racehub::openf1;
using namespace racehub::openf1::test;

namespace {

struct Stream {
    CoreListener core;
    LiveSession session;

    Stream() { core.hub.now_us = *parse_instant("2024-05-26T14:00:00Z"); }
    void send(const char* topic, const json& row) {
        session.take(topic, row.dump(), core.hub.now_us, core);
    }
    void begin() {
        send("v1/sessions", {{"session_key", 9'523},
                             {"date_start", "2024-05-26T13:00:00Z"},
                             {"session_type", "Race"},
                             {"session_name", "Race"}});
        for (const int driver : {16, 81}) {
            send("v1/drivers", {{"driver_number", driver}, {"name_acronym", "ABC"}});
        }
    }
};

}  // namespace

TEST_CASE("A live session is told as it comes", "[openf1][live]") {
    Stream s;
    s.send("v1/laps", {{"driver_number", 16}, {"lap_number", 1}});  // of nobody knows which session
    s.begin();
    CHECK(s.core.hub.phase() == Phase::running);
    CHECK(s.core.hub.race().entries.size() == 2);
    CHECK(s.core.hub.race().clock_us(s.core.hub.now_us) == 3'600'000'000);
    json lap{{"driver_number", 16}, {"lap_number", 1}, {"date_start", "2024-05-26T13:03:00Z"}};
    s.send("v1/laps", lap);
    lap["lap_number"] = 2;
    lap["date_start"] = "2024-05-26T13:04:30Z";
    s.send("v1/laps", lap);
    CHECK(s.core.hub.race().find(16)->laps.size() == 1);
    CHECK(s.core.hub.race().find(16)->laps[0].race_us == 270'000'000);
    lap["duration_sector_1"] = 20.5;
    s.send("v1/laps", lap);
    CHECK(s.core.hub.race().find(16)->open_splits.size() == 1);
    lap["duration_sector_2"] = 30.5;
    lap["duration_sector_3"] = 24.0;
    lap["lap_duration"] = 75.0;
    s.send("v1/laps", lap);
    s.send("v1/laps", lap);
    REQUIRE(s.core.hub.race().find(16)->laps.size() == 2);
    CHECK(s.core.hub.race().find(16)->laps[1].lap_us == 75'000'000);
    const json message{{"date", "2024-05-26T13:05:00Z"},
                       {"category", "Flag"},
                       {"flag", "RED"},
                       {"scope", "Track"},
                       {"message", "RED FLAG"}};
    s.send("v1/race_control", message);
    s.send("v1/race_control", message);
    CHECK(s.core.hub.race().messages.size() == 1);
    CHECK(s.core.hub.race().flag == RaceFlag::red);
    s.send("v1/pit",
           {{"date", "2024-05-26T13:06:00Z"}, {"driver_number", 81}, {"lane_duration", 20.0}});
    CHECK(s.core.hub.race().find(81)->pit_stops == 1);
    s.send("v1/stints",
           {{"driver_number", 81}, {"stint_number", 2}, {"lap_start", 3}, {"compound", "SOFT"}});
    CHECK(s.core.hub.race().find(81)->stints.size() == 1);
    s.send("v1/location",
           {{"date", "2024-05-26T13:06:00Z"}, {"driver_number", 81}, {"x", 5}, {"y", 6}});
    s.send("v1/intervals", {{"date", "2024-05-26T13:06:00Z"},
                            {"driver_number", 81},
                            {"gap_to_leader", "+1 LAP"},
                            {"interval", 1.5}});
    s.send("v1/location",
           {{"date", "2024-05-26T13:06:00Z"}, {"driver_number", 77}, {"x", 5}, {"y", 6}});
    s.session.tick(s.core.hub.now_us, s.core);
    CHECK(json::parse(s.core.newest["car.located"])["cars"][0]["x_mm"] == 500);
    CHECK(json::parse(s.core.newest["gap.measured"])["gaps"][0]["laps_behind"] == 1);
    CHECK(s.core.wrong == std::vector<std::string>{});
    CHECK(s.session.unusable() == 0);
}

TEST_CASE("Who joins in the middle is told again as a whole", "[openf1][live]") {
    Stream s;
    s.begin();
    s.send("v1/drivers", {{"driver_number", 4}, {"full_name", "Lando NORRIS"}});
    CHECK(s.core.hub.race().entries.size() == 3);
    CHECK(s.core.hub.state.races == 1);
    s.send("v1/sessions", {{"session_key", 9'999}, {"date_start", "2024-05-27T13:00:00Z"}});
    s.send("v1/drivers", {{"driver_number", 4}});
    CHECK(s.core.hub.state.races == 2);
    CHECK(s.core.hub.race().entries.size() == 1);
}

TEST_CASE("What is no document is counted", "[openf1][live]") {
    Stream s;
    s.begin();
    const auto before = s.session.unusable();
    s.session.take("v1/laps", "no json", 1, s.core);
    s.session.take("v1/laps", "[]", 1, s.core);
    s.session.take("v2/laps", "{}", 1, s.core);
    s.session.take("", "", 1, s.core);
    s.send("v1/laps", {{"driver_number", "x"}});
    s.send("v1/pit", {{"driver_number", 16}});
    CHECK(s.session.unusable() == before + 6);
    s.send("v1/team_radio", {{"driver_number", 16}});
    CHECK(s.session.unusable() == before + 6);
}
