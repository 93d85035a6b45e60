#include "plugins/emperor/fold/session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plugins/emperor/protocol/values.h"

namespace racehub::emperor {

using nlohmann::json;

namespace {

constexpr std::int64_t kMaxRaceUs = 1'000LL * 3'600 * 1'000'000;  // as the hub's
constexpr int kMaxEntry = 9'999;

const char* kind_of(SessionType type) {
    if (type == SessionType::race) return "race";
    return type == SessionType::qualifying ? "qualifying" : "practice";
}

json entry_json(const EntryNames& names) {
    json entry = {{"entry", names.entry}, {"driver", names.driver}};
    if (!names.car.empty()) entry["car"] = names.car;
    if (!names.team.empty()) entry["team"] = names.team;
    if (!names.code.empty()) entry["code"] = names.code;
    if (!names.color.empty()) entry["color"] = names.color;
    return entry;
}

std::string race_name(const SessionInfo& info, const std::string& track_name) {
    std::string track = track_name.empty() ? info.track : track_name;
    if (track_name.empty() && !info.layout.empty()) track += " " + info.layout;
    if (track.empty()) return info.name;
    return tidy_text(info.name.empty() ? track : track + ": " + info.name, kMaxName);
}

std::int64_t best_of(const Driver& driver) {
    std::int64_t best_us = 0;
    for (const CarRecord& car : driver.cars) {
        if (car.best_us > 0 && (best_us == 0 || car.best_us < best_us)) best_us = car.best_us;
    }
    return best_us;
}

int laps_of(const Driver& driver) {
    int laps = 0;
    for (const CarRecord& car : driver.cars) laps += car.laps;
    return laps;
}

}  // namespace

// What is told in one go, at one instant.
struct Session::Telling {
    const std::string& report_id;
    std::int64_t now_us;
    std::int64_t race_us;  // the race's clock now
    std::vector<Observation>& told;
    bool names_changed = false;

    void add(const char* type, json data, std::string key = {}, bool opens = false) {
        told.push_back({type, to_text(data), std::move(key), now_us, now_us, opens});
    }
    json about(const Entrant& entrant) const {
        return {{"entry", entrant.names.entry}, {"race_us", race_us}};
    }
    void message(const char* about, const std::string& text, std::int64_t at_race_us,
                 const Entrant* entrant, json more = json::object(), std::string key = {}) {
        more["race_us"] = std::clamp(at_race_us, -kMaxRaceUs, kMaxRaceUs);
        more["about"] = about;
        more["text"] = tidy_text(text, kMaxText);
        if (entrant) more["entry"] = entrant->names.entry;
        add("message.reported", std::move(more), std::move(key));
    }
};

std::string SessionId::text() const {
    return std::to_string(start_us) + "-" + std::to_string(index);
}

Session::Session(const Snapshot& snapshot, std::int64_t now_us, const ServerClock& clock,
                 const std::vector<TeamRule>& teams)
    : teams_(&teams), id_{snapshot.start_us, snapshot.session.index}, info_(snapshot.session) {
    report_id_ = id_.text();
    track_name_ = snapshot.track_name;
    set_clock(now_us, clock);
}

void Session::set_clock(std::int64_t now_us, const ServerClock& clock) {
    const std::int64_t wait_us = is_race() ? info_.wait_us : 0;
    server_zero_us_ = (id_.start_us > 0 ? id_.start_us : clock.to_server_us(now_us)) + wait_us;
    zero_us_ = clock.to_hub_us(server_zero_us_);
    // A clock that makes no sense must not make the hub refuse the race.
    if (now_us - zero_us_ > kMaxRaceUs || zero_us_ - now_us > kMaxRaceUs) zero_us_ = now_us;
}

// ---- which session it is ----

bool Session::continues_as(const Snapshot& snapshot) const {
    if (info_.type != SessionType::practice || snapshot.session.type != info_.type) return false;
    if (snapshot.session.track != info_.track || snapshot.session.layout != info_.layout ||
        snapshot.session.name != info_.name) {
        return false;
    }
    bool kept = false;
    for (const Driver& driver : snapshot.drivers) {
        const auto known = std::find_if(entrants_.begin(), entrants_.end(), [&](const Entrant& e) {
            return e.guid == driver.info.guid;
        });
        if (known == entrants_.end()) continue;
        for (const CarRecord& car : driver.cars) {
            const auto before = known->cars.find(car.model);
            if (before == known->cars.end() || before->second.laps == 0) continue;
            if (car.laps < before->second.laps) return false;
            kept = true;
        }
    }
    return kept;
}

void Session::continue_as(const Snapshot& snapshot) {
    id_ = {snapshot.start_us, snapshot.session.index};
    info_ = snapshot.session;
}

void Session::ignore_laps_before(const Snapshot& snapshot) {
    for (const Driver& driver : snapshot.drivers) {
        if (laps_of(driver) == 0 || entrants_.size() >= kMaxDrivers) continue;
        Entrant& known = entrant(driver);
        for (const CarRecord& car : driver.cars) known.cars[car.model] = car;
    }
}

// ---- who is there ----

Entrant& Session::entrant(const Driver& driver) {
    for (Entrant& known : entrants_) {
        if (known.guid == driver.info.guid) return known;
    }
    std::set<int> taken;
    for (const Entrant& known : entrants_) taken.insert(known.names.entry);
    int number = driver.info.car_id + 1;
    while (taken.contains(number)) number = number % kMaxEntry + 1;
    Entrant& added = entrants_.emplace_back();
    added.guid = driver.info.guid;
    added.names.entry = number;
    added.collisions = followed_ ? 0 : -1;
    return added;
}

const Entrant* Session::by_car(int car_id) const {
    const Entrant* found = nullptr;
    for (const Entrant& each : entrants_) {
        if (each.car_id == car_id && each.connected) found = &each;
    }
    return found;
}

void Session::open(Telling& tell) {
    json race = {{"report_id", report_id_},
                 {"name", race_name(info_, track_name_)},
                 {"session", kind_of(info_.type)},
                 {"race_us", tell.race_us},
                 {"entries", json::array()}};
    if (info_.laps > 0) race["laps"] = info_.laps;
    if (info_.laps == 0 && info_.time_us > 0) race["time_us"] = info_.time_us;
    for (const Entrant& each : entrants_) race["entries"].push_back(entry_json(each.names));
    tell.add("race.reported", std::move(race), {}, !opened_);
    opened_ = true;
}

void Session::take_who(const Snapshot& snapshot, NameBook& names, Telling& tell) {
    std::set<std::string> here;
    for (const Driver& driver : snapshot.drivers) {
        // Who left without a lap is forgotten by the server, and is nobody's loss.
        if (!driver.connected && laps_of(driver) == 0) continue;
        const bool known = std::any_of(entrants_.begin(), entrants_.end(), [&](const Entrant& e) {
            return e.guid == driver.info.guid;
        });
        if (!known && entrants_.size() >= kMaxDrivers) continue;
        Entrant& each = entrant(driver);
        each.car_id = driver.info.car_id;
        each.model = driver.info.model;
        EntryNames found =
            names_of(driver, names.learn(driver.info.guid, driver.info.driver), *teams_);
        found.entry = each.names.entry;
        if (found.code.empty()) found.code = each.names.code;
        if (found != each.names) {
            each.names = std::move(found);
            tell.names_changed = true;
        }
        if (driver.connected) here.insert(each.guid);
    }
    const bool anybody = std::any_of(entrants_.begin(), entrants_.end(),
                                     [&](const Entrant& e) { return here.contains(e.guid); });
    if (opened_ ? tell.names_changed : anybody) open(tell);
    for (Entrant& each : entrants_) come_or_go(each, here.contains(each.guid), tell);
}

void Session::come_or_go(Entrant& entrant, bool connected, Telling& tell) {
    if (entrant.connected == connected) return;
    entrant.connected = connected;
    if (!opened_) return;
    const bool back = connected && entrant.retired;
    if (is_race() && !connected && !has_finished(entrant)) {
        entrant.retired = true;
        json data = tell.about(entrant);
        data["status"] = "dnf";
        data["reason"] = "left the server";
        tell.add("entry.reported", std::move(data));
    }
    if (back) {
        entrant.retired = false;
        json data = tell.about(entrant);
        data["status"] = "running";
        tell.add("entry.reported", std::move(data));
    }
    if (!followed_) return;
    tell.message("session", entrant.names.driver + (connected ? " joined." : " left."),
                 tell.race_us, &entrant);
}

void Session::rename(const NameBook& names, std::int64_t now_us, std::vector<Observation>& told) {
    Telling tell{report_id_, now_us, race_us(now_us), told};
    for (Entrant& each : entrants_) {
        const std::string* whole = names.find(each.guid);
        if (!whole || whole->empty() || each.names.driver == *whole) continue;
        each.names.driver = *whole;
        for (const TeamRule& rule : *teams_) {
            if (!fits(rule.pattern, *whole)) continue;
            each.names.team = rule.team;
            each.names.color = rule.color;
            break;
        }
        tell.names_changed = true;
    }
    if (opened_ && tell.names_changed) open(tell);
}

// ---- a snapshot ----

void Session::take(const Snapshot& snapshot, std::int64_t now_us, const ServerClock& clock,
                   NameBook& names, std::vector<Observation>& told) {
    info_ = snapshot.session;
    track_name_ = snapshot.track_name;
    if (!opened_ && entrants_.empty()) set_clock(now_us, clock);
    Telling tell{report_id_, now_us, race_us(now_us), told};
    take_who(snapshot, names, tell);
    if (!opened_) return;
    take_laps(snapshot, clock, tell);
    for (const Driver& driver : snapshot.drivers) {
        for (Entrant& each : entrants_) {
            if (each.guid == driver.info.guid) take_driver(driver, each, tell);
        }
    }
    take_positions(snapshot, tell);
    take_chats(snapshot, clock, tell);
    followed_ = true;
}

void Session::take_laps(const Snapshot& snapshot, const ServerClock&, Telling& tell) {
    for (const Driver& driver : snapshot.drivers) {
        const auto found = std::find_if(entrants_.begin(), entrants_.end(), [&](const Entrant& e) {
            return e.guid == driver.info.guid;
        });
        if (found == entrants_.end()) continue;
        Entrant& each = *found;
        each.best_us = best_of(driver);
        for (const CarRecord& car : driver.cars) {
            CarRecord& before = each.cars[car.model];
            if (began_anew(before, car)) before = CarRecord{};
            if (car.laps < before.laps) continue;  // an old picture
            const auto derived = laps_between(before, car);
            each.count += car.laps - before.laps - static_cast<int>(derived.size());
            const std::int64_t others_us = each.total_us - before.total_us;
            for (std::size_t i = 0; i < derived.size(); ++i) {
                const DerivedLap& lap = derived[i];
                ToldLap& add = each.laps.emplace_back();
                add.number = ++each.count;
                add.lap_us = lap.lap_us;
                add.cut = lap.cut;
                // A race's laps add up; elsewhere there are stops between them.
                add.race_us = is_race() || lap.completed_us == 0
                                  ? others_us + lap.total_us
                                  : lap.completed_us - server_zero_us_;
                add.race_us = std::clamp(add.race_us, -kMaxRaceUs, kMaxRaceUs);
                if (i + 1 == derived.size()) {
                    add.sectors_us = sectors_of_last(car, each.splits_us);
                    const auto said = told_laps_.find(each.car_id);
                    if (said != told_laps_.end() && said->second.lap_us / 1000 == lap.lap_us / 1000)
                        add.cut = add.cut || said->second.cuts > 0;
                    told_laps_.erase(each.car_id);
                }
                tell_lap(each, add, tell);
            }
            each.total_us = others_us + car.total_us;
            before = car;
        }
    }
}

void Session::tell_lap(const Entrant& entrant, const ToldLap& lap, Telling& tell) const {
    if (lap.number > kMaxLaps) return;
    json data = {{"entry", entrant.names.entry}, {"number", lap.number}, {"race_us", lap.race_us}};
    if (lap.lap_us > 0) data["lap_us"] = lap.lap_us;
    if (lap.cut) data["cut"] = true;
    if (!lap.sectors_us.empty()) data["sectors_us"] = lap.sectors_us;
    tell.add("lap.reported", std::move(data),
             "lap/" + report_id_ + "/" + std::to_string(entrant.names.entry) + "/" +
                 std::to_string(lap.number));
}

void Session::take(const LapTold& lap) { told_laps_[lap.car_id] = lap; }

// ---- a driver ----

void Session::take_driver(const Driver& driver, Entrant& entrant, Telling& tell) {
    if (is_race() && !entrant.finished && driver.connected && entrant.count > 0 &&
        (driver.completed || (info_.laps > 0 && entrant.count >= info_.laps))) {
        entrant.finished = true;
        json data = tell.about(entrant);
        data["status"] = "finished";
        tell.add("entry.reported", std::move(data));
    }
    take_pits(driver, entrant, tell);
    take_splits(driver, entrant, tell);
    take_collisions(driver, entrant, tell);
    const bool blue = driver.blue_flag.value_or(false);
    if (blue && !entrant.blue_flag) {
        tell.message("flag", "Blue flag for " + entrant.names.driver + ".", tell.race_us, &entrant,
                     {{"flag", "blue"}});
    }
    entrant.blue_flag = blue;
}

void Session::take_splits(const Driver& driver, Entrant& entrant, Telling& tell) {
    const CarRecord* car = driver.car();
    if (!car || !driver.connected) return;
    const bool fewer = car->splits_us.size() < entrant.splits_us.size();
    // The last sector of a lap ends at the line: that is a lap.
    for (std::size_t i = fewer ? 0 : entrant.splits_us.size();
         followed_ && i < car->splits_us.size() && i < 2; ++i) {
        json data = tell.about(entrant);
        data["gate"] = i == 0 ? "sector_1" : "sector_2";
        tell.add("entry.reported", std::move(data));
    }
    entrant.splits_us = car->splits_us;
}

void Session::take_pits(const Driver& driver, Entrant& entrant, Telling& tell) {
    if (driver.in_pits && driver.connected) {
        const bool was = entrant.in_pits.value_or(false);
        if (was != *driver.in_pits) {
            json data = tell.about(entrant);
            data["gate"] = *driver.in_pits ? "pit_in" : "pit_out";
            tell.add("entry.reported", std::move(data));
        }
        entrant.in_pits = driver.in_pits;
    }
    if (driver.info.tyres.empty() || !driver.connected) return;
    if (entrant.stint > 0 && driver.info.tyres == entrant.tyres && driver.pits <= entrant.pits) {
        return;
    }
    entrant.stint = std::min(entrant.stint + 1, 1'000);
    entrant.tyres = driver.info.tyres;
    entrant.pits = driver.pits;
    entrant.stint_us = tell.race_us;
    json data = tell.about(entrant);
    data["stint"] = entrant.stint;
    data["tyre"] = entrant.tyres;
    tell.add("entry.reported", std::move(data));
}

void Session::take_collisions(const Driver& driver, Entrant& entrant, Telling& tell) {
    if (entrant.collisions < 0) entrant.collisions = driver.collision_count;
    const int first_kept = driver.collision_count - static_cast<int>(driver.collisions.size());
    for (int i = std::max(entrant.collisions, first_kept); i < driver.collision_count; ++i) {
        const Collision& each = driver.collisions[static_cast<std::size_t>(i - first_kept)];
        entrant.collisions = i;
        const std::int64_t at_us = each.at_us > 0 ? each.at_us - server_zero_us_ : tell.race_us;
        tell_hit(entrant, each.other, each.speed_kmh, at_us, tell);
    }
}

void Session::take(const Hit& hit, std::int64_t now_us, std::vector<Observation>& told) {
    if (!opened_) return;
    Telling tell{report_id_, now_us, race_us(now_us), told};
    for (Entrant& each : entrants_) {
        if (each.car_id != hit.car_id || !each.connected || each.collisions < 0) continue;
        const Entrant* other = hit.other_car_id < 0 ? nullptr : by_car(hit.other_car_id);
        const std::string name = other                  ? other->names.driver
                                 : hit.other_car_id < 0 ? ""
                                                        : "another car";
        return tell_hit(each, name, hit.speed_kmh, tell.race_us, tell);
    }
}

void Session::tell_hit(Entrant& entrant, const std::string& other, int speed_kmh,
                       std::int64_t at_race_us, Telling& tell) {
    tell.message("collision",
                 entrant.names.driver +
                     (other.empty() ? " hit the surroundings" : " hit " + other) + " at " +
                     std::to_string(speed_kmh) + " km/h.",
                 at_race_us, &entrant, json::object(),
                 "hit/" + report_id_ + "/" + std::to_string(entrant.names.entry) + "/" +
                     std::to_string(entrant.collisions));
    entrant.collisions += 1;
}

// ---- positions ----

void Session::take_positions(const Snapshot& snapshot, Telling& tell) {
    // The server ranks those who are there and those who left apart; the hub knows one table.
    const std::vector<const Entrant*> all = ranking();
    std::vector<const Entrant*> order;
    for (const Driver& driver : snapshot.drivers) {
        if (!driver.connected || driver.position == 0) continue;
        for (const Entrant& each : entrants_) {
            if (each.guid == driver.info.guid) order.push_back(&each);
        }
    }
    if (order.empty()) return;
    const auto rank = [&](const Entrant* e) {
        return std::find(all.begin(), all.end(), e) - all.begin();
    };
    for (const Entrant* each : all) {
        if (each->connected || each->count == 0) continue;
        auto at = order.end();
        if (!each->retired) {
            at = std::find_if(order.begin(), order.end(),
                              [&](const Entrant* e) { return rank(e) > rank(each); });
        }
        order.insert(at, each);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
        Entrant& each = entrants_[static_cast<std::size_t>(order[i] - entrants_.data())];
        const int position = static_cast<int>(i) + 1;
        if (each.position == position) continue;
        each.position = position;
        json data = tell.about(each);
        data["position"] = position;
        tell.add("entry.reported", std::move(data));
    }
}

std::vector<const Entrant*> Session::ranking() const {
    std::vector<const Entrant*> order;
    for (const Entrant& each : entrants_) order.push_back(&each);
    std::stable_sort(order.begin(), order.end(), [&](const Entrant* a, const Entrant* b) {
        if (is_race()) {
            if (a->retired != b->retired) return b->retired;
            if (a->count != b->count) return a->count > b->count;
            if (a->count > 0 && a->total_us != b->total_us) return a->total_us < b->total_us;
        } else {
            if ((a->best_us > 0) != (b->best_us > 0)) return a->best_us > 0;
            if (a->best_us != b->best_us) return a->best_us < b->best_us;
            if ((a->count > 0) != (b->count > 0)) return a->count > 0;
        }
        return static_cast<unsigned>(a->position - 1) < static_cast<unsigned>(b->position - 1);
    });
    return order;
}

bool Session::has_finished(const Entrant& entrant) const {
    if (entrant.finished) return true;
    if (entrant.count == 0) return false;
    if (info_.laps > 0) return entrant.count >= info_.laps;
    return info_.time_us > 0 && entrant.total_us >= info_.time_us;
}

// ---- chat ----

void Session::take_chats(const Snapshot& snapshot, const ServerClock&, Telling& tell) {
    for (const Chat& chat : snapshot.chats) {
        // What was said before belongs to the session before; an unknown time may be any.
        if (chat.at_us < id_.start_us || chat.at_us < chat_us_ || chat.text.empty()) continue;
        if (chat.at_us > chat_us_) chats_at_.clear();
        chat_us_ = chat.at_us;
        if (!chats_at_.insert(chat.guid + "\n" + chat.text).second) continue;
        json more = json::object();
        if (!chat.from.empty()) more["from"] = chat.from;
        tell.message("chat", chat.text, chat.at_us - server_zero_us_, nullptr, std::move(more),
                     "chat/" + report_id_ + "/" + std::to_string(chat.at_us) + "/" +
                         std::to_string(chats_at_.size()));
    }
}

// ---- all of it ----

void Session::finish(std::int64_t now_us, std::vector<Observation>& told) {
    if (entrants_.empty()) return;
    Telling tell{report_id_, now_us, race_us(now_us), told};
    json results = json::array();
    int position = 0;
    for (const Entrant* each : ranking()) {
        json result = {{"entry", each->names.entry}};
        const bool ran = each->count > 0;
        const char* status = !ran ? "dns" : each->retired ? "dnf" : "finished";
        if (is_race() && each->retired) status = "dnf";
        if (ran) result["position"] = ++position;
        result["status"] = status;
        if (ran) result["laps"] = std::min(each->count, kMaxLaps);
        if (ran && is_race()) result["total_us"] = std::min(each->total_us, kMaxRaceUs);
        results.push_back(std::move(result));
    }
    tell.add("result.reported", {{"race_us", tell.race_us}, {"results", std::move(results)}});
}

void Session::tell_all(std::int64_t now_us, std::vector<Observation>& told) {
    if (entrants_.empty()) return;
    Telling tell{report_id_, now_us, race_us(now_us), told};
    opened_ = false;
    open(tell);
    for (const Entrant& each : entrants_) {
        for (const ToldLap& lap : each.laps) tell_lap(each, lap, tell);
        json data = tell.about(each);
        if (each.position > 0) data["position"] = each.position;
        if (each.stint > 0) data["stint"] = each.stint;
        if (each.stint > 0) data["tyre"] = each.tyres;
        if (each.finished) data["status"] = "finished";
        if (each.retired) data["status"] = "dnf";
        if (data.size() > 2) tell.add("entry.reported", std::move(data));
    }
}

}  // namespace racehub::emperor
