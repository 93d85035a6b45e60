#include "plugins/openf1/instant.h"

#include <chrono>

namespace racehub::openf1 {
namespace {

/// Reads digits one by one; everything after the first wrong one stays unread.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool number(int digits, std::int64_t low, std::int64_t high, std::int64_t& value) {
        value = 0;
        for (int i = 0; i < digits; ++i) {
            if (!digit()) return false;
            value = value * 10 + (text_[at_++] - '0');
        }
        return value >= low && value <= high;
    }
    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }
    char next() { return text_[at_++]; }
    bool done() const { return at_ == text_.size(); }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

bool read_fraction(Scanner& in, std::int64_t& fraction_us) {
    fraction_us = 0;
    if (!in.take('.')) return true;
    std::int64_t weight = 100'000;
    if (!in.digit()) return false;
    for (; in.digit(); weight /= 10) fraction_us += weight * (in.next() - '0');
    return true;
}

bool read_zone(Scanner& in, std::int64_t& offset_s) {
    offset_s = 0;
    if (in.done() || in.take('Z')) return in.done();
    const bool west = in.take('-');
    std::int64_t hours = 0, minutes = 0;
    if (!west && !in.take('+')) return false;
    if (!in.number(2, 0, 23, hours)) return false;
    in.take(':');
    if (!in.number(2, 0, 59, minutes)) return false;
    offset_s = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
    return in.done();
}

}  // namespace

std::optional<std::int64_t> parse_instant(std::string_view text) {
    Scanner in(text);
    std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction_us = 0,
                 offset_s = 0;
    const bool date = in.number(4, 1970, 2199, year) && in.take('-') &&
                      in.number(2, 1, 12, month) && in.take('-') && in.number(2, 1, 31, day);
    if (!date || (!in.take('T') && !in.take(' '))) return std::nullopt;
    const bool time = in.number(2, 0, 23, hour) && in.take(':') && in.number(2, 0, 59, minute) &&
                      in.take(':') && in.number(2, 0, 60, second) && read_fraction(in, fraction_us);
    if (!time || !read_zone(in, offset_s)) return std::nullopt;
    const std::chrono::year_month_day civil{std::chrono::year(static_cast<int>(year)),
                                            std::chrono::month(static_cast<unsigned>(month)),
                                            std::chrono::day(static_cast<unsigned>(day))};
    if (!civil.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(civil).time_since_epoch().count();
    const std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset_s;
    return seconds * 1'000'000 + fraction_us;
}

std::string format_instant(std::int64_t time_us) {
    const std::chrono::sys_time<std::chrono::microseconds> instant{
        std::chrono::microseconds(time_us)};
    const auto day = std::chrono::floor<std::chrono::days>(instant);
    const std::chrono::year_month_day civil(day);
    const std::int64_t of_day_us = (instant - day).count();
    const auto padded = [](std::int64_t value, std::size_t digits) {
        std::string text = std::to_string(value);
        return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
    };
    const std::int64_t of_day_s = of_day_us / 1'000'000;
    return padded(static_cast<int>(civil.year()), 4) + "-" +
           padded(static_cast<unsigned>(civil.month()), 2) + "-" +
           padded(static_cast<unsigned>(civil.day()), 2) + "T" + padded(of_day_s / 3'600, 2) + ":" +
           padded(of_day_s / 60 % 60, 2) + ":" + padded(of_day_s % 60, 2) + "." +
           padded(of_day_us % 1'000'000, 6) + "+00:00";
}

}  // namespace racehub::openf1
