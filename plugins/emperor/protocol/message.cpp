#include "plugins/emperor/protocol/message.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "plugins/emperor/protocol/values.h"

namespace racehub::emperor {
namespace {

using nlohmann::json;

constexpr double kMaxMetres = 1e6;  // no track is larger; keeps millimetres within 32 bits
constexpr std::int64_t kMaxLapUs = 24LL * 3'600 * 1'000'000;
constexpr std::size_t kMaxCars = 16;         // that one driver changed between
constexpr std::size_t kMaxCollisions = 512;  // newest of a driver; servers never forget them
constexpr std::size_t kMaxChats = 64;        // servers keep 50
constexpr std::size_t kMaxSplits = 8;

const json& member(const json& object, const char* key) {
    static const json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
}

double number(const json& object, const char* key, double min, double max, double fallback = 0) {
    const json& found = member(object, key);
    if (!found.is_number()) return fallback;
    const double value = found.get<double>();
    return std::isfinite(value) ? std::clamp(value, min, max) : fallback;
}

int whole(const json& object, const char* key, int min, int max, int fallback = 0) {
    return static_cast<int>(std::lround(number(object, key, min, max, fallback)));
}

/// Nanoseconds as microseconds. Whole numbers below 2^53 stay exact.
std::int64_t duration_us(const json& object, const char* key, std::int64_t max_us) {
    const double ns = number(object, key, 0, 1e18);
    return std::min(static_cast<std::int64_t>(ns / 1e3 + 0.5), max_us);
}

std::string text(const json& object, const char* key, std::size_t max_bytes) {
    const json& found = member(object, key);
    if (found.is_number_integer()) return std::to_string(found.get<std::int64_t>());
    if (!found.is_string()) return {};
    return tidy_text(found.get_ref<const std::string&>(), max_bytes);
}

std::int64_t instant(const json& object, const char* key) {
    const json& found = member(object, key);
    return found.is_string() ? instant_us(found.get_ref<const std::string&>()) : 0;
}

std::optional<bool> flag(const json& object, const char* key) {
    const json& found = member(object, key);
    if (!found.is_boolean()) return std::nullopt;
    return found.get<bool>();
}

Place place(const json& object) {
    return {number(object, "X", -kMaxMetres, kMaxMetres),
            number(object, "Y", -kMaxMetres, kMaxMetres),
            number(object, "Z", -kMaxMetres, kMaxMetres)};
}

/// The game's km/h ignore climbing, as the server does.
int speed_kmh(const json& velocity) {
    const double x = number(velocity, "X", -1'000, 1'000);
    const double z = number(velocity, "Z", -1'000, 1'000);
    return static_cast<int>(std::min(2'000.0, std::round(3.6 * std::hypot(x, z))));
}

SessionInfo session_info(const json& object) {
    SessionInfo info;
    info.index = whole(object, "SessionIndex", 0, 255);
    info.server = text(object, "ServerName", kMaxName);
    info.track = text(object, "Track", kMaxName);
    info.layout = text(object, "TrackConfig", kMaxName);
    info.name = text(object, "Name", kMaxName);
    info.type = static_cast<SessionType>(whole(object, "Type", 0, 255, 1));
    if (info.type > SessionType::race) info.type = SessionType::practice;
    info.time_us = whole(object, "Time", 0, 48 * 60) * 60'000'000LL;
    info.laps = whole(object, "Laps", 0, 10'000);
    info.wait_us = whole(object, "WaitTime", 0, 3'600'000) * 1'000LL;
    if (member(object, "AmbientTemp").is_number()) {
        info.air_c = whole(object, "AmbientTemp", -100, 100);
    }
    if (member(object, "RoadTemp").is_number()) info.road_c = whole(object, "RoadTemp", -100, 100);
    info.weather = text(object, "WeatherGraphics", kMaxText);
    return info;
}

CarInfo car_info(const json& object) {
    CarInfo info;
    info.car_id = whole(object, "CarID", 0, 255);
    info.guid = text(object, "DriverGUID", kMaxName);
    info.driver = text(object, "DriverName", kMaxName);
    info.initials = text(object, "DriverInitials", kMaxName);
    info.model = text(object, "CarModel", kMaxName);
    info.car = text(object, "CarName", kMaxName);
    info.team = text(object, "TeamName", kMaxName);
    info.tyres = text(object, "Tyres", kMaxName);
    return info;
}

/// {"0":{"SplitTime":ns},"1":…}: those without a hole before them.
std::vector<std::int64_t> splits(const json& object) {
    std::vector<std::int64_t> found;
    for (std::size_t i = 0; i < kMaxSplits; ++i) {
        const std::int64_t us =
            duration_us(member(object, std::to_string(i).c_str()), "SplitTime", kMaxLapUs);
        if (us == 0) break;
        found.push_back(us);
    }
    return found;
}

std::vector<CarRecord> car_records(const json& object) {
    std::vector<CarRecord> cars;
    if (!object.is_object()) return cars;
    for (const auto& [model, car] : object.items()) {
        if (cars.size() >= kMaxCars || !car.is_object()) continue;
        CarRecord record;
        record.model = tidy_text(model, kMaxName);
        record.name = text(car, "CarName", kMaxName);
        record.laps = whole(car, "NumLaps", 0, kMaxLaps);
        record.total_us = duration_us(car, "TotalLapTime", kMaxLaps * kMaxLapUs);
        record.best_us = duration_us(car, "BestLap", kMaxLapUs);
        record.last_us = duration_us(car, "LastLap", kMaxLapUs);
        record.completed_us = instant(car, "LastLapCompletedTime");
        record.splits_us = splits(member(car, "CurrentLapSplits"));
        record.best_splits_us = splits(member(car, "BestLapSplits"));
        cars.push_back(std::move(record));
    }
    return cars;
}

/// The newest of them; `count` is how many there are.
std::vector<Collision> collisions(const json& list, int& count) {
    std::vector<Collision> found;
    if (!list.is_array()) return found;
    count = static_cast<int>(std::min<std::size_t>(list.size(), 1'000'000));
    for (std::size_t i = list.size() - std::min(list.size(), kMaxCollisions); i < list.size();
         ++i) {
        const json& each = list[i];
        Collision collision;
        if (text(each, "Type", kMaxName) != "with environment") {
            collision.other = text(each, "OtherDriverName", kMaxName);
            collision.other_guid = text(each, "OtherDriverGUID", kMaxName);
            if (collision.other.empty()) collision.other = "another car";
        }
        collision.at_us = instant(each, "Time");
        collision.speed_kmh = whole(each, "Speed", 0, 2'000);
        found.push_back(std::move(collision));
    }
    return found;
}

Driver driver(const std::string& key, const json& object, bool connected) {
    Driver found;
    found.info = car_info(member(object, "CarInfo"));
    // The map's key is the GUID; only where it is missing, too, the car stands for its driver.
    if (found.info.guid.empty()) found.info.guid = tidy_text(key, kMaxName);
    if (found.info.guid.empty()) found.info.guid = "car " + std::to_string(found.info.car_id);
    found.connected = connected;
    found.position = whole(object, "Position", 0, 9'999);
    found.connected_us = instant(object, "ConnectedTime");
    found.loaded_us = instant(object, "LoadedTime");
    found.seen_us = instant(object, "LastSeen");
    if (const json& at = member(object, "LastPos"); at.is_object()) {
        const Place where = place(at);
        if (where.x != 0 || where.y != 0 || where.z != 0) found.place = where;
    }
    found.cars = car_records(member(object, "Cars"));
    found.collisions = collisions(member(object, "Collisions"), found.collision_count);
    found.in_pits = flag(object, "IsInPits");
    found.drs = flag(object, "DRSActive");
    found.blue_flag = flag(object, "BlueFlag");
    found.pits = whole(object, "NumPits", 0, 10'000);
    found.completed = flag(object, "HasCompletedSession").value_or(false);
    return found;
}

void take_drivers(const json& group, bool connected, std::vector<Driver>& drivers) {
    const json& map = member(group, "Drivers");
    if (!map.is_object()) return;
    const std::size_t first = drivers.size();
    for (const auto& [guid, object] : map.items()) {
        if (drivers.size() >= kMaxDrivers) break;
        if (object.is_object()) drivers.push_back(driver(guid, object, connected));
    }
    // Position 0, before anybody did something, comes last.
    std::stable_sort(drivers.begin() + static_cast<std::ptrdiff_t>(first), drivers.end(),
                     [](const Driver& a, const Driver& b) {
                         return static_cast<unsigned>(a.position - 1) <
                                static_cast<unsigned>(b.position - 1);
                     });
}

Chat chat(const json& object) {
    Chat found;
    found.guid = text(object, "DriverGUID", kMaxName);
    found.from = text(object, "DriverName", kMaxName);
    found.text = text(object, "Message", kMaxText);
    found.at_us = instant(object, "Time");
    return found;
}

Snapshot snapshot(const json& object) {
    Snapshot found;
    found.session = session_info(member(object, "SessionInfo"));
    found.start_us = instant(object, "SessionStartTime");
    found.track_name = text(member(object, "TrackInfo"), "name", kMaxName);
    const json& map = member(object, "TrackMapData");
    found.map = {number(map, "width", 0, 1e5), number(map, "height", 0, 1e5),
                 number(map, "scale_factor", 0, 1'000), number(map, "offset_x", -1e5, 1e5),
                 number(map, "offset_y", -1e5, 1e5)};
    take_drivers(member(object, "ConnectedDrivers"), true, found.drivers);
    take_drivers(member(object, "DisconnectedDrivers"), false, found.drivers);
    const json& chats = member(object, "ChatMessages");
    if (chats.is_array()) {
        for (const json& each : chats) {
            if (found.chats.size() < kMaxChats) found.chats.push_back(chat(each));
        }
    }
    return found;
}

CarUpdate car_update(const json& object) {
    CarUpdate update;
    update.car_id = whole(object, "CarID", 0, 255);
    update.place = place(member(object, "Pos"));
    update.speed_kmh = speed_kmh(member(object, "Velocity"));
    update.gear = whole(object, "Gear", 0, 21, 1) - 1;
    update.rpm = whole(object, "EngineRPM", 0, 100'000);
    update.spline = number(object, "NormalisedSplinePos", 0, 1);
    return update;
}

Hit hit(const json& object, bool with_car) {
    Hit found;
    found.car_id = whole(object, "CarID", 0, 255);
    if (with_car) found.other_car_id = whole(object, "OtherCarID", 0, 255);
    found.speed_kmh = static_cast<int>(std::lround(3.6 * number(object, "ImpactSpeed", 0, 500)));
    return found;
}

void read_message(const json& message, Frame& frame) {
    switch (static_cast<EventType>(frame.type)) {
        case EventType::snapshot:
            frame.message = snapshot(message);
            break;
        case EventType::session_new:
        case EventType::session_info:
            frame.message = session_info(message);
            break;
        case EventType::driver_joined:
        case EventType::driver_left:
        case EventType::car_info:
            frame.message = car_info(message);
            break;
        case EventType::car_update:
            frame.message = car_update(message);
            break;
        case EventType::chat:
            frame.message = chat(message);
            break;
        case EventType::collision_with_car:
        case EventType::collision_with_environment:
            frame.message = hit(message, frame.is(EventType::collision_with_car));
            break;
        case EventType::lap_completed:
            frame.message = LapTold{whole(message, "CarID", 0, 255),
                                    whole(message, "LapTime", 0, 86'400'000) * 1'000LL,
                                    whole(message, "Cuts", 0, 255)};
            break;
        case EventType::session_end:
        case EventType::version:
        case EventType::car_loaded:
        case EventType::error:
            break;
    }
}

bool is_object_message(int type) {
    switch (static_cast<EventType>(type)) {
        case EventType::version:
        case EventType::car_loaded:
        case EventType::session_end:
        case EventType::error:
            return false;
        default:
            return true;
    }
}

}  // namespace

std::string_view name_of(EventType type) {
    switch (type) {
        case EventType::collision_with_car:
            return "collision with car";
        case EventType::collision_with_environment:
            return "collision with environment";
        case EventType::session_new:
            return "new session";
        case EventType::driver_joined:
            return "driver connected";
        case EventType::driver_left:
            return "driver disconnected";
        case EventType::car_update:
            return "car update";
        case EventType::car_info:
            return "car info";
        case EventType::session_end:
            return "end of session";
        case EventType::version:
            return "version";
        case EventType::chat:
            return "chat";
        case EventType::car_loaded:
            return "driver loaded";
        case EventType::session_info:
            return "session info";
        case EventType::error:
            return "error";
        case EventType::lap_completed:
            return "lap completed";
        case EventType::snapshot:
            return "snapshot";
    }
    return "unknown";
}

const CarRecord* Driver::car() const {
    for (const CarRecord& record : cars) {
        if (record.model == info.model) return &record;
    }
    return cars.empty() ? nullptr : &cars.front();
}

bool Frame::known() const { return name_of(static_cast<EventType>(type)) != "unknown"; }

Frame read_frame(std::string_view bytes) {
    Frame frame;
    if (bytes.empty()) {
        frame.empty = true;
        return frame;
    }
    const json document = json::parse(bytes, nullptr, false);
    if (document.is_discarded()) {
        frame.problem = "it is not JSON";
        return frame;
    }
    const json& type = member(document, "EventType");
    if (!type.is_number_integer() || type.get<double>() < 1 || type.get<double>() > 1e9) {
        frame.problem = "it has no EventType";
        return frame;
    }
    frame.type = type.get<int>();
    if (!frame.known()) return frame;
    const json& message = member(document, "Message");
    if (is_object_message(frame.type) && !message.is_object()) {
        frame.problem = "its Message is not an object";
        return frame;
    }
    read_message(message, frame);
    return frame;
}

}  // namespace racehub::emperor
