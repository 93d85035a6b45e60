#include "plugins/openf1/rows.h"

#include <charconv>
#include <cmath>

#include "plugins/openf1/instant.h"

namespace racehub::openf1 {
namespace {

using nlohmann::json;

constexpr std::size_t kMostText = 400;  // bytes; what is longer is cut: nobody wrote it by hand
constexpr double kMostNumber = 1e12;    // beyond it a number means nothing here

const json* member(const json& row, const char* name) {
    const auto found = row.find(name);
    return found == row.end() || found->is_null() ? nullptr : &*found;
}

std::optional<double> number(const json& row, const char* name) {
    const json* value = member(row, name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const double read = value->get<double>();
    return std::isfinite(read) && std::abs(read) < kMostNumber ? std::optional(read) : std::nullopt;
}

std::int32_t integer(const json& row, const char* name, std::int32_t low, std::int32_t high,
                     std::int32_t otherwise = 0) {
    const std::optional<double> read = number(row, name);
    if (!read || *read < low || *read > high) return otherwise;
    return static_cast<std::int32_t>(*read);
}

std::string text(const json& row, const char* name, std::size_t most = kMostText) {
    const json* value = member(row, name);
    if (value == nullptr || !value->is_string()) return {};
    std::string read = value->get<std::string>();
    if (read.size() <= most) return read;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(read[end]) & 0xC0U) == 0x80U) --end;
    return read.substr(0, end);
}

bool truth(const json& row, const char* name) {
    const json* value = member(row, name);
    if (value == nullptr) return false;
    return value->is_boolean() ? value->get<bool>() : number(row, name).value_or(0) != 0;
}

Micros instant(const json& row, const char* name) {
    const json* value = member(row, name);
    if (value == nullptr || !value->is_string()) return 0;
    return parse_instant(value->get_ref<const std::string&>()).value_or(0);
}

/// Seconds as microseconds; 0: none, or not a duration.
Micros duration(const json& row, const char* name) {
    const double seconds = number(row, name).value_or(0);
    if (seconds <= 0 || seconds > 86'400) return 0;
    return static_cast<Micros>(std::llround(seconds * 1e6));
}

std::int32_t driver_of(const json& row) { return integer(row, "driver_number", 1, kMaxDriver); }

std::string color_of(const json& row) {
    std::string hex = text(row, "team_colour", 7);
    if (!hex.empty() && hex[0] == '#') hex.erase(0, 1);
    const bool good =
        hex.size() == 6 && hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!good) return {};
    for (char& c : hex) c = static_cast<char>(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
    return "#" + hex;
}

}  // namespace

bool read_row(const json& row, SessionRow& to) {
    to.session_key = static_cast<std::int64_t>(number(row, "session_key").value_or(0));
    to.meeting_key = static_cast<std::int64_t>(number(row, "meeting_key").value_or(0));
    to.name = text(row, "session_name", 60);
    to.type = text(row, "session_type", 60);
    to.circuit = text(row, "circuit_short_name", 60);
    to.country = text(row, "country_name", 60);
    to.location = text(row, "location", 60);
    to.start_us = instant(row, "date_start");
    to.end_us = instant(row, "date_end");
    to.year = integer(row, "year", 1950, 2199);
    to.cancelled = truth(row, "is_cancelled");
    return to.session_key > 0;
}

bool read_row(const json& row, DriverRow& to) {
    to.driver = driver_of(row);
    to.code = text(row, "name_acronym", 8);
    to.name = text(row, "full_name", 60);
    if (to.name.empty()) to.name = text(row, "broadcast_name", 60);
    to.team = text(row, "team_name", 60);
    to.color = color_of(row);
    return to.driver > 0;
}

bool read_row(const json& row, LapRow& to) {
    to.driver = driver_of(row);
    to.number = integer(row, "lap_number", 1, 2'000);
    to.start_us = instant(row, "date_start");
    to.lap_us = duration(row, "lap_duration");
    to.sector_us[0] = duration(row, "duration_sector_1");
    to.sector_us[1] = duration(row, "duration_sector_2");
    to.sector_us[2] = duration(row, "duration_sector_3");
    to.pit_out = truth(row, "is_pit_out_lap");
    return to.driver > 0 && to.number > 0;
}

bool read_row(const json& row, StintRow& to) {
    to.driver = driver_of(row);
    to.number = integer(row, "stint_number", 1, 1'000);
    to.from_lap = integer(row, "lap_start", 1, 2'000);
    to.to_lap = integer(row, "lap_end", 1, 2'000);
    to.age = integer(row, "tyre_age_at_start", 0, 1'000);
    to.compound = text(row, "compound", 30);
    return to.driver > 0 && to.number > 0;
}

bool read_row(const json& row, PositionRow& to) {
    to.time_us = instant(row, "date");
    to.driver = driver_of(row);
    to.position = integer(row, "position", 1, 200);
    return to.time_us > 0 && to.driver > 0 && to.position > 0;
}

bool read_row(const json& row, PitRow& to) {
    to.time_us = instant(row, "date");
    to.driver = driver_of(row);
    to.lap = integer(row, "lap_number", 1, 2'000);
    to.lane_us = duration(row, "lane_duration");
    if (to.lane_us == 0) to.lane_us = duration(row, "pit_duration");
    return to.time_us > 0 && to.driver > 0;
}

bool read_row(const json& row, ControlRow& to) {
    to.time_us = instant(row, "date");
    to.category = text(row, "category", 60);
    to.flag = text(row, "flag", 60);
    to.scope = text(row, "scope", 60);
    to.message = text(row, "message");
    to.driver = driver_of(row);
    to.sector = integer(row, "sector", 1, 1'000);
    to.lap = integer(row, "lap_number", 1, 2'000);
    return to.time_us > 0 && !to.message.empty();
}

bool read_row(const json& row, WeatherRow& to) {
    to.time_us = instant(row, "date");
    to.air = number(row, "air_temperature").value_or(0);
    to.track = number(row, "track_temperature").value_or(0);
    to.humidity = number(row, "humidity").value_or(0);
    to.wind_speed = number(row, "wind_speed").value_or(0);
    to.wind_direction = number(row, "wind_direction").value_or(0);
    to.rain = truth(row, "rainfall");
    return to.time_us > 0;
}

bool read_row(const json& row, ResultRow& to) {
    to.driver = driver_of(row);
    to.position = integer(row, "position", 1, 200);
    to.laps = integer(row, "number_of_laps", 0, 2'000);
    to.dnf = truth(row, "dnf");
    to.dns = truth(row, "dns");
    to.dsq = truth(row, "dsq");
    return to.driver > 0;
}

bool read_row(const json& row, GridRow& to) {
    to.driver = driver_of(row);
    to.position = integer(row, "position", 1, 200);
    return to.driver > 0 && to.position > 0;
}

std::int32_t read_gap(const json& row, const char* name) {
    const json* value = member(row, name);
    if (value == nullptr) return kUnknownGap;
    if (value->is_number()) {
        const double seconds = number(row, name).value_or(-1);
        if (seconds < 0 || seconds > 86'400) return kUnknownGap;
        return static_cast<std::int32_t>(std::llround(seconds * 1e3));
    }
    if (!value->is_string()) return kUnknownGap;
    const std::string& words = value->get_ref<const std::string&>();
    if (words.size() < 2 || words[0] != '+') return kUnknownGap;
    std::int32_t laps = 0;
    const auto [end, failed] = std::from_chars(words.data() + 1, words.data() + words.size(), laps);
    const std::string_view unit(end, static_cast<std::size_t>(words.data() + words.size() - end));
    const bool good = failed == std::errc() && laps > 0 && laps <= kMostLapsBehind &&
                      unit.find("LAP") != std::string_view::npos;
    return good ? -laps : kUnknownGap;
}

bool read_row(const json& row, IntervalRow& to) {
    to.time_us = instant(row, "date");
    to.driver = driver_of(row);
    to.gap_ms = read_gap(row, "gap_to_leader");
    to.interval_ms = read_gap(row, "interval");
    return to.time_us > 0 && to.driver > 0;
}

bool read_row(const json& row, LocationRow& to) {
    constexpr std::int32_t kMost = 10'000'000;  // tenths of a metre: a thousand kilometres
    constexpr std::int32_t kNone = INT32_MAX;
    to.time_us = instant(row, "date");
    to.driver = driver_of(row);
    to.x = integer(row, "x", -kMost, kMost, kNone);
    to.y = integer(row, "y", -kMost, kMost, kNone);
    to.z = integer(row, "z", -kMost, kMost);
    if (to.x == kNone || to.y == kNone || (to.x == 0 && to.y == 0 && to.z == 0)) return false;
    return to.time_us > 0 && to.driver > 0;
}

bool read_row(const json& row, CarRow& to) {
    to.time_us = instant(row, "date");
    to.driver = driver_of(row);
    to.speed = integer(row, "speed", 0, 1'000);
    to.rpm = integer(row, "rpm", 0, 30'000);
    to.gear = integer(row, "n_gear", 0, 20);
    to.throttle = std::min(100, integer(row, "throttle", 0, 255));  // 104 is seen for full
    to.brake = std::min(100, integer(row, "brake", 0, 255));
    to.drs = integer(row, "drs", 0, 255);
    return to.time_us > 0 && to.driver > 0;
}

}  // namespace racehub::openf1
