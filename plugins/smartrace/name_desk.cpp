#include "plugins/smartrace/name_desk.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace racehub::smartrace {
namespace {

constexpr const char* kNamesKey = "names";

}  // namespace

void NameDesk::start() {
    if (wanted_) names_.load(host_.kv_get(kNamesKey));
}

void NameDesk::told(const AppMessage& message) {
    if (!wanted_ || message.says != AppSays::controllers) return;
    waiting_ = message.slots;
    if (roster_) take_over(*roster_);
}

void NameDesk::on_event(const sdk::Event& event, const Roster& roster) {
    if (event.type == "command.outcome") return on_outcome(event);
    if (event.type != "hub.snapshot") return;
    roster_ = &roster;
    take_over(roster);
}

void NameDesk::take_over(const Roster& roster) {
    if (waiting_.empty()) return;
    for (const Order& order : names_.take(waiting_, roster.slots(), roster.lanes())) {
        // Which controller an outcome is about stands behind the last slash.
        const std::string id = std::string("names/") +
                               (order.type == "entry.clear" ? "clear/" : "assign/") +
                               std::to_string(host_.now_us()) + "." + std::to_string(++orders_) +
                               "/" + std::to_string(order.controller);
        const rh_status status = host_.command(id, order.type, order.data);
        if (status == RH_OK) continue;
        names_.refused(order.controller);
        problem_ = "The hub was too busy to take over the app's drivers.";
    }
    waiting_.clear();
    host_.kv_put(kNamesKey, names_.save());
}

void NameDesk::on_outcome(const sdk::Event& event) {
    const auto outcome = nlohmann::json::parse(event.data, nullptr, false);
    if (!outcome.is_object() || event.source_key.substr(0, 6) != "names/") return;
    const auto accepted = outcome.value("accepted", nlohmann::json());
    if (accepted == true) {
        problem_.clear();
        return;
    }
    const auto text = outcome.value("message", nlohmann::json());
    const std::string why = text.is_string() ? text.get<std::string>() : "the hub said no.";
    host_.warn("A driver of the app was not taken over: " + why);
    // A driver who left in the app while a race is on stays in it here: nothing to be mended.
    const bool leaves = event.source_key.substr(0, 12) == "names/clear/";
    if (!leaves) {
        problem_ = "A driver of the app was not taken over: " + why;
        if (problem_.back() != '.') problem_ += ". (Or set names of this source to false.)";
    }
    int controller = 0;
    const std::string_view id = event.source_key;
    const auto slash = id.rfind('/');
    std::from_chars(id.data() + slash + 1, id.data() + id.size(), controller);
    names_.refused(controller);
    host_.kv_put(kNamesKey, names_.save());
}

}  // namespace racehub::smartrace
