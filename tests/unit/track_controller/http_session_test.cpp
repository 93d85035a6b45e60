// What is peculiar to HTTP: wait places, half-open connections, cut answers, streams.
#include <catch2/catch.hpp>

#include "tests/unit/track_controller/bench_hub.h"

using namespace racehub::track_controller;
using namespace racehub::track_controller::test;

namespace {

std::size_t count(const FakeHttpDevice& device, const std::string& part) {
    std::size_t found = 0;
    for (const std::string& target : device.targets)
        found += target.find(part) != std::string::npos;
    return found;
}

}  // namespace

TEST_CASE("one wait outstanding, with lanes and after, and none leaked by time", "[http_v1]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.engine.last_race = {{"race_id", "known"}, {"times_ms", json::object()}};
    bench.order("heat-1", {2, 1});
    REQUIRE(bench.armed_on({1, 2}));
    CHECK(bench.http->targets[0] == "GET /info");
    CHECK(bench.http->targets[1] == "GET /state");
    CHECK(count(*bench.http, "GET /wait/race?lanes=12&after=known") == 1);
    bench.run_for(3 * 3600 * kSecond);
    CHECK(count(*bench.http, "/wait/race") == 1);
    CHECK(bench.http->race_waiters.size() == 1);
    CHECK(bench.well);
}

TEST_CASE("all wait places taken: the result is fetched from /state, and nobody hammers",
          "[http_v1]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    // Three times the connection breaks and the device does not notice; a fourth place is
    // somebody's.
    for (int i = 0; i < 3; ++i) {
        bench.http->cut_waits();
        bench.run_for(5 * kSecond);
    }
    CHECK(bench.http->race_waiters.size() == 4);
    bench.http->cut_waits();
    REQUIRE(bench.run_until(
        [&] { return bench.sentence.find("waiting places") != std::string::npos; }));
    CHECK_FALSE(bench.well);
    CHECK(bench.engine.phase == "ARMED");
    const std::size_t waits = count(*bench.http, "/wait/race");
    bench.run_for(60 * kSecond);
    CHECK(count(*bench.http, "/wait/race") == waits);
    bench.race({{1, 2100}, {2, 2200}});
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log[0].armed_lanes == std::vector<int>{1, 2});
    bench.order("heat-2", {1, 2});
    bench.run_until([&] { return bench.engine.gate_ready; });
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    CHECK(bench.well);
    CHECK(bench.http->race_waiters.size() == 1);
}

TEST_CASE("all places taken by the dead and the device idle: it says how to end it", "[http_v1]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.http->race_waiters = {901, 902, 903, 904};
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.run_until(
        [&] { return bench.sentence.find("switch it off and on") != std::string::npos; }));
    bench.run_for(60 * kSecond);
    CHECK(count(*bench.http, "/wait/race") < 20);
    bench.http->reboot();
    REQUIRE(bench.armed_on({1, 2}));
}

TEST_CASE("failing polls do not give the wait up", "[http_v1]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    bench.http->reachable = false;  // Wi-Fi is away for a minute; TCP is patient
    bench.run_for(60 * kSecond);
    CHECK_FALSE(bench.well);
    CHECK(bench.sentence.find("silent") != std::string::npos);
    bench.http->reachable = true;
    REQUIRE(bench.run_until([&] { return bench.well; }));
    CHECK(count(*bench.http, "/wait/race") == 1);
    bench.race({{1, 2100}, {2, 2200}});
    REQUIRE(bench.reported("heat-1"));
}

TEST_CASE("a wait that the device no longer knows is made anew", "[http_v1]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(10 * kSecond);
    bench.engine.cancel();  // somebody typed a line into the serial port
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    bench.race({{1, 2100}, {2, 2200}});
    REQUIRE(bench.reported("heat-1"));
    bench.run_for(20 * kSecond);
    CHECK(bench.log.size() == 1);
}

TEST_CASE("lanes that the device refuses are told once and asked again later",
          "[http_v1][http_v2]") {
    const int protocol = GENERATE(1, 2);
    CAPTURE(protocol);
    World world;
    Bench bench(world, 'h', protocol);
    REQUIRE(bench.run_until([&] { return bench.link == Link::connected; }));
    bench.engine.lanes_refused = "lane 2 out of range 1..1";
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.run_until(
        [&] { return bench.sentence.find("lane 2 out of range") != std::string::npos; }));
    CHECK_FALSE(bench.well);
    bench.run_for(20 * kSecond);
    CHECK(count(*bench.http, protocol == 1 ? "/wait/race" : "wait_race") == 1);
    bench.engine.lanes_refused.clear();
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    CHECK(bench.well);
}

TEST_CASE("the clock of the device wraps after twelve days: no reboot", "[http_v1]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.engine.set_uptime_ms((1 << 30) - 20'000);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(60 * kSecond);
    CHECK(bench.engine.uptime_ms() < 60'000);
    CHECK(bench.warnings.empty());
    CHECK(count(*bench.http, "/wait/race") == 1);
}

TEST_CASE("armed with an open gate: its closing is waited for, then its opening", "[http_v1]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.engine.gate(false);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(30 * kSecond);
    CHECK(count(*bench.http, "/wait/gate") == 1);
    bench.engine.gate(true);
    bench.run_for(3 * kSecond);
    CHECK(bench.gates.back() == true);
    bench.race({{1, 2100}, {2, 2200}});
    REQUIRE(bench.reported("heat-1"));
}

TEST_CASE("what answers must be a Track Controller that we understand", "[http]") {
    World world;
    FakeEngine engine(world);
    Hub hub(world);
    DeviceBook book({ArmPolicy::heats, 0, "10.0.0.7:80"}, {}, hub);
    FakeHttpDevice device(world, engine, 1);
    HttpSession session(book, device, 1);
    device.session = &session;
    device.reachable = false;  // its answers are given here
    session.start(world.now_us);
    session.on_reply(1, {200, "<html>router</html>"}, world.now_us);
    CHECK(hub.link == Link::refused);
    CHECK(hub.sentence.find("no Track Controller") != std::string::npos);
    const std::int64_t pause_us = session.deadline_us() - world.now_us;
    CHECK(pause_us > 700 * kMs);
    CHECK(pause_us < 1300 * kMs);
    world.now_us = session.deadline_us();
    session.on_time(world.now_us);
    session.on_reply(2, {200, R"({"protocol":"3.0","firmware":"9"})"}, world.now_us);
    CHECK(hub.sentence.find("protocol 3.0, which this hub does not know") != std::string::npos);
    world.now_us = session.deadline_us();
    session.on_time(world.now_us);
    session.on_reply(3, {302, ""}, world.now_us);
    CHECK(hub.link == Link::refused);
    world.now_us = session.deadline_us();
    session.on_time(world.now_us);
    session.on_failed(4, "connection refused", world.now_us);
    CHECK(hub.link == Link::retrying);
    CHECK(hub.sentence.find("connection refused") != std::string::npos);
    CHECK(session.deadline_us() - world.now_us > 7 * kSecond);  // 1, 2, 5, 10
}

TEST_CASE("a device that changes its protocol overnight is met anew", "[http]") {
    World world;
    Bench bench(world, 'h', 1);
    bench.run_for(5 * kSecond);
    CHECK(bench.sentence.find("protocol 1.0") != std::string::npos);
    bench.http->become(2);
    REQUIRE(
        bench.run_until([&] { return bench.sentence.find("protocol 2.0") != std::string::npos; }));
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    bench.race({{1, 2100}, {2, 2200}});
    REQUIRE(bench.reported("heat-1"));
}

TEST_CASE("events that came in part or were dropped are asked for", "[http_v2]") {
    const std::string broken =
        GENERATE(as<std::string>{}, "data: {\"sub\":1,\"eve\n\n",
                 "data: {\"sub\":1,\"event\":\"overflow\",\"dropped\":3}\n\n");
    World world;
    Bench bench(world, 'h', 2);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    bench.http->faults.cut = 1;  // every event and answer from now on
    bench.race({{1, 800}, {2, 900}});
    bench.run_for(kSecond);
    bench.http->faults.cut = 0;
    CHECK(bench.log.empty());
    bench.http->send_raw_event(broken);
    REQUIRE(bench.reported("heat-1"));
    CHECK(bench.log.size() == 1);
}

TEST_CASE("a stream without a sign of life is a silent device", "[http_v2]") {
    World world;
    Bench bench(world, 'h', 2);
    bench.run_for(5 * kSecond);
    CHECK(bench.well);
    bench.run_for(120 * kSecond);
    CHECK(bench.well);
    CHECK_FALSE(bench.said("is silent"));
    bench.http->pings = false;
    bench.run_for(60 * kSecond);
    CHECK(bench.said("is silent"));
    bench.http->pings = true;
    REQUIRE(bench.run_until([&] { return bench.well; }));
}

TEST_CASE("a reset by somebody else is armed over again, but not in the same breath", "[http_v2]") {
    World world;
    Bench bench(world, 'h', 2);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    bench.run_for(2 * kSecond);
    bench.engine.cancel();
    bench.run_for(500 * kMs);
    CHECK(bench.engine.phase == "IDLE");
    REQUIRE(bench.armed_on({1, 2}));
    CHECK(count(*bench.http, "wait_race") == 2);
}

TEST_CASE("stopping leaves no request behind", "[http]") {
    const int protocol = GENERATE(1, 2);
    World world;
    Bench bench(world, 'h', protocol);
    bench.order("heat-1", {1, 2});
    REQUIRE(bench.armed_on({1, 2}));
    CHECK(bench.http->open_requests() > 0);
    bench.stop();
    CHECK(bench.http->open_requests() == 0);
}
