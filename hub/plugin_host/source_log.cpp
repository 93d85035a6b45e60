#include "hub/plugin_host/source_log.h"

#include <racehub/plugin.h>

#include <nlohmann/json.hpp>

#include "hub/plugin_host/config_schema.h"
#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

constexpr std::size_t kLineCost = 64;  // what a line takes besides its text
constexpr std::size_t kMaxLanes = 64;
constexpr std::size_t kMaxWordBytes = 32;

bool is_dir(const std::string& word) { return word == "in" || word == "out" || word == "note"; }

bool is_gate(const std::string& word) {
    return word == "open" || word == "closed" || word == "unknown";
}

// The member as a text, empty if it is missing; false: it is something else.
bool text_of(const json& object, const char* key, std::string& value) {
    const auto found = object.find(key);
    if (found == object.end()) return true;
    if (!found->is_string()) return false;
    value = found->get<std::string>();
    return true;
}

bool object_of(std::string_view data, json& object, std::string& error) {
    if (!parse_json(data, RH_MAX_DATA_BYTES, object, error)) return false;
    if (!object.is_object()) return error = "is not an object", false;
    return true;
}

bool read_lanes(const json& lanes, json& list, std::string& error) {
    if (!lanes.is_array() || lanes.size() > kMaxLanes) {
        return error = "lanes must be a list of at most " + std::to_string(kMaxLanes), false;
    }
    for (const json& each : lanes) {
        std::string state;
        const bool good = each.is_object() && each.contains("lane") &&
                          each["lane"].is_number_integer() && each["lane"] >= 1 &&
                          each["lane"] <= kMaxLanes && text_of(each, "state", state);
        if (!good) return error = "each of lanes must have a lane from 1 to 64 and a state", false;
        if (state.empty()) state = "unknown";
        list.push_back({{"lane", each["lane"]}, {"state", clean_text(state, kMaxWordBytes)}});
    }
    return true;
}

}  // namespace

void SourceLog::add(std::int64_t time_us, std::string_view dir, std::string_view text) {
    Line line{0, time_us, std::string(dir), clean_text(text, RH_MAX_LOGGED_BYTES)};
    const std::lock_guard lock(mutex_);
    line.number = ++number_;
    bytes_ += line.text.size() + kLineCost;
    lines_.push_back(std::move(line));
    while (lines_.size() > kMaxLines || bytes_ > kMaxBytes) {
        bytes_ -= lines_.front().text.size() + kLineCost;
        lines_.pop_front();
    }
}

std::string SourceLog::json_lines(std::uint64_t after) const {
    std::string out;
    const std::lock_guard lock(mutex_);
    for (const Line& line : lines_) {
        if (line.number <= after) continue;
        out += json{{"n", line.number},
                    {"time_us", line.time_us},
                    {"dir", line.dir},
                    {"text", line.text}}
                   .dump() +
               "\n";
    }
    return out;
}

bool read_logged(std::string_view data, std::string& dir, std::string& text, std::string& error) {
    json object;
    if (!object_of(data, object, error)) return false;
    if (!text_of(object, "dir", dir) || !text_of(object, "text", text)) {
        return error = "dir and text must be texts", false;
    }
    if (!is_dir(dir)) return error = "dir must be \"in\", \"out\" or \"note\"", false;
    return true;
}

bool read_sensed(std::string_view data, json& sensed, std::string& error) {
    json object;
    std::string gate;
    std::string text;
    if (!object_of(data, object, error)) return false;
    if (!text_of(object, "gate", gate) || !text_of(object, "text", text)) {
        return error = "gate and text must be texts", false;
    }
    if (gate.empty()) gate = "unknown";
    if (!is_gate(gate)) return error = "gate must be \"open\", \"closed\" or \"unknown\"", false;
    json lanes = json::array();
    if (object.contains("lanes") && !read_lanes(object["lanes"], lanes, error)) return false;
    sensed = {
        {"gate", gate}, {"lanes", std::move(lanes)}, {"text", clean_text(text, RH_MAX_TEXT_BYTES)}};
    return true;
}

}  // namespace racehub::plugin_host
