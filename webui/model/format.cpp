#include "webui/model/format.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace racehub {
namespace {

constexpr TimeUs kMinuteUs = 60 * kSecondUs;
constexpr TimeUs kDayUs = 24 * kHourUs;

/// Hours, minutes and seconds with `digits` decimals (0, 1 or 3).
std::string sexagesimal(TimeUs time_us, int digits, bool always_minutes) {
    const long long hours = time_us / kHourUs;
    const long long minutes = time_us / kMinuteUs % 60;
    const long long seconds = time_us / kSecondUs % 60;
    char fraction[8] = "";
    if (digits == 1) {
        std::snprintf(fraction, sizeof fraction, ".%d", static_cast<int>(time_us / 100'000 % 10));
    } else if (digits == 3) {
        std::snprintf(fraction, sizeof fraction, ".%03d",
                      static_cast<int>(time_us / 1'000 % 1'000));
    }
    char text[48];
    if (hours > 0) {
        std::snprintf(text, sizeof text, "%lld:%02lld:%02lld%s", hours, minutes, seconds, fraction);
    } else if (minutes > 0 || always_minutes) {
        std::snprintf(text, sizeof text, "%lld:%02lld%s", minutes, seconds, fraction);
    } else {
        std::snprintf(text, sizeof text, "%lld%s", seconds, fraction);
    }
    return text;
}

}  // namespace

std::string format_lap(TimeUs lap_us) {
    return lap_us > 0 ? sexagesimal(lap_us, 3, false) : std::string(kNothing);
}

std::string format_running(TimeUs lap_us) { return sexagesimal(lap_us > 0 ? lap_us : 0, 1, false); }

std::string format_clock(TimeUs clock_us) {
    if (clock_us >= 0) return sexagesimal(clock_us, 0, true);
    return "-" + sexagesimal(-clock_us + kSecondUs - 1, 0, true);
}

std::string format_countdown(TimeUs left_us) {
    return sexagesimal(left_us > 0 ? left_us + kSecondUs - 1 : 0, 0, true);
}

std::string format_gap(std::int32_t laps, TimeUs gap_us) {
    if (laps > 0) return "+" + std::to_string(laps) + " L";
    return "+" + sexagesimal(gap_us > 0 ? gap_us : 0, 3, false);
}

std::string format_age(TimeUs age_us) {
    if (age_us < kSecondUs) return "now";
    if (age_us < kMinuteUs) return std::to_string(age_us / kSecondUs) + " s";
    if (age_us < kHourUs) return std::to_string(age_us / kMinuteUs) + " min";
    if (age_us < kDayUs) return std::to_string(age_us / kHourUs) + " h";
    return std::to_string(age_us / kDayUs) + " d";
}

std::string format_date(TimeUs local_us) {
    constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const TimeUs minutes = std::max<TimeUs>(local_us, 0) / (60 * kSecondUs);
    const std::chrono::sys_days day{std::chrono::days{minutes / (24 * 60)}};
    const std::chrono::year_month_day date{day};
    const auto two = [](TimeUs figure) {
        return (figure < 10 ? "0" : "") + std::to_string(figure);
    };
    return std::string(kDays[std::chrono::weekday{day}.c_encoding()]) + " " +
           std::to_string(static_cast<unsigned>(date.day())) + " " +
           std::string(kMonths[static_cast<unsigned>(date.month()) - 1]) + " " +
           std::to_string(static_cast<int>(date.year())) + ", " + two(minutes / 60 % 24) + ":" +
           two(minutes % 60);
}

std::string format_duration(TimeUs duration_us) {
    std::string text;
    const TimeUs minutes = duration_us / kMinuteUs;
    const TimeUs rest_us = duration_us % kMinuteUs;
    if (minutes > 0) text = std::to_string(minutes) + " min";
    if (rest_us == 0 && minutes > 0) return text;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", static_cast<double>(rest_us) / kSecondUs);
    std::string trimmed = seconds;
    while (trimmed.back() == '0') trimmed.pop_back();
    if (trimmed.back() == '.') trimmed.pop_back();
    if (!text.empty()) text += ' ';
    return text + trimmed + " s";
}

std::string format_count(std::int64_t count, std::string_view one, std::string_view many) {
    std::string text = std::to_string(count);
    text += ' ';
    text += count == 1 ? one : many;
    return text;
}

bool parse_duration(std::string_view text, TimeUs& duration_us) {
    constexpr std::size_t kMaxDigits = 9;  // no figure here needs more, and sums cannot overflow
    constexpr TimeUs kMostSeconds = 100 * 3'600;  // twice the longest race
    TimeUs total = 0;
    TimeUs field = 0;
    TimeUs fraction_us = 0;
    TimeUs unit_us = kSecondUs;
    std::size_t digits = 0;
    bool any = false, in_fraction = false;
    for (const char c : text) {
        if (c >= '0' && c <= '9') {
            any = true;
            if (++digits > kMaxDigits) return false;
            if (in_fraction) {
                unit_us /= 10;
                fraction_us += (c - '0') * unit_us;
            } else {
                field = field * 10 + (c - '0');
            }
        } else if (c == ':' && !in_fraction && digits > 0) {
            if (total > kMostSeconds) return false;
            total = (total + field) * 60;
            field = 0;
            digits = 0;
        } else if ((c == '.' || c == ',') && !in_fraction) {
            in_fraction = true;
            digits = 0;
        } else {
            return false;
        }
    }
    const bool unfinished = digits == 0 && !in_fraction;  // "1:"
    if (!any || unfinished || total + field > kMostSeconds) return false;
    duration_us = (total + field) * kSecondUs + fraction_us;
    return true;
}

}  // namespace racehub
