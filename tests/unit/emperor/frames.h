#pragma once
// A server in a few lines, for tests of the fold: what it holds, and the frames it sends.

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plugins/emperor/fold/follower.h"

namespace racehub::emperor::test {

using nlohmann::json;

inline constexpr std::int64_t kSecondUs = 1'000'000;
/// 2026-11-21T01:00:00Z
inline constexpr std::int64_t kBeginUs = 1'795'222'800 * kSecondUs;

/// Seconds after kBeginUs, as the server writes them; "never" below 0.
inline std::string at(double seconds) {
    if (seconds < 0) return "0001-01-01T00:00:00Z";
    const auto us = static_cast<std::int64_t>(seconds * 1e6);
    const auto s = us / kSecondUs;
    char text[64];
    std::snprintf(text, sizeof(text), "2026-11-21T%02d:%02d:%02d.%06d000Z",
                  static_cast<int>(1 + s / 3'600), static_cast<int>(s / 60 % 60),
                  static_cast<int>(s % 60), static_cast<int>(us % kSecondUs));
    return text;
}

class World {
  public:
    json info = {{"SessionIndex", 0},  {"ServerName", "Test"},
                 {"Track", "ring"},    {"TrackConfig", ""},
                 {"Name", "Practice"}, {"Type", 1},
                 {"Time", 60},         {"Laps", 0},
                 {"WaitTime", 0},      {"AmbientTemp", 20},
                 {"RoadTemp", 30},     {"WeatherGraphics", "clear"},
                 {"EventType", 50},    {"ElapsedMilliseconds", 0}};
    std::string start = at(0);
    json connected = json::object(), gone = json::object();
    json order = nullptr;
    json chats = json::array();
    double now_s = 1;

    json& join(const std::string& guid, const std::string& name, int car_id = 0,
               const std::string& model = "car") {
        json& driver = connected[guid];
        driver = {{"CarInfo",
                   {{"CarID", car_id},
                    {"DriverName", name},
                    {"DriverGUID", guid},
                    {"CarModel", model},
                    {"DriverInitials", ""},
                    {"CarName", "The " + model}}},
                  {"TotalNumLaps", 0},
                  {"ConnectedTime", at(now_s)},
                  {"LoadedTime", at(-1)},
                  {"Position", static_cast<int>(connected.size())},
                  {"Split", ""},
                  {"LastSeen", at(-1)},
                  {"LastPos", {{"X", 0}, {"Y", 0}, {"Z", 0}}},
                  {"Collisions", nullptr},
                  {"Cars", json::object()}};
        car(guid, model);
        return driver;
    }
    json& driver(const std::string& guid) {
        return connected.contains(guid) ? connected[guid] : gone[guid];
    }
    json& car(const std::string& guid, const std::string& model = "car") {
        json& cars = driver(guid)["Cars"];
        if (!cars.contains(model)) {
            cars[model] = {{"BestLap", 0},
                           {"LastLap", 0},
                           {"TotalLapTime", 0},
                           {"NumLaps", 0},
                           {"LastLapCompletedTime", at(now_s)},
                           {"CarName", "The " + model}};
        }
        return cars[model];
    }
    /// The car completes a lap now, which took that long.
    void lap(const std::string& guid, double seconds, bool cut = false,
             const std::string& model = "car") {
        json& record = car(guid, model);
        const auto ns = static_cast<std::int64_t>(seconds * 1e9);
        record["LastLap"] = ns;
        record["NumLaps"] = record["NumLaps"].get<int>() + 1;
        record["TotalLapTime"] = record["TotalLapTime"].get<std::int64_t>() + ns;
        record["LastLapCompletedTime"] = at(now_s);
        const std::int64_t best = record["BestLap"];
        if (!cut && (best == 0 || ns < best)) record["BestLap"] = ns;
        driver(guid)["TotalNumLaps"] = driver(guid)["TotalNumLaps"].get<int>() + 1;
    }
    void leave(const std::string& guid) {
        if (driver(guid)["TotalNumLaps"] > 0) gone[guid] = connected[guid];
        connected.erase(guid);
    }
    /// A new session: everybody's record begins anew.
    void session(int type, int index) {
        info["Type"] = type;
        info["SessionIndex"] = index;
        info["Name"] = type == 3 ? "Race" : type == 2 ? "Qualify" : "Practice";
        start = at(now_s);
        gone = json::object();
        const json before = connected;
        connected = json::object();
        for (const auto& [guid, one] : before.items()) {
            const json& who = one["CarInfo"];
            join(guid, who["DriverName"], who["CarID"], who["CarModel"])["Position"] = 0;
        }
    }
    std::string event(int type, const json& message) const {
        return json({{"EventType", type}, {"Message", message}}).dump();
    }
    std::string snapshot() const {
        return event(
            200,
            {{"SessionInfo", info},
             {"TrackInfo", {{"name", "The Ring"}}},
             {"SessionStartTime", start},
             {"ChatMessages", chats},
             {"ChatMessagesMutex", json::object()},
             {"ConnectedDrivers", {{"Drivers", connected}, {"GUIDsInPositionalOrder", order}}},
             {"DisconnectedDrivers", {{"Drivers", gone}, {"GUIDsInPositionalOrder", nullptr}}}});
    }
    std::int64_t now_us() const { return kBeginUs + static_cast<std::int64_t>(now_s * 1e6); }
};

/// A follower and everything it told.
struct Listener {
    Follower follower;
    std::vector<Observation> told;

    explicit Listener(std::vector<TeamRule> teams = {}) : follower(std::move(teams)) {
        follower.connected();
    }
    std::vector<Observation> hear(const std::string& text, std::int64_t now_us) {
        const auto news = follower.take(read_frame(text), now_us);
        told.insert(told.end(), news.begin(), news.end());
        return news;
    }
    std::vector<Observation> hear(const World& world) {
        return hear(world.snapshot(), world.now_us());
    }
    /// Data of all told so far of a type.
    std::vector<json> all(const std::string& type) const {
        std::vector<json> found;
        for (const Observation& each : told) {
            if (each.type == type) found.push_back(json::parse(each.data));
        }
        return found;
    }
    /// Milliseconds of each entry's laps by number; -1: a number told twice.
    std::map<int, std::vector<std::int64_t>> laps() const {
        std::map<int, std::vector<std::int64_t>> found;
        for (const json& lap : all("lap.reported")) {
            auto& list = found[lap["entry"]];
            const bool next = lap["number"] == static_cast<int>(list.size()) + 1;
            list.push_back(next ? lap.value("lap_us", std::int64_t{0}) / 1000 : -1);
        }
        return found;
    }
};

using Laps = std::map<int, std::vector<std::int64_t>>;

}  // namespace racehub::emperor::test
