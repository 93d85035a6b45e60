#include "plugins/smartrace/protocol/roster.h"

#include <array>
#include <nlohmann/json.hpp>

namespace racehub::smartrace {
namespace {

using nlohmann::json;

// For entries without a colour of their own: one for each lane, easy to tell apart.
constexpr std::array<std::string_view, 8> kLaneColors = {
    "#e03c31", "#2f6fde", "#f2c230", "#3aa655", "#f28c28", "#8e44ad", "#17a2b8", "#ffffff"};

std::string text_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int number_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

json member(const json& object, const char* key, json otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->type() == otherwise.type() ? *found : otherwise;
}

}  // namespace

void Roster::put(Entries& entries, const json& entry) {
    if (!entry.is_object()) return;
    Slot& slot = entries[number_in(entry, "entry")];
    slot.controller = number_in(entry, "lane");
    slot.driver = text_in(entry, "driver");
    slot.car = text_in(entry, "car");
    slot.color = text_in(entry, "color");
    slot.assigned = !slot.driver.empty() || !slot.car.empty();
}

void Roster::snapshot(std::string_view json_text) {
    next_.clear();
    race_.clear();
    in_race_ = racing_ = false;
    lanes_ = 0;
    const json hub = json::parse(json_text, nullptr, false);
    if (!hub.is_object()) return;
    for (const json& track : member(hub, "tracks", json::array())) {
        if (!track.is_object() || text_in(track, "id") != track_) continue;
        lanes_ = number_in(track, "lanes");
        for (const json& entry : member(track, "roster", json::array())) put(next_, entry);
        const json race = member(track, "race", json::object());
        const std::string phase = text_in(race, "phase");
        in_race_ = !phase.empty() && phase != "finished" && phase != "aborted";
        racing_ = phase == "running" || phase == "finishing";
        for (const json& state : member(race, "entries", json::array())) {
            if (state.is_object()) put(race_, member(state, "entry", json::object()));
        }
    }
}

void Roster::fact(std::string_view type, std::string_view track, std::string_view text) {
    if (track != track_) return;
    const json data = json::parse(text, nullptr, false);
    if (!data.is_object()) return;
    if (type == "track.configured") {
        lanes_ = number_in(data, "lanes");
    } else if (type == "entry.assigned") {
        put(next_, data);
        if (in_race_) put(race_, data);
    } else if (type == "entry.cleared") {
        next_.erase(number_in(data, "entry"));
        if (in_race_ && !racing_) race_.erase(number_in(data, "entry"));
    } else {
        race_fact(type, data);
    }
}

void Roster::race_fact(std::string_view type, const json& data) {
    if (type == "race.armed") {
        race_.clear();
        in_race_ = true;
        racing_ = false;
        for (const json& entry : member(data, "entries", json::array())) put(race_, entry);
    } else if (type == "race.started" || type == "race.continued") {
        racing_ = true;
    } else if (type == "race.finished" || type == "race.aborted" || type == "race.cleared") {
        in_race_ = racing_ = false;
    }
}

std::vector<Slot> Roster::slots() const {
    std::map<int, Slot> by_lane;
    for (const auto& [entry, slot] : in_race_ ? race_ : next_) {
        const int lane = slot.controller > 0 ? slot.controller : entry;
        if (lane < 1 || lane > kMaxController) continue;
        Slot& told = by_lane[lane];
        told = slot;
        told.controller = lane;
        if (told.driver.empty()) told.driver = told.car;
        if (told.color.empty()) told.color = kLaneColors[static_cast<std::size_t>(lane) - 1];
    }
    std::vector<Slot> result;
    for (auto& [lane, slot] : by_lane) result.push_back(std::move(slot));
    return result;
}

}  // namespace racehub::smartrace
