// What of a session survives a restart of the plugin.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plugins/emperor/fold/session.h"

namespace racehub::emperor {

using nlohmann::json;

namespace {

constexpr std::int64_t kMaxCount = 1'000'000;  // more than kMaxLaps: records may begin anew
constexpr std::int64_t kMaxTotalUs = 1'000'000'000'000'000'000;
constexpr std::int64_t kMaxInstantUs = 10'000'000'000'000'000;  // far beyond the year 2200

json saved_entrant(const Entrant& entrant) {
    json cars = json::array();
    for (const auto& [model, car] : entrant.cars) {
        cars.push_back({model, car.laps, car.total_us, car.best_us, car.completed_us});
    }
    const EntryNames& names = entrant.names;
    return {
        {"guid", entrant.guid},
        {"names", {names.entry, names.driver, names.car, names.team, names.code, names.color}},
        {"car_id", entrant.car_id},
        {"sums",
         {entrant.count, entrant.total_us, entrant.best_us, entrant.position, entrant.collisions}},
        {"stint", {entrant.stint, entrant.tyres, entrant.pits}},
        {"is", {entrant.connected, entrant.retired, entrant.finished}},
        {"cars", std::move(cars)}};
}

Entrant loaded_entrant(const json& saved) {
    Entrant entrant;
    entrant.guid = saved.at("guid");
    const json& names = saved.at("names");
    entrant.names = {names.at(0), names.at(1), names.at(2), names.at(3), names.at(4), names.at(5)};
    entrant.car_id = saved.at("car_id");
    const json& sums = saved.at("sums");
    entrant.count = sums.at(0);
    entrant.total_us = sums.at(1);
    entrant.best_us = sums.at(2);
    entrant.position = sums.at(3);
    entrant.collisions = sums.at(4);
    const json& stint = saved.at("stint");
    entrant.stint = stint.at(0);
    entrant.tyres = stint.at(1);
    entrant.pits = stint.at(2);
    const json& is = saved.at("is");
    entrant.connected = is.at(0);
    entrant.retired = is.at(1);
    entrant.finished = is.at(2);
    for (const json& car : saved.at("cars")) {
        CarRecord record;
        record.model = car.at(0);
        record.laps = car.at(1);
        record.total_us = car.at(2);
        record.best_us = car.at(3);
        record.completed_us = car.at(4);
        entrant.cars[record.model] = record;
    }
    return entrant;
}

/// Within what the rest of the code relies on.
bool is_sound(const Entrant& entrant) {
    const auto within = [](std::int64_t value, std::int64_t min, std::int64_t max) {
        return value >= min && value <= max;
    };
    return within(entrant.names.entry, 1, 9'999) && within(entrant.count, 0, kMaxCount) &&
           within(entrant.position, 0, 9'999) && within(entrant.collisions, -1, 1'000'000) &&
           within(entrant.stint, 0, 1'000) && within(entrant.total_us, 0, kMaxTotalUs) &&
           std::all_of(entrant.cars.begin(), entrant.cars.end(), [&](const auto& car) {
               return within(car.second.laps, 0, kMaxLaps) &&
                      within(car.second.total_us, 0, kMaxTotalUs) &&
                      within(car.second.completed_us, 0, kMaxInstantUs);
           });
}

}  // namespace

json Session::save() const {
    json saved = {{"start_us", id_.start_us},
                  {"index", id_.index},
                  {"report_id", report_id_},
                  {"zero_us", zero_us_},
                  {"server_zero_us", server_zero_us_},
                  {"chat_us", chat_us_},
                  {"type", static_cast<int>(info_.type)},
                  {"laps", info_.laps},
                  {"time_us", info_.time_us},
                  {"track", info_.track},
                  {"layout", info_.layout},
                  {"name", info_.name},
                  {"track_name", track_name_},
                  {"entrants", json::array()}};
    for (const Entrant& each : entrants_) saved["entrants"].push_back(saved_entrant(each));
    return saved;
}

std::optional<Session> Session::load(const json& saved, const std::vector<TeamRule>& teams) {
    Session session(teams);
    try {
        session.id_ = {saved.at("start_us"), saved.at("index")};
        session.report_id_ = saved.at("report_id");
        session.zero_us_ = saved.at("zero_us");
        session.server_zero_us_ = saved.at("server_zero_us");
        session.chat_us_ = saved.at("chat_us");
        const int type = saved.at("type");
        session.info_.type = static_cast<SessionType>(std::clamp(type, 0, 3));
        session.info_.laps = saved.at("laps");
        session.info_.time_us = saved.at("time_us");
        session.info_.track = saved.at("track");
        session.info_.layout = saved.at("layout");
        session.info_.name = saved.at("name");
        session.track_name_ = saved.at("track_name");
        for (const json& each : saved.at("entrants")) {
            if (session.entrants_.size() >= kMaxDrivers) break;
            session.entrants_.push_back(loaded_entrant(each));
            if (!is_sound(session.entrants_.back())) return std::nullopt;
        }
    } catch (const json::exception&) {
        return std::nullopt;  // of another version: as if it had been forgotten
    }
    for (const std::int64_t us :
         {session.zero_us_, session.server_zero_us_, session.id_.start_us}) {
        if (us < -kMaxInstantUs || us > kMaxInstantUs) return std::nullopt;
    }
    session.followed_ = !session.entrants_.empty();
    return session;
}

}  // namespace racehub::emperor
