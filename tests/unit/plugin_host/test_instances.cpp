// What a well-behaved instance and the hub say to each other, in a child process and inside the hub
// alike.
#include <signal.h>

#include <set>

#include "tests/unit/plugin_host/rig.h"

using namespace racehub::plugin_host;
using nlohmann::json;

namespace {
SourceConfig puppet(Isolation isolation) {
    SourceConfig config = source("puppet");
    config.isolation = isolation;
    return config;
}
}  // namespace

TEST_CASE("an observation reaches the hub with track, source and times") {
    const auto isolation = GENERATE(Isolation::child, Isolation::in_process);
    Rig rig;
    CHECK(rig.run({puppet(isolation)}).empty());
    REQUIRE(rig.ready());
    const std::int64_t before_us = monotonic_us() + FakeHub::kOffsetUs;
    rig.hub.order("publish");
    Input seen;
    REQUIRE(rig.hub.saw("test.seen", "", &seen));
    CHECK(seen.kind == InputKind::observation);
    CHECK(seen.source == "gates");
    CHECK(seen.track == "main");
    CHECK(seen.key == "key-0");
    CHECK(seen.recv_us >= before_us);
    CHECK(seen.recv_us <= monotonic_us() + FakeHub::kOffsetUs);
    CHECK(seen.time_us == seen.recv_us);
    REQUIRE(rig.until(
        [](const json& s) { return s["last_publish_us"] > 0 && s["counters"]["published"] > 2; }));
    const json status = rig.status();
    CHECK(status["state"] == "ok");
    CHECK((status["pid"] == 0) == (isolation == Isolation::in_process));
    CHECK(status["plugin"] == "org.racehub.test.puppet");
    CHECK(status["version"] == "1.2.3");
    CHECK(status["config"]["port"] == 1883);
    CHECK(status["config_schema"]["type"] == "object");
}

TEST_CASE("facts come after the snapshot, in order, none twice") {
    const auto isolation = GENERATE(Isolation::child, Isolation::in_process);
    Rig rig;
    for (int i = 0; i < 5; ++i) rig.hub.tell("lap.completed", "{}");
    rig.run({puppet(isolation)});
    for (int i = 0; i < 500; ++i) rig.hub.tell("lap.completed", "{}");
    Input snapshot;
    REQUIRE(rig.said("\"snapshot\"", &snapshot));
    const std::uint64_t from = json::parse(snapshot.data)["snapshot"];
    CHECK(from >= 5);
    for (std::uint64_t seq = from + 1; seq <= 505; ++seq) {
        Input told;
        REQUIRE(rig.hub.saw("test.told", "", &told));
        REQUIRE(json::parse(told.data)["seq"] == seq);
    }
}

TEST_CASE("a large snapshot comes whole") {
    Rig rig;
    rig.hub.state = "{\"x\":\"" + std::string(3'000'000, 'x') + "\"}";
    rig.run({puppet(Isolation::child)});
    CHECK(rig.said("\"bytes\":" + std::to_string(rig.hub.state.size())));
}

TEST_CASE("facts of other tracks are for others") {
    Rig rig;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    rig.hub.tell("lap.completed", "{}", "other");
    rig.hub.tell("lap.completed", "{}", "main");
    Input told;
    REQUIRE(rig.hub.saw("test.told", "", &told));
    CHECK(json::parse(told.data)["seq"] == 2);
}

TEST_CASE("a durable publish returns once the hub has it in its log") {
    const auto isolation = GENERATE(Isolation::child, Isolation::in_process);
    Rig rig;
    rig.hub.answer_with = [](const Input& input) {
        Receipt receipt;
        if (input.key == "durable-1") receipt.duplicate = true;
        if (input.key == "durable-2")
            receipt = {Answer::refused, false, "unknown_lane", "There is no lane 9."};
        if (input.key == "durable-3") receipt.answer = Answer::full;
        return receipt;
    };
    rig.run({puppet(isolation)});
    REQUIRE(rig.ready());
    for (const int expected : {RH_OK, RH_OK, RH_E_REFUSED, RH_E_FULL}) {
        rig.hub.order("durable");
        CHECK(rig.said("\"durable\":" + std::to_string(expected)));
    }
    CHECK(rig.logged("refused test.seen: There is no lane 9."));
    CHECK(rig.until([](const json& s) { return s["counters"]["refused"] == 2; }));
}

TEST_CASE("a durable publish waits for the log, gives up in time, and never while stopping") {
    Rig rig;
    rig.hub.hold_answers = true;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    rig.hub.order("impatient");
    CHECK(rig.said("\"durable\":" + std::to_string(RH_E_TIMEOUT)));
    rig.hub.order("durable");
    REQUIRE(rig.hub.until([&] { return true; }));
    Input seen;
    REQUIRE(rig.hub.saw("test.seen", "", nullptr));
    REQUIRE(rig.hub.saw("test.seen", "", &seen));
    CHECK(seen.key == "durable-0");
    CHECK(rig.hub.count("test.said") == 1);  // "started"; nothing yet of the durable one
    rig.hub.answer_held({});
    CHECK(rig.said("\"durable\":" + std::to_string(RH_OK)));
    rig.hub.order("durable");
    REQUIRE(rig.hub.saw("test.seen"));
    rig.host->stop();
    CHECK(rig.said("\"durable\":" + std::to_string(RH_E_STATE)));
}

TEST_CASE("commands are for those who may") {
    const bool may = GENERATE(false, true);
    Rig rig;
    rig.hub.answer_with = [](const Input& input) {
        if (input.kind != InputKind::command) return Receipt{};
        return Receipt{Answer::refused, false, "wrong_phase", "No race is armed."};
    };
    SourceConfig config = puppet(Isolation::child);
    config.may_command = may;
    rig.run({config});
    REQUIRE(rig.ready());
    rig.hub.order("command");
    Input outcome;
    REQUIRE(rig.hub.saw("test.outcome", "", &outcome));
    const json answer = json::parse(outcome.data);
    CHECK(answer["id"] == "my-command");
    CHECK(answer["accepted"] == false);
    CHECK(answer["code"] == (may ? "wrong_phase" : "forbidden"));
    CHECK(rig.hub.count("race.start") == (may ? 1 : 0));
    if (!may)
        CHECK(answer["message"].get<std::string>().find("plugins[gates].may_command") !=
              std::string::npos);
}

TEST_CASE("what a plugin may not publish is refused, where and why is logged") {
    Rig rig;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    rig.hub.order("refusals");
    CHECK(rig.said("\"kind\":" + std::to_string(RH_E_INVALID)));
    CHECK(rig.said("\"no_type\":" + std::to_string(RH_E_INVALID)));
    CHECK(rig.said("\"too_large\":" + std::to_string(RH_E_TOO_LARGE)));
    CHECK(rig.said("\"utf8\":" + std::to_string(RH_E_INVALID)));
    CHECK(rig.said("\"largest\":0"));
    Input seen;
    REQUIRE(rig.hub.saw("test.seen", "", &seen));
    CHECK(seen.key == "largest");
    CHECK(rig.hub.count("test.undeclared") == 0);
    CHECK(rig.logged("refused test.seen: track \"other\" is not among those of plugins[gates]"));
    CHECK(rig.until([](const json& s) { return s["counters"]["refused"] == 2; }));
    CHECK(rig.status()["state"] == "ok");
}

TEST_CASE("functions on forbidden threads answer, and say so") {
    Rig rig;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    rig.hub.order("threads");
    CHECK(rig.said("\"durable_on_plugin_thread\":" + std::to_string(RH_E_THREAD)));
    CHECK(rig.said("\"timer_on_own_thread\":" + std::to_string(RH_E_THREAD)));
    CHECK(rig.said("\"fd_on_own_thread\":" + std::to_string(RH_E_THREAD)));
    CHECK(rig.logged("publish_durable: plugin misbehaving: called on the wrong thread"));
}

TEST_CASE("wakes, timers, watched descriptors and workers call back") {
    Rig rig;
    rig.run({puppet(Isolation::child), source("wrapped", "wrapped")});
    REQUIRE(rig.ready());
    CHECK(rig.until([](const json& s) { return s["text"] == "instance wrapped on main"; },
                    "wrapped"));
    rig.hub.order("wake");
    CHECK(rig.said("\"woken\":0"));
    rig.hub.order("timer");
    CHECK(rig.said("\"timer\":5"));
    Input seen;
    REQUIRE(rig.hub.saw("test.seen", "", &seen));
    CHECK(seen.key == "durable-by-worker");
    CHECK(rig.said("\"worker\":0"));
    CHECK(rig.said("\"fd\":0"));
}

TEST_CASE("an exception in a wrapped plugin is a text, not a crash") {
    Rig rig;
    rig.run({source("wrapped")});
    REQUIRE(rig.until([&](const json&) { return rig.hub.snapshots() > 0; }));
    rig.hub.order("anything");
    REQUIRE(rig.until_state("degraded"));
    CHECK(rig.status()["text"] == "stumbled over {\"do\":\"anything\"}");
    CHECK(rig.status()["counters"]["crashes"] == 0);
}

TEST_CASE("a source that says nothing for its heartbeat is stale") {
    Rig rig;
    rig.run({source("wrapped")});
    REQUIRE(rig.until_state("ok"));
    CHECK(rig.until([](const json& s) { return s["stale"] == true; }));
}

TEST_CASE("small state outlives the instance") {
    Rig rig;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    rig.hub.order("kv");
    CHECK(rig.said("\"kv\":" + std::to_string(RH_E_NOT_FOUND)));
    REQUIRE(rig.hub.until([] { return true; }));
    REQUIRE(rig.until([&](const json&) { return rig.hub.kv()["gates"]["cursor"] == "seventeen"; }));
    CHECK(rig.host->restart("gates"));
    REQUIRE(rig.ready());
    rig.hub.order("kv");
    CHECK(rig.said("\"value\":\"seventeen\""));
}

TEST_CASE("of too many samples the newest arrive") {
    Rig rig;
    SourceConfig config = puppet(Isolation::child);
    config.rate = 200;
    config.burst = 50;
    rig.run({config});
    REQUIRE(rig.ready());
    rig.hub.order("samples");
    const auto newest_are_there = [&] {
        std::set<std::string> newest;
        for (const auto& sample : rig.hub.samples()) newest.insert(sample.data);
        return newest.count("{\"n\":19997}") && newest.count("{\"n\":19998}") &&
               newest.count("{\"n\":19999}");
    };
    REQUIRE(rig.until([&](const json&) { return newest_are_there(); }));
    CHECK(rig.hub.samples().size() < 1000);
    CHECK(rig.until([](const json& s) { return s["counters"]["dropped"] > 19'000; }));
}

TEST_CASE("log lines are cleaned and limited") {
    Rig rig;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    rig.hub.order("log");
    REQUIRE(rig.logged("gates: a line and ? more"));
    rig.hub.order("publish");
    REQUIRE(rig.hub.saw("test.seen"));
    CHECK(rig.lines_with("a line") <= 40);
}

TEST_CASE("stop ends the children and says so") {
    Rig rig;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    const pid_t pid = rig.status()["pid"];
    rig.host->stop();
    CHECK(::kill(pid, 0) != 0);
    CHECK(rig.status()["state"] == "unknown");
    CHECK(rig.status()["text"] == "stopped");
    CHECK_FALSE(rig.host->left_threads_behind());
}

TEST_CASE("a source can be stopped and started by hand") {
    Rig rig;
    rig.run({puppet(Isolation::child)});
    REQUIRE(rig.ready());
    CHECK(rig.host->stop_source("gates"));
    REQUIRE(rig.until([](const json& s) { return s["text"] == "stopped"; }));
    CHECK(rig.host->restart("gates"));
    CHECK(rig.ready());
    CHECK_FALSE(rig.host->restart("nobody"));
    CHECK_FALSE(rig.host->stop_source("nobody"));
}
