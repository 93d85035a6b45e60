#pragma once
// Dates as OpenF1 writes them, as microseconds since the Unix epoch.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace racehub::openf1 {

/// "2024-05-26T15:20:24.123456+00:00": the fraction may be missing, the zone may be Z, an offset or
/// nothing (UTC). Years 1970 to 2199.
std::optional<std::int64_t> parse_instant(std::string_view text);

/// The same in UTC, with microseconds.
std::string format_instant(std::int64_t time_us);

}  // namespace racehub::openf1
