#pragma once
// The rows of OpenF1's collections, as values. Every member of a row may be missing, null or of
// another type than documented: what a row cannot do without makes it unusable, all else has a
// value that says "not known".

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace racehub::openf1 {

using Micros = std::int64_t;  ///< instants since the Unix epoch, or durations

inline constexpr std::int32_t kMaxDriver = 9'999;
inline constexpr std::int32_t kUnknownGap = INT32_MIN;  ///< of gaps in milliseconds
/// Gaps of whole laps are negative: "+2 LAPS" is -2. No gap in time is.
inline constexpr std::int32_t kMostLapsBehind = 1'000;

struct SessionRow {
    std::int64_t session_key = 0, meeting_key = 0;
    std::string name, type, circuit, country, location;
    Micros start_us = 0, end_us = 0;
    std::int32_t year = 0;
    bool cancelled = false;
};
struct DriverRow {
    std::int32_t driver = 0;
    std::string code, name, team, color;  ///< color "#rrggbb" or empty
};
struct LapRow {
    std::int32_t driver = 0, number = 0;
    Micros start_us = 0;  ///< 0: not known, as the next two
    Micros lap_us = 0;
    Micros sector_us[3] = {0, 0, 0};
    bool pit_out = false;
};
struct StintRow {
    std::int32_t driver = 0, number = 0, from_lap = 0, to_lap = 0, age = 0;  ///< 0: not known
    std::string compound;
};
struct PositionRow {
    Micros time_us = 0;
    std::int32_t driver = 0, position = 0;
};
struct PitRow {
    Micros time_us = 0;
    Micros lane_us = 0;  ///< 0: not known
    std::int32_t driver = 0, lap = 0;
};
struct ControlRow {
    Micros time_us = 0;
    std::string category, flag, scope, message;
    std::int32_t driver = 0, sector = 0, lap = 0;
};
struct WeatherRow {
    Micros time_us = 0;
    double air = 0, track = 0, humidity = 0, wind_speed = 0, wind_direction = 0;
    bool rain = false;
};
struct ResultRow {
    std::int32_t driver = 0, position = 0, laps = 0;  ///< position 0: not classified
    bool dnf = false, dns = false, dsq = false;
};
struct GridRow {
    std::int32_t driver = 0, position = 0;
};
struct IntervalRow {
    Micros time_us = 0;
    std::int32_t driver = 0;
    std::int32_t gap_ms = kUnknownGap, interval_ms = kUnknownGap;
};
struct LocationRow {
    Micros time_us = 0;
    std::int32_t driver = 0, x = 0, y = 0, z = 0;
};
struct CarRow {
    Micros time_us = 0;
    std::int32_t driver = 0, speed = 0, rpm = 0, gear = 0, throttle = 0, brake = 0, drs = 0;
};

/// False: the row lacks what it cannot do without (who, when), and says nothing.
bool read_row(const nlohmann::json& row, SessionRow& to);
bool read_row(const nlohmann::json& row, DriverRow& to);
bool read_row(const nlohmann::json& row, LapRow& to);
bool read_row(const nlohmann::json& row, StintRow& to);
bool read_row(const nlohmann::json& row, PositionRow& to);
bool read_row(const nlohmann::json& row, PitRow& to);
bool read_row(const nlohmann::json& row, ControlRow& to);
bool read_row(const nlohmann::json& row, WeatherRow& to);
bool read_row(const nlohmann::json& row, ResultRow& to);
bool read_row(const nlohmann::json& row, GridRow& to);
bool read_row(const nlohmann::json& row, IntervalRow& to);
/// Also false at 0,0,0, which is where cars are that nobody knows the place of.
bool read_row(const nlohmann::json& row, LocationRow& to);
bool read_row(const nlohmann::json& row, CarRow& to);

/// All usable rows of an answer, in its order; `unusable` counts the others.
template <class Row>
std::vector<Row> read_rows(const nlohmann::json& answer, std::size_t& unusable) {
    std::vector<Row> rows;
    if (!answer.is_array()) return rows;
    rows.reserve(answer.size());
    for (const nlohmann::json& object : answer) {
        Row row;
        if (object.is_object() && read_row(object, row)) {
            rows.push_back(std::move(row));
        } else {
            ++unusable;
        }
    }
    return rows;
}

/// A number, "+1 LAP", or null.
std::int32_t read_gap(const nlohmann::json& row, const char* name);

}  // namespace racehub::openf1
