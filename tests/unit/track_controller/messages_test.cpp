#include "plugins/track_controller/protocol/messages.h"

#include <catch2/catch.hpp>

#include "plugins/track_controller/protocol/race_ledger.h"

using namespace racehub::track_controller;

namespace {

std::string race(const std::string& times, const std::string& id = "b1a2-c3") {
    return "{\"race_id\": \"" + id + "\", \"times_ms\": {" + times + "}}";
}

RaceReport report(const std::string& id, const std::string& heat = "") {
    RaceReport out;
    out.race.id = id;
    out.heat = heat;
    return out;
}

}  // namespace

TEST_CASE("the version is told by what info looks like, in both directions", "[messages]") {
    const std::string v1 = R"({"firmware": "0.1.0", "lane_count": 6, "protocol": "1.0"})";
    const std::string v2 =
        R"({"id": -1, "ok": {"protocol": "2.0", "lane_count": 4, "topics": []}})";
    CHECK(read_info_or_frame(v1)->protocol == Protocol::v1);
    CHECK(read_info_or_frame(v2)->protocol == Protocol::v2);
    CHECK(read_info_or_frame(v2)->lane_count == 4);
    CHECK(read_info_or_frame(R"({"protocol": "3.1"})")->protocol == Protocol::newer);
    CHECK(read_info_or_frame(R"({"id": 1, "ok": {"protocol": "1.0"}})")->protocol ==
          Protocol::newer);
    CHECK_FALSE(read_info_or_frame(R"({"err": "not found", "code": "not_supported"})"));
    CHECK_FALSE(read_info_or_frame("null"));
    CHECK_FALSE(read_info_or_frame("<html>"));
    CHECK(read_info(R"({"protocol": "1.0", "lane_count": 77})")->lane_count == 0);
}

TEST_CASE("times are kept to the microsecond; absent and null are no time, zero is one",
          "[messages]") {
    CHECK(read_race(race(R"("3": 2401, "1": 2150)"))->times ==
          std::vector<LaneTime>{{1, 2'150'000}, {3, 2'401'000}});
    CHECK(read_race(race(R"("1": 2150.4, "2": null, "3": 0)"))->times ==
          std::vector<LaneTime>{{1, 2'150'400}, {3, 0}});
    const auto nobody = read_race(race(""));
    REQUIRE(nobody);
    CHECK(nobody->times.empty());
    CHECK(nobody->fault.empty());
}

TEST_CASE("impossible times are faults of a race whose id is kept", "[messages]") {
    const auto wrapped = read_race(race(R"("1": -1073739674, "2": 2100)"));
    REQUIRE(wrapped);
    CHECK(wrapped->fault == "negative_time");
    CHECK(wrapped->times == std::vector<LaneTime>{{2, 2'100'000}});
    CHECK(read_race(race(R"("1": 3600001)"))->fault == "too_long");
    CHECK(read_race(race(R"("1": 3600000)"))->fault.empty());
    CHECK(read_race(race(R"("1": "2150")"))->fault == "bad_time");
    CHECK(read_race(race(R"("12": 2150)"))->fault == "bad_lane");
    CHECK(read_race(race(R"("0": 2150)"))->fault == "bad_lane");
}

TEST_CASE("what is no race is none", "[messages]") {
    CHECK_FALSE(read_race("null"));
    CHECK_FALSE(read_race("{}"));
    CHECK_FALSE(read_race(R"({"race_id": "a"})"));
    CHECK_FALSE(read_race(R"({"race_id": 7, "times_ms": {}})"));
    CHECK_FALSE(read_race(R"({"race_id": "", "times_ms": {}})"));
    CHECK_FALSE(read_race(R"({"race_id": "a", "times_ms": []})"));
    CHECK_FALSE(read_race(race(R"("1": 1e999)")));
    // Ids go back in URLs and command lines.
    CHECK_FALSE(read_race(race("", "a b")));
    CHECK_FALSE(read_race(race("", "a\\r\\nGET")));
    CHECK_FALSE(read_race(race("", std::string(65, 'a'))));
    CHECK(is_no_race("null"));
    CHECK(is_no_race(" {} "));
    CHECK_FALSE(is_no_race("nul"));
    CHECK_FALSE(is_no_race(race("")));
}

TEST_CASE("a snapshot is read whatever is missing of it", "[messages]") {
    const auto full =
        read_snapshot(R"({"controller":{"uptime_ms":77},"engine":{"active_lanes":[3,1,99],
        "gate_ready":false,"phase":"ARMED","race_id":"ab"},"io":{"lanes":{"1":{"debounced":0,
        "invert":false,"last_edge_ms":5},"2":{"debounced":0,"invert":true},"x":{}}}})");
    REQUIRE(full);
    CHECK(full->uptime_ms == 77);
    CHECK(full->gate_ready == false);
    CHECK(full->phase == Phase::armed);
    CHECK(full->race_id == "ab");
    CHECK(full->active_lanes == std::vector<int>{1, 3});
    REQUIRE(full->lanes.size() == 2);
    CHECK(full->lanes[0].triggered);
    CHECK(full->lanes[0].last_edge_ms == 5);
    CHECK_FALSE(full->lanes[1].triggered);
    const auto bare =
        read_snapshot(R"({"engine":{"phase":"DANCING","active_lanes":null,"race_id":null}})");
    REQUIRE(bare);
    CHECK(bare->phase == Phase::unknown);
    CHECK_FALSE(bare->uptime_ms);
    CHECK_FALSE(read_snapshot("[]"));
    // A network's name in another character set does not cost the snapshot.
    CHECK(read_snapshot("{\"engine\":{},\"wifi\":{\"ssid\":\"Z\xf6llner\"}}"));
}

TEST_CASE("frames of protocol 2.0 in any key order", "[messages]") {
    const auto error = read_frame(R"({"err": "lane 9", "code": "bad_args", "id": 17})");
    REQUIRE(error);
    CHECK(error->kind == Frame::Kind::error);
    CHECK(error->id == 17);
    CHECK(error->name == "bad_args");
    CHECK_FALSE(read_frame(R"({"err": "could not parse", "code": "bad_frame"})")->id);
    const auto none = read_frame(R"({"ok": null, "id": 5})");
    REQUIRE(none);
    CHECK(is_no_race(none->body));
    const auto event =
        read_frame(R"({"ms": 4801, "gate_ready": true, "event": "state", "sub": 7})");
    REQUIRE(event);
    CHECK(event->kind == Frame::Kind::event);
    CHECK(event->sub == 7);
    CHECK(read_gate(event->body) == true);
    CHECK(read_lane_event(R"({"lane": 3, "triggered": true})")->lane == 3);
    CHECK_FALSE(read_lane_event(R"({"lane": 30, "triggered": true})"));
    CHECK(read_phase_event(R"({"phase": "RACING", "prev": "ARMED"})") == Phase::racing);
    CHECK(was_armed(R"({"phase": "IDLE", "prev": "ARMED"})"));
    CHECK_FALSE(was_armed(R"({"phase": "IDLE", "prev": "RACING"})"));
    CHECK_FALSE(read_frame(R"({"id": "1", "ok": {}})"));
    CHECK_FALSE(read_frame("[1]"));
    CHECK_FALSE(read_frame(R"({"sub": 7})"));
}

TEST_CASE("what is sent: ascending unique digits, one frame a line", "[messages]") {
    CHECK(lane_digits({3, 1, 3, 12, 0}) == "13");
    CHECK(write_request(9, "wait_race", {{"lanes", json_string("12")}}) ==
          R"({"id":9,"cmd":"wait_race","lanes":"12"})");
    CHECK(json_string("a\"\n") == R"("a\"\n")");
}

TEST_CASE("every prefix of an answer is either itself or refused", "[messages]") {
    const std::string text = race(R"("1": 2150, "2": 2200)");
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        CHECK_FALSE(read_race(text.substr(0, cut)));
        CHECK_FALSE(read_frame(text.substr(0, cut)));
        CHECK_FALSE(read_snapshot(text.substr(0, cut)));
    }
}

TEST_CASE("nesting without end is refused before it recurses", "[messages]") {
    CHECK_FALSE(read_snapshot("{\"engine\":{},\"x\":" + std::string(60'000, '[')));
    CHECK_FALSE(read_snapshot("{\"engine\":{},\"x\":" + std::string(5000, '[') +
                              std::string(5000, ']') + "}"));
}

TEST_CASE("each race is reported once, and seen only when it is stored", "[ledger]") {
    RaceLedger ledger{LedgerState{}};
    CHECK_FALSE(ledger.knows_device());
    CHECK(ledger.take(report("a")) == RaceLedger::Taken::fresh);
    CHECK(ledger.take(report("a")) == RaceLedger::Taken::repeated);
    CHECK(ledger.newest_id() == "a");
    CHECK(ledger.state().last_id.empty());  // the hub does not have it yet
    CHECK(ledger.take(report("b")) == RaceLedger::Taken::fresh);
    CHECK(ledger.next()->race.id == "a");
    CHECK(ledger.stored().last_id == "a");
    CHECK(ledger.next()->race.id == "b");
    CHECK(ledger.take(report("a")) == RaceLedger::Taken::repeated);

    // The plugin dies now: what was not stored is taken again, what was is not.
    RaceLedger again{LedgerState::from_json(ledger.state().to_json())};
    CHECK(again.newest_id() == "a");
    CHECK(again.take(report("a")) == RaceLedger::Taken::repeated);
    CHECK(again.take(report("b")) == RaceLedger::Taken::fresh);
}

TEST_CASE("a full ledger leaves the race with the device", "[ledger]") {
    RaceLedger ledger{LedgerState{}};
    for (std::size_t i = 0; i < RaceLedger::kMaxWaiting; ++i)
        REQUIRE(ledger.take(report("r" + std::to_string(i))) == RaceLedger::Taken::fresh);
    const std::string newest = ledger.newest_id();
    CHECK(ledger.take(report("more")) == RaceLedger::Taken::full);
    CHECK(ledger.newest_id() == newest);
    ledger.drop();
    CHECK(ledger.take(report("more")) == RaceLedger::Taken::fresh);
}

TEST_CASE("what the device is armed for survives a restart", "[ledger]") {
    RaceLedger ledger{LedgerState{}};
    CHECK(ledger.armed({"heat-1", {1, 3}, "coming"}));
    CHECK_FALSE(ledger.armed({"heat-1", {1, 3}, "coming"}));
    const LedgerState state = LedgerState::from_json(ledger.state().to_json());
    CHECK(state.armed == Arming{"heat-1", {1, 3}, "coming"});
    // Another race than the one it was armed for does not spend the arming.
    CHECK(ledger.take(report("other")) == RaceLedger::Taken::fresh);
    CHECK(ledger.stored().armed.heat == "heat-1");
    CHECK(ledger.take(report("coming", "heat-1")) == RaceLedger::Taken::fresh);
    CHECK(ledger.stored().armed == Arming{});
    CHECK(LedgerState::from_json("garbage").last_id.empty());
    CHECK(LedgerState::from_json(R"({"armed": 5})").armed == Arming{});
}

TEST_CASE("the observation names lanes with a time, and armed lanes where they are known",
          "[ledger]") {
    RaceReport told = report("id-1");
    told.race.times = {{1, 2'150'000}};
    CHECK(
        heat_reported_data(told) ==
        R"({"fault":"","missed_reports":false,"report_id":"id-1","results":[{"lane":1,"time_us":2150000}]})");
    told.armed_lanes = {1, 2};
    told.missed_reports = true;
    told.race.fault = "too_long";
    CHECK(heat_reported_data(told) ==
          R"({"armed_lanes":[1,2],"fault":"too_long","missed_reports":true,"report_id":"id-1",)"
          R"("results":[{"lane":1,"time_us":2150000}]})");
}
