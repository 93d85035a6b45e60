#pragma once
// The configuration of a simulated track: its JSON Schema and the values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::simulator {

inline constexpr std::size_t kMaxDrivers = 64;
inline constexpr int kMaxLanes = 64;

/// How somebody drives. Times are shares of the track's lap.
struct Driver {
    std::string name;
    std::string car;
    std::string color;
    double pace = 1.0;          ///< 1: the track's lap; more is slower
    double consistency = 0.02;  ///< deviation of a lap
    double mistakes = 3;        ///< percent of laps with a spin or a car off the track
};

/// Percent of crossings that the sensors get wrong in each way.
struct Faults {
    double missed = 0.3;      ///< not seen at all
    double bounced = 1;       ///< seen twice within some milliseconds
    double duplicated = 0.5;  ///< the same report comes twice
    double late = 1;          ///< the report comes up to three seconds later
    double reordered = 1;     ///< the report comes after the next car's
};

struct Config {
    std::uint64_t seed = 1;
    bool automatic = true;  ///< runs the evening: assigns, arms, starts, next race
    bool assign = true;     ///< automatic: puts the club's drivers on the lanes, new ones each race
    double speed = 1;       ///< everything happens so many times faster
    double lap_s = 8;
    int laps = 12;             ///< of an automatic race, where the track's own rules name no end
    double idle_s = 3;         ///< automatic: before arming
    double armed_s = 5;        ///< automatic: before starting
    double summary_s = 20;     ///< automatic: the result stays on the screens
    double jump_starts = 2;    ///< percent of starts of a car
    double breakdowns = 0.2;   ///< percent of laps; automatic only, the car is retired
    int sectors = 2;           ///< gates between finish lines
    int pit_every_laps = 9;    ///< about; 0: no pit stops
    bool stamped = true;       ///< the gates have a clock of their own, as good gates have
    double heat_s = 3.2;       ///< heats: a lane time of a driver with pace 1
    double dnf = 1;            ///< heats: percent of cars that do not arrive
    double false_results = 3;  ///< heats: percent of reports that cannot be true
    double strays = 2;         ///< heats: percent of heats after which a report comes unasked
    Faults faults;
    std::vector<Driver> drivers;  ///< the club; empty: twelve made-up ones
};

/// JSON Schema of the configuration, with every default.
extern const char* const kConfigSchema;

/// Reads configuration JSON. On failure `error` names the key and what it should be.
bool read_config(std::string_view json_text, Config& config, std::string& error);

/// Twelve drivers with cars, colours and tempers.
std::vector<Driver> default_club();

}  // namespace racehub::simulator
