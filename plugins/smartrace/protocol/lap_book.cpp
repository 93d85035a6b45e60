#include "plugins/smartrace/protocol/lap_book.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace racehub::smartrace {
namespace {

using nlohmann::json;

// Up to ten bounces come in a row, and two laps are sent again: this is plenty for eight cars.
constexpr std::size_t kRecent = 128;
// What a sensor kept while it was away comes at once on the new connection.
constexpr std::int64_t kBurstUs = 10'000'000;
// Longer than a network is ever away during a race.
constexpr std::int64_t kMaxLateMs = 3'600'000;
// A clock's offset moves by microseconds a second; a minute's is near enough after a restart.
constexpr std::int64_t kRememberUs = 60'000'000;
// The hub keeps 4,096 bytes for each key.
constexpr std::size_t kMaxSavedBytes = 4'000;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool in_range(const json& value, std::int64_t least, std::int64_t most) {
    if (!value.is_number_integer()) return false;
    const auto number = value.get<std::int64_t>();
    return number >= least && number <= most;
}

Verdict ends(Fate fate) {
    Verdict verdict;
    verdict.fate = fate;
    return verdict;
}

}  // namespace

std::string_view name_of(Fate fate) {
    switch (fate) {
        case Fate::counted:
            return "counted";
        case Fate::talk:
            return "talk";
        case Fate::duplicate:
            return "sent again";
        case Fate::chatter:
            return "chatter";
        case Fate::no_lane:
            return "of a controller that does not race";
        case Fate::unknown:
            return "of unknown type";
        case Fate::bad:
            return "bad";
    }
    return "bad";
}

void LapBook::opened(LineId line, std::string device, std::int64_t now_us) {
    Line& opened = lines_[line];
    opened.device = std::move(device);
    opened.opened_us = now_us;
}

void LapBook::closed(LineId line) { lines_.erase(line); }

LapBook::Device& LapBook::device_of(const Line& line, std::int64_t now_us) {
    if (devices_.size() >= kMaxDevices && devices_.find(line.device) == devices_.end()) {
        const auto older = [](const auto& a, const auto& b) {
            return a.second.heard_us < b.second.heard_us;
        };
        devices_.erase(std::min_element(devices_.begin(), devices_.end(), older));
    }
    Device& device = devices_[line.device];
    device.heard_us = now_us;
    return device;
}

bool LapBook::is_of(const Line& line, const Device& device, const Run& run, const Placed& placed,
                    std::int64_t arrived_us) const {
    const std::int64_t behind_ms = run.clock.newest_ms() - placed.stamp_ms;
    const bool own = run.clock.name() == line.clock;
    // A clock that goes on after a greeting shows more than before it.
    const bool booted_since = device.greeted_us > run.heard_us;
    if (booted_since && !own && behind_ms >= 0) return false;
    if (std::abs(placed.late_ms) <= kOnTimeMs) return true;
    if (behind_ms > kResendMs || placed.late_ms > kMaxLateMs) return false;
    if (own) {
        // A connection does not outlive its sensor's boot: late ones waited in the network. Ahead
        // of a settled clock is only one that was set.
        return placed.late_ms > 0 || !run.clock.settled();
    }
    // A sensor that was away sends first of all what it kept; one that booted anew greets first.
    const bool burst = arrived_us - line.opened_us <= kBurstUs;
    return placed.late_ms > 0 && burst && !line.greeted && !line.registered && !booted_since;
}

LapBook::Run* LapBook::find_run(Device& device, const Line& line, std::int64_t raw_ms,
                                std::int64_t arrived_us) {
    Run* best = nullptr;
    std::int64_t best_ms = 0;
    for (Run& run : device.runs) {
        const Placed placed = run.clock.place(raw_ms, arrived_us);
        if (!is_of(line, device, run, placed, arrived_us)) continue;
        if (run.clock.name() == line.clock) return &run;
        const std::int64_t off_ms = std::abs(placed.late_ms);
        if (best && off_ms >= best_ms) continue;
        best = &run;
        best_ms = off_ms;
    }
    return best;
}

std::string LapBook::new_name(const std::string& device, std::int64_t now_us) {
    // The second in which a run was first seen tells it from the others of its device.
    last_name_s_ = std::max(last_name_s_ + 1, now_us / 1'000'000);
    return device.substr(0, 40) + "@" + std::to_string(last_name_s_);
}

LapBook::Run& LapBook::run_for(Line& line, std::int64_t raw_ms, std::int64_t arrived_us) {
    Device& device = device_of(line, arrived_us);
    if (Run* run = find_run(device, line, raw_ms, arrived_us)) return *run;
    device.runs.push_front(
        Run{SensorClock(new_name(line.device, arrived_us), raw_ms, arrived_us), {}, {}, 0, 0});
    if (device.runs.size() > kMaxClocks) device.runs.pop_back();
    return device.runs.front();
}

void LapBook::foresee(LineId id, const SensorMessage& message, std::int64_t arrived_us) {
    const auto line = lines_.find(id);
    if (line == lines_.end() || message.says != SensorSays::lap || !races(message.controller)) {
        return;
    }
    Run& run = run_for(line->second, message.timestamp_ms, arrived_us);
    line->second.clock = run.clock.name();
    run.clock.foresee(run.clock.place(message.timestamp_ms, arrived_us).stamp_ms, arrived_us);
}

Verdict LapBook::take(LineId id, const SensorMessage& message, std::int64_t arrived_us) {
    const auto found = lines_.find(id);
    if (found == lines_.end()) return ends(Fate::bad);
    Line& line = found->second;
    switch (message.says) {
        case SensorSays::lap:
            return races(message.controller) ? lap(line, message, arrived_us) : ends(Fate::no_lane);
        case SensorSays::pit_enter:
        case SensorSays::pit_leave:
            return races(message.controller) ? pit(line, message, arrived_us) : ends(Fate::no_lane);
        case SensorSays::api_version:
            line.greeted = true;
            device_of(line, arrived_us).greeted_us = arrived_us;
            return ends(Fate::talk);
        case SensorSays::controller_set:
            line.registered = true;
            return ends(Fate::talk);
        case SensorSays::race_control:
            return ends(Fate::talk);
        case SensorSays::other:
            return ends(Fate::unknown);
        case SensorSays::bad:
            break;
    }
    return ends(Fate::bad);
}

Verdict LapBook::lap(Line& line, const SensorMessage& message, std::int64_t arrived_us) {
    Run& run = run_for(line, message.timestamp_ms, arrived_us);
    line.clock = run.clock.name();
    const Passage passage{message.controller,
                          run.clock.place(message.timestamp_ms, arrived_us).stamp_ms};
    if (std::find(run.recent.begin(), run.recent.end(), passage) != run.recent.end()) {
        return ends(Fate::duplicate);
    }
    run.recent.push_back(passage);
    if (run.recent.size() > kRecent) run.recent.pop_front();

    Verdict verdict = ends(Fate::counted);
    const std::int64_t at_us = run.clock.take(passage.stamp_ms, arrived_us);
    const auto [last, first_time] = run.last_ms.try_emplace(passage.controller, passage.stamp_ms);
    const std::int64_t apart_ms = passage.stamp_ms - last->second;
    if (!first_time && std::abs(apart_ms) < rules_.min_pulse_ms) return ends(Fate::chatter);
    last->second = std::max(last->second, passage.stamp_ms);
    device_of(line, arrived_us).last_pit.erase(passage.controller);
    run.heard_us = arrived_us;

    verdict.remember = run.told_us == 0 || arrived_us - run.told_us > kRememberUs;
    if (verdict.remember) run.told_us = arrived_us;
    Observation crossing;
    crossing.type = "gate.crossed";
    crossing.time_us = at_us;
    crossing.recv_us = arrived_us;
    crossing.key = run.clock.name() + "/" + std::to_string(passage.controller) + "/" +
                   std::to_string(passage.stamp_ms);
    crossing.data = dump({{"gate", "finish"},
                          {"lane", passage.controller},
                          {"clock", run.clock.name()},
                          {"stamp_us", passage.stamp_ms * 1000}});
    verdict.observations.push_back(std::move(crossing));
    return verdict;
}

Verdict LapBook::pit(Line& line, const SensorMessage& message, std::int64_t arrived_us) {
    Device& device = device_of(line, arrived_us);
    const auto [last, first_time] = device.last_pit.try_emplace(message.controller, message.says);
    const bool again = !first_time && last->second == message.says;
    last->second = message.says;
    // Pit messages have no stamp to know them by. A sensor that reconnects says its last one again
    // before anything else; a car does not enter the pit twice without leaving it.
    const bool burst = arrived_us - line.opened_us <= kBurstUs;
    if (again && burst && !line.greeted && !line.registered) return ends(Fate::duplicate);

    Verdict verdict = ends(Fate::counted);
    Observation crossing;
    crossing.type = "gate.crossed";
    crossing.time_us = crossing.recv_us = arrived_us;
    const char* gate = message.says == SensorSays::pit_enter ? "pit_in" : "pit_out";
    crossing.key = line.device.substr(0, 40) + "/" + gate + std::to_string(message.controller) +
                   "/" + std::to_string(line.opened_us) + "." + std::to_string(++line.pits);
    crossing.data = dump({{"gate", gate}, {"lane", message.controller}});
    verdict.observations.push_back(std::move(crossing));
    return verdict;
}

std::string LapBook::save() const {
    json saved = json::array();
    std::vector<std::pair<std::string, const Device*>> devices;
    for (const auto& [name, device] : devices_) devices.emplace_back(name, &device);
    std::sort(devices.begin(), devices.end(),
              [](const auto& a, const auto& b) { return a.second->heard_us > b.second->heard_us; });
    std::string text = "[]";
    for (const auto& [name, device] : devices) {
        for (const Run& run : device->runs) {
            saved.push_back({{"device", name},
                             {"clock", run.clock.name()},
                             {"newest_ms", run.clock.newest_ms()},
                             {"offset_us", run.clock.offset_us()},
                             {"settled", run.clock.settled()}});
            std::string longer = dump(saved);
            if (longer.size() > kMaxSavedBytes) return text;
            text = std::move(longer);
        }
    }
    return text;
}

void LapBook::load(std::string_view text) {
    const json saved = json::parse(text, nullptr, false);
    if (!saved.is_array()) return;
    for (const json& each : saved) {
        if (!each.is_object()) continue;
        const json device = each.value("device", json()), clock = each.value("clock", json());
        const json newest = each.value("newest_ms", json()),
                   offset = each.value("offset_us", json());
        const json settled = each.value("settled", json());
        if (!device.is_string() || !clock.is_string() || !settled.is_boolean()) continue;
        if (!in_range(newest, 0, kMaxStampMs * 2)) continue;
        if (!in_range(offset, -kMaxStampMs * 2000, kMaxStampMs * 2000)) continue;
        if (devices_.size() >= kMaxDevices && devices_.count(device.get<std::string>()) == 0)
            continue;
        auto& runs = devices_[device.get<std::string>()].runs;
        if (runs.size() >= kMaxClocks) continue;
        // A new run must not get the name of one that was.
        const std::string name = clock.get<std::string>();
        std::int64_t name_s = 0;
        const char* const end = name.data() + name.size();
        if (const auto at = name.rfind('@');
            at != name.npos &&
            std::from_chars(name.data() + at + 1, end, name_s).ec == std::errc()) {
            last_name_s_ = std::clamp<std::int64_t>(name_s, last_name_s_, kMaxStampMs / 1000);
        }
        runs.push_back(Run{SensorClock(clock.get<std::string>(), newest.get<std::int64_t>(),
                                       offset.get<std::int64_t>(), settled.get<bool>()),
                           {},
                           {},
                           0,
                           0});
    }
}

}  // namespace racehub::smartrace
