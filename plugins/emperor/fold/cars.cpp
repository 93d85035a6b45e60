#include "plugins/emperor/fold/cars.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "plugins/emperor/fold/session.h"

namespace racehub::emperor {
namespace {

using nlohmann::json;

/// A car that says nothing for so long does not drive: it is not on the map.
constexpr std::int64_t kGoneUs = 30'000'000;

std::int64_t mm(double metres) { return std::llround(metres * 1'000); }

}  // namespace

void Cars::take(const CarUpdate& update, std::int64_t now_us) {
    Car& car = cars_[update.car_id];
    car.place = update.place;
    car.placed = car.driven = true;
    car.speed_kmh = update.speed_kmh;
    car.gear = update.gear;
    car.rpm = update.rpm;
    car.updated_us = now_us;
    moved_ = measured_ = true;
}

void Cars::take(const Snapshot& snapshot, const Session&, std::int64_t now_us) {
    for (const Driver& driver : snapshot.drivers) {
        if (!driver.connected) continue;
        Car& car = cars_[driver.info.car_id];
        if (driver.drs != car.drs) measured_ = true;
        car.drs = driver.drs;
        // The server's realtime interval may be off: then this is all there is.
        const bool newer = driver.place && now_us - car.updated_us > 1'000'000;
        if (!newer) continue;
        car.place = *driver.place;
        car.placed = moved_ = true;
        if (!car.driven) car.updated_us = now_us;
    }
}

void Cars::take_weather(const SessionInfo& info) { weather_ = info; }

void Cars::forget() {
    cars_.clear();
    moved_ = measured_ = false;
}

std::vector<Sample> Cars::changed(const Session& session, std::int64_t now_us) {
    std::vector<Sample> samples;
    const std::int64_t race_us = session.race_us(now_us);
    json located = json::array(), measured = json::array();
    for (const auto& [car_id, car] : cars_) {
        const Entrant* entrant = session.by_car(car_id);
        if (!entrant || now_us - car.updated_us > kGoneUs) continue;
        const int entry = entrant->names.entry;
        if (car.placed) {
            located.push_back({{"entry", entry},
                               {"x_mm", mm(car.place.x)},
                               {"y_mm", mm(car.place.z)},
                               {"z_mm", mm(car.place.y)}});
        }
        if (!car.driven && !car.drs) continue;
        json figures = {{"entry", entry}};
        if (car.driven) {
            figures["speed_kmh"] = car.speed_kmh;
            figures["gear"] = std::min(car.gear, 20);
            figures["rpm"] = car.rpm;
        }
        if (car.drs.value_or(false)) figures["drs"] = true;
        measured.push_back(std::move(figures));
    }
    const auto add = [&](bool& changed, const char* type, json cars) {
        if (!changed || !session.opened()) return;
        changed = false;
        const json data = {{"race_us", race_us}, {"cars", std::move(cars)}};
        samples.push_back({type, data.dump()});
    };
    add(moved_, "car.located", std::move(located));
    add(measured_, "car.measured", std::move(measured));
    if (weather_ && session.opened()) {
        json data = json::object();
        if (weather_->air_c) data["air_dc"] = *weather_->air_c * 10;
        if (weather_->road_c) data["track_dc"] = *weather_->road_c * 10;
        if (!weather_->weather.empty()) data["text"] = weather_->weather;
        const std::string text = data.dump();
        if (text != shown_weather_) {
            shown_weather_ = text;
            data["race_us"] = race_us;
            samples.push_back({"weather.measured", data.dump()});
        }
        weather_.reset();
    }
    return samples;
}

}  // namespace racehub::emperor
