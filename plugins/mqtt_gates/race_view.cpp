#include "plugins/mqtt_gates/race_view.h"

#include <algorithm>
#include <utility>

namespace racehub::mqtt {
namespace {

using nlohmann::json;

std::int64_t number_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string text_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json member(const json& object, const char* key, json otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->type() == otherwise.type() ? *found : otherwise;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

void RaceView::snapshot(std::string_view json_text) {
    const json hub = json::parse(json_text, nullptr, false);
    if (!hub.is_object()) return;
    for (const json& track : member(hub, "tracks", json::array())) {
        const std::string id = text_in(track, "id");
        if (!track_.empty() && id != track_) continue;
        shown_track_ = id;
        load_race(member(track, "race", json::object()));
        return;
    }
    load_race(json::object());
}

void RaceView::load_race(const json& race) {
    race_id_ = text_in(race, "race_id");
    phase_ = race.contains("phase") ? text_in(race, "phase") : "idle";
    settings_ = member(race, "settings", json::object());
    start_ = json::object();
    for (const char* key : {"lights", "first_light_us", "light_interval_us", "go_us"}) {
        if (number_in(race, "go_us") != 0) start_[key] = number_in(race, key);
    }
    lit_ = number_in(race, "lights_lit");
    started_us_ = number_in(race, "started_us");
    ended_us_ = number_in(race, "ended_us");
    pauses_.clear();
    for (const json& pause : member(race, "pauses", json::array())) {
        pauses_.push_back({number_in(pause, "from_us"), number_in(pause, "to_us")});
    }
    entries_.clear();
    for (const json& entry : member(race, "entries", json::array())) load_entry(entry);
}

void RaceView::load_entry(const json& state) {
    const json names = member(state, "entry", json::object());
    Entry& entry = entries_[number_in(names, "entry")];
    entry.names = names;
    entry.status = text_in(state, "status");
    for (const json& penalty : member(state, "penalties", json::array())) {
        if (member(penalty, "withdrawn", json(false)).get<bool>()) continue;
        entry.penalties[number_in(penalty, "id")] = number_in(penalty, "penalty_us");
    }
    for (const json& lap : member(state, "laps", json::array())) {
        entry.crossings[number_in(lap, "id")] = {number_in(lap, "crossed_us"),
                                                 number_in(lap, "stamp_us"), text_in(lap, "clock"),
                                                 text_in(lap, "status")};
    }
}

void RaceView::begin(std::string_view race_id, const json& data) {
    load_race(json::object());
    race_id_ = race_id;
    phase_ = "armed";
    settings_ = member(data, "settings", json::object());
    for (const json& names : member(data, "entries", json::array())) {
        entries_[number_in(names, "entry")].names = names;
    }
}

bool RaceView::fact(std::string_view type, std::string_view track, std::string_view race_id,
                    std::int64_t time_us, std::string_view text) {
    if (!track_.empty() && track != track_) return false;
    const json data = json::parse(text, nullptr, false);
    if (!data.is_object()) return false;
    shown_track_ = track;
    if (type == "race.armed") {
        begin(race_id, data);
    } else if (race_id == race_id_ && !race_id.empty()) {
        phase_fact(type, time_us, data);
        if (data.contains("entry")) entry_fact(type, data);
    }
    // A heat is started by its timing device, not by ours.
    return type == "race.started" && race_id == race_id_ &&
           text_in(settings_, "discipline") != "heat";
}

void RaceView::phase_fact(std::string_view type, std::int64_t time_us, const json& data) {
    if (type == "start.scheduled") {
        phase_ = "lights";
        start_ = data;
    } else if (type == "light.lit") {
        lit_ = number_in(data, "number");
    } else if (type == "race.started") {
        phase_ = "running";
        started_us_ = time_us;
        for (auto& [number, entry] : entries_) {
            if (entry.status == "ready") entry.status = "running";
        }
    } else if (type == "race.paused") {
        pauses_.push_back({time_us, 0});
    } else if (type == "race.resumed") {
        end_pause(time_us);
    } else if (type == "race.finishing") {
        phase_ = "finishing";
    } else if (type == "race.held") {
        phase_ = "held";
    } else if (type == "heat.reopened") {
        phase_ = "armed";
    } else if (type == "race.continued") {
        phase_ = "running";
    } else if (type == "race.finished" || type == "race.aborted") {
        phase_ = type == "race.finished" ? "finished" : "aborted";
        ended_us_ = time_us;
        end_pause(time_us);
    } else if (type == "race.cleared") {
        load_race(json::object());
    }
}

void RaceView::end_pause(std::int64_t time_us) {
    if (!pauses_.empty() && pauses_.back().to_us == 0) pauses_.back().to_us = time_us;
}

void RaceView::entry_fact(std::string_view type, const json& data) {
    if (type == "entry.assigned") {
        entries_[number_in(data, "entry")].names = data;
        return;
    }
    const auto found = entries_.find(number_in(data, "entry"));
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    const std::int64_t lap = number_in(data, "lap");
    if (type == "lap.completed" || type == "lap.added") {
        entry.crossings[lap] = {number_in(data, "crossed_us"), number_in(data, "stamp_us"),
                                text_in(data, "clock")};
    } else if (type == "lap.voided") {
        entry.crossings[lap].status = text_in(data, "as");
    } else if (type == "lap.restored") {
        entry.crossings[lap].status = "counted";
    } else if (type == "penalty.given") {
        entry.penalties[number_in(data, "penalty")] = number_in(data, "penalty_us");
    } else if (type == "penalty.withdrawn") {
        entry.penalties.erase(number_in(data, "penalty"));
    } else if (type == "entry.retired") {
        entry.status = "dnf";
    } else if (type == "entry.disqualified") {
        entry.status = "dsq";
    } else if (type == "entry.finished") {
        entry.status = "finished";
    } else if (type == "entry.reinstated") {
        entry.status = ended_us_ != 0 ? "finished" : "running";
    }
}

std::int64_t RaceView::clock_us(std::int64_t from_us, std::int64_t to_us) const {
    std::int64_t elapsed_us = to_us - from_us;
    for (const Pause& pause : pauses_) {
        const std::int64_t end_us = pause.to_us == 0 ? to_us : pause.to_us;
        const std::int64_t stood_us = std::min(end_us, to_us) - std::max(pause.from_us, from_us);
        if (stood_us > 0) elapsed_us -= stood_us;
    }
    return elapsed_us;
}

// The rules of the hub's own laps: stamps of one clock before arrivals; a ghost's time belongs to
// the next lap.
json RaceView::results_of(const Entry& entry) const {
    std::vector<const Crossing*> crossings;
    for (const auto& [id, crossing] : entry.crossings) {
        if (crossing.status != "crossing_void") crossings.push_back(&crossing);
    }
    std::stable_sort(crossings.begin(), crossings.end(), [](const Crossing* a, const Crossing* b) {
        return a->crossed_us < b->crossed_us;
    });
    std::int64_t laps = 0, best_us = 0, last_us = 0, total_us = 0;
    const Crossing* previous = nullptr;
    const bool rolling = text_in(settings_, "first_lap") == "from_first_crossing";
    for (const Crossing* crossing : crossings) {
        const Crossing* from = std::exchange(previous, crossing);
        if (crossing->status != "counted" || (!from && rolling)) continue;
        const std::int64_t from_us = from ? from->crossed_us : started_us_;
        last_us = clock_us(from_us, crossing->crossed_us);
        if (from && !from->clock.empty() && from->clock == crossing->clock) {
            const std::int64_t paused_us = crossing->crossed_us - from_us - last_us;
            const std::int64_t by_stamp_us = crossing->stamp_us - from->stamp_us - paused_us;
            if (by_stamp_us > 0) last_us = by_stamp_us;
        }
        ++laps;
        best_us = best_us == 0 ? last_us : std::min(best_us, last_us);
        total_us = clock_us(started_us_, crossing->crossed_us);
    }
    std::int64_t penalty_us = 0;
    for (const auto& [id, time_us] : entry.penalties) penalty_us += time_us;
    json result = entry.names;
    result["status"] =
        entry.status == "running" && ended_us_ != 0 && crossings.empty() ? "dns" : entry.status;
    result["laps"] = laps;
    result["best_us"] = best_us;
    result["last_us"] = last_us;
    result["total_us"] = total_us;
    if (penalty_us > 0) result["penalty_us"] = penalty_us;
    return result;
}

json RaceView::state() const {
    json state = {{"track", shown_track_}, {"phase", phase_}, {"race_id", race_id_}};
    if (race_id_.empty()) return state;
    state["paused"] = !pauses_.empty() && pauses_.back().to_us == 0;
    for (const char* key : {"distance", "laps", "time_us"}) {
        if (settings_.contains(key)) state[key] = settings_[key];
    }
    if (start_.contains("go_us")) state["go_us"] = start_["go_us"];
    if (started_us_ != 0) state["started_us"] = started_us_;
    if (ended_us_ != 0) state["ended_us"] = ended_us_;
    state["entries"] = json::array();
    for (const auto& [number, entry] : entries_) state["entries"].push_back(entry.names);
    return state;
}

json RaceView::lights() const {
    json lights = start_;
    lights["race_id"] = race_id_;
    lights["lit"] = phase_ == "lights" ? lit_ : 0;
    lights["out"] = started_us_ != 0;
    return lights;
}

std::vector<Announcement> RaceView::announcements() const {
    std::vector<Announcement> result = {{"state", dump(state())}, {"lights", dump(lights())}};
    // Of laps only: a heat's times are not folded here.
    if (ended_us_ == 0 || text_in(settings_, "discipline") == "heat") return result;
    json results = {{"track", shown_track_},
                    {"race_id", race_id_},
                    {"phase", phase_},
                    {"entries", json::array()}};
    for (const auto& [number, entry] : entries_) results["entries"].push_back(results_of(entry));
    result.push_back({"results", dump(results)});
    return result;
}

}  // namespace racehub::mqtt
