#include "plugins/emperor/protocol/values.h"

#include <optional>

namespace racehub::emperor {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::int64_t kSecondUs = 1'000'000;

/// Takes exactly `digits` digits from the front; -1: they are not there.
int take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return -1;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
std::int64_t days_since_epoch(int year, int month, int day) {
    // Years that begin in March have the leap day at their end.
    const std::int64_t y = month <= 2 ? year - 1 : year;
    const std::int64_t era = y / 400;
    const std::int64_t year_of_era = y - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

/// ".879648297" as microseconds; takes it from the front.
std::int64_t take_decimals(std::string_view& text) {
    if (!take(text, '.')) return 0;
    std::int64_t us = 0, worth = 100'000;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        us += (text.front() - '0') * worth;
        worth /= 10;
        text.remove_prefix(1);
    }
    return us;
}

/// "Z", "+02:00": seconds ahead of UTC.
std::optional<std::int64_t> take_zone(std::string_view text) {
    if (text == "Z" || text == "z") return 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    const int hours = take_number(text, 2);
    if (hours < 0 || !take(text, ':')) return std::nullopt;
    const int minutes = take_number(text, 2);
    if (minutes < 0) return std::nullopt;
    return sign * (hours * 3'600LL + minutes * 60);
}

/// Length of the UTF-8 character at the front; 0: none.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    const unsigned second = byte(1);
    const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
    return overlong || beyond ? 0 : size;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

std::size_t find_letters(std::string_view text, std::string_view wanted, std::size_t from) {
    for (std::size_t at = from; at + wanted.size() <= text.size(); ++at) {
        if (same_letters(text.substr(at, wanted.size()), wanted)) return at;
    }
    return std::string_view::npos;
}

}  // namespace

std::int64_t instant_us(std::string_view text) {
    const int year = take_number(text, 4);
    if (year < 1970 || year > 2200 || !take(text, '-')) return 0;
    const int month = take_number(text, 2);
    if (month < 1 || month > 12 || !take(text, '-')) return 0;
    const int day = take_number(text, 2);
    if (day < 1 || day > 31 || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return 0;
    const int hour = take_number(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ':')) return 0;
    const int minute = take_number(text, 2);
    if (minute < 0 || minute > 59 || !take(text, ':')) return 0;
    const int second = take_number(text, 2);
    if (second < 0 || second > 60) return 0;
    const std::int64_t decimals_us = take_decimals(text);
    const auto zone_s = take_zone(text);
    if (!zone_s) return 0;
    const std::int64_t seconds =
        days_since_epoch(year, month, day) * 86'400 + hour * 3'600 + minute * 60 + second - *zone_s;
    return seconds < 0 ? 0 : seconds * kSecondUs + decimals_us;
}

std::string tidy_text(std::string_view text, std::size_t max_bytes) {
    std::string out;
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        const std::string_view next = size == 0 ? kReplacement : text.substr(0, size);
        const bool control =
            size == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7F);
        text.remove_prefix(size == 0 ? 1 : size);
        const std::string_view taken = control ? std::string_view(" ") : next;
        if (out.empty() && taken == " ") continue;
        if (out.size() + taken.size() > max_bytes) break;
        out += taken;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

bool is_short_for(std::string_view shown, std::string_view whole) {
    if (shown.size() >= whole.size() || shown.size() < 2 || shown.back() != '.') return false;
    shown.remove_suffix(1);
    if (const auto cut = shown.find(kReplacement);
        cut != std::string_view::npos && cut + kReplacement.size() == shown.size()) {
        shown.remove_suffix(kReplacement.size());
        // A byte of a longer character was there.
        return whole.starts_with(shown) && static_cast<unsigned char>(whole[shown.size()]) >= 0x80;
    }
    return whole.starts_with(shown);
}

bool fits(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return false;
    if (pattern.find('*') == std::string_view::npos) {
        return find_letters(text, pattern, 0) != std::string_view::npos;
    }
    std::size_t at = 0;
    bool open = false;  // a * stands before the next piece
    while (true) {
        const std::size_t star = pattern.find('*');
        const std::string_view piece = pattern.substr(0, star);
        const bool last = star == std::string_view::npos;
        if (last && open) {
            return text.size() - at >= piece.size() &&
                   same_letters(text.substr(text.size() - piece.size()), piece);
        }
        if (!open) {
            if (!same_letters(text.substr(at, piece.size()), piece)) return false;
            at += piece.size();
            if (last) return at == text.size();
        } else {
            const std::size_t found = find_letters(text, piece, at);
            if (found == std::string_view::npos) return false;
            at = found + piece.size();
        }
        open = true;
        pattern.remove_prefix(star + 1);
    }
}

}  // namespace racehub::emperor
