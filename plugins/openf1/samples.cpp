#include "plugins/openf1/samples.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace racehub::openf1 {
namespace {

constexpr Micros kStaleUs = 5'000'000;           // figures older than this are a gap in the data
constexpr Micros kStaleIntervalUs = 60'000'000;  // intervals come every few seconds, and stop
constexpr std::int32_t kMillimetres = 100;       // OpenF1 counts tenths of a metre
constexpr std::int32_t kNobodyKnows = 99;        // 0 would stand above the leader

/// Writes JSON of numbers: a tree of values for each car ten times a second would cost more than
/// all else.
class Text {
  public:
    explicit Text(std::string& to) : to_(to) {}
    Text& raw(std::string_view text) {
        to_ += text;
        return *this;
    }
    Text& number(std::int64_t value) {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        to_.append(digits, end);
        return *this;
    }

  private:
    std::string& to_;
};

std::string begin(Micros race_us, std::string_view list) {
    std::string text;
    text.reserve(2'000);
    Text(text).raw(R"({"race_us":)").number(race_us).raw(",\"").raw(list).raw("\":[");
    return text;
}

std::string finish(std::string text) {
    if (text.back() == '[') return {};
    text.back() = ']';  // the last comma
    return text += '}';
}

void add_gap(Text& text, const char* time, const char* laps, std::int32_t gap_ms) {
    if (gap_ms == kUnknownGap) return;
    if (gap_ms < 0) {
        text.raw(",\"").raw(laps).raw("\":").number(-gap_ms);
    } else {
        text.raw(",\"").raw(time).raw("\":").number(gap_ms * 1'000LL);
    }
}

std::int32_t tenths(double value) {
    return static_cast<std::int32_t>(std::clamp(std::round(value * 10), -1'000.0, 1'000.0));
}

}  // namespace

std::optional<std::size_t> Cursor::at(std::span<const Micros> times, Micros at_us) {
    next_ = std::min(next_, times.size());
    const bool before = next_ > 0 && times[next_ - 1] > at_us;
    const bool far = next_ + 64 < times.size() && times[next_ + 64] <= at_us;
    if (before || far) {
        next_ = static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), at_us) -
                                         times.begin());
    }
    while (next_ < times.size() && times[next_] <= at_us) ++next_;
    return next_ == 0 ? std::nullopt : std::optional(next_ - 1);
}

// ---- samples ----

Sampler::Sampler(std::shared_ptr<const Session> session) : session_(std::move(session)) {
    for (const DriverRow& driver : session_->drivers) {
        Car car;
        car.driver = driver.driver;
        car.places = session_->file->locations(driver.driver);
        car.figures = session_->file->cars(driver.driver);
        car.intervals = session_->file->intervals(driver.driver);
        cars_.push_back(car);
    }
}

std::string Sampler::located(Micros race_us) {
    const Micros at_us = session_->zero_us + race_us;
    std::string made = begin(race_us, "cars");
    Text text(made);
    for (Car& car : cars_) {
        const auto last = car.place.at(car.places.time_us, at_us);
        if (!last) continue;
        const std::size_t next = std::min(*last + 1, car.places.time_us.size() - 1);
        const Micros gap_us = car.places.time_us[next] - car.places.time_us[*last];
        const Micros since_us = at_us - car.places.time_us[*last];
        if (gap_us > kMaxGapUs || since_us > kMaxGapUs) continue;
        const auto at = [&](std::span<const std::int32_t> column) {
            const std::int64_t from = column[*last], to = column[next];
            return (gap_us == 0 ? from : from + (to - from) * since_us / gap_us) * kMillimetres;
        };
        text.raw(R"({"entry":)").number(car.driver).raw(R"(,"x_mm":)").number(at(car.places.x));
        text.raw(R"(,"y_mm":)").number(at(car.places.y)).raw(R"(,"z_mm":)");
        text.number(at(car.places.z)).raw("},");
    }
    return finish(std::move(made));
}

std::string Sampler::measured(Micros race_us) {
    const Micros at_us = session_->zero_us + race_us;
    std::string made = begin(race_us, "cars");
    Text text(made);
    for (Car& car : cars_) {
        const auto last = car.figure.at(car.figures.time_us, at_us);
        if (!last || at_us - car.figures.time_us[*last] > kStaleUs) continue;
        const std::size_t i = *last;
        text.raw(R"({"entry":)").number(car.driver);
        text.raw(R"(,"speed_kmh":)").number(car.figures.speed[i]);
        text.raw(R"(,"gear":)").number(car.figures.gear[i]);
        text.raw(R"(,"rpm":)").number(car.figures.rpm[i]);
        text.raw(R"(,"throttle":)").number(car.figures.throttle[i]);
        text.raw(R"(,"brake":)").number(car.figures.brake[i]);
        text.raw(car.figures.drs[i] >= 10 ? R"(,"drs":true},)" : "},");
    }
    return finish(std::move(made));
}

std::string Sampler::gaps(Micros race_us) {
    const Micros at_us = session_->zero_us + race_us;
    std::string made = begin(race_us, "gaps");
    Text text(made);
    for (Car& car : cars_) {
        const auto last = car.interval.at(car.intervals.time_us, at_us);
        if (!last || at_us - car.intervals.time_us[*last] > kStaleIntervalUs) continue;
        text.raw(R"({"entry":)").number(car.driver);
        add_gap(text, "gap_us", "laps_behind", car.intervals.gap_ms[*last]);
        add_gap(text, "interval_us", "laps_behind_ahead", car.intervals.interval_ms[*last]);
        text.raw("},");
    }
    return finish(std::move(made));
}

std::string Sampler::weather(Micros race_us) {
    const Micros at_us = session_->zero_us + race_us;
    const auto& rows = session_->weather;
    const auto after =
        std::upper_bound(rows.begin(), rows.end(), at_us,
                         [](Micros at, const auto& row) { return at < row.time_us; });
    if (after == rows.begin()) return {};
    return weather_data(*(after - 1), race_us);
}

std::string weather_data(const WeatherRow& row, Micros race_us) {
    const auto within = [](double value, double most) {
        return static_cast<std::int64_t>(std::clamp(std::round(value), 0.0, most));
    };
    std::string made;
    Text text(made);
    text.raw(R"({"race_us":)").number(race_us).raw(R"(,"air_dc":)").number(tenths(row.air));
    text.raw(R"(,"track_dc":)").number(tenths(row.track));
    text.raw(R"(,"humidity":)").number(within(row.humidity, 100));
    text.raw(R"(,"wind_cms":)").number(within(row.wind_speed * 100, 20'000));
    text.raw(R"(,"wind_from":)").number(within(row.wind_direction, 360));
    text.raw(row.rain ? R"(,"rain":true})" : "}");
    return made;
}

// ---- frames ----

FrameMaker::FrameMaker(std::shared_ptr<const Session> session)
    : session_(std::move(session)), end_ms_((session_->end_us - session_->begin_us()) / 1'000) {
    for (const std::int32_t driver : session_->located) {
        Car car;
        car.driver = driver;
        car.places = session_->file->locations(driver);
        for (const PositionRow& row : session_->positions) {
            if (row.driver == driver) car.positions.emplace_back(row.time_us, row.position);
        }
        cars_.push_back(std::move(car));
    }
}

void FrameMaker::frame(std::int64_t t_ms, std::string& to) {
    const bool finished = t_ms >= end_ms_;
    t_ms = std::clamp<std::int64_t>(t_ms, 0, end_ms_);
    Text(to).number(t_ms);
    const Micros at_us = session_->begin_us() + t_ms * 1'000;
    for (Car& car : cars_) add(car, at_us, finished, to);
    // A dot that hears nothing more runs off the map: the last places are told for ever.
    if (finished) to += "|FINISHED";
}

void FrameMaker::add(Car& car, Micros at_us, bool finished, std::string& to) {
    const auto& times = car.places.time_us;
    if (at_us > times.back() && !finished) return;
    std::size_t& next = car.place;  // the first sample after the instant
    next = std::min(next, times.size());
    if ((next > 0 && times[next - 1] > at_us) ||
        (next + 8 < times.size() && times[next + 8] <= at_us)) {
        next = static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), at_us) -
                                        times.begin());
    }
    while (next < times.size() && times[next] <= at_us) ++next;
    std::int64_t x = 0, y = 0;
    if (next == 0 || next == times.size()) {
        const std::size_t only = next == 0 ? 0 : next - 1;
        x = car.places.x[only];
        y = car.places.y[only];
    } else {
        const Micros gap_us = times[next] - times[next - 1], since_us = at_us - times[next - 1];
        const auto between = [&](std::span<const std::int32_t> column) {
            const std::int64_t from = column[next - 1];
            return (from * gap_us + (column[next] - from) * since_us) / gap_us;
        };
        x = between(car.places.x);
        y = between(car.places.y);
    }
    std::size_t& later = car.position;
    later = std::min(later, car.positions.size());
    while (later > 0 && car.positions[later - 1].first > at_us) --later;
    while (later < car.positions.size() && car.positions[later].first <= at_us) ++later;
    std::int32_t position = kNobodyKnows;
    if (!car.positions.empty()) position = car.positions[later == 0 ? 0 : later - 1].second;
    Text text(to);
    text.raw("|").number(car.driver).raw(",").number(x).raw(",").number(y).raw(",");
    text.number(position);
}

}  // namespace racehub::openf1
