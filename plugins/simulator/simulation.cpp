#include "plugins/simulator/simulation.h"

#include <algorithm>

namespace racehub::simulator {
namespace {

using nlohmann::json;

// A track of 64 lanes makes some hundred passages a second at the highest speed: more at once means
// that the machine slept.
constexpr int kMaxPassages = 1'000;

json member(const json& object, const char* key, json otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->type() == otherwise.type() ? *found : otherwise;
}

std::string text_in(const json& object, const char* key) {
    return member(object, key, "").get<std::string>();
}

std::int64_t number_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::int64_t earlier(std::int64_t a_us, std::int64_t b_us) {
    if (a_us == 0 || b_us == 0) return std::max(a_us, b_us);
    return std::min(a_us, b_us);
}

}  // namespace

Simulation::Simulation(Config config, std::string track)
    : config_(std::move(config)), track_(std::move(track)), director_(config_) {}

void Simulation::set_phase(std::string phase, std::int64_t time_us) {
    view_.phase = std::move(phase);
    view_.phase_us = time_us;
}

Car* Simulation::car_of(int entry) {
    const auto found = cars_.find(entry);
    return found == cars_.end() ? nullptr : &found->second;
}

void Simulation::park_all() {
    for (auto& [entry, car] : cars_) car.park();
}

int Simulation::driving() const {
    return static_cast<int>(std::count_if(cars_.begin(), cars_.end(),
                                          [](const auto& each) { return each.second.driving(); }));
}

std::string Simulation::describe() const {
    if (view_.lanes == 0) return "The track has no lanes to simulate: give it some.";
    if (view_.heats() || !circuit_) {
        return "Simulated downhill track, seed " + std::to_string(config_.seed) + ": " +
               view_.phase + ", " + std::to_string(view_.heats_left.size()) + " heats to come.";
    }
    return "Simulated track, seed " + std::to_string(config_.seed) + ": " + view_.phase + ", " +
           std::to_string(driving()) + " of " + std::to_string(cars_.size()) + " cars driving.";
}

// ---- What the hub says ----

// A driver drives alike each evening: by the club's list, else by the name.
Driver Simulation::driver_of(const json& entry) const {
    const auto lane = number_in(entry, "lane");
    const std::string name = text_in(entry, "driver");
    Driver driver;
    Random temper(mix(config_.seed, name.empty() ? "lane " + std::to_string(lane) : name));
    driver.pace = temper.between(0.95, 1.08);
    driver.consistency = temper.between(0.01, 0.04);
    driver.mistakes = temper.between(1, 7);
    for (const Driver& each : config_.drivers) {
        if (each.name == name) driver = each;
    }
    return driver;
}

void Simulation::add_car(const json& entry) {
    const auto lane = static_cast<int>(number_in(entry, "lane"));
    const auto number = static_cast<int>(number_in(entry, "entry"));
    if (lane < 1 || lane > kMaxLanes) return;
    const Driver driver = driver_of(entry);
    if (!circuit_) {
        runners_[number] = Runner{lane, driver};
        return;
    }
    cars_.erase(number);
    cars_.emplace(std::piecewise_construct, std::forward_as_tuple(number),
                  std::forward_as_tuple(
                      config_, driver, lane,
                      mix(config_.seed + static_cast<std::uint64_t>(number), view_.race_id)));
}

void Simulation::snapshot(std::string_view json_text, std::int64_t now_us) {
    const json hub = json::parse(json_text, nullptr, false);
    if (!hub.is_object()) return;
    view_ = TrackView{};
    view_.races = static_cast<std::uint64_t>(number_in(hub, "races"));
    view_.phase_us = now_us;
    cars_.clear();
    runners_.clear();
    waiting_.clear();
    paused_ = false;
    for (const json& track : member(hub, "tracks", json::array())) {
        const std::string id = text_in(track, "id");
        if (!track_.empty() && id != track_) continue;
        shown_track_ = id;
        view_.lanes = static_cast<int>(number_in(track, "lanes"));
        view_.settings = member(track, "settings", json::object());
        const auto session = track.find("session");
        view_.has_session = session != track.end() && session->is_object();
        if (view_.has_session) {
            for (const json& heat : member(*session, "heats", json::array())) {
                if (!member(heat, "done", false).get<bool>())
                    view_.heats_left.insert(static_cast<int>(number_in(heat, "heat")));
            }
        }
        load_race(member(track, "race", json::object()), now_us);
        return;
    }
}

void Simulation::load_race(const json& race, std::int64_t now_us) {
    view_.race_id = text_in(race, "race_id");
    if (view_.race_id.empty()) return;
    set_phase(text_in(race, "phase"),
              std::max(number_in(race, "ended_us"), number_in(race, "armed_us")));
    const json settings = member(race, "settings", json::object());
    rolling_ = text_in(settings, "first_lap") == "from_first_crossing";
    circuit_ = text_in(settings, "discipline") != "heat";
    const json pauses = member(race, "pauses", json::array());
    paused_ = !pauses.empty() && number_in(pauses.back(), "to_us") == 0;
    sensors_.emplace(config_, mix(config_.seed, view_.race_id + "/" + std::to_string(now_us)));
    heat_ = static_cast<int>(number_in(race, "heat"));
    const bool on = view_.phase == "running" || view_.phase == "finishing";
    for (const json& state : member(race, "entries", json::array())) {
        const json entry = member(state, "entry", json::object());
        add_car(entry);
        Car* car = car_of(static_cast<int>(number_in(entry, "entry")));
        const std::string status = text_in(state, "status");
        if (!car || !on || !circuit_ || status == "finished" || status == "dnf" || status == "dsq")
            continue;
        std::int64_t last_us = number_in(race, "started_us");
        for (const json& lap : member(state, "laps", json::array())) {
            last_us = std::max(last_us, number_in(lap, "crossed_us"));
        }
        car->go_on(last_us, now_us);
        if (paused_) car->pause(now_us);
    }
    if (!circuit_ && (on || view_.phase == "armed")) go_on_heat(race, now_us);
}

void Simulation::fact(std::string_view type, std::string_view track, std::string_view race_id,
                      std::int64_t time_us, std::string_view text) {
    const json data = json::parse(text, nullptr, false);
    if (!data.is_object()) return;
    if (type == "race.armed") ++view_.races;  // of the whole hub, as its race ids
    if (!track_.empty() ? track != track_ : !shown_track_.empty() && track != shown_track_) return;
    shown_track_ = track;
    if (type == "track.configured") {
        view_.lanes = static_cast<int>(number_in(data, "lanes"));
        view_.settings = member(data, "settings", json::object());
    } else if (type == "race.armed") {
        view_.race_id = race_id;
        set_phase("armed", time_us);
        const json settings = member(data, "settings", json::object());
        rolling_ = text_in(settings, "first_lap") == "from_first_crossing";
        circuit_ = text_in(settings, "discipline") != "heat";
        paused_ = false;
        cars_.clear();
        runners_.clear();
        heat_ = static_cast<int>(number_in(data, "heat"));
        sensors_.emplace(config_, mix(config_.seed, race_id));
        for (const json& entry : member(data, "entries", json::array())) add_car(entry);
        if (!circuit_) arm_heat(json::array(), time_us);
    } else if (type == "session.planned" || type == "session.replanned") {
        session_fact(type, data);
    } else if (race_id == view_.race_id) {
        race_fact(type, time_us, data);
        if (data.contains("entry")) {
            if (type == "entry.assigned" && view_.phase == "armed") add_car(data);
            entry_fact(type, static_cast<int>(number_in(data, "entry")), time_us);
        }
    }
}

void Simulation::race_fact(std::string_view type, std::int64_t time_us, const json& data) {
    if (type == "start.scheduled") {
        set_phase("lights", time_us);
        const std::int64_t go_us = number_in(data, "go_us");
        for (auto& [entry, car] : cars_) {
            const std::int64_t early_us = car.jump_us(go_us);
            if (early_us == 0 || early_us < number_in(data, "first_light_us")) continue;
            sensors_->report(car.lane(), {"finish", early_us}, waiting_);
        }
    } else if (type == "race.started") {
        set_phase("running", time_us);
        for (auto& [entry, car] : cars_) {
            if (circuit_) car.start(time_us, rolling_);
        }
    } else if (type == "race.paused" || type == "race.resumed") {
        paused_ = type == "race.paused";
        for (auto& [entry, car] : cars_) paused_ ? car.pause(time_us) : car.resume(time_us);
    } else if (type == "race.finishing") {
        set_phase("finishing", time_us);
    } else if (type == "race.continued") {
        set_phase("running", time_us);
        for (auto& [entry, car] : cars_) {
            if (!car.driving() && !car.broken()) car.go_on(time_us, time_us);
        }
    } else if (type == "race.finished" || type == "race.aborted") {
        set_phase(type == "race.finished" ? "finished" : "aborted", time_us);
        if (!circuit_ && type == "race.finished") heat_over(time_us);
        park_all();  // reports on their way still come, as from real gates
        if (type == "race.aborted") waiting_.clear();
    } else if (type == "race.held") {
        set_phase("held", time_us);
    } else if (type == "heat.reopened") {
        set_phase("armed", time_us);
        if (heat_ > 0) view_.heats_left.insert(heat_);
        arm_heat(member(data, "entries", json::array()), time_us);
    } else if (type == "race.cleared") {
        set_phase("idle", time_us);
        cars_.clear();
        view_.race_id.clear();
    }
}

// ---- Heats ----

std::int64_t Simulation::scaled(double seconds) const {
    return static_cast<std::int64_t>(seconds / config_.speed * 1e6);
}

void Simulation::session_fact(std::string_view type, const json& data) {
    view_.has_session = true;
    view_.heats_left.clear();
    for (const json& heat : member(data, "heats", json::array()))
        view_.heats_left.insert(static_cast<int>(number_in(heat, "heat")));
    if (type == "session.planned") heat_ = 0;  // what is on the track belongs to the old one
}

std::vector<Runner> Simulation::runners_of(const json& entries) const {
    std::vector<Runner> list;
    for (const auto& [number, runner] : runners_) {
        const bool named =
            std::any_of(entries.begin(), entries.end(), [number = number](const json& each) {
                return each.is_number_integer() && each.get<std::int64_t>() == number;
            });
        if (entries.empty() || named) list.push_back(runner);
    }
    return list;
}

void Simulation::arm_heat(const json& entries, std::int64_t at_us) {
    waiting_.clear();  // whoever played with the gate has stopped
    const std::vector<Runner> runners = runners_of(entries);
    waiting_.push_back(gate_ready(runners, at_us));
    const std::int64_t gate_us = at_us + scaled(config_.armed_s);
    for (Action& action :
         run_heat(config_, mix(config_.seed, std::to_string(gate_us)), runners, gate_us))
        waiting_.push_back(std::move(action));
}

void Simulation::go_on_heat(const json& race, std::int64_t now_us) {
    json waits = json::array();
    for (const json& state : member(race, "entries", json::array())) {
        if (text_in(state, "heat") == "waiting" || !state.contains("heat"))
            waits.push_back(number_in(member(state, "entry", json::object()), "entry"));
    }
    if (waits.empty()) return;
    if (view_.phase == "armed") return arm_heat(waits, now_us);
    // Its gate has opened; the report still comes.
    arm_heat(waits, now_us - scaled(config_.armed_s));
    std::erase_if(waiting_, [](const Action& each) { return each.type == "heat.started"; });
}

void Simulation::heat_over(std::int64_t time_us) {
    view_.heats_left.erase(heat_);
    waiting_.push_back(gate_ready(runners_of(json::array()), time_us + scaled(1.5)));
    Random luck(mix(config_.seed, view_.race_id + "/stray"));
    if (!luck.chance(config_.strays)) return;
    for (Action& action :
         stray_report(config_, luck.next(), runners_of(json::array()), time_us + scaled(2.5)))
        waiting_.push_back(std::move(action));
}

void Simulation::entry_fact(std::string_view type, int entry, std::int64_t time_us) {
    Car* car = car_of(entry);
    if (!car) return;
    if (type == "entry.finished" || type == "entry.retired" || type == "entry.disqualified") {
        car->park();
    } else if (type == "entry.reinstated" && view_.phase == "running" && !car->driving()) {
        car->go_on(time_us, time_us);
        if (paused_) car->pause(time_us);
    }
}

// ---- What the track does ----

void Simulation::pass_gates(std::int64_t now_us) {
    for (int passages = 0; passages < kMaxPassages; ++passages) {
        Car* first = nullptr;
        for (auto& [entry, car] : cars_) {
            const std::int64_t due_us = car.next_us();
            if (due_us == 0 || due_us > now_us) continue;
            if (!first || due_us < first->next_us()) first = &car;
        }
        if (!first) return;
        const Passage passage = first->pass();
        sensors_->report(first->lane(), passage, waiting_);
        if (first->broken()) {
            director_.broke_down(view_.race_id, first->lane(), now_us);
            first->park();
        }
    }
}

std::vector<Action> Simulation::advance(std::int64_t now_us) {
    pass_gates(now_us);
    std::vector<Action> due;
    const auto later =
        std::stable_partition(waiting_.begin(), waiting_.end(),
                              [now_us](const Action& each) { return each.due_us > now_us; });
    std::move(later, waiting_.end(), std::back_inserter(due));
    waiting_.erase(later, waiting_.end());
    std::stable_sort(due.begin(), due.end(),
                     [](const Action& a, const Action& b) { return a.due_us < b.due_us; });
    if (config_.automatic) director_.act(view_, now_us, due);
    return due;
}

std::int64_t Simulation::next_us() const {
    std::int64_t next_us = config_.automatic ? director_.next_us(view_) : 0;
    for (const auto& [entry, car] : cars_) next_us = earlier(next_us, car.next_us());
    for (const Action& each : waiting_) next_us = earlier(next_us, each.due_us);
    return next_us;
}

}  // namespace racehub::simulator
