#include "plugins/track_controller/heat_watch.h"

#include <algorithm>

#include "plugins/track_controller/protocol/json_text.h"

namespace racehub::track_controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxNameBytes = 128;  // RH_MAX_NAME_BYTES

std::int64_t integer(const json& value) {
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

bool is_heat(const json& settings) { return member(settings, "discipline") == "heat"; }

}  // namespace

std::optional<HeatOrder> HeatWatch::on_event(std::string_view type, std::string_view track,
                                             std::string_view race_id, std::string_view data) {
    if (type == "hub.snapshot") return on_snapshot(data);
    if (!track_.empty() && track != track_) return std::nullopt;
    if (type == "race.armed") return on_armed(race_id, data);
    if (type == "heat.reopened") return on_reopened(race_id, data);
    const bool over = type == "race.aborted" || type == "race.cleared" || type == "race.finished" ||
                      type == "race.held";
    return over ? change({}) : std::nullopt;
}

std::optional<HeatOrder> HeatWatch::change(HeatOrder order) {
    if (order == order_) return std::nullopt;
    order_ = std::move(order);
    return order_;
}

std::optional<HeatOrder> HeatWatch::on_armed(std::string_view race_id, std::string_view data) {
    const json value = parse_json(data);
    heat_ = std::string(race_id);
    lane_of_entry_.clear();
    HeatOrder order{is_heat(member(value, "settings")), heat_, {}, ++runs_};
    const json& entries = member(value, "entries");
    if (entries.is_array()) {
        for (const json& entry : entries) {
            const auto lane = static_cast<int>(integer(member(entry, "lane")));
            lane_of_entry_[integer(member(entry, "entry"))] = lane;
            if (lane > 0) order.lanes.push_back(lane);
        }
    }
    return change(order.armed ? order : HeatOrder{});
}

// The whole heat again, or some of its lanes: the same race, armed for those.
std::optional<HeatOrder> HeatWatch::on_reopened(std::string_view race_id, std::string_view data) {
    if (race_id != heat_) return std::nullopt;
    const json value = parse_json(data);
    HeatOrder order{true, heat_, {}, ++runs_};
    const json& entries = member(value, "entries");
    if (entries.is_array()) {
        for (const json& entry : entries) {
            const auto lane = lane_of_entry_.find(integer(entry));
            if (lane != lane_of_entry_.end() && lane->second > 0)
                order.lanes.push_back(lane->second);
        }
    }
    return change(order);
}

// The hub as it is now: at the start, and when facts were left out.
std::optional<HeatOrder> HeatWatch::on_snapshot(std::string_view data) {
    const json value = parse_json(data);
    const json& tracks = member(value, "tracks");
    HeatOrder order;
    if (tracks.is_array()) {
        for (const json& track : tracks) {
            if (!track_.empty() && member(track, "id") != track_) continue;
            const json& race = member(track, "race");
            if (!race.is_object()) continue;
            const std::string heat = text_member(race, "race_id", kMaxNameBytes);
            lane_of_entry_.clear();
            order = {};
            const json& phase = member(race, "phase");
            order.armed =
                is_heat(member(race, "settings")) && (phase == "armed" || phase == "running");
            for (const json& entry : member(race, "entries")) {
                const json& who = member(entry, "entry");
                const auto lane = static_cast<int>(integer(member(who, "lane")));
                lane_of_entry_[integer(member(who, "entry"))] = lane;
                // Lanes that have their time already are not run again.
                if (lane > 0 && member(entry, "heat") == "waiting") order.lanes.push_back(lane);
            }
            order.heat = heat_ = heat;
            if (order.armed) break;
        }
    }
    if (!order.armed) return change({});
    // The same heat as before the gap is the same run: its result may be on its way to the hub.
    order.run = order_.armed && order_.heat == order.heat ? order_.run : ++runs_;
    return change(order);
}

}  // namespace racehub::track_controller
