// Recordings of the real race control, where they lie beside the project: all and only their laps.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/unit/emperor/frames.h"

using namespace racehub::emperor;
using namespace racehub::emperor::test;

namespace {

std::vector<json> lines_of(const std::string& name) {
    const std::filesystem::path path = "../shared/data/emperor/" + name + ".jsonl";
    std::vector<json> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    if (lines.empty()) WARN("skipped: no recording " + path.string() + " beside the project");
    return lines;
}

std::int64_t time_of(const json& line) {
    return kBeginUs + 575 * kSecondUs + line["ms"].get<std::int64_t>() * 1000;
}

using ByGuid = std::map<std::string, std::vector<std::int64_t>>;

/// What the recording itself says: each change of NumLaps, by start of the session and driver.
std::map<std::string, ByGuid> truth(const std::vector<json>& lines) {
    std::map<std::string, ByGuid> found;
    std::map<std::string, std::map<std::string, int>> counts;
    for (const json& line : lines) {
        const std::string text = line["text"];
        if (text.empty()) continue;
        const json frame = json::parse(text);
        if (frame["EventType"] != 200) continue;
        const std::string start = frame["Message"]["SessionStartTime"];
        for (const char* group : {"ConnectedDrivers", "DisconnectedDrivers"}) {
            for (const auto& [guid, driver] : frame["Message"][group]["Drivers"].items()) {
                for (const json& car : driver["Cars"]) {
                    const int laps = car["NumLaps"];
                    if (laps == counts[start][guid]) continue;
                    REQUIRE(laps == counts[start][guid] + 1);
                    counts[start][guid] = laps;
                    found[start][guid].push_back(car["LastLap"].get<std::int64_t>() / 1'000'000);
                }
            }
        }
    }
    return found;
}

/// What was told: by the races in their order, each entry's laps in milliseconds.
std::vector<Laps> told_races(const std::vector<Observation>& told) {
    std::vector<Laps> races;
    std::string report_id;
    for (const Observation& each : told) {
        const json data = json::parse(each.data);
        if (each.type == "race.reported" && data["report_id"] != report_id) {
            report_id = data["report_id"];
            races.emplace_back();
        }
        if (each.type != "lap.reported") continue;
        auto& laps = races.back()[data["entry"]];
        CHECK(data["number"] == static_cast<int>(laps.size()) + 1);
        laps.push_back(data["lap_us"].get<std::int64_t>() / 1000);
    }
    return races;
}

std::vector<Laps> expected_races(const std::vector<json>& lines) {
    std::vector<Laps> races;
    // Car 0 is the one, car 1 the other, throughout both recordings.
    const std::map<std::string, int> entries = {{"76561198020046073", 1}, {"76561198029578060", 2}};
    for (const auto& [start, drivers] : truth(lines)) {
        Laps& race = races.emplace_back();
        for (const auto& [guid, laps] : drivers) race[entries.at(guid)] = laps;
    }
    return races;
}

void without_empty(std::vector<Laps>& races) {
    races.erase(std::remove_if(races.begin(), races.end(), [](const Laps& r) { return r.empty(); }),
                races.end());
}

void check(const std::string& name, std::size_t reconnect_each) {
    const std::vector<json> lines = lines_of(name);
    if (lines.empty()) return;
    Listener listener;
    std::string latest;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string text = lines[i]["text"];
        if (text.find("\"EventType\":200") != std::string::npos) latest = text;
        if (reconnect_each != 0 && i % reconnect_each == 0) {
            // The connection broke; this frame and its neighbours were never read.
            listener.follower.connected();
            if (!latest.empty()) listener.hear(latest, time_of(lines[i]));
            continue;
        }
        listener.hear(text, time_of(lines[i]));
    }
    std::vector<Laps> told = told_races(listener.told);
    without_empty(told);
    CHECK(told == expected_races(lines));
}

}  // namespace

TEST_CASE("All and only the laps of a recording are told", "[emperor][recordings]") {
    check("red-bull-ring", 0);
    check("barbagello-no-end", 0);
}

TEST_CASE("Broken connections neither lose nor double laps of a recording",
          "[emperor][recordings]") {
    for (const std::size_t each : {1U, 2U, 3U, 5U, 7U}) {
        INFO("reconnected every " << each << " frames");
        check("red-bull-ring", each);
        check("barbagello-no-end", each);
    }
}

TEST_CASE("The recorded race ends with the server's own order", "[emperor][recordings]") {
    const std::vector<json> lines = lines_of("red-bull-ring");
    if (lines.empty()) return;
    Listener listener;
    for (const json& line : lines) listener.hear(line["text"], time_of(line));
    const std::vector<json> results = listener.all("result.reported");
    REQUIRE(results.size() == 2);
    // Qualifying: entry 2 had 51.060 s, entry 1 52.769 s. Race: six laps each, 325.890 and 334.337
    // s.
    for (const json& result : results) {
        CHECK(result["results"][0]["entry"] == 2);
        CHECK(result["results"][0]["position"] == 1);
        CHECK(result["results"][1]["entry"] == 1);
    }
    CHECK(results[1]["results"][0]["total_us"] == 325'890'000);
    CHECK(results[1]["results"][0]["status"] == "finished");  // it left when the time was over
    CHECK(results[1]["results"][0]["laps"] == 6);
    std::set<std::string> names;
    for (const json& race : listener.all("race.reported")) {
        for (const json& entry : race["entries"]) names.insert(entry["driver"]);
    }
    CHECK(names.contains("Joseph Elton"));
    CHECK(names.contains("Callum Jones"));
    CHECK(listener.all("message.reported").size() >= 3);  // three collisions, comings and goings
}
