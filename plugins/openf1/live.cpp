#include "plugins/openf1/live.h"

#include <algorithm>

namespace racehub::openf1 {
namespace {

using nlohmann::json;

constexpr Micros kMeasureEveryUs = 200'000;
constexpr std::int32_t kMillimetres = 100;
constexpr std::size_t kMostTold = 20'000;  // messages of a session: some hundreds

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add_gap(json& to, const char* time, const char* laps, std::int32_t gap_ms) {
    if (gap_ms == kUnknownGap) return;
    if (gap_ms < 0) {
        to[laps] = -gap_ms;
    } else {
        to[time] = gap_ms * 1'000LL;
    }
}

}  // namespace

void LiveSession::begin(const SessionRow& info) {
    if (info.session_key == info_.session_key && laps_) {
        info_ = info;
        return;
    }
    info_ = info;
    // Laps are told on a clock that begins when the session does.
    laps_.emplace(info.start_us);
    newest_.clear();
    lap_starts_.clear();
    stints_.clear();
    told_.clear();
    weather_.reset();
    drivers_.clear();
    changed_ = true;
}

void LiveSession::set_session(const SessionRow& info, const std::vector<DriverRow>& drivers) {
    begin(info);
    for (const DriverRow& driver : drivers) {
        if (drivers_.size() < kMaxDrivers) drivers_[driver.driver] = driver;
    }
    changed_ = true;
}

LiveSession::Newest* LiveSession::newest(std::int32_t driver) {
    return drivers_.count(driver) == 0 ? nullptr : &newest_[driver];
}

void LiveSession::take(std::string_view topic, std::string_view text, Micros now_us,
                       Listener& listener) {
    ++documents_;
    open_if_changed(now_us, listener);
    const json row = json::parse(text, nullptr, false);
    if (!topic.starts_with("v1/") || !row.is_object() ||
        !take_row(topic.substr(3), row, listener)) {
        ++unusable_;
    }
    open_if_changed(now_us, listener);
}

Micros LiveSession::race_us(Micros now_us) const {
    return std::clamp(now_us - info_.start_us, -kMostUs, kMostUs);
}

void LiveSession::open_if_changed(Micros now_us, Listener& listener) {
    if (!changed_ || info_.session_key == 0 || drivers_.empty()) return;
    std::vector<DriverRow> list;
    for (const auto& [number, driver] : drivers_) list.push_back(driver);
    listener.observe("race.reported", race_data(info_, list, race_us(now_us), 1'000),
                     "race/" + std::to_string(keys_++));
    changed_ = false;
}

void LiveSession::tell(const std::vector<Report>& reports, Listener& listener) {
    for (const Report& report : reports) {
        if (report.driver != 0 && drivers_.count(report.driver) == 0) continue;
        if (report.race_us > kMostUs || report.race_us < -kMostUs) continue;
        listener.observe(report.type, report.data, std::to_string(keys_++));
    }
}

bool LiveSession::take_row(std::string_view collection, const json& row, Listener& listener) {
    const auto read = [&]<class Row>(Row& to) { return read_row(row, to); };
    std::vector<Report> reports;
    if (collection == "sessions") {
        SessionRow info;
        if (!read(info)) return false;
        begin(info);
        return true;
    }
    if (!laps_) return true;  // nothing can be told before the session is known
    if (collection == "drivers") {
        DriverRow driver;
        if (!read(driver) || drivers_.size() >= kMaxDrivers) return false;
        drivers_[driver.driver] = driver;
        changed_ = true;
        return true;
    }
    if (changed_) return true;  // the race is opened first
    const std::string once = std::string(collection) + dump(row);
    if (collection == "laps") {
        LapRow lap;
        if (!read(lap)) return false;
        if (lap.start_us > 0) lap_starts_[{lap.driver, lap.number}] = lap.start_us;
        laps_->take(lap, reports);
    } else if (collection == "position") {
        PositionRow position;
        if (!read(position)) return false;
        reports.push_back(position_report(position, info_.start_us));
    } else if (collection == "stints") {
        StintRow stint;
        if (!read(stint)) return false;
        const auto began = lap_starts_.find({stint.driver, stint.from_lap});
        const Micros at_us = began == lap_starts_.end() ? info_.start_us : began->second;
        reports.push_back(stint_report(stint, at_us - info_.start_us));
    } else if (collection == "race_control" || collection == "pit") {
        if (told_.size() >= kMostTold || !told_.insert(once).second) return true;
        ControlRow control;
        PitRow pit;
        const bool is_pit = collection == "pit";
        if (is_pit ? !read(pit) : !read(control)) return false;
        if (drivers_.count(control.driver) == 0) control.driver = 0;
        if (is_pit) {
            pit_reports(pit, info_.start_us, reports);
        } else {
            reports.push_back(control_report(control, info_.start_us));
        }
    } else if (collection == "location") {
        LocationRow place;
        if (!read(place)) return false;
        if (Newest* car = newest(place.driver)) car->place = place;
        places_ = true;
    } else if (collection == "car_data") {
        CarRow figures;
        if (!read(figures)) return false;
        if (Newest* car = newest(figures.driver)) car->figures = figures;
        figures_ = true;
    } else if (collection == "intervals") {
        IntervalRow gap;
        if (!read(gap)) return false;
        if (Newest* car = newest(gap.driver)) car->gap = gap;
        gaps_ = true;
    } else if (collection == "weather") {
        weather_.emplace();
        sky_ = read(*weather_);
    } else {
        return true;  // a collection that the hub has no use for
    }
    tell(reports, listener);
    return true;
}

void LiveSession::tick(Micros now_us, Listener& listener) {
    open_if_changed(now_us, listener);
    if (!laps_ || changed_) return;
    const Micros at_us = race_us(now_us);
    const auto told = [&](const char* type, const char* list, const json& rows) {
        if (rows.empty()) return;
        listener.sample(type, dump({{"race_us", at_us}, {list, rows}}));
    };
    json rows = json::array();
    if (std::exchange(places_, false)) {
        for (const auto& [driver, car] : newest_) {
            if (!car.place) continue;
            rows.push_back({{"entry", driver},
                            {"x_mm", car.place->x * kMillimetres},
                            {"y_mm", car.place->y * kMillimetres},
                            {"z_mm", car.place->z * kMillimetres}});
        }
        told("car.located", "cars", rows);
    }
    if (now_us - measured_us_ < kMeasureEveryUs) return;
    measured_us_ = now_us;
    rows = json::array();
    if (std::exchange(figures_, false)) {
        for (const auto& [driver, car] : newest_) {
            if (!car.figures) continue;
            rows.push_back({{"entry", driver},
                            {"speed_kmh", car.figures->speed},
                            {"gear", car.figures->gear},
                            {"rpm", car.figures->rpm},
                            {"throttle", car.figures->throttle},
                            {"brake", car.figures->brake},
                            {"drs", car.figures->drs >= 10}});
        }
        told("car.measured", "cars", rows);
    }
    rows = json::array();
    if (std::exchange(gaps_, false)) {
        for (const auto& [driver, car] : newest_) {
            if (!car.gap) continue;
            json row{{"entry", driver}};
            add_gap(row, "gap_us", "laps_behind", car.gap->gap_ms);
            add_gap(row, "interval_us", "laps_behind_ahead", car.gap->interval_ms);
            rows.push_back(std::move(row));
        }
        told("gap.measured", "gaps", rows);
    }
    if (weather_ && std::exchange(sky_, false)) {
        listener.sample("weather.measured", weather_data(*weather_, at_us));
    }
}

}  // namespace racehub::openf1
