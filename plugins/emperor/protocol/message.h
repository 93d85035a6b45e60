#pragma once
// One frame of /api/race-control as values. Everything a server may leave out or spell otherwise is
// settled here: durations are microseconds, instants microseconds since the Unix epoch on the
// server's clock (0: never), texts are UTF-8 and short enough for the hub. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace racehub::emperor {

/// Larger frames end the connection: a long session with many collisions has a few 100 kB.
inline constexpr std::size_t kMaxFrameBytes = 4'000'000;
/// Drivers of one snapshot that are looked at: as many entries as a race of the hub has.
inline constexpr std::size_t kMaxDrivers = 128;
inline constexpr int kMaxLaps = 20'000;  ///< of one driver, as the hub's

enum class EventType : int {
    collision_with_car = 10,
    collision_with_environment = 11,
    session_new = 50,
    driver_joined = 51,
    driver_left = 52,
    car_update = 53,
    car_info = 54,
    session_end = 55,
    version = 56,
    chat = 57,
    car_loaded = 58,
    session_info = 59,
    error = 60,
    lap_completed = 73,
    snapshot = 200
};

/// "car update"; "unknown" for what this plugin does not know.
std::string_view name_of(EventType type);

struct Place {
    double x = 0, y = 0, z = 0;  ///< metres; y is up
};

enum class SessionType { booking = 0, practice, qualifying, race };

struct SessionInfo {
    int index = 0;
    SessionType type = SessionType::practice;
    std::string server, track, layout, name;
    std::int64_t time_us = 0;  ///< 0: laps count
    int laps = 0;
    std::int64_t wait_us = 0;  ///< from the session's start to the race's
    std::optional<int> air_c, road_c;
    std::string weather;
};

struct CarRecord {
    std::string model, name;
    int laps = 0;
    std::int64_t total_us = 0, best_us = 0, last_us = 0;
    std::int64_t completed_us = 0;
    std::vector<std::int64_t> splits_us;  ///< of the running lap; newer servers only
    std::vector<std::int64_t> best_splits_us;
};

struct Collision {
    std::string other;  ///< the other driver's name; empty: with the environment
    std::string other_guid;
    std::int64_t at_us = 0;
    int speed_kmh = 0;
};

struct CarInfo {
    int car_id = 0;
    std::string guid, driver, initials, model, car, team, tyres;
};

struct Driver {
    CarInfo info;
    bool connected = true;
    int position = 0;
    std::int64_t connected_us = 0, loaded_us = 0, seen_us = 0;
    std::optional<Place> place;
    std::vector<CarRecord> cars;
    std::vector<Collision> collisions;  ///< the newest of them
    int collision_count = 0;            ///< all of the session
    // Newer servers only:
    std::optional<bool> in_pits, drs, blue_flag;
    int pits = 0;
    bool completed = false;

    /// Of the car that is driven now; null: not told.
    const CarRecord* car() const;
};

struct Chat {
    std::string guid, from, text;
    std::int64_t at_us = 0;
};

/// pixel = (place in metres + offset) / scale
struct MapScale {
    double width_px = 0, height_px = 0, scale = 0, offset_x = 0, offset_z = 0;
    bool operator==(const MapScale&) const = default;
};

struct Snapshot {
    SessionInfo session;
    std::int64_t start_us = 0;
    std::string track_name;
    MapScale map;
    std::vector<Driver> drivers;  ///< connected ones in order of position, then those who left
    std::vector<Chat> chats;
};

struct CarUpdate {
    int car_id = 0;
    Place place;
    int speed_kmh = 0;
    int gear = 0;  ///< -1 reverse, 0 neutral
    int rpm = 0;
    double spline = 0;  ///< share of the lap, 0 to 1
};

struct Hit {
    int car_id = 0;
    int other_car_id = -1;  ///< -1: with the environment
    int speed_kmh = 0;
};

struct LapTold {
    int car_id = 0;
    std::int64_t lap_us = 0;
    int cuts = 0;
};

struct Frame {
    /// Of the JSON; 0: none could be read, and `problem` says why.
    int type = 0;
    /// What the message is, if it is one of those that say something.
    std::variant<std::monostate, Snapshot, SessionInfo, CarInfo, CarUpdate, Chat, Hit, LapTold>
        message;
    std::string problem;
    bool empty = false;  ///< a frame without text: this server has no snapshot yet

    bool is(EventType wanted) const { return type == static_cast<int>(wanted); }
    bool known() const;  ///< one of EventType
};

/// Never throws; what is missing or of another type has its default.
Frame read_frame(std::string_view text);

}  // namespace racehub::emperor
