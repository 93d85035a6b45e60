// Races as data files: each folder of races/ is one real-world oddity, with what was pressed and
// heard, and what must come of it. The format is in README.md.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/hub_driver.h"

using namespace racehub;
using namespace racehub::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const fs::path kRaces = "tests/golden/races";  // CTest runs in the project's root
constexpr std::size_t kAtLeast = 12;           // an empty folder must not pass

struct Golden {
    HubDriver hub;
    json refused = json::array();
};

/// Decides each line at its instant; deadlines in between come by themselves.
void run_line(Golden& golden, const std::string& line, int number) {
    json object;
    std::string error;
    INFO("line " << number << ": " << line);
    const bool parsed = parse_object(line, object, error);
    INFO(error);
    REQUIRE(parsed);
    if (!object.contains("track")) object["track"] = "main";
    Event event;
    const bool decoded = decode_event(object, event, error);
    INFO(error);
    REQUIRE(decoded);
    if (event.source.empty()) {
        event.source = kind_of(event.data) == Kind::command ? "director:anna" : "gates";
    }
    if (event.recv_us == 0) event.recv_us = event.time_us;
    golden.hub.run_to(event.recv_us);
    golden.hub.now_us = event.recv_us;
    golden.hub.entropy = event.entropy != 0 ? event.entropy : 1;
    golden.hub.send(event);
    if (!golden.hub.outcome.accepted) {
        golden.refused.push_back({{"line", number}, {"code", golden.hub.outcome.code}});
    }
}

json table_of(const Race& race) {
    json rows = json::array();
    const std::vector<Standing> list = standings(race);
    const json all = to_json(list);
    for (std::size_t i = 0; i < list.size(); ++i) {
        const json& row = all[i];
        rows.push_back(row);
        json laps = json::array(), splits = json::array();
        const EntryState& entry = *race.find(list[i].entry);
        for (const Lap& lap : entry.laps) {
            if (lap.number > 0) laps.push_back(lap.lap_us);
            if (lap.number > 0) splits.push_back(lap.splits.size());
        }
        rows.back()["lap_times_us"] = laps;
        rows.back()["splits"] = splits;
        rows.back()["suspect"] = std::any_of(entry.laps.begin(), entry.laps.end(),
                                             [](const Lap& lap) { return lap.suspect; });
    }
    return rows;
}

json outcome_of(const HubState& state, const std::vector<Event>& facts, const std::string& name) {
    json result;
    const Track* track = state.find(name);
    result["phase"] = std::string(name_of(track->phase()));
    json seen = json::object(), ignored = json::object();
    for (const Event& fact : facts) {
        if (fact.track != name) continue;
        const std::string type(type_of(fact.data));
        seen[type] = seen.value(type, 0) + 1;
        if (const auto* crossing = std::get_if<CrossingIgnored>(&fact.data)) {
            const std::string why(name_of(crossing->reason));
            ignored[why] = ignored.value(why, 0) + 1;
        }
    }
    result["facts"] = seen;
    result["ignored"] = ignored;
    if (!track->race) return result;
    const json race = to_json(*track->race);
    result["race"] = race;
    result["standings"] = table_of(*track->race);
    return result;
}

/// What is said in `expected` must be so; what is not said is not compared. 0 facts may be said
/// too.
void compare(const json& expected, const json& actual, const std::string& path) {
    INFO(path << " expected " << expected.dump() << " actual " << actual.dump().substr(0, 400));
    if (expected.is_object()) {
        REQUIRE(actual.is_object());
        for (const auto& [key, value] : expected.items()) {
            const bool none = !actual.contains(key);
            compare(value,
                    none && value == 0 ? json(0)
                    : none             ? json("(absent)")
                                       : actual[key],
                    path + "." + key);
        }
    } else if (expected.is_array()) {
        REQUIRE(actual.is_array());
        REQUIRE(actual.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            compare(expected[i], actual[i], path + "[" + std::to_string(i) + "]");
        }
    } else {
        REQUIRE(actual == expected);
    }
}

void run_race(const fs::path& folder) {
    Golden golden;
    golden.hub.now_us = 0;
    std::ifstream inputs(folder / "inputs.jsonl");
    REQUIRE(inputs.good());
    int number = 0;
    for (std::string line; std::getline(inputs, line);) {
        ++number;
        if (!line.empty() && line[0] != '#') run_line(golden, line, number);
    }
    std::ifstream file(folder / "expected.json");
    REQUIRE(file.good());
    const json expected = json::parse(file, nullptr, false);
    REQUIRE(expected.is_object());
    REQUIRE(expected["about"].is_string());
    if (expected.contains("run_to_us")) {
        golden.hub.run_to(expected["run_to_us"].get<TimeUs>());
    }
    compare(expected.value("refused", json::array()), golden.refused, "refused");
    REQUIRE(expected["tracks"].is_object());
    for (const auto& [track, what] : expected["tracks"].items()) {
        REQUIRE(golden.hub.state.find(track) != nullptr);
        compare(what, outcome_of(golden.hub.state, golden.hub.facts, track), track);
    }
}

}  // namespace

TEST_CASE("Golden races give the laps and standings they gave", "[golden]") {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(kRaces)) {
        if (entry.is_directory()) folders.push_back(entry.path());
    }
    std::sort(folders.begin(), folders.end());
    REQUIRE(folders.size() >= kAtLeast);
    for (const fs::path& folder : folders) {
        DYNAMIC_SECTION(folder.filename().string()) { run_race(folder); }
    }
}
