#pragma once
// The messages between sensors and the SmartRace app: reading and writing their JSON. Pure, total:
// whatever bytes come, the answer is a value. README.md describes them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::smartrace {

/// Highest controller id of the protocol; sensors' dummies are 12.
inline constexpr int kMaxController = 8;
/// Largest stamp: no clock counts past the year 5000.
inline constexpr std::int64_t kMaxStampMs = 100'000'000'000'000;
/// Longest message taken from a sensor. Theirs have some 80 bytes.
inline constexpr std::size_t kMaxSensorBytes = 16 * 1024;
/// Longest message taken from the app: eight drivers' names and colours are below 4 kB.
inline constexpr std::size_t kMaxAppBytes = 256 * 1024;

/// A connection of a sensor; never used twice.
using LineId = std::uint64_t;

enum class SensorSays : std::uint8_t {
    api_version = 1,
    controller_set,
    lap,
    pit_enter,
    pit_leave,
    race_control,
    other,  ///< well-formed, of a type nobody described
    bad     ///< not a message: see `problem`
};

struct SensorMessage {
    SensorSays says = SensorSays::bad;
    std::int64_t controller = 0;    ///< lap and pit; as sent, not checked against any range
    std::int64_t timestamp_ms = 0;  ///< lap: the sensor's own clock, never negative
    std::string word;  ///< controller_set: the id ("Z"), race_control: its value, other: the type
    std::string problem;  ///< bad: what is wrong with it
};

/// Numbers may come as numeric texts; members nobody described are skipped.
SensorMessage read_sensor_message(std::string_view text);

/// One controller as the app tells of it.
struct Slot {
    int controller = 0;
    bool assigned = false;  ///< somebody drives it
    std::string driver, car;
    std::string color;  ///< "#rrggbb", or empty
    bool operator==(const Slot&) const = default;
};

enum class AppSays : std::uint8_t { controllers = 1, server_info, api_version, other, bad };

struct AppMessage {
    AppSays says = AppSays::bad;
    std::vector<Slot> slots;  ///< controllers: by number
    std::int64_t api_version = 0;
    std::string word;     ///< other: the type
    std::string problem;  ///< bad: what is wrong with it
};

/// Whom a controller belongs to is not marked in the protocol, and the text for "nobody" is in the
/// app's language: a slot is nobody's when its driver and its car have the same text (API 7), or
/// when it has the app's grey (API 6).
AppMessage read_app_message(std::string_view text);

/// What the app answers to `api_version`: exactly three messages, in this order, which sensors read
/// without looking at them. `slots` need not be complete: controllers 1 to 6 are always there.
std::vector<std::string> greeting(const std::vector<Slot>& slots, int api_version);

/// What a sensor says.
std::string api_version_text();
std::string register_text();  ///< controller_set "Z": this is the analog sensor
std::string lap_text(int controller, std::int64_t timestamp_ms);
std::string pit_text(int controller, bool enter);

}  // namespace racehub::smartrace
