#include "plugins/mqtt_gates/race_view.h"

#include <catch2/catch.hpp>

using namespace racehub::mqtt;
using nlohmann::json;

namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

struct Race {
    RaceView view{"main"};
    std::int64_t now_us = 1000 * kSecondUs;

    bool fact(std::string_view type, const json& data = json::object()) {
        return view.fact(type, "main", "r1", now_us, data.dump());
    }
    json told(const std::string& name) const {
        for (const Announcement& each : view.announcements()) {
            if (each.name == name) return json::parse(each.payload);
        }
        return nullptr;
    }
    void start() {
        fact("race.armed",
             {{"settings", {{"distance", "laps"}, {"laps", 3}, {"first_lap", "from_start"}}},
              {"entries",
               {{{"entry", 1}, {"lane", 1}, {"driver", "Ada"}},
                {{"entry", 2}, {"lane", 2}, {"driver", "Bob"}}}}});
        fact("start.scheduled",
             {{"lights", 5}, {"first_light_us", 1}, {"light_interval_us", 2}, {"go_us", now_us}});
        CHECK(fact("race.started"));
    }
    void lap(int id, std::int64_t lap_us, std::int64_t stamp_us = 0) {
        now_us += lap_us;
        json data = {
            {"entry", 1}, {"lap", id}, {"number", id}, {"lap_us", lap_us}, {"crossed_us", now_us}};
        if (stamp_us != 0) data.update({{"clock", "c"}, {"stamp_us", stamp_us}});
        fact("lap.completed", data);
    }
    json first() const { return told("results")["entries"][0]; }
};

}  // namespace

TEST_CASE("the state follows the race", "[view]") {
    Race race;
    CHECK(race.told("state")["phase"] == "idle");
    race.start();
    CHECK(race.told("state")["phase"] == "running");
    CHECK(race.told("state")["go_us"] == race.now_us);
    CHECK(race.told("state")["entries"].size() == 2);
    CHECK(race.told("lights")["out"] == true);
    CHECK(race.told("results") == nullptr);
    race.fact("race.paused");
    CHECK(race.told("state")["paused"] == true);
    race.now_us += 5 * kSecondUs;
    race.fact("race.resumed");
    race.fact("race.finished");
    CHECK(race.told("state")["phase"] == "finished");
    CHECK(race.told("results")["entries"].size() == 2);
    race.fact("race.cleared");
    CHECK(race.told("state")["phase"] == "idle");
}

TEST_CASE("lights are told one by one, and an abort puts them out", "[view]") {
    Race race;
    race.fact("race.armed", {{"settings", json::object()}, {"entries", json::array()}});
    race.fact("start.scheduled", {{"lights", 5}, {"go_us", 7}});
    race.fact("light.lit", {{"number", 2}});
    CHECK(race.told("lights")["lit"] == 2);
    CHECK(race.told("lights")["go_us"] == 7);
    CHECK_FALSE(race.fact("race.aborted"));
    CHECK(race.told("lights")["lit"] == 0);
    CHECK(race.told("lights")["out"] == false);
}

TEST_CASE("a heat is not ours to start", "[view]") {
    Race race;
    race.fact("race.armed",
              {{"settings", {{"discipline", "heat"}}}, {"entries", {{{"entry", 1}, {"lane", 1}}}}});
    CHECK_FALSE(race.fact("race.started"));
    race.fact("race.held");
    CHECK(race.told("state")["phase"] == "held");
    race.fact("race.finished");
    CHECK(race.told("state")["phase"] == "finished");
    CHECK(race.told("results") == nullptr);
}

TEST_CASE("only this track's own race counts", "[view]") {
    Race race;
    race.start();
    CHECK_FALSE(race.view.fact("race.started", "other", "r1", 1, "{}"));
    CHECK_FALSE(race.view.fact("race.started", "main", "r0", 1, "{}"));
    CHECK_FALSE(race.view.fact("race.started", "main", "r1", 1, "no json"));
}

TEST_CASE("results are the hub's: pauses, stamps, corrections", "[view]") {
    Race race;
    race.start();
    race.lap(1, 10 * kSecondUs, 50 * kSecondUs);
    race.lap(2, 8 * kSecondUs, 57 * kSecondUs);  // the device says 7 s
    race.fact("race.paused");
    race.now_us += 100 * kSecondUs;
    race.fact("race.resumed");
    race.lap(3, 9 * kSecondUs);
    race.fact("race.finished");
    CHECK(race.first()["laps"] == 3);
    CHECK(race.first()["best_us"] == 7 * kSecondUs);
    CHECK(race.first()["last_us"] == 9 * kSecondUs);
    CHECK(race.first()["total_us"] == 27 * kSecondUs);
    CHECK(race.told("results")["entries"][1]["status"] == "dns");

    race.fact("lap.voided", {{"entry", 1}, {"lap", 2}, {"as", "crossing_void"}});
    CHECK(race.first()["laps"] == 2);
    CHECK(race.first()["last_us"] == 17 * kSecondUs);
    race.fact("lap.voided", {{"entry", 1}, {"lap", 2}, {"as", "lap_void"}});
    CHECK(race.first()["last_us"] == 9 * kSecondUs);
    race.fact("lap.restored", {{"entry", 1}, {"lap", 2}});
    CHECK(race.first()["laps"] == 3);
    race.fact("penalty.given", {{"entry", 1}, {"penalty", 1}, {"penalty_us", 5}});
    CHECK(race.first()["penalty_us"] == 5);
    race.fact("penalty.withdrawn", {{"entry", 1}, {"penalty", 1}});
    CHECK_FALSE(race.first().contains("penalty_us"));
    race.fact("entry.disqualified", {{"entry", 1}});
    CHECK(race.first()["status"] == "dsq");
}

TEST_CASE("a snapshot stands for the facts before it", "[view]") {
    Race live;
    live.start();
    live.lap(1, 10 * kSecondUs);
    live.lap(2, 8 * kSecondUs);
    live.fact("race.finished");
    const json race = {
        {"race_id", "r1"},
        {"phase", "finished"},
        {"lights", 5},
        {"lights_lit", 0},
        {"first_light_us", 1},
        {"light_interval_us", 2},
        {"go_us", 1000 * kSecondUs},
        {"started_us", 1000 * kSecondUs},
        {"ended_us", live.now_us},
        {"settings", {{"distance", "laps"}, {"laps", 3}, {"first_lap", "from_start"}}},
        {"entries",
         {{{"entry", {{"entry", 1}, {"lane", 1}, {"driver", "Ada"}}},
           {"status", "running"},
           {"laps",
            {{{"id", 1}, {"crossed_us", 1010 * kSecondUs}, {"status", "counted"}},
             {{"id", 2}, {"crossed_us", 1018 * kSecondUs}, {"status", "counted"}}}}},
          {{"entry", {{"entry", 2}, {"lane", 2}, {"driver", "Bob"}}}, {"status", "running"}}}}};
    Race told;
    told.view.snapshot(
        json({{"seq", 9}, {"tracks", {{{"id", "other"}}, {{"id", "main"}, {"race", race}}}}})
            .dump());
    for (const char* name : {"state", "lights", "results"})
        CHECK(told.told(name) == live.told(name));
    told.view.snapshot("not json");
    told.view.snapshot(R"({"tracks":[{"id":"main"}]})");
    CHECK(told.told("state")["phase"] == "idle");
}
