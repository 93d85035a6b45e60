#include "plugins/simulator/director.h"

#include <algorithm>
#include <utility>

namespace racehub::simulator {
namespace {

using nlohmann::json;

constexpr std::int64_t kAnswerUs =
    3'000'000;  // a command that changed nothing by then is given again
constexpr std::int64_t kRefusedUs = 10'000'000;
constexpr double kRecoveryS = 8;  // until a car that broke down is retired

}  // namespace

std::int64_t Director::scaled(double seconds) const {
    return static_cast<std::int64_t>(seconds / config_.speed * 1e6);
}

std::int64_t Director::due_us(const TrackView& track) const {
    double wait_s = 0;
    const bool ended = track.phase == "finished" || track.phase == "aborted";
    if (track.heats() && track.phase == "armed") return 0;  // the gate opens by itself
    if (track.heats() && (track.phase == "held" || (ended && !track.heats_left.empty()))) {
        wait_s = config_.idle_s + config_.armed_s;
    } else if (track.phase == "idle") {
        wait_s = config_.idle_s;
    } else if (track.phase == "armed") {
        wait_s = config_.armed_s;
    } else if (ended) {
        wait_s = config_.summary_s;
    } else {
        return 0;
    }
    const std::int64_t due_us = track.phase_us + scaled(wait_s);
    return track.phase_us == asked_phase_us_ ? std::max(due_us, not_before_us_) : due_us;
}

std::int64_t Director::next_us(const TrackView& track) const {
    std::int64_t next_us = due_us(track);
    for (const Breakdown& each : breakdowns_) {
        if (next_us == 0 || each.due_us < next_us) next_us = each.due_us;
    }
    return next_us;
}

void Director::command(const char* type, json data, std::int64_t now_us,
                       std::vector<Action>& actions) {
    Action action;
    action.is_command = true;
    action.type = type;
    action.data = data.dump();
    // Ids must never come again, also not after a restart: the instant and a count see to that.
    action.key = "auto-" + std::to_string(now_us) + "-" + std::to_string(++commands_);
    action.due_us = now_us;
    actions.push_back(std::move(action));
}

void Director::act(const TrackView& track, std::int64_t now_us, std::vector<Action>& actions) {
    retire(track, now_us, actions);
    const std::int64_t due = due_us(track);
    if (due == 0 || now_us < due || track.lanes == 0) return;
    if (track.heats()) {
        act_heats(track, now_us, actions);
    } else if (track.phase == "armed") {
        command("race.start", json::object(), now_us, actions);
    } else if (track.phase == "idle") {
        for (int lane = 1; config_.assign && lane <= track.lanes; ++lane) {
            const Driver driver = driver_for(track, lane);
            command("entry.assign",
                    {{"entry", lane},
                     {"lane", lane},
                     {"driver", driver.name},
                     {"car", driver.car},
                     {"color", driver.color}},
                    now_us, actions);
        }
        command("race.arm", {{"settings", settings_for(track)}}, now_us, actions);
    } else {
        command("race.clear", json::object(), now_us, actions);
    }
    not_before_us_ = now_us + kAnswerUs;
    asked_phase_us_ = track.phase_us;
}

void Director::act_heats(const TrackView& track, std::int64_t now_us,
                         std::vector<Action>& actions) {
    if (track.phase == "held") {
        command("heat.rerun", {{"reason", "the result cannot be true"}}, now_us, actions);
    } else if (!track.has_session || track.heats_left.empty()) {
        plan_session(track, now_us, actions);
    } else {
        command("heat.arm", json::object(), now_us, actions);
    }
}

void Director::plan_session(const TrackView& track, std::int64_t now_us,
                            std::vector<Action>& actions) {
    const std::size_t count =
        std::min(config_.drivers.size(), 2 * static_cast<std::size_t>(track.lanes));
    json entries = json::array();
    for (std::size_t i = 0; i < count; ++i) {
        const Driver& driver =
            config_.drivers[(static_cast<std::size_t>(track.races) + i) % config_.drivers.size()];
        entries.push_back({{"entry", i + 1},
                           {"driver", driver.name},
                           {"car", driver.car},
                           {"color", driver.color}});
    }
    command("session.plan", {{"name", "Heats of the evening"}, {"entries", std::move(entries)}},
            now_us, actions);
}

void Director::retire(const TrackView& track, std::int64_t now_us, std::vector<Action>& actions) {
    const bool on = track.phase == "running" || track.phase == "finishing";
    std::erase_if(breakdowns_, [&](const Breakdown& each) {
        if (!on || each.race_id != track.race_id) return true;
        if (now_us < each.due_us) return false;
        command("entry.retire", {{"entry", each.lane}, {"reason", "stands on the track"}}, now_us,
                actions);
        return true;
    });
}

void Director::broke_down(const std::string& race_id, int lane, std::int64_t now_us) {
    breakdowns_.push_back({race_id, lane, now_us + scaled(kRecoveryS)});
}

void Director::refused(std::int64_t now_us) {
    not_before_us_ = std::max(not_before_us_, now_us + kRefusedUs);
}

Driver Director::driver_for(const TrackView& track, int lane) const {
    const std::size_t count = config_.drivers.size();
    const auto lanes = static_cast<std::size_t>(track.lanes);
    const auto index =
        static_cast<std::size_t>(track.races) * lanes + static_cast<std::size_t>(lane - 1);
    Driver driver = config_.drivers[index % count];
    // More lanes than drivers: the same person twice would be hard to follow.
    if (lanes > count && static_cast<std::size_t>(lane) > count) {
        driver.name += " " + std::to_string(static_cast<std::size_t>(lane - 1) / count + 1);
    }
    return driver;
}

json Director::settings_for(const TrackView& track) const {
    json settings = track.settings;
    settings["discipline"] = "circuit";
    if (settings.value("distance", "open") == "open") {
        settings["distance"] = "laps";
        settings["laps"] = config_.laps;
    }
    if (config_.speed == 1) return settings;
    // What the rules say in seconds belongs to real cars; these are faster or slower.
    const auto scale = [&](const char* key, std::int64_t otherwise_us, std::int64_t least_us) {
        const auto given_us = static_cast<double>(settings.value(key, otherwise_us));
        settings[key] = std::max(least_us, static_cast<std::int64_t>(given_us / config_.speed));
    };
    scale("min_lap_us", 400'000, 0);
    scale("grace_us", 60'000'000, 1'000'000);
    scale("lead_us", 1'000'000, 0);
    scale("light_interval_us", 1'000'000, 100'000);
    scale("hold_min_us", 1'000'000, 0);
    scale("hold_max_us", 4'000'000, 0);
    scale("time_us", 300'000'000, 1'000'000);
    return settings;
}

}  // namespace racehub::simulator
