// What is peculiar to the serial line: strict order, cancelling, crossings, noise, silence.
#include <catch2/catch.hpp>

#include "tests/unit/track_controller/bench_hub.h"

using namespace racehub::track_controller;
using namespace racehub::track_controller::test;

namespace {

std::size_t count(const FakeSerialDevice& device, const std::string& part) {
    std::size_t found = 0;
    for (const std::string& line : device.lines) found += line.find(part) != std::string::npos;
    return found;
}

}  // namespace

TEST_CASE("while a wait is outstanding not a byte is sent", "[serial_v1]") {
    World world;
    Bench bench(world, 's', 1);
    bench.engine.last_race = {{"race_id", "known"}, {"times_ms", json::object()}};
    bench.order("heat-1", {2, 1});
    REQUIRE(bench.armed_on({1, 2}));
    CHECK(bench.serial->lines.back() == "wait_race lanes=12 after=known");
    const std::size_t sent = bench.serial->lines.size();
    bench.run_for(3600 * kSecond);
    CHECK(bench.serial->lines.size() == sent);
    CHECK(bench.engine.phase == "ARMED");
    CHECK(bench.well);
}

TEST_CASE("a result that crosses its cancelling is kept, at every moment of the crossing",
          "[serial_v1]") {
    // The heat is taken back around the instant at which the last car arrives.
    for (std::int64_t at_us = -5000; at_us <= 5000; at_us += 250) {
        CAPTURE(at_us);
        World world(static_cast<std::uint32_t>(at_us + 90'000));
        Bench bench(world, 's', 1);
        bench.order("heat-1", {1, 2});
        REQUIRE(bench.armed_on({1, 2}));
        bench.run_for(kSecond);
        bench.race({{1, 2000}, {2, 2000}});
        bench.run_for(2 * kSecond + at_us);
        bench.withdraw();
        REQUIRE(bench.reported("heat-1"));
        bench.run_for(30 * kSecond);
        CHECK(bench.log.size() == 1);
        CHECK(bench.engine.phase == "IDLE");
        CHECK(bench.well);
    }
}

TEST_CASE("other lanes: the wait is cancelled by gate and made anew", "[serial_v1]") {
    World world;
    Bench bench(world, 's', 1);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.order("heat-2", {3, 4});
    REQUIRE(bench.armed_on({3, 4}));
    CHECK(count(*bench.serial, "gate") == 1);
    CHECK(bench.warnings.empty());
}

TEST_CASE("boot messages and tracebacks disturb nothing, and tell a reboot", "[serial]") {
    const int protocol = GENERATE(1, 2);
    CAPTURE(protocol);
    World world;
    Bench bench(world, 's', protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.serial->print("HTTP server on 10.0.0.7:80\n");
    bench.run_for(kSecond);
    CHECK(bench.engine.phase == "ARMED");
    bench.serial->print("Traceback (most recent call last):\n  File \"main.py\", line 1\n>>> ");
    bench.run_for(kSecond);
    CHECK(bench.sentence.find("has stopped: unplug it") != std::string::npos);
    bench.serial->reboot();
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    CHECK(bench.well);
}

TEST_CASE("a silent device is opened again and again, and told", "[serial]") {
    const int protocol = GENERATE(1, 2);
    CAPTURE(protocol);
    World world;
    Bench bench(world, 's', protocol);
    bench.run_for(2 * kSecond);
    CHECK(bench.well);
    bench.serial->mute = true;
    REQUIRE(bench.run_until([&] { return bench.link == Link::silent; }));
    bench.run_for(60 * kSecond);
    CHECK(bench.said("is silent: unplug it"));
    bench.serial->mute = false;
    REQUIRE(bench.run_until([&] { return bench.well; }));
}

TEST_CASE("unplugged in mid-answer and plugged in again without power in between", "[serial]") {
    const int protocol = GENERATE(1, 2);
    const bool loses_power = GENERATE(true, false);
    CAPTURE(protocol, loses_power);
    World world;
    Bench bench(world, 's', protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.race({{1, 700}, {2, 800}});
    bench.run_for(800 * kMs);  // the result is being written
    bench.serial->unplug(loses_power);
    bench.run_for(3 * kSecond);
    bench.serial->plug_in();
    if (loses_power) {
        // Gone for good: armed again, raced again, and the gap is told.
        REQUIRE(bench.armed_on({1, 2}));
        bench.run_until([&] { return bench.engine.gate_ready; });
        bench.run_for(kSecond);
        bench.race({{1, 700}, {2, 800}});
    }
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log.size() == 1);
    CHECK(bench.log[0].missed_reports == loses_power);
}

TEST_CASE("refused lanes are told and asked again later", "[serial]") {
    const int protocol = GENERATE(1, 2);
    CAPTURE(protocol);
    World world;
    Bench bench(world, 's', protocol);
    bench.run_for(2 * kSecond);
    bench.engine.lanes_refused = "lane 2 out of range 1..1";
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.run_until(
        [&] { return bench.sentence.find("lane 2 out of range") != std::string::npos; }));
    bench.run_for(20 * kSecond);
    CHECK(count(*bench.serial, "wait_race") == 1);
    bench.engine.lanes_refused.clear();
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    CHECK(bench.well);
}

TEST_CASE("firmware 0.2.1 forgets the wait: the event is enough", "[serial_v2]") {
    World world;
    Bench bench(world, 's', 2);
    bench.serial->answers_waits = false;
    for (const char* heat : {"heat-1", "heat-2", "heat-3"}) {
        bench.run_until([&] { return bench.engine.gate_ready; });
        bench.order(heat, {1, 2});
        REQUIRE(bench.armed_on({1, 2}));
        bench.run_for(kSecond);
        bench.race({{1, 700}, {2, 800}});
        REQUIRE(bench.reported(heat));
    }
    CHECK(bench.log.size() == 3);
}

TEST_CASE("what an earlier process left in the device does not confuse this one", "[serial_v2]") {
    World world;
    Bench bench(world, 's', 2);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    for (int i = 0; i < 20; ++i) {
        bench.restart();
        bench.run_for(2 * kSecond);
    }
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    bench.gates.clear();
    bench.race({{1, 700}, {2, 800}});
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log.size() == 1);
    CHECK(bench.gates == std::vector<bool>{false});  // told once, not once a process
}

TEST_CASE("results with impossible times keep their id and are not raced again", "[session]") {
    World world;
    Bench bench(world, 's', 1);
    bench.run_for(2 * kSecond);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(kSecond);
    // The device's counter wrapped during the race.
    bench.serial->print("{\n  \"race_id\": \"" + bench.engine.race_id +
                        "\",\n  \"times_ms\": {\n    \"1\": -1073739674\n  }\n}\n");
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log[0].race.fault == "negative_time");
    CHECK(bench.log[0].race.times.empty());
}
