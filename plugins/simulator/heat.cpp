#include "plugins/simulator/heat.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace racehub::simulator {
namespace {

using nlohmann::json;

constexpr double kSlopeOfPace = 0.5;  // gravity forgives more than a motor
constexpr double kSpread = 0.006;     // of a run, as share of the lane time
constexpr double kLaneBias = 0.004;   // a lane is that much slower than its neighbour, or faster
constexpr double kLimitOfTime = 2.5;  // the device waits so many lane times for the last car

Action observation(const char* type, const json& data, std::string key, std::int64_t at_us) {
    Action action;
    action.type = type;
    action.data = data.dump();
    action.key = std::move(key);
    action.time_us = action.due_us = at_us;
    return action;
}

/// What the device senses: its gate, and the lanes of those who have arrived.
Action sensed(bool open, const std::vector<Runner>& runners, const std::vector<bool>& arrived,
              std::int64_t at_us) {
    json lanes = json::array();
    for (std::size_t i = 0; i < runners.size(); ++i) {
        lanes.push_back({{"lane", runners[i].lane}, {"state", arrived[i] ? "blocked" : "clear"}});
    }
    Action action =
        observation("device.sensed",
                    {{"gate", open ? "open" : "closed"}, {"lanes", std::move(lanes)}, {"text", ""}},
                    "sensed", at_us);
    action.is_sample = true;
    return action;
}

/// Lane times in microseconds; 0: the car did not arrive.
std::vector<std::int64_t> times_of(const Config& config, const std::vector<Runner>& runners,
                                   Random& random) {
    std::vector<std::int64_t> times_us;
    for (const Runner& runner : runners) {
        double time_s = config.heat_s * (1 + (runner.driver.pace - 1) * kSlopeOfPace);
        time_s *= 1 + kSpread * random.normal() + (runner.lane % 2 == 0 ? kLaneBias : 0);
        const bool lost = random.chance(config.dnf);
        times_us.push_back(
            lost ? 0 : std::max<std::int64_t>(static_cast<std::int64_t>(time_s * 1e6), 1));
    }
    return times_us;
}

json results_of(const std::vector<Runner>& runners, const std::vector<std::int64_t>& times_us) {
    json results = json::array();
    for (std::size_t i = 0; i < runners.size(); ++i) {
        if (times_us[i] == 0) continue;
        results.push_back({{"lane", runners[i].lane}, {"time_us", times_us[i]}});
    }
    return results;
}

}  // namespace

Action gate_ready(const std::vector<Runner>& runners, std::int64_t at_us) {
    return sensed(false, runners, std::vector<bool>(runners.size()), at_us);
}

std::vector<Action> run_heat(const Config& config, std::uint64_t seed,
                             const std::vector<Runner>& runners, std::int64_t gate_us) {
    std::vector<Action> actions;
    Random random(seed);
    const std::string id = "sim-" + std::to_string(gate_us);
    std::vector<std::int64_t> times_us = times_of(config, runners, random);
    if (random.chance(config.false_results)) {
        // Half of them: the device's gate was opened by mistake, nothing runs. Else its cable is
        // bad.
        const bool nothing = random.unit() < 0.5;
        std::fill(times_us.begin(), times_us.end(), nothing ? 0 : 9'999'000);
    }
    const auto passed = [&](std::int64_t time_us) {
        return gate_us + static_cast<std::int64_t>(static_cast<double>(time_us) / config.speed);
    };
    actions.push_back(observation("heat.started", json::object(), id + "-start", gate_us));
    actions.push_back(sensed(true, runners, std::vector<bool>(runners.size()), gate_us));
    const auto limit_us = static_cast<std::int64_t>(config.heat_s * kLimitOfTime * 1e6);
    std::int64_t end_us = 0;
    json armed = json::array();
    for (std::size_t i = 0; i < runners.size(); ++i) {
        armed.push_back(runners[i].lane);
        end_us = std::max(end_us, times_us[i] == 0 ? limit_us : times_us[i]);
        if (times_us[i] == 0) continue;
        std::vector<bool> arrived;
        for (const std::int64_t time_us : times_us)
            arrived.push_back(time_us != 0 && time_us <= times_us[i]);
        actions.push_back(sensed(true, runners, arrived, passed(times_us[i])));
    }
    const std::int64_t report_us = passed(std::min(end_us, limit_us));
    actions.push_back(observation("heat.reported",
                                  {{"report_id", id},
                                   {"results", results_of(runners, times_us)},
                                   {"armed_lanes", std::move(armed)}},
                                  id, report_us));
    return actions;
}

std::vector<Action> stray_report(const Config& config, std::uint64_t seed,
                                 const std::vector<Runner>& runners, std::int64_t at_us) {
    Random random(seed);
    const std::string id = "stray-" + std::to_string(at_us);
    const json results = results_of(runners, times_of(config, runners, random));
    return {observation("heat.reported", {{"report_id", id}, {"results", results}}, id, at_us)};
}

}  // namespace racehub::simulator
