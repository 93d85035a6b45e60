#include "plugins/track_controller/protocol/messages.h"

#include <algorithm>
#include <cmath>

#include "plugins/track_controller/protocol/json_text.h"

namespace racehub::track_controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxWordBytes = 64;      // versions, codes, event names
constexpr std::size_t kMaxMessageBytes = 200;  // error texts, shown to people

std::optional<std::int64_t> integer(const json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    return std::nullopt;
}

std::optional<bool> boolean(const json& value) {
    if (!value.is_boolean()) return std::nullopt;
    return value.get<bool>();
}

// "3" and nothing else: the key of a lane.
std::optional<int> lane_key(const std::string& key) {
    if (key.size() != 1 || key[0] < '1' || key[0] > '9') return std::nullopt;
    return key[0] - '0';
}

bool is_race_id(const json& value) {
    if (!value.is_string()) return false;
    const auto& id = value.get_ref<const std::string&>();
    return !id.empty() && id.size() <= kMaxRaceIdBytes &&
           std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '_';
           });
}

// The time of one lane, or the word for what is wrong with it.
std::pair<std::int64_t, const char*> lane_time(const json& value) {
    if (!value.is_number()) return {0, "bad_time"};
    // Milliseconds by the protocol; a float keeps its fraction, to the microsecond.
    const double time_us = value.get<double>() * 1000.0;
    if (time_us < 0) return {0, "negative_time"};
    if (time_us > static_cast<double>(kMaxTimeUs)) return {0, "too_long"};
    return {std::llround(time_us), nullptr};
}

std::optional<RaceResult> race_of(const json& value) {
    if (!is_race_id(member(value, "race_id"))) return std::nullopt;
    const json& times = member(value, "times_ms");
    if (!times.is_object()) return std::nullopt;
    RaceResult race;
    race.id = value["race_id"].get<std::string>();
    const auto fault = [&](const char* word) {
        if (race.fault.empty()) race.fault = word;
    };
    for (const auto& [key, time] : times.items()) {
        if (time.is_null()) continue;  // did not finish, although the specification leaves it out
        const auto lane = lane_key(key);
        if (!lane) {
            fault("bad_lane");
            continue;
        }
        const auto [time_us, wrong] = lane_time(time);
        if (wrong) {
            fault(wrong);
        } else {
            race.times.push_back({*lane, time_us});
        }
    }
    return race;
}

std::optional<DeviceInfo> info_of(const json& value) {
    if (!member(value, "protocol").is_string()) return std::nullopt;
    DeviceInfo info;
    info.protocol_text = text_member(value, "protocol", kMaxWordBytes);
    info.firmware = text_member(value, "firmware", kMaxWordBytes);
    if (info.protocol_text == "1" || info.protocol_text.starts_with("1.")) {
        info.protocol = Protocol::v1;
    } else if (info.protocol_text == "2" || info.protocol_text.starts_with("2.")) {
        info.protocol = Protocol::v2;
    } else {
        info.protocol = Protocol::newer;
    }
    const auto lanes = integer(member(value, "lane_count"));
    if (lanes && *lanes >= 1 && *lanes <= kMaxDeviceLanes)
        info.lane_count = static_cast<int>(*lanes);
    return info;
}

std::vector<int> lane_list(const json& value) {
    std::vector<int> lanes;
    if (!value.is_array()) return lanes;
    for (const json& item : value) {
        const auto lane = integer(item);
        if (lane && *lane >= 1 && *lane <= kMaxDeviceLanes)
            lanes.push_back(static_cast<int>(*lane));
    }
    std::sort(lanes.begin(), lanes.end());
    lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
    return lanes;
}

Phase phase_of(const json& value) {
    if (value == "IDLE") return Phase::idle;
    if (value == "ARMED") return Phase::armed;
    if (value == "RACING") return Phase::racing;
    return Phase::unknown;
}

LaneSensor sensor_of(int lane, const json& pin) {
    LaneSensor sensor;
    sensor.lane = lane;
    // Inputs are pulled up: 0 is a car, unless the pin is inverted.
    const bool low = integer(member(pin, "debounced")).value_or(1) == 0;
    sensor.triggered = low != boolean(member(pin, "invert")).value_or(false);
    sensor.last_edge_ms = integer(member(pin, "last_edge_ms")).value_or(-1);
    return sensor;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::optional<DeviceInfo> read_info(std::string_view text) { return info_of(parse_json(text)); }

std::optional<DeviceInfo> read_info_or_frame(std::string_view text) {
    const json value = parse_json(text);
    if (auto info = info_of(value)) return info;
    auto info = info_of(member(value, "ok"));
    // In an envelope only the second protocol speaks, whatever number it says.
    if (info && info->protocol == Protocol::v1) info->protocol = Protocol::newer;
    return info;
}

std::optional<RaceResult> read_race(std::string_view text) { return race_of(parse_json(text)); }

bool is_no_race(std::string_view text) {
    const json value = parse_json(text);
    return value.is_null() || (value.is_object() && value.empty());
}

std::optional<bool> read_gate(std::string_view text) {
    return boolean(member(parse_json(text), "gate_ready"));
}

std::optional<Snapshot> read_snapshot(std::string_view text) {
    const json value = parse_json(text);
    const json& controller = member(value, "controller");
    const json& engine = member(value, "engine");
    if (!controller.is_object() && !engine.is_object()) return std::nullopt;
    Snapshot snapshot;
    snapshot.uptime_ms = integer(member(controller, "uptime_ms"));
    snapshot.gate_ready = boolean(member(engine, "gate_ready"));
    snapshot.phase = phase_of(member(engine, "phase"));
    snapshot.active_lanes = lane_list(member(engine, "active_lanes"));
    if (is_race_id(member(engine, "race_id")))
        snapshot.race_id = engine["race_id"].get<std::string>();
    const json& lanes = member(member(value, "io"), "lanes");
    if (lanes.is_object()) {
        for (const auto& [key, pin] : lanes.items())
            if (const auto lane = lane_key(key)) snapshot.lanes.push_back(sensor_of(*lane, pin));
    }
    snapshot.text = dump(value);
    return snapshot;
}

std::optional<Frame> read_frame(std::string_view text) {
    const json value = parse_json(text);
    if (!value.is_object()) return std::nullopt;
    Frame frame;
    frame.id = integer(member(value, "id"));
    if (value.contains("ok") && frame.id) {
        frame.kind = Frame::Kind::ok;
        frame.body = dump(value["ok"]);
        return frame;
    }
    if (value.contains("err")) {
        frame.kind = Frame::Kind::error;
        frame.name = text_member(value, "code", kMaxWordBytes);
        frame.message = text_member(value, "err", kMaxMessageBytes);
        return frame;
    }
    const auto sub = integer(member(value, "sub"));
    frame.name = text_member(value, "event", kMaxWordBytes);
    if (!sub || frame.name.empty()) return std::nullopt;
    frame.kind = Frame::Kind::event;
    frame.sub = *sub;
    frame.body = dump(value);
    return frame;
}

std::optional<std::string> read_error(std::string_view text) {
    const json value = parse_json(text);
    for (const char* name : {"error", "err"})
        if (member(value, name).is_string()) return text_member(value, name, kMaxMessageBytes);
    return std::nullopt;
}

std::optional<LaneEvent> read_lane_event(std::string_view body) {
    const json value = parse_json(body);
    const auto lane = integer(member(value, "lane"));
    const auto triggered = boolean(member(value, "triggered"));
    if (!lane || *lane < 1 || *lane > kMaxDeviceLanes || !triggered) return std::nullopt;
    return LaneEvent{static_cast<int>(*lane), *triggered};
}

Phase read_phase_event(std::string_view body) {
    return phase_of(member(parse_json(body), "phase"));
}

bool was_armed(std::string_view body) {
    return phase_of(member(parse_json(body), "prev")) == Phase::armed;
}

std::string lane_digits(std::vector<int> lanes) {
    std::sort(lanes.begin(), lanes.end());
    lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
    std::string digits;
    for (const int lane : lanes)
        if (lane >= 1 && lane <= kMaxDeviceLanes) digits.push_back(static_cast<char>('0' + lane));
    return digits;
}

std::optional<std::int64_t> read_sub(std::string_view body) {
    return integer(member(parse_json(body), "sub"));
}

std::string write_request(std::int64_t id, std::string_view cmd,
                          const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string text = "{\"id\":" + std::to_string(id) + ",\"cmd\":" + json_string(cmd);
    for (const auto& [name, value] : fields) text += "," + json_string(name) + ":" + value;
    return text + "}";
}

std::string json_string(std::string_view text) { return dump(json(text)); }

}  // namespace racehub::track_controller
