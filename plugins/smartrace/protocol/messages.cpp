#include "plugins/smartrace/protocol/messages.h"

#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "plugins/smartrace/protocol/css_color.h"

namespace racehub::smartrace {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Every integer up to it is exact in the sensors' languages too; no clock counts as far.
constexpr std::int64_t kMaxNumber = std::int64_t{1} << 53;
// The app shows six controllers even when fewer are driven.
constexpr int kShownControllers = 6;
constexpr std::string_view kNobody = "Not assigned";

const json* member(const json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

std::string text_in(const json& object, const char* key) {
    const json* found = member(object, key);
    return found && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_of(const json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(kMaxNumber)) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number_float()) {
        const double number = value.get<double>();
        const bool fits = std::isfinite(number) && std::abs(number) <= 9e15;
        return fits ? std::optional(static_cast<std::int64_t>(std::llround(number))) : std::nullopt;
    }
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end || text.empty()) return std::nullopt;
    return number;
}

std::string dump(const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

SensorMessage bad(std::string problem) {
    SensorMessage message;
    message.problem = std::move(problem);
    return message;
}

SensorMessage read_crossing(SensorSays says, const json& data) {
    SensorMessage message;
    const json* controller = member(data, "controller_id");
    const auto id = controller ? number_of(*controller) : std::nullopt;
    if (!id) return bad("data.controller_id is not a number");
    message.controller = *id;
    if (says == SensorSays::lap) {
        const json* stamp = member(data, "timestamp");
        const auto stamp_ms = stamp ? number_of(*stamp) : std::nullopt;
        if (!stamp_ms || *stamp_ms < 0 || *stamp_ms > kMaxStampMs) {
            return bad("data.timestamp is not a number of milliseconds");
        }
        message.timestamp_ms = *stamp_ms;
    }
    message.says = says;
    return message;
}

std::optional<int> slot_number(const std::string& key) {
    int number = 0;
    const char* const end = key.data() + key.size();
    const auto [rest, error] = std::from_chars(key.data(), end, number);
    const bool good =
        error == std::errc() && rest == end && number >= 1 && number <= kMaxController;
    return good ? std::optional(number) : std::nullopt;
}

void read_slots(const json& data, AppMessage& message) {
    std::set<std::string> nobody;  // texts that stand for both driver and car
    for (const json& slot : data) {
        const std::string driver = text_in(slot, "driver");
        if (member(slot, "car") && text_in(slot, "car") == driver) nobody.insert(driver);
    }
    std::map<int, Slot> slots;
    for (const auto& [key, value] : data.items()) {
        const auto number = slot_number(key);
        if (!number || !value.is_object()) continue;
        Slot slot;
        slot.controller = *number;
        slot.driver = text_in(value, "driver");
        slot.car = text_in(value, "car");
        const std::string background = text_in(value, "backgroundColor");
        slot.color = to_hex(background);
        const bool grey = slot.color == kNobodyHex;
        const bool unnamed = slot.driver.empty() || nobody.count(slot.driver) != 0;
        slot.assigned = member(value, "car") ? !unnamed : !unnamed && !grey;
        if (nobody.count(slot.car) != 0) slot.car.clear();
        if (!slot.assigned) slot = Slot{*number, false, "", "", ""};
        slots[*number] = std::move(slot);
    }
    for (auto& [number, slot] : slots) message.slots.push_back(std::move(slot));
}

}  // namespace

SensorMessage read_sensor_message(std::string_view text) {
    const json message = json::parse(text, nullptr, false);
    if (message.is_discarded()) return bad("it is not JSON");
    const json* type = member(message, "type");
    if (!type || !type->is_string()) return bad("it has no type");
    const std::string name = type->get<std::string>();
    const json* found = member(message, "data");
    const json data = found ? *found : json::object();
    if (name == "analog_lap") return read_crossing(SensorSays::lap, data);
    if (name == "analog_pit_enter") return read_crossing(SensorSays::pit_enter, data);
    if (name == "analog_pit_leave") return read_crossing(SensorSays::pit_leave, data);
    SensorMessage result;
    if (name == "api_version") {
        result.says = SensorSays::api_version;
    } else if (name == "controller_set") {
        result.says = SensorSays::controller_set;
        const json* id = member(data, "controller_id");
        result.word = id && id->is_string() ? id->get<std::string>() : id ? id->dump() : "";
    } else if (name == "race_control") {
        result.says = SensorSays::race_control;
        result.word = text_in(data, "value");
    } else {
        result.says = SensorSays::other;
        result.word = name;
    }
    return result;
}

AppMessage read_app_message(std::string_view text) {
    AppMessage message;
    const json root = json::parse(text, nullptr, false);
    const std::string type = root.is_discarded() ? "" : text_in(root, "type");
    if (type.empty()) {
        message.problem = root.is_discarded() ? "it is not JSON" : "it has no type";
        return message;
    }
    const json* data = member(root, "data");
    if (type == "update_controller_data") {
        if (!data || !data->is_object()) {
            message.problem = "data is not an object";
            return message;
        }
        message.says = AppSays::controllers;
        read_slots(*data, message);
    } else if (type == "update_server_info") {
        message.says = AppSays::server_info;
    } else if (type == "api_version") {
        message.says = AppSays::api_version;
        const json* version = data ? member(*data, "api_version") : nullptr;
        message.api_version = version ? number_of(*version).value_or(0) : 0;
    } else {
        message.says = AppSays::other;
        message.word = type;
    }
    return message;
}

std::vector<std::string> greeting(const std::vector<Slot>& slots, int api_version) {
    int highest = kShownControllers;
    for (const Slot& slot : slots) highest = std::max(highest, slot.controller);
    ordered_json data = ordered_json::object();
    for (int number = 1; number <= std::min(highest, kMaxController); ++number) {
        Slot slot;
        for (const Slot& each : slots) {
            if (each.controller == number) slot = each;
        }
        ordered_json& told = data[std::to_string(number)];
        told["color"] = slot.assigned ? text_color_on(slot.color) : "rgb(0, 0, 0)";
        told["backgroundColor"] = slot.assigned ? to_rgb(slot.color) : std::string(kNobodyRgb);
        told["driver"] = slot.assigned ? slot.driver : std::string(kNobody);
        if (api_version < 7) continue;
        told["car"] = slot.assigned ? slot.car : std::string(kNobody);
    }
    return {dump({{"type", "update_controller_data"}, {"data", data}}),
            dump({{"type", "update_server_info"}, {"data", {{"is_subscribed", false}}}}),
            dump({{"type", "api_version"}, {"data", {{"api_version", api_version}}}})};
}

std::string api_version_text() { return R"({"type":"api_version"})"; }

std::string register_text() { return R"({"type":"controller_set","data":{"controller_id":"Z"}})"; }

std::string lap_text(int controller, std::int64_t timestamp_ms) {
    return dump({{"type", "analog_lap"},
                 {"data", {{"timestamp", timestamp_ms}, {"controller_id", controller}}}});
}

std::string pit_text(int controller, bool enter) {
    return dump({{"type", enter ? "analog_pit_enter" : "analog_pit_leave"},
                 {"data", {{"controller_id", controller}}}});
}

}  // namespace racehub::smartrace
