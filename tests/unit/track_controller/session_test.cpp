// What holds for every protocol on every wire.
#include <catch2/catch.hpp>

#include "tests/unit/track_controller/bench_hub.h"

using namespace racehub::track_controller;
using namespace racehub::track_controller::test;

namespace {

struct Way {
    char wire;
    int protocol;
};
// Catch prints it with a failure.
std::ostream& operator<<(std::ostream& out, const Way& way) {
    return out << (way.wire == 'h' ? "HTTP" : "serial") << " " << way.protocol << ".0";
}
Way every_way() { return GENERATE(Way{'h', 1}, Way{'h', 2}, Way{'s', 1}, Way{'s', 2}); }

}  // namespace

TEST_CASE("a heat is armed, raced and reported once, with its lanes and times", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    REQUIRE(bench.run_until([&] { return bench.link == Link::connected; }));
    bench.run_for(3 * kSecond);
    CHECK(bench.engine.phase == "IDLE");  // nothing ordered, nothing armed
    bench.order("heat-1", {3, 1});
    REQUIRE(bench.armed_on({1, 3}));
    bench.run_for(2 * kSecond);
    bench.race({{1, 2150}, {3, 2401}});
    REQUIRE(bench.reported("heat-1"));
    const RaceReport report = *bench.find("heat-1");
    CHECK(report.race.times == std::vector<LaneTime>{{1, 2'150'000}, {3, 2'401'000}});
    CHECK(report.armed_lanes == std::vector<int>{1, 3});
    CHECK(report.race.fault.empty());
    CHECK_FALSE(report.missed_reports);
    bench.run_for(60 * kSecond);
    CHECK(bench.log.size() == 1);
    CHECK(bench.engine.phase == "IDLE");  // one heat, one race
    CHECK(bench.link == Link::connected);
    CHECK(bench.well);
}

TEST_CASE("a lane without a time did not finish; none at all is still a race", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.race({{1, 2150}, {2, 0}});
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log[0].race.times == std::vector<LaneTime>{{1, 2'150'000}});
    CHECK(bench.log[0].armed_lanes == std::vector<int>{1, 2});
    bench.order("heat-2", {1, 2});
    bench.run_until([&] { return bench.engine.gate_ready; });
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.race({});
    REQUIRE(bench.reported("heat-2"));
    CHECK(bench.log[1].race.times.empty());
    CHECK(bench.log[1].race.fault.empty());
}

TEST_CASE("a re-run is a new race on the same lanes", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    for (const char* heat : {"race-1", "race-2", "race-3"}) {
        bench.run_until([&] { return bench.engine.gate_ready; });
        bench.order(heat, {1, 2});
        REQUIRE(bench.armed_on({1, 2}));
        bench.run_for(kSecond);
        bench.race({{1, 900}, {2, 950}});
        REQUIRE(bench.reported(heat));
    }
    CHECK(bench.log.size() == 3);
}

TEST_CASE("a lane that is run again belongs to the same heat", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    // Longer than a second: so often a device of protocol 1.0 over HTTP is asked for its gate.
    bench.race({{1, 1900}, {2, 1950}});
    REQUIRE(bench.reported("heat-1"));
    bench.run_until([&] { return bench.engine.gate_ready; });
    bench.rerun({2});
    REQUIRE(bench.armed_on({2}));
    bench.run_for(2 * kSecond);
    bench.race({{2, 1960}});
    REQUIRE(bench.run_until([&] { return bench.log.size() == 2; }));
    CHECK(bench.log[1].heat == "heat-1");
    CHECK(bench.log[1].armed_lanes == std::vector<int>{2});
    bench.run_for(30 * kSecond);
    CHECK(bench.engine.phase == "IDLE");
    // Where the device tells that the gate opened, the hub knows it before the result.
    if (way.wire == 'h' || way.protocol == 2)
        CHECK(bench.started == std::vector<std::string>{"heat-1", "heat-1"});
}

TEST_CASE("what was raced while the hub was away is fetched and reported once", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.race({{1, 2100}, {2, 2200}});
    bench.run_for(500 * kMs);
    if (bench.http) bench.http->reachable = false;
    if (bench.http) bench.http->cut_waits();
    if (bench.serial) bench.serial->unplug(false);
    bench.run_for(4 * kSecond);
    CHECK(bench.log.empty());
    CHECK(bench.link == Link::retrying);
    if (bench.http) bench.http->reachable = true;
    if (bench.serial) bench.serial->plug_in();
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log[0].armed_lanes == std::vector<int>{1, 2});
    CHECK_FALSE(bench.log[0].missed_reports);
    bench.run_for(30 * kSecond);
    CHECK(bench.log.size() == 1);
}

TEST_CASE("the plugin dies in mid-race and its next life reports the race for its heat",
          "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("heat-1", {2, 4});
    REQUIRE(bench.armed_on({2, 4}));
    bench.run_for(2 * kSecond);
    bench.race({{2, 3100}, {4, 3200}});
    bench.run_for(kSecond);
    bench.restart();
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log[0].armed_lanes == std::vector<int>{2, 4});
    bench.run_for(30 * kSecond);
    CHECK(bench.log.size() == 1);

    // And between the result and the log, which is down.
    bench.order("heat-2", {2, 4});
    bench.run_until([&] { return bench.engine.gate_ready; });
    REQUIRE(bench.armed_on({2, 4}));
    bench.run_for(kSecond);
    bench.log_is_down = true;
    bench.race({{2, 3100}, {4, 3200}});
    bench.run_for(5 * kSecond);
    CHECK(bench.log.size() == 1);
    bench.restart();
    bench.run_for(5 * kSecond);
    bench.log_is_down = false;
    REQUIRE(bench.reported("heat-2"));
    CHECK(bench.log.size() == 2);
    CHECK(bench.log[1].armed_lanes == std::vector<int>{2, 4});
}

TEST_CASE("a race that stood in the device before the first meeting is nobody's", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.engine.last_race = {{"race_id", "last-month"}, {"times_ms", {{"1", 2000}}}};
    bench.run_for(10 * kSecond);
    CHECK(bench.log.empty());
    CHECK(bench.kept.last_id == "last-month");
    // But one that was run by somebody else while we were away is offered, as not armed here.
    if (bench.http) bench.http->cut_waits();
    if (bench.serial) bench.serial->unplug(false);
    bench.engine.last_race = {{"race_id", "foreign"}, {"times_ms", {{"1", 2000}}}};
    if (bench.serial) bench.serial->plug_in();
    if (bench.http) bench.restart();
    bench.run_for(10 * kSecond);
    REQUIRE(bench.log.size() == 1);
    CHECK(bench.log[0].heat == bench.log[0].race.id);  // no race of the hub: on offer
    CHECK(bench.log[0].missed_reports);
    CHECK(bench.log[0].armed_lanes.empty());
}

TEST_CASE("a heat that is taken back does not get the next heat's race", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("aborted", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.withdraw();
    bench.run_for(5 * kSecond);
    // Protocol 1.0 over HTTP cannot disarm; everything else does.
    CHECK(bench.engine.phase == (way.wire == 'h' && way.protocol == 1 ? "ARMED" : "IDLE"));
    bench.order("next", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.race({{1, 800}, {2, 900}});
    REQUIRE(bench.reported("next"));
    CHECK(bench.log.size() == 1);
}

TEST_CASE("a race that runs when the next heat is called is the old heat's", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("old", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    bench.race({{1, 3000}, {2, 3100}});
    bench.run_for(500 * kMs);
    bench.withdraw();
    bench.run_for(500 * kMs);
    bench.order("new", {1, 2, 3});
    REQUIRE(bench.reported("old"));
    CHECK(bench.log[0].race.times.size() == 2);
    bench.run_until([&] { return bench.engine.gate_ready; });
    REQUIRE(bench.armed_on({1, 2, 3}));
    bench.run_for(kSecond);
    bench.race({{1, 800}, {2, 900}, {3, 1000}});
    REQUIRE(bench.reported("new"));
    CHECK(bench.log.size() == 2);
}

TEST_CASE("a reboot is noticed, the heat armed again, and the gap told", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(10 * kSecond);
    if (bench.http) bench.http->reboot();
    if (bench.serial) bench.serial->reboot();
    CHECK(bench.engine.phase == "IDLE");
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    bench.race({{1, 800}, {2, 900}});
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log[0].missed_reports);
    CHECK(bench.log.size() == 1);
    CHECK_FALSE(bench.warnings.empty());
}

TEST_CASE("lanes that the device does not have are told, and not armed", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("heat-1", {1, 8});
    REQUIRE(bench.armed_on({1}));
    CHECK_FALSE(bench.well);
    CHECK(bench.sentence.find("lanes that the Track Controller does not") != std::string::npos);
    bench.order("heat-2", {8});
    bench.run_for(5 * kSecond);
    CHECK_FALSE(bench.well);
}

TEST_CASE("always armed: every race is reported, heat or no heat", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol, ArmPolicy::always);
    for (std::size_t i = 1; i <= 3; ++i) {
        REQUIRE(bench.armed_on({1, 2, 3, 4, 5, 6}));
        bench.run_until([&] { return bench.engine.gate_ready; });
        bench.run_for(kSecond);
        bench.race({{1, 700}, {2, 0}});
        REQUIRE(bench.run_until([&] { return bench.log.size() == i; }));
        CHECK(bench.log.back().race.fault.empty());
        CHECK(bench.log.back().heat.empty());
        CHECK(bench.log.back().armed_lanes.size() == 6);
    }
    bench.run_until([&] { return bench.engine.gate_ready; });
    bench.order("heat-1", {2, 3});
    if (way.wire == 'h' && way.protocol == 1) {
        // It stays armed as it was until a race ends, and says what to do.
        REQUIRE(bench.run_until([&] { return !bench.well; }));
        CHECK(bench.sentence.find("still armed on lanes") != std::string::npos);
        bench.race({});
    }
    REQUIRE(bench.armed_on({2, 3}));
    bench.run_until([&] { return bench.engine.gate_ready; });
    bench.run_for(kSecond);
    bench.race({{2, 700}, {3, 710}});
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.well);
}

TEST_CASE("gate and lanes are seen while nothing is armed", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.run_for(5 * kSecond);
    REQUIRE(bench.gates == std::vector<bool>{true});
    bench.lanes.clear();
    bench.engine.gate(false);
    bench.run_for(6 * kSecond);
    CHECK(bench.gates == std::vector<bool>{true, false});
    bench.engine.gate(true);
    bench.run_for(6 * kSecond);
    CHECK(bench.gates.size() == 3);
    CHECK(bench.measurements > 0);
    // A hand waved quickly, between two looks.
    bench.engine.lane(4, true);
    world.after(60 * kMs, [&] { bench.engine.lane(4, false); });
    bench.run_for(6 * kSecond);
    CHECK(bench.lanes == std::vector<std::pair<int, bool>>{{4, true}, {4, false}});
}

TEST_CASE("the device is not asked anything while cars run, and rarely while armed", "[session]") {
    const Way way = every_way();
    CAPTURE(way);
    World world;
    Bench bench(world, way.wire, way.protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(10 * kSecond);
    const auto asked = [&] {
        return bench.http ? bench.http->targets.size() : bench.serial->lines.size();
    };
    const std::size_t armed = asked();
    bench.run_for(10 * kSecond);
    CHECK(asked() - armed <= 15);
    const int turns = bench.turns;
    bench.race({{1, 9000}});
    bench.run_for(2 * kSecond);  // the light is looked at each second
    const std::size_t running = asked();
    bench.run_for(6 * kSecond);
    CHECK(asked() == running);
    CHECK(bench.turns - turns < 60);  // nor does the session turn idle
}
