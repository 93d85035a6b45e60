// The downhill track: what its timing device says, and the director of an evening of heats.

#include "plugins/simulator/heat.h"

#include <catch2/catch.hpp>
#include <set>

#include "plugins/simulator/simulation.h"

namespace racehub::simulator {
namespace {

using nlohmann::json;
constexpr std::int64_t kSecondUs = 1'000'000, kNowUs = 1'700'000'000 * kSecondUs;

Config calm() {
    Config config;
    config.dnf = config.false_results = config.strays = 0;
    config.drivers = default_club();
    return config;
}

std::vector<Runner> three() {
    const auto club = default_club();
    return {{1, club[0]}, {2, club[1]}, {3, club[2]}};
}

json report_of(const std::vector<Action>& actions) {
    for (const Action& each : actions) {
        if (each.type == "heat.reported") return json::parse(each.data);
    }
    return nullptr;
}

json armed(int heat) {
    json entries = json::array();
    for (int lane = 1; lane <= 3; ++lane)
        entries.push_back({{"entry", lane + 10}, {"lane", lane}, {"driver", "Ada"}});
    return {{"settings", {{"discipline", "heat"}}}, {"entries", entries}, {"heat", heat}};
}

std::vector<std::string> types_by(Simulation& sim, std::int64_t now_us) {
    std::vector<std::string> types;
    for (const Action& each : sim.advance(now_us)) types.push_back(each.type);
    return types;
}

json hub(const json& settings, const json& session = nullptr) {
    json track = {{"id", "main"}, {"lanes", 3}, {"settings", settings}};
    if (!session.is_null()) track["session"] = session;
    return {{"races", 0}, {"tracks", {track}}};
}

}  // namespace

TEST_CASE("a heat is started, lights its lanes and is reported once", "[simulator][heat]") {
    const auto actions = run_heat(calm(), 7, three(), kNowUs);
    CHECK(actions.front().type == "heat.started");
    CHECK(actions.front().time_us == kNowUs);
    const json report = report_of(actions);
    REQUIRE(report["results"].size() == 3);
    CHECK(report["armed_lanes"] == json({1, 2, 3}));
    std::set<std::int64_t> times;
    for (const json& result : report["results"]) {
        const auto time_us = result["time_us"].get<std::int64_t>();
        CHECK(time_us > 2'900'000);
        CHECK(time_us < 3'600'000);
        times.insert(time_us);
    }
    CHECK(times.size() == 3);
    CHECK(actions.back().due_us == kNowUs + *times.rbegin());
    CHECK(json::parse(run_heat(calm(), 7, three(), kNowUs).back().data) == report);
    CHECK(json::parse(run_heat(calm(), 8, three(), kNowUs).back().data) != report);
}

TEST_CASE("speed shortens the wait, not the times; who does not arrive has none",
          "[simulator][heat]") {
    Config config = calm();
    config.speed = 10;
    const auto fast = run_heat(config, 7, three(), kNowUs);
    CHECK(report_of(fast) == report_of(run_heat(calm(), 7, three(), kNowUs)));
    CHECK(fast.back().due_us < kNowUs + kSecondUs / 2);
    config.dnf = 100;
    CHECK(report_of(run_heat(config, 7, three(), kNowUs))["results"].empty());
    config = calm();
    config.false_results = 100;
    const json results = report_of(run_heat(config, 7, three(), kNowUs))["results"];
    CHECK((results.empty() || results[0]["time_us"] == results[2]["time_us"]));
}

TEST_CASE("an armed heat runs by itself, an aborted one does not", "[simulator][heat]") {
    Config config = calm();
    config.automatic = false;
    Simulation sim(config, "main");
    sim.snapshot(hub({{"discipline", "heat"}}).dump(), kNowUs);
    sim.fact("race.armed", "main", "r1", kNowUs, armed(1).dump());
    CHECK(types_by(sim, kNowUs) == std::vector<std::string>{"device.sensed"});
    CHECK(types_by(sim, kNowUs + 5 * kSecondUs) ==
          std::vector<std::string>{"heat.started", "device.sensed"});
    sim.fact("race.started", "main", "r1", kNowUs + 5 * kSecondUs, "{}");
    const auto types = types_by(sim, kNowUs + 10 * kSecondUs);
    CHECK(types.back() == "heat.reported");
    CHECK(types.size() == 4);
    sim.fact("heat.reopened", "main", "r1", kNowUs + 11 * kSecondUs, R"({"entries":[12]})");
    std::vector<Action> again = sim.advance(kNowUs + 30 * kSecondUs);
    CHECK(report_of(again)["armed_lanes"] == json({2}));
    sim.fact("heat.reopened", "main", "r1", kNowUs + 31 * kSecondUs, R"({"entries":[12]})");
    sim.fact("race.aborted", "main", "r1", kNowUs + 32 * kSecondUs, "{}");
    CHECK(types_by(sim, kNowUs + 60 * kSecondUs).empty());
}

TEST_CASE("after a restart the armed heat is run, the running one reported", "[simulator][heat]") {
    for (const char* phase : {"armed", "running"}) {
        Config config = calm();
        config.automatic = false;
        Simulation sim(config, "main");
        json state = hub({{"discipline", "heat"}});
        state["tracks"][0]["race"] = {
            {"race_id", "r1"},
            {"phase", phase},
            {"settings", {{"discipline", "heat"}}},
            {"entries",
             {{{"entry", {{"entry", 11}, {"lane", 1}, {"driver", "Ada"}}}, {"heat", "waiting"}},
              {{"entry", {{"entry", 12}, {"lane", 2}, {"driver", "Emil"}}}, {"heat", "timed"}}}}};
        sim.snapshot(state.dump(), kNowUs);
        const auto actions = sim.advance(kNowUs + 30 * kSecondUs);
        CHECK(report_of(actions)["armed_lanes"] == json({1}));
        const bool starts = std::any_of(actions.begin(), actions.end(), [](const Action& each) {
            return each.type == "heat.started";
        });
        CHECK(starts == (std::string(phase) == "armed"));
    }
}

TEST_CASE("the director plans, arms heat after heat, runs held ones again", "[simulator][heat]") {
    Simulation sim(calm(), "main");
    sim.snapshot(hub({{"discipline", "heat"}}).dump(), kNowUs);
    std::int64_t now_us = kNowUs + 4 * kSecondUs;
    auto actions = sim.advance(now_us);
    REQUIRE(actions.size() == 1);
    CHECK(actions[0].type == "session.plan");
    CHECK(json::parse(actions[0].data)["entries"].size() == 6);
    sim.fact("session.planned", "main", "", now_us, R"({"heats":[{"heat":1},{"heat":2}]})");
    now_us += 5 * kSecondUs;
    actions = sim.advance(now_us);
    REQUIRE(actions.size() == 1);
    CHECK(actions[0].type == "heat.arm");
    sim.fact("race.armed", "main", "r1", now_us, armed(1).dump());
    now_us += 10 * kSecondUs;
    CHECK(types_by(sim, now_us).back() == "heat.reported");
    sim.fact("race.held", "main", "r1", now_us, R"({"hold":"all_dnf"})");
    now_us += 10 * kSecondUs;
    CHECK(types_by(sim, now_us).back() == "heat.rerun");
    sim.fact("heat.reopened", "main", "r1", now_us, R"({"entries":[11,12,13]})");
    now_us += 10 * kSecondUs;
    CHECK(types_by(sim, now_us).back() == "heat.reported");
    sim.fact("race.finished", "main", "r1", now_us, "{}");
    now_us += 10 * kSecondUs;
    CHECK(types_by(sim, now_us).back() == "heat.arm");
    sim.fact("race.armed", "main", "r2", now_us, armed(2).dump());
    now_us += 10 * kSecondUs;
    types_by(sim, now_us);
    sim.fact("race.finished", "main", "r2", now_us, "{}");
    CHECK(sim.view().heats_left.empty());
    now_us += 21 * kSecondUs;
    CHECK(types_by(sim, now_us).back() == "session.plan");
}

}  // namespace racehub::simulator
