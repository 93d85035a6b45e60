// Plugins that crash, hang, flood and lie: the hub goes on, the instance comes back or is left
// alone, visibly.
#include <signal.h>

#include <chrono>

#include "tests/unit/plugin_host/rig.h"

using namespace racehub::plugin_host;
using nlohmann::json;

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t ms_since(Clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
}

SourceConfig starting_with(const std::string& action) {
    SourceConfig config = source("puppet");
    config.config = {{"on_start", action}};
    return config;
}

struct Fault {
    const char* action;
    const char* text;
};

}  // namespace

TEST_CASE("after a crash a replacement is there at once, and others notice nothing") {
    const auto fault =
        GENERATE(Fault{"segv", "crashed (signal 11, Segmentation fault)"},
                 Fault{"abort", "crashed (signal 6, Aborted)"},
                 Fault{"exit", "ended (exit status 7)"}, Fault{"throw", "ended (exit status 3)"},
                 Fault{"garbage", "sent a malformed message (message shorter than its header)"},
                 Fault{"huge", "sent a malformed message (message too long)"});
    CAPTURE(fault.action);
    Rig rig;
    rig.run({source("puppet"), source("wrapped", "bystander")});
    REQUIRE(rig.ready());
    REQUIRE(rig.until_state("ok", "bystander"));
    const pid_t before = rig.status()["pid"];
    const pid_t bystander = rig.status("bystander")["pid"];
    rig.hub.order(fault.action);
    REQUIRE(rig.said("\"started\""));  // the first start's
    REQUIRE(rig.said("\"started\""));
    REQUIRE(rig.ready());
    const json status = rig.status();
    CHECK(status["pid"] != before);
    CHECK(status["counters"]["crashes"] == 1);
    CHECK(status["counters"]["restarts"] == 1);
    CHECK(rig.logged(std::string("gates: ") + fault.text + "; starting again"));
    CHECK(rig.status("bystander")["pid"] == bystander);
}

TEST_CASE("the replacement is ready within 100 ms") {
    Rig rig;
    rig.options.timings.restart.quarantine_crashes = 100;
    rig.options.timings.restart.step_us = 1;
    rig.run({source("puppet")});
    REQUIRE(rig.ready());
    std::vector<std::int64_t> times_ms;
    for (int i = 0; i < 11; ++i) {
        REQUIRE(rig.said("\"started\""));
        const auto start = Clock::now();
        rig.hub.order("segv");
        REQUIRE(rig.ready());
        times_ms.push_back(ms_since(start));
    }
    std::sort(times_ms.begin(), times_ms.end());
    CHECK(times_ms[times_ms.size() / 2] <= 100);
}

TEST_CASE("out of memory ends the child, not the machine") {
    Rig rig;
    SourceConfig config = source("puppet");
    config.memory_mb = 64;
    rig.run({config});
    REQUIRE(rig.ready());
    rig.hub.order("memory");
    CHECK(rig.logged("starting again"));
    CHECK(rig.ready());
}

TEST_CASE("a hang is noticed within its limit and replaced") {
    Rig rig;
    rig.run({source("puppet"), source("wrapped", "bystander")});
    REQUIRE(rig.ready());
    const auto start = Clock::now();
    rig.hub.order("hang");
    REQUIRE(rig.ready());
    const auto took_ms = ms_since(start);
    CHECK(took_ms >= 700);
    CHECK(took_ms <= 2'000);  // 1.2 s on a machine that is ours alone
    CHECK(rig.lines_with("hung for 1 s; starting again") == 1);
    CHECK(rig.status("bystander")["counters"]["crashes"] == 0);
}

TEST_CASE("a stopped process is a hang, too") {
    Rig rig;
    rig.options.timings.hang_ms = 400;
    rig.options.timings.alive_period_ms = 100;
    rig.run({source("puppet")});
    REQUIRE(rig.ready());
    ::kill(rig.status()["pid"].get<pid_t>(), SIGSTOP);
    CHECK(rig.ready());
}

TEST_CASE("five crashes in a minute are a quarantine until somebody enables it again") {
    Rig rig;
    rig.options.timings.restart.step_us = 1'000;
    rig.run({source("puppet")});
    for (int i = 0; i < 5; ++i) {
        REQUIRE(rig.ready());
        rig.hub.order("segv");
    }
    REQUIRE(rig.until_state("quarantined"));
    const json status = rig.status();
    CHECK(status["running"] == false);
    CHECK(status["pid"] == 0);
    CHECK(status["counters"]["crashes"] == 5);
    CHECK(status["counters"]["restarts"] == 4);
    CHECK(status["text"].get<std::string>().find("crashed (signal 11") == 0);
    CHECK(rig.host->restart("gates"));
    CHECK(rig.ready());
    CHECK(rig.status()["state"] == "ok");
}

TEST_CASE("a failed start says why and is tried again, later each time") {
    Rig rig;
    rig.options.timings.restart.step_us = 10'000;
    SourceConfig wrapped = source("wrapped", "wrapped");
    wrapped.config = {{"refuse", true}};
    rig.run({starting_with("fail"), wrapped});
    REQUIRE(rig.until([](const json& s) { return s["counters"]["restarts"] >= 3; }));
    CHECK(rig.logged("gates: the broker refuses the password; next try in"));
    CHECK(rig.logged("wrapped: no gate answers at the configured address; next try in"));
    CHECK(rig.status()["counters"]["crashes"] == 0);
}

TEST_CASE("a start that does not end is ended") {
    Rig rig;
    rig.options.timings.start_limit_ms = 200;
    rig.options.timings.stop_limit_ms = 100;
    rig.run({starting_with("hang")});
    CHECK(rig.logged("did not start within 0.2 s; starting again"));
}

TEST_CASE("a stop that does not end is ended") {
    Rig rig;
    rig.options.timings.stop_limit_ms = 200;
    rig.run({source("puppet")});
    REQUIRE(rig.ready());
    rig.hub.order("hang_on_stop");
    rig.hub.order("publish");
    REQUIRE(rig.hub.saw("test.seen"));
    const pid_t pid = rig.status()["pid"];
    const auto start = Clock::now();
    rig.host->stop();
    CHECK(ms_since(start) >= 200);
    CHECK(ms_since(start) < 2'000);
    CHECK(::kill(pid, 0) != 0);
    CHECK(rig.logged("did not stop within 0.2 s; ended by force"));
}

TEST_CASE("a flood meets its limit, and the others go on") {
    Rig rig;
    SourceConfig config = source("puppet");
    config.rate = 100;
    config.burst = 200;
    rig.run({config, source("puppet", "other")});
    REQUIRE(rig.ready());
    REQUIRE(rig.ready());
    rig.hub.order("flood");  // both: the other one has the usual limits
    CHECK(rig.until([](const json& s) { return s["counters"]["refused"] > 100'000; }));
    CHECK(rig.status()["counters"]["crashes"] == 0);
    CHECK(rig.status("other")["counters"]["crashes"] == 0);
    CHECK(rig.status()["counters"]["published"] < 3'000);
}

TEST_CASE("a slow plugin loses facts, counted, and then gets a fresh snapshot") {
    Rig rig;
    rig.run({source("puppet")});
    REQUIRE(rig.ready());
    rig.hub.order("slow");
    const std::string data = "{\"x\":\"" + std::string(2'000, 'x') + "\"}";
    for (int i = 0; i < 2'000; ++i) rig.hub.tell("lap.completed", data);
    REQUIRE(rig.until([](const json& s) { return s["counters"]["dropped"] > 500; }));
    Input snapshot;
    REQUIRE(rig.hub.saw("test.said", "\"gap\":2", &snapshot, std::chrono::seconds(20)));
    CHECK(json::parse(snapshot.data)["snapshot"] == rig.hub.seq());
    CHECK(rig.status()["counters"]["crashes"] == 0);  // slow is not hung
}

TEST_CASE("a hang inside the hub cannot be ended, and is said") {
    Rig rig;
    rig.options.timings.hang_ms = 300;
    rig.options.timings.alive_period_ms = 50;
    SourceConfig config = source("puppet");
    config.isolation = Isolation::in_process;
    rig.run({config, source("wrapped", "bystander")});
    REQUIRE(rig.ready());
    rig.hub.order("hang");
    REQUIRE(rig.until_state("failed"));
    CHECK(rig.status()["text"].get<std::string>().find("restart the hub") != std::string::npos);
    CHECK(rig.host->left_threads_behind());
    rig.host->stop();
    CHECK(rig.status("bystander")["text"] == "stopped");
}

TEST_CASE("an exception out of a plugin inside the hub ends the instance, not the hub") {
    Rig rig;
    SourceConfig config = source("puppet");
    config.isolation = Isolation::in_process;
    rig.run({config});
    REQUIRE(rig.ready());
    rig.hub.order("throw");
    CHECK(rig.ready());
    CHECK(rig.logged("plugin misbehaving: an exception left the plugin: thrown on purpose"));
}
