#pragma once
// Figures as people read them on a timing screen. Times are cut, never rounded up: 9.9999 s was not
// a ten.

#include <string>
#include <string_view>

#include "hub/core/types.h"

namespace racehub {

inline constexpr std::string_view kNothing = "–";  ///< shown where there is no figure

/// "12.345", "1:02.345", "1:01:02.345"; kNothing for 0 or less.
std::string format_lap(TimeUs lap_us);
/// A lap that still runs: "12.3", "1:02.3". Tenths: more would only flicker.
std::string format_running(TimeUs lap_us);
/// The race clock: "0:07", "12:34", "1:02:03"; "-0:03" before the start.
std::string format_clock(TimeUs clock_us);
/// Time left: like format_clock, but a begun second counts, so that 0:00 is shown only when time is
/// over.
std::string format_countdown(TimeUs left_us);
/// "+1.234", "+1:02.345", or "+2 L" when whole laps lie between.
std::string format_gap(std::int32_t laps, TimeUs gap_us);
/// How long ago: "now", "4 s", "12 min", "3 h", "2 d".
std::string format_age(TimeUs age_us);
/// A day and time of day: "Sat 21 Nov 2026, 19:42". `local_us` is UTC plus the zone.
std::string format_date(TimeUs local_us);
/// A setting: "5 s", "0.4 s", "2 min", "1 min 30 s".
std::string format_duration(TimeUs duration_us);
/// "1 lap", "2 laps".
std::string format_count(std::int64_t count, std::string_view one, std::string_view many);

/// Reads "12.5", "1:02.5" or "90" as microseconds. False when the text is none of them.
bool parse_duration(std::string_view text, TimeUs& duration_us);

}  // namespace racehub
