// The hub as a Track Controller: facts in, answers of protocol 1.0 out.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plugins/track_controller/server/firmware.h"

using namespace racehub::track_controller;
using nlohmann::json;

namespace {

constexpr const char* kTwoLanes =
    R"({"settings":{"discipline":"heat"},"entries":[{"entry":11,"lane":1},{"entry":12,"lane":2}]})";
constexpr const char* kTimed =
    R"({"report_id":"r","results":[{"entry":11,"status":"timed","time_us":3104400},)"
    R"({"entry":12,"status":"dnf","time_us":0}]})";

RaceBoard board() {
    RaceBoard made("main");
    made.on_fact({"track.configured", "main", "", R"({"name":"Main","lanes":6})"});
    return made;
}
RaceBoard::Change fact(RaceBoard& made, const char* type, const char* data = "{}",
                       const char* race_id = "7", std::int64_t time_us = 0) {
    return made.on_fact({type, "main", race_id, data, time_us});
}
Served get(const RaceBoard& made, const std::string& target, Waiters waiters = {}) {
    return serve("GET " + target + " HTTP/1.1", made, waiters, 1234);
}
std::string error_of(const Served& served) { return json::parse(served.body)["error"]; }

}  // namespace

TEST_CASE("a heat of the hub, as who reads a Track Controller sees it", "[server]") {
    RaceBoard made = board();
    CHECK(get(made, "/state").body == "null");
    CHECK(
        get(made, "/info").body ==
        "{\n  \"firmware\": \"racehub-0.1.0\",\n  \"lane_count\": 6,\n  \"protocol\": \"1.0\"\n}");
    fact(made, "race.armed", kTwoLanes);
    json engine = json::parse(get(made, "/dbg").body)["engine"];
    CHECK(engine ==
          json::parse(R"({"active_lanes":[1,2],"gate_ready":true,"phase":"ARMED","race_id":"7"})"));
    CHECK(get(made, "/wait/race?lanes=12").kind == Served::Kind::race_wait);
    CHECK_FALSE(fact(made, "race.started").gate_closed);
    CHECK(get(made, "/gate").body == "{\n  \"gate_ready\": false\n}");
    CHECK(get(made, "/wait/gate").kind == Served::Kind::gate_wait);
    CHECK_FALSE(fact(made, "heat.timed", kTimed).completed);
    CHECK(get(made, "/state").body == "null");  // not final
    const auto change = fact(made, "race.finished");
    CHECK(change.completed);
    CHECK(change.gate_closed);
    CHECK(get(made, "/state").body ==
          "{\n  \"race_id\": \"7\",\n  \"times_ms\": {\n    \"1\": 3104\n  }\n}");
    CHECK(get(made, "/wait/race?after=6").status == 200);
    CHECK(get(made, "/wait/race?after=7").kind == Served::Kind::race_wait);
    // A correction afterwards changes what is told, not who waits.
    CHECK_FALSE(fact(made, "heat.corrected", R"({"entry":12,"status":"timed","time_us":4000000})")
                    .completed);
    CHECK(json::parse(get(made, "/state").body)["times_ms"] ==
          json::parse(R"({"1":3104,"2":4000})"));
}

TEST_CASE("a held heat is told when it is accepted, a lane run again is a race of its own",
          "[server]") {
    RaceBoard made = board();
    fact(made, "race.armed", kTwoLanes);
    fact(made, "race.started");
    fact(made, "heat.timed", kTimed);
    CHECK_FALSE(fact(made, "race.held", R"({"hold":"identical_times"})").completed);
    CHECK(get(made, "/state").body == "null");
    fact(made, "heat.reopened", R"({"entries":[12],"by":"director"})");
    json engine = json::parse(get(made, "/dbg").body)["engine"];
    CHECK(engine["active_lanes"] == json::parse("[2]"));
    CHECK(engine["race_id"] == "7-2");
    fact(made, "heat.timed",
         R"({"report_id":"s","results":[{"entry":12,"status":"timed","time_us":2900000}]})");
    CHECK(fact(made, "race.finished").completed);
    CHECK(json::parse(get(made, "/state").body) ==
          json::parse(R"({"race_id":"7-2","times_ms":{"1":3104,"2":2900}})"));
}

TEST_CASE("a circuit race gives the race times of those who finished", "[server]") {
    RaceBoard made = board();
    fact(
        made, "race.armed",
        R"({"settings":{"discipline":"circuit"},"entries":[{"entry":1,"lane":1},{"entry":2,"lane":2}]})");
    fact(made, "race.started", "{}", "7", 1'000'000);
    fact(made, "lap.completed", R"({"entry":1,"lap":1,"number":1,"crossed_us":9000000})");
    fact(made, "lap.completed", R"({"entry":2,"lap":1,"number":1,"crossed_us":9500000})");
    fact(made, "entry.finished", R"({"entry":1})");
    CHECK(fact(made, "race.finished").completed);
    CHECK(json::parse(get(made, "/state").body)["times_ms"] == json::parse(R"({"1":8000})"));
}

TEST_CASE("a snapshot says the same as the facts before it", "[server]") {
    RaceBoard made("main");
    const auto change =
        made.on_fact({"hub.snapshot", "", "",
                      R"({"seq":9,"tracks":[{"id":"other","lanes":2},{"id":"main","lanes":4,"race":
            {"race_id":"3","phase":"finished","entries":[
             {"entry":{"entry":11,"lane":1},"status":"ready","heat":"timed","heat_us":2500000},
             {"entry":{"entry":12,"lane":2},"status":"ready","heat":"dnf"}]}}]})"});
    CHECK(change.completed);
    CHECK(made.lane_count() == 4);
    CHECK(json::parse(get(made, "/state").body) ==
          json::parse(R"({"race_id":"3","times_ms":{"1":2500}})"));
    made.on_fact({"race.armed", "other", "4", kTwoLanes});
    CHECK(made.phase() == Phase::idle);  // another track's
}

TEST_CASE("limits and errors are the firmware's", "[server]") {
    RaceBoard made = board();
    CHECK(error_of(get(made, "/wait/race?lanes=7a")) == "lane 7 out of range 1..6");
    CHECK(error_of(get(made, "/wait/race?lanes=1a")) == "invalid lanes: 1a");
    CHECK(error_of(get(made, "/wait/race?lanes=1%2C2")) == "invalid lanes: 1%2C2");
    CHECK(error_of(get(made, "/wait/race?lanes=121")) == "duplicate lane 1");
    CHECK(get(made, "/wait/race?lanes=121").status == 400);
    CHECK(get(made, "/wait/race?lanes=").kind == Served::Kind::race_wait);
    CHECK(get(made, "/wait/race?lanes=9&lanes=1").kind == Served::Kind::race_wait);
    CHECK(get(made, "/wait/race", {3, 4}).kind == Served::Kind::race_wait);
    const Served full = get(made, "/wait/race?lanes=9", {4, 0});
    CHECK(full.status == 503);
    CHECK(error_of(full) == "too many wait clients");
    // A race that is not known comes before the limit, and before the lanes.
    fact(made, "race.armed", kTwoLanes);
    fact(made, "race.finished");
    CHECK(get(made, "/wait/race?lanes=99&after=x", {4, 4}).status == 200);
    for (const char* path : {"/info/", "/INFO", "http://hub/info", "/wait/race&lanes=1", "/"})
        CHECK(get(made, path).status == 404);
    CHECK(serve("POST /info HTTP/1.1", made, {}, 0).status == 405);
    CHECK(serve("HEAD /info HTTP/1.1", made, {}, 0).status == 405);
    CHECK(serve("GET", made, {}, 0).status == 400);
    CHECK(error_of(serve("", made, {}, 0)) == "bad request");
    CHECK(http_answer(404, "x").starts_with("HTTP/1.1 404 Error\r\n"));
    // What the plugin reads of a device it reads of the hub.
    CHECK(read_info(get(made, "/info").body)->protocol == Protocol::v1);
    const auto snapshot = read_snapshot(get(made, "/dbg").body);
    REQUIRE(snapshot);
    CHECK(snapshot->lanes.size() == 6);
    CHECK(snapshot->uptime_ms == 1234);
}
