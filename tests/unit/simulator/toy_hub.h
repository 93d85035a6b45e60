#pragma once
// As much of a hub as a simulated track needs: obeys its commands, counts its laps, tells it the
// facts. Time is simulated.

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "plugins/simulator/simulation.h"

namespace racehub::simulator {

inline constexpr std::int64_t kSecondUs = 1'000'000;

class ToyHub {
    using json = nlohmann::json;

  public:
    explicit ToyHub(Config config, int lanes = 4) : lanes_(lanes), sim(std::move(config), "main") {
        sim.snapshot(json({{"races", 0},
                           {"tracks", {{{"id", "main"}, {"lanes", lanes}, {"settings", rules}}}}})
                         .dump(),
                     now_us);
    }

    // Lets time pass, from one thing that is due to the next.
    void run(std::int64_t time_us) {
        const std::int64_t end_us = now_us + time_us;
        while (true) {
            std::int64_t next_us = sim.next_us();
            if (go_us != 0 && (next_us == 0 || go_us < next_us)) next_us = go_us;
            if (next_us == 0 || next_us > end_us) break;
            now_us = std::max(now_us, next_us);
            REQUIRE(++wakes < 1'000'000);  // it would spin
            if (go_us != 0 && now_us >= go_us) {
                const std::int64_t started_us = std::exchange(go_us, 0);
                fact("race.started", json::object(), started_us);
            }
            for (const Action& action : sim.advance(now_us)) take(action);
        }
        now_us = end_us;
    }

    void fact(const std::string& type, const json& data, std::int64_t time_us = 0) {
        facts.push_back(type);
        sim.fact(type, "main", race_id, time_us == 0 ? now_us : time_us, data.dump());
    }

    void take(const Action& action) {
        actions.push_back(action);
        if (action.is_command) return obey(action);
        if (action.type == "gate.crossed" && keys_.insert(action.key).second) cross(action);
    }

    void arm(int entries) {
        race_id = "r" + std::to_string(++races);
        laps.clear();
        std::vector<json> list;
        for (int lane = 1; lane <= entries; ++lane) {
            json entry = {{"entry", lane}, {"lane", lane}};
            if (roster.contains(lane)) entry["driver"] = roster[lane];
            list.push_back(entry);
        }
        fact("race.armed", {{"settings", settings}, {"entries", list}});
    }

    void begin() {
        go_us = now_us + 8 * kSecondUs;
        fact("start.scheduled", {{"lights", 5},
                                 {"first_light_us", now_us + kSecondUs},
                                 {"light_interval_us", kSecondUs},
                                 {"go_us", go_us}});
    }

    std::vector<Action> of(const std::string& type) const {
        std::vector<Action> found;
        for (const Action& each : actions) {
            if (each.type == type) found.push_back(each);
        }
        return found;
    }

    std::int64_t now_us = 1'700'000'000 * kSecondUs;
    std::int64_t go_us = 0;
    int races = 0;
    int wakes = 0;
    bool refuse = false;  // every command
    bool deaf = false;    // to commands
    std::string race_id;
    json rules = {{"distance", "laps"}, {"laps", 5}};
    json settings = rules;
    std::map<int, std::string> roster;
    std::map<int, std::vector<std::int64_t>> laps;  // crossing times at the finish line by lane
    std::vector<Action> actions;
    std::vector<std::string> facts;

  private:
    void obey(const Action& command) {
        if (deaf) return;
        if (refuse) return sim.command_refused(now_us);
        const json data = json::parse(command.data);
        if (command.type == "entry.assign") roster[data["lane"]] = data["driver"];
        if (command.type == "entry.retire") fact("entry.retired", data);
        if (command.type == "race.arm") {
            settings = data["settings"];
            arm(lanes_);
        }
        if (command.type == "race.start") begin();
        if (command.type == "race.clear") fact("race.cleared", json::object());
    }

    void cross(const Action& crossing) {
        const json data = json::parse(crossing.data);
        if (data["gate"] != "finish" || sim.view().phase != "running") return;
        std::vector<std::int64_t>& own = laps[data["lane"]];
        if (!own.empty() && crossing.time_us - own.back() < kSecondUs / 2) return;  // a bounce
        own.push_back(crossing.time_us);
        if (static_cast<int>(own.size()) == settings["laps"]) fact("race.finished", json::object());
    }

    const int lanes_;
    std::set<std::string> keys_;

  public:
    Simulation sim;
};

}  // namespace racehub::simulator
