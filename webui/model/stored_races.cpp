#include "webui/model/stored_races.h"

#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "webui/model/format.h"
#include "webui/model/words.h"

namespace racehub {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t integer_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

StoredRaceView race_of(const json& item) {
    StoredRaceView view;
    view.race_id = text_of(item, "race_id");
    view.armed_us = integer_of(item, "armed_us");
    const auto phase = enum_from<Phase>(text_of(item, "phase")).value_or(Phase::finished);
    view.phase_text = words::phase(phase, false);
    view.what = format_count(integer_of(item, "entries"), "entry", "entries");
    if (const std::int64_t laps = integer_of(item, "laps"); laps > 0)
        view.what += ", " + format_count(laps, "lap", "laps");
    if (const auto winner = item.find("winner"); winner != item.end() && winner->is_object()) {
        view.winner = text_of(*winner, "driver");
        if (view.winner.empty())
            view.winner = "No. " + std::to_string(integer_of(*winner, "entry"));
    }
    if (const auto best = item.find("best_lap"); best != item.end() && best->is_object())
        view.fastest = format_lap(integer_of(*best, "lap_us"));
    return view;
}

}  // namespace

bool read_races(std::string_view body, std::vector<StoredRaceView>& list,
                std::string& next_before) {
    json answer;
    std::string error;
    if (!parse_object(body, answer, error)) return false;
    const auto races = answer.find("races");
    if (races == answer.end() || !races->is_array()) return false;
    for (const json& item : *races) {
        if (item.is_object()) list.push_back(race_of(item));
    }
    next_before = text_of(answer, "next_before");
    return true;
}

bool read_race(std::string_view body, HubState& state, std::string& track) {
    json answer;
    std::string error;
    if (!parse_object(body, answer, error)) return false;
    const auto race = answer.find("race");
    track = text_of(answer, "track");
    if (race == answer.end() || !race->is_object() || track.empty()) return false;
    json alone = {{"id", track}, {"name", track}, {"lanes", 0}};
    alone["settings"] = race->value("settings", json::object());
    alone["race"] = std::move(*race);
    const json whole = {{"seq", 0}, {"races", 0}, {"tracks", json::array({std::move(alone)})}};
    return decode_state(whole, state, error);
}

bool read_corrections(std::string_view body, const HubState& state, Feed& feed) {
    json answer;
    std::string error;
    if (!parse_object(body, answer, error)) return false;
    const auto facts = answer.find("facts");
    if (facts == answer.end() || !facts->is_array()) return false;
    for (const json& item : *facts) {
        Event fact;
        if (decode_event(item, fact, error)) feed.add_history(fact, state);
    }
    return true;
}

}  // namespace racehub
