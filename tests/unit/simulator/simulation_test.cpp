#include <catch2/catch.hpp>

#include "tests/unit/simulator/toy_hub.h"

using namespace racehub::simulator;
using nlohmann::json;

namespace {

constexpr std::int64_t kMinuteUs = 60 * kSecondUs;

Config configured(const json& object = json::object()) {
    Config config;
    std::string error;
    REQUIRE(read_config(object.dump(), config, error));
    return config;
}

Config perfect(json object = json::object()) {
    object["auto"] = false;
    object["jump_starts_percent"] = 0;
    object["faults"] = {{"missed_percent", 0},
                        {"bounced_percent", 0},
                        {"duplicated_percent", 0},
                        {"late_percent", 0},
                        {"reordered_percent", 0}};
    return configured(object);
}

std::string text_of(const std::vector<Action>& actions) {
    std::string text;
    for (const Action& each : actions) {
        text += std::to_string(each.due_us) + each.type + each.key + each.data + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("the same seed gives the same evening", "[simulation]") {
    std::vector<std::string> evenings;
    for (const int seed : {7, 7, 8}) {
        ToyHub hub(configured({{"seed", seed}}));
        hub.run(10 * kMinuteUs);
        evenings.push_back(text_of(hub.actions));
    }
    CHECK(evenings[0] == evenings[1]);
    CHECK(evenings[0] != evenings[2]);
}

TEST_CASE("an evening runs race after race by itself", "[simulation]") {
    ToyHub hub(configured());
    hub.run(10 * kMinuteUs);
    REQUIRE(hub.races >= 5);
    CHECK(hub.roster.size() == 4);
    CHECK(hub.of("entry.assign").size() == static_cast<std::size_t>(4 * hub.races));
    std::vector<std::string> commands;
    std::set<std::string> ids;
    for (const Action& each : hub.actions) {
        if (!each.is_command) continue;
        CHECK(ids.insert(each.key).second);
        if (each.type.starts_with("race.")) commands.push_back(each.type);
    }
    REQUIRE(commands.size() >= 6);
    CHECK(commands[0] == "race.arm");
    CHECK(commands[1] == "race.start");
    CHECK(commands[2] == "race.clear");
    CHECK(commands[3] == "race.arm");
    // It sleeps until something is due: some ten passages a lap, each a few wakes.
    CHECK(hub.wakes < static_cast<int>(3 * hub.actions.size() + 100));
}

TEST_CASE("laps look like laps", "[simulation]") {
    ToyHub hub(perfect({{"pit_every_laps", 0}}));
    hub.settings["laps"] = 30;
    hub.arm(4);
    hub.begin();
    const std::int64_t go_us = hub.go_us;
    hub.run(6 * kMinuteUs);
    REQUIRE(hub.facts.back() == "race.finished");
    for (const auto& [lane, crossings] : hub.laps) {
        std::int64_t last_us = go_us;
        for (const std::int64_t at_us : crossings) {
            CHECK(at_us - last_us > 6 * kSecondUs);
            CHECK(at_us - last_us < 16 * kSecondUs);
            last_us = at_us;
        }
        CHECK(crossings.size() >= 20);
    }
    for (const char* gate : {"sector_1", "sector_2"}) {
        std::size_t count = 0;
        for (const Action& each : hub.actions) count += json::parse(each.data)["gate"] == gate;
        CHECK(count >= 100);
    }
    const std::size_t crossings = hub.actions.size();
    hub.run(kMinuteUs);
    CHECK(hub.actions.size() == crossings);  // the race is over, the cars stand
}

TEST_CASE("it only drives when a person starts the race", "[simulation]") {
    ToyHub hub(perfect());
    hub.run(5 * kMinuteUs);
    CHECK(hub.actions.empty());
    hub.arm(2);
    hub.run(kMinuteUs);
    CHECK(hub.actions.empty());
    hub.begin();
    hub.run(20 * kSecondUs);
    CHECK_FALSE(hub.actions.empty());
    for (const Action& each : hub.actions) CHECK_FALSE(each.is_command);
}

TEST_CASE("cars stand while the race is paused", "[simulation]") {
    ToyHub through(perfect()), paused(perfect());
    for (ToyHub* hub : {&through, &paused}) {
        hub->settings["laps"] = 9;
        hub->arm(3);
        hub->begin();
        hub->run(30 * kSecondUs);
    }
    const std::size_t before = paused.actions.size();
    paused.fact("race.paused", json::object());
    paused.run(kMinuteUs);
    CHECK(paused.actions.size() == before);
    paused.fact("race.resumed", json::object());
    through.run(kMinuteUs);
    paused.run(kMinuteUs);
    REQUIRE(paused.actions.size() == through.actions.size());
    REQUIRE(paused.actions.size() > before);
    for (std::size_t i = 0; i < before; ++i) {
        CHECK(paused.actions[i].time_us == through.actions[i].time_us);
    }
    for (std::size_t i = before; i < paused.actions.size(); ++i) {
        CHECK(paused.actions[i].time_us == through.actions[i].time_us + kMinuteUs);
    }
}

TEST_CASE("after a restart in mid-race it goes on", "[simulation]") {
    ToyHub hub(perfect());
    const std::int64_t started_us = hub.now_us - 60 * kSecondUs;
    const auto entry = [&](int lane, const char* status, std::int64_t last_us) {
        return json{{"entry", {{"entry", lane}, {"lane", lane}, {"driver", "Ada"}}},
                    {"status", status},
                    {"laps", {{{"id", 1}, {"crossed_us", last_us}}}}};
    };
    json race = {{"race_id", "r9"},
                 {"phase", "running"},
                 {"started_us", started_us},
                 {"armed_us", started_us},
                 {"settings", hub.rules},
                 {"entries",
                  {entry(1, "running", hub.now_us - 2 * kSecondUs),
                   entry(2, "running", started_us + 5 * kSecondUs),
                   entry(3, "dnf", started_us + 5 * kSecondUs)}}};
    const json track = {{"id", "main"}, {"lanes", 4}, {"settings", hub.rules}};
    SECTION("running") {}
    SECTION("paused") { race["pauses"] = {{{"from_us", started_us + 10}, {"to_us", 0}}}; }
    json with_race = track;
    with_race["race"] = race;
    const std::int64_t restart_us = hub.now_us;
    hub.race_id = "r9";
    hub.sim.snapshot(json({{"races", 9}, {"tracks", {with_race}}}).dump(), restart_us);
    if (race.contains("pauses")) {
        hub.run(kMinuteUs);
        CHECK(hub.actions.empty());
        hub.fact("race.resumed", json::object());
        hub.run(20 * kSecondUs);
    } else {
        hub.run(10 * kSecondUs);
    }
    std::set<int> lanes;
    for (const Action& each : hub.actions) {
        CHECK(each.time_us > restart_us);
        lanes.insert(json::parse(each.data)["lane"].get<int>());
    }
    CHECK(lanes == std::set<int>{1, 2});
}

TEST_CASE("a jump start crosses before the lights go out", "[simulation]") {
    Config config = perfect();
    config.jump_starts = 100;
    ToyHub hub(config);
    hub.arm(4);
    hub.begin();
    const std::int64_t go_us = hub.go_us;
    hub.run(go_us - hub.now_us - 1);
    CHECK(hub.of("gate.crossed").size() == 4);
    SECTION("an abort keeps those that have not yet moved") {
        ToyHub aborted(config);
        aborted.arm(4);
        aborted.begin();
        aborted.fact("race.aborted", json::object());
        aborted.go_us = 0;
        aborted.run(kMinuteUs);
        CHECK(aborted.actions.empty());
    }
}

TEST_CASE("a car that breaks down is retired, and the evening goes on", "[simulation]") {
    ToyHub hub(configured({{"breakdowns_percent", 30}}));
    hub.run(30 * kMinuteUs);
    CHECK(hub.of("entry.retire").size() > 3);
    CHECK(json::parse(hub.of("entry.retire")[0].data)["reason"] == "stands on the track");
}

TEST_CASE("a hub that refuses or does not answer is not flooded", "[simulation]") {
    ToyHub refusing(configured()), deaf(configured());
    refusing.refuse = true;
    deaf.deaf = true;
    for (ToyHub* hub : {&refusing, &deaf}) {
        hub->run(5 * kMinuteUs);
        CHECK(hub->of("race.arm").size() >= 10);
    }
    CHECK(refusing.of("race.arm").size() <= 32);
    CHECK(deaf.of("race.arm").size() <= 101);
}

TEST_CASE("speed makes an evening short", "[simulation]") {
    ToyHub slow(configured()), fast(configured({{"speed", 10}}));
    slow.run(10 * kMinuteUs);
    fast.run(10 * kMinuteUs);
    CHECK(fast.races > 3 * slow.races);
    const json settings = json::parse(fast.of("race.arm").at(0).data)["settings"];
    CHECK(settings["min_lap_us"] == 40'000);
    CHECK(settings["light_interval_us"] == 100'000);
}

TEST_CASE("many lanes, few drivers: nobody drives twice", "[simulation]") {
    Config config = configured();
    config.drivers.resize(3);
    const Director director(config);
    TrackView track;
    track.lanes = 8;
    for (track.races = 0; track.races < 20; ++track.races) {
        std::set<std::string> names;
        for (int lane = 1; lane <= 8; ++lane) names.insert(director.driver_for(track, lane).name);
        CHECK(names.size() == 8);
    }
}

TEST_CASE("nonsense from outside changes nothing", "[simulation]") {
    ToyHub hub(perfect());
    for (const char* text : {"", "[]", "{", "{\"tracks\":3}", "{\"tracks\":[3]}",
                             "{\"tracks\":[{\"id\":\"main\",\"lanes\":\"x\",\"race\":[]}]}"}) {
        hub.sim.snapshot(text, hub.now_us);
        hub.sim.fact("race.armed", "main", "r1", hub.now_us, text);
        hub.sim.fact("race.started", "main", "r1", hub.now_us, text);
    }
    hub.run(kMinuteUs);
    CHECK(hub.actions.empty());
}
