#include "plugins/track_controller/lights.h"

#include "plugins/track_controller/protocol/json_text.h"

namespace racehub::track_controller {

void Lights::gate(bool ready, std::int64_t now_us) {
    ready_ = ready;
    due_us_ = now_us;
}

void Lights::lane(int lane, bool triggered, std::int64_t now_us) {
    Lane& known = lanes_[lane];
    known.covered = triggered;
    if (triggered) known.until_us = now_us + kShownUs;
    due_us_ = now_us;
}

void Lights::dark(std::int64_t now_us) {
    if (!ready_ && lanes_.empty()) return;
    ready_.reset();
    lanes_.clear();
    due_us_ = now_us;
}

std::optional<std::string> Lights::due(std::int64_t now_us) {
    if (now_us < due_us_) return std::nullopt;
    due_us_ = ready_ || !lanes_.empty() ? now_us + kRepeatUs : kNever;
    nlohmann::json lanes = nlohmann::json::array();
    for (const auto& [number, lane] : lanes_) {
        const bool shown = lane.covered || now_us < lane.until_us;
        if (shown && !lane.covered) due_us_ = std::min(due_us_, lane.until_us);
        lanes.push_back({{"lane", number}, {"state", shown ? "blocked" : "clear"}});
    }
    const char* gate = !ready_ ? "unknown" : *ready_ ? "closed" : "open";
    return nlohmann::json{{"gate", gate}, {"lanes", std::move(lanes)}}.dump();
}

}  // namespace racehub::track_controller
