// What following a race-control server costs: snapshots and car updates of 30 cars, from the text
// of a frame to observations. At 20 Hz the cars alone are 600 frames a second. The reference in the
// same run is parsing the same texts with nlohmann/json and nothing else: quote ratios.

// link: racehub::emperor_logic

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "plugins/emperor/fold/follower.h"

using nlohmann::json;
using racehub::emperor::Follower;
using racehub::emperor::read_frame;

namespace {

constexpr int kCars = 30;
constexpr int kSnapshots = 2'000;  // each with a lap of one car; 66 laps of each
constexpr int kUpdates = 60'000;   // 100 s of 30 cars at 20 Hz
constexpr int kRounds = 5;
constexpr std::int64_t kStartUs = 1'795'222'800'000'000;

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string stamp(int second) {
    char text[40];
    std::snprintf(text, sizeof(text), "2026-11-21T%02d:%02d:%02d.123456789Z",
                  1 + second / 3'600 % 20, second / 60 % 60, second % 60);
    return text;
}

/// A race of 30 cars that cross the line one after the other; each has hit something six times.
std::vector<std::string> snapshots() {
    json drivers = json::object();
    for (int i = 0; i < kCars; ++i) {
        json collisions = json::array();
        for (int hit = 0; hit < 6; ++hit) {
            collisions.push_back(
                {{"ID", "0a4d1e1c-6e2a-4f5e-8f4e-2b7d6a9c0d1" + std::to_string(hit)},
                 {"Type", "with environment"},
                 {"Time", stamp(hit)},
                 {"OtherDriverGUID", ""},
                 {"OtherDriverName", ""},
                 {"Speed", 12.5}});
        }
        const std::string guid = std::to_string(76'561'198'000'000'000 + i);
        drivers[guid] = {{"CarInfo",
                          {{"CarID", i},
                           {"DriverName", "Driver N."},
                           {"DriverGUID", guid},
                           {"CarModel", "rss_formula_rss_4"},
                           {"CarSkin", "06_Smith_Racing"},
                           {"DriverInitials", "DN"},
                           {"CarName", "RSS Formula RSS 4"},
                           {"EventType", 51}}},
                         {"TotalNumLaps", 0},
                         {"ConnectedTime", stamp(0)},
                         {"LoadedTime", stamp(1)},
                         {"Position", i + 1},
                         {"Split", "2.149s"},
                         {"LastSeen", stamp(1)},
                         {"LastPos", {{"X", 1.5}, {"Y", 2.5}, {"Z", -3.25}}},
                         {"Collisions", collisions},
                         {"Cars",
                          {{"rss_formula_rss_4",
                            {{"TopSpeedThisLap", 201.5},
                             {"TopSpeedBestLap", 210.25},
                             {"BestLap", 0},
                             {"LastLap", 0},
                             {"TotalLapTime", 0},
                             {"NumLaps", 0},
                             {"LastLapCompletedTime", stamp(0)},
                             {"CarName", "RSS Formula RSS 4"}}}}}};
    }
    json frame = {{"EventType", 200},
                  {"Message",
                   {{"SessionInfo",
                     {{"SessionIndex", 1},
                      {"ServerName", "Bench"},
                      {"Track", "ring"},
                      {"Type", 3},
                      {"Name", "Race"},
                      {"Laps", 100},
                      {"WaitTime", 0}}},
                    {"SessionStartTime", stamp(0)},
                    {"ConnectedDrivers", {{"Drivers", nullptr}}},
                    {"DisconnectedDrivers", {{"Drivers", json::object()}}}}}};
    std::vector<std::string> texts;
    for (int i = 0; i < kSnapshots; ++i) {
        json& driver = drivers[std::to_string(76'561'198'000'000'000 + i % kCars)];
        json& car = driver["Cars"]["rss_formula_rss_4"];
        const std::int64_t ns = 60'000'000'000 + i % 7 * 1'000'000;
        car["LastLap"] = car["BestLap"] = ns;
        car["NumLaps"] = car["NumLaps"].get<int>() + 1;
        car["TotalLapTime"] = car["TotalLapTime"].get<std::int64_t>() + ns;
        car["LastLapCompletedTime"] = stamp(60 + i * 2);
        frame["Message"]["ConnectedDrivers"]["Drivers"] = drivers;
        texts.push_back(frame.dump());
    }
    return texts;
}

std::vector<std::string> updates() {
    std::vector<std::string> texts;
    for (int i = 0; i < kUpdates; ++i) {
        const double at = i / kCars * 0.001;
        texts.push_back(json({{"EventType", 53},
                              {"Message",
                               {{"CarID", i % kCars},
                                {"Pos", {{"X", 500 * at}, {"Y", 2.5}, {"Z", 300 - at}}},
                                {"Velocity", {{"X", 41.25}, {"Y", 0.1}, {"Z", -12.5}}},
                                {"Gear", 4},
                                {"EngineRPM", 6512},
                                {"NormalisedSplinePos", at - static_cast<int>(at)}}}})
                            .dump());
    }
    return texts;
}

double median(std::vector<double> rounds) {
    std::sort(rounds.begin(), rounds.end());
    return rounds[rounds.size() / 2];
}

}  // namespace

int main() {
    const std::vector<std::string> pictures = snapshots(), places = updates();
    std::vector<double> parse, fold, parse_places, fold_places;
    std::size_t laps = 0;
    for (int round = 0; round < kRounds; ++round) {
        std::size_t sum = 0;
        parse.push_back(seconds_of([&] {
            for (const auto& text : pictures) sum += json::parse(text).size();
        }));
        parse_places.push_back(seconds_of([&] {
            for (const auto& text : places) sum += json::parse(text).size();
        }));
        Follower follower({{"*-YORK", "York", ""}});
        follower.connected();
        laps = 0;
        std::int64_t now_us = kStartUs;
        fold.push_back(seconds_of([&] {
            for (const auto& text : pictures) {
                now_us += 1'000'000;
                for (const auto& told : follower.take(read_frame(text), now_us)) {
                    laps += told.type == "lap.reported" ? 1 : 0;
                }
            }
        }));
        fold_places.push_back(seconds_of([&] {
            int count = 0;
            for (const auto& text : places) {
                now_us += 1'000'000 / (20 * kCars);
                follower.take(read_frame(text), now_us);
                // Samples go out ten times a second.
                if (++count % (2 * kCars) == 0) sum += follower.samples(now_us).size();
            }
        }));
        if (sum == 0) return 1;
    }
    if (laps != kSnapshots) {
        std::printf("wrong: %zu laps of %d\n", laps, kSnapshots);
        return 1;
    }
    const double snapshot_s = median(fold), update_s = median(fold_places);
    std::printf("snapshots of %d cars, %zu kB each: %.0f/s folded, %.2f x plain parsing\n", kCars,
                pictures.back().size() / 1000, kSnapshots / snapshot_s, snapshot_s / median(parse));
    std::printf("car updates: %.0f/s, samples included, %.2f x plain parsing\n",
                kUpdates / update_s, update_s / median(parse_places));
    const double busy = 20 * kCars * update_s / kUpdates + 20 * snapshot_s / kSnapshots;
    std::printf("%d cars at 20 Hz and 20 snapshots a second: %.1f %% of one core\n", kCars,
                100 * busy);
    return 0;
}
