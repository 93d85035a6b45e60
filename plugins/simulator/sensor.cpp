#include "plugins/simulator/sensor.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace racehub::simulator {

using nlohmann::json;

Action Sensors::crossing(int lane, const std::string& gate, std::int64_t time_us) const {
    json data = {{"gate", gate}, {"lane", lane}};
    if (config_.stamped) {
        data["clock"] = "simulator";
        data["stamp_us"] = time_us;
    }
    Action action;
    action.type = "gate.crossed";
    action.data = data.dump();
    // No car passes a gate twice in one microsecond, so the instant names the crossing.
    action.key = gate + std::to_string(lane) + "@" + std::to_string(time_us);
    action.time_us = action.due_us = time_us;
    return action;
}

void Sensors::report(int lane, const Passage& passage, std::vector<Action>& actions) {
    const Faults& faults = config_.faults;
    const bool missed = random_.chance(faults.missed);
    const bool bounced = random_.chance(faults.bounced);
    const bool duplicated = random_.chance(faults.duplicated);
    const bool late = random_.chance(faults.late);
    const bool reordered = random_.chance(faults.reordered);
    const double amount = random_.unit();

    const auto index = static_cast<std::size_t>(lane);
    if (missed_.size() <= index) missed_.resize(index + 1);
    if (missed) {
        if (passage.gate == "finish") ++missed_[index];
        return;
    }
    Action seen = crossing(lane, passage.gate, passage.time_us);
    // Delays are those of networks: they do not shrink when the race runs faster.
    if (late) seen.due_us += 200'000 + static_cast<std::int64_t>(amount * 2'800'000);
    if (reordered) seen.due_us += 20'000 + static_cast<std::int64_t>(amount * 400'000);
    if (passage.gate == "finish" && missed_[index] > 0) {
        // A gate that numbers its crossings shows the hole with the next one.
        Action hole = seen;
        hole.type = "gate.missed";
        hole.data = json({{"gate", "finish"}, {"lane", lane}, {"count", missed_[index]}}).dump();
        hole.key += "/missed";
        missed_[index] = 0;
        actions.push_back(std::move(hole));
    }
    if (bounced) {
        // As close as laps are: else a fast race would count it.
        const double gap_us = (2'000 + amount * 60'000) / std::max(config_.speed, 1.0);
        actions.push_back(
            crossing(lane, passage.gate, passage.time_us + static_cast<std::int64_t>(gap_us)));
    }
    if (duplicated) {
        actions.push_back(seen);
        actions.back().due_us += 30'000 + static_cast<std::int64_t>(amount * 1'000'000);
    }
    actions.push_back(std::move(seen));
}

}  // namespace racehub::simulator
