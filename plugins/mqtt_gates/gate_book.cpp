#include "plugins/mqtt_gates/gate_book.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace racehub::mqtt {
namespace {

using nlohmann::json;

// A broker keeps some 20 messages of a client unacknowledged (Mosquitto's default): more cannot
// come twice.
constexpr std::size_t kRecent = 64;
// More devices than gates means that somebody invents names; the oldest is forgotten.
constexpr std::size_t kMaxClocks = 256;
constexpr std::int64_t kRememberUs = 60'000'000;
// A greater jump of a gate's count is another count, not thousands of cars unseen.
constexpr std::int64_t kMaxSkip = 10'000;

std::string short_name(const std::string& name) {
    if (name.size() <= kMaxDeviceBytes) return name;
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a: the rest of the name, in 16 digits
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    return name.substr(0, kMaxDeviceBytes - 17) + "~" + digits;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string identity(const GateRule& rule) {
    return rule.gate + std::to_string(rule.lane) + " " + rule.topic;
}

template <class Queue, class Value>
void push_recent(Queue& queue, Value value) {
    queue.push_back(std::move(value));
    if (queue.size() > kRecent) queue.pop_front();
}

Observation missed(const GateRule& rule, std::int64_t count, const Observation& crossing) {
    Observation result = crossing;
    result.type = "gate.missed";
    result.data = dump({{"gate", rule.gate}, {"lane", rule.lane}, {"count", count}});
    result.key += "/missed";
    return result;
}

}  // namespace

std::string_view name_of(Fate fate) {
    switch (fate) {
        case Fate::counted:
            return "counted";
        case Fate::filtered:
            return "filtered";
        case Fate::bad_payload:
            return "bad payload";
        case Fate::retained:
            return "retained";
        case Fate::chatter:
            return "chatter";
        case Fate::duplicate:
            return "duplicate";
        case Fate::unknown_topic:
            return "unknown topic";
    }
    return "unknown";
}

GateBook::GateBook(std::vector<GateRule> rules)
    : rules_(std::move(rules)), counts_(rules_.size()), memories_(rules_.size()) {}

std::vector<Verdict> GateBook::take(const Message& message) {
    std::vector<Verdict> verdicts;
    for (std::size_t gate = 0; gate < rules_.size(); ++gate) {
        if (rules_[gate].topic != message.topic) continue;
        verdicts.push_back(judge(gate, message));
        const Verdict& verdict = verdicts.back();
        if (verdict.fate == Fate::counted) {
            ++counts_[gate].counted;
            counts_[gate].last_us = message.arrived_us;
        } else {
            ++counts_[gate].dropped;
        }
    }
    if (verdicts.empty()) verdicts.emplace_back();
    remember(message);
    return verdicts;
}

Verdict GateBook::judge(std::size_t gate, const Message& message) {
    const GateRule& rule = rules_[gate];
    Memory& memory = memories_[gate];
    Verdict verdict;
    verdict.gate = gate;
    const auto end = [&verdict](Fate fate) {
        verdict.fate = fate;
        return verdict;
    };
    // What the broker kept from before we listened happened at no time we could name.
    if (message.retained) return end(Fate::retained);
    const Reading reading = read_payload(rule.payload, message.payload);
    verdict.problem = reading.problem;
    if (reading.meaning == Meaning::ignored) return end(Fate::filtered);
    if (reading.meaning == Meaning::bad) return end(Fate::bad_payload);

    const std::string device = device_of(rule, reading);
    Observation crossing;
    crossing.type = "gate.crossed";
    crossing.time_us = crossing.recv_us = message.arrived_us;
    crossing.key = rule.gate + std::to_string(rule.lane) + "/" + device;
    if (!identify(memory, reading, message, crossing.key)) return end(Fate::duplicate);

    json data = {{"gate", rule.gate}, {"lane", rule.lane}};
    std::string run = reading.boot;
    if (reading.stamp_us) {
        DeviceClock& clock = clock_for(device, reading, message.arrived_us);
        crossing.time_us = clock.map(*reading.stamp_us, message.arrived_us);
        // Its offset moves by microseconds a second; a minute's is near enough after a restart.
        verdict.remember =
            memory.clock != clock.name() || message.arrived_us - memory.told_us > kRememberUs;
        if (verdict.remember) memory.told_us = message.arrived_us;
        memory.clock = clock.name();
        data["clock"] = clock.name();
        data["stamp_us"] = *reading.stamp_us;
        if (run.empty()) run = clock.name();
    }
    if (reading.number) verdict.remember = true;
    crossing.data = dump(data);
    const std::int64_t count = count_skipped(memory, device + " " + run, reading);
    if (count > 0) {
        counts_[gate].missed += count;
        verdict.observations.push_back(missed(rule, count, crossing));
    }
    if (chatters(rule, memory, reading.stamp_us ? memory.clock : "", reading.stamp_us.value_or(0),
                 crossing.time_us)) {
        return end(Fate::chatter);
    }
    verdict.observations.push_back(std::move(crossing));
    return end(Fate::counted);
}

bool GateBook::identify(Memory& memory, const Reading& reading, const Message& message,
                        std::string& key) {
    key += "/" + reading.boot + "/";
    if (!reading.stamp_us && (!reading.number || reading.boot.empty())) {
        const bool same_number = reading.number && reading.number == memory.number;
        if (same_number || repeats(message)) return false;
        // Unique: only makes handing it over repeatable.
        key += "+" + std::to_string(message.arrived_us) + "." + std::to_string(++serial_);
        return true;
    }
    if (reading.number) key += std::to_string(*reading.number);
    if (reading.boot.empty() || !reading.number) key += "@" + std::to_string(*reading.stamp_us);
    const auto& keys = memory.keys;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return false;
    push_recent(memory.keys, key);
    return true;
}

bool GateBook::chatters(const GateRule& rule, Memory& memory, const std::string& clock,
                        std::int64_t stamp_us, std::int64_t at_us) {
    const bool by_stamp = !clock.empty() && clock == memory.pulse_clock;
    const std::int64_t apart_us =
        by_stamp ? stamp_us - memory.pulse_stamp_us : at_us - memory.pulse_us;
    if (memory.pulse_us != 0 && std::abs(apart_us) < rule.min_pulse_us) return true;
    memory.pulse_us = at_us;
    memory.pulse_stamp_us = stamp_us;
    memory.pulse_clock = clock;
    return false;
}

std::int64_t GateBook::count_skipped(Memory& memory, const std::string& run,
                                     const Reading& reading) {
    if (!reading.number) return 0;
    const std::int64_t number = *reading.number;
    const bool known = memory.number.has_value();
    const bool same_run = memory.run == run;
    const std::int64_t last = memory.number.value_or(0);
    const std::int64_t step = number - last;
    // An earlier number of the same run came late; it does not put the count back.
    const bool late = known && same_run && step <= 0 && step >= -kMaxSkip && !run.ends_with(' ');
    if (late) return 0;
    memory.number = number;
    memory.run = run;
    if (!known) return 0;
    // Counts begin at 1 (or 0) with each run. A device without boot names may go on counting over a
    // set of its clock.
    const bool goes_on = same_run || (reading.boot.empty() && step > 0);
    const std::int64_t count = goes_on ? step - 1 : number - 1;
    return count > 0 && count <= kMaxSkip ? count : 0;
}

std::string GateBook::device_of(const GateRule& rule, const Reading& reading) {
    if (!reading.device.empty()) return reading.device;
    return short_name(rule.device.empty() ? rule.topic : rule.device);
}

DeviceClock& GateBook::clock_for(const std::string& device, const Reading& reading,
                                 std::int64_t arrived_us) {
    for (DeviceClock& clock : clocks_) {
        if (clock.is(device, reading.boot)) return clock;
    }
    clocks_.emplace_front(device, reading.boot, *reading.stamp_us, arrived_us);
    if (clocks_.size() > kMaxClocks) clocks_.pop_back();
    return clocks_.front();
}

void GateBook::foresee(const Message& message) {
    if (message.retained) return;
    for (const GateRule& rule : rules_) {
        if (rule.topic != message.topic) continue;
        const Reading reading = read_payload(rule.payload, message.payload);
        if (reading.meaning != Meaning::crossing || !reading.stamp_us) continue;
        clock_for(device_of(rule, reading), reading, message.arrived_us)
            .foresee(*reading.stamp_us, message.arrived_us);
    }
}

bool GateBook::repeats(const Message& message) const {
    if (!message.repeated || message.packet_id == 0) return false;
    const auto same = [&message](const Sent& sent) {
        return sent.packet_id == message.packet_id && sent.topic == message.topic &&
               sent.payload == message.payload;
    };
    return std::any_of(sent_.begin(), sent_.end(), same) ||
           std::any_of(sent_before_.begin(), sent_before_.end(), same);
}

void GateBook::remember(const Message& message) {
    // Far larger payloads are refused anyway; they need not be kept to know them again.
    if (message.packet_id == 0 || message.payload.size() > kMaxPayloadBytes) return;
    push_recent(sent_,
                Sent{message.packet_id, std::string(message.topic), std::string(message.payload)});
}

void GateBook::reconnected() {
    if (sent_.empty()) return;
    sent_before_ = std::move(sent_);
    sent_.clear();
}

std::string GateBook::save(std::size_t gate) const {
    const Memory& memory = memories_[gate];
    json saved = {{"gate", identity(rules_[gate])}};
    if (memory.number) {
        saved["n"] = *memory.number;
        saved["run"] = memory.run;
    }
    for (const DeviceClock& clock : clocks_) {
        if (clock.name() != memory.clock) continue;
        saved["clock"] = {{"dev", clock.device()},
                          {"boot", clock.boot()},
                          {"name", clock.name()},
                          {"stamp_us", clock.stamp_us()},
                          {"offset_us", clock.offset_us()}};
    }
    return dump(saved);
}

void GateBook::load(std::size_t gate, std::string_view text) {
    const json saved = json::parse(text, nullptr, false);
    if (!saved.is_object() || saved.value("gate", json()) != identity(rules_[gate])) return;
    Memory& memory = memories_[gate];
    const json number = saved.value("n", json());
    const json run = saved.value("run", json());
    if (number.is_number_integer() && run.is_string()) {
        memory.number = number.get<std::int64_t>();
        memory.run = run.get<std::string>();
    }
    const json clock = saved.value("clock", json());
    if (!clock.is_object()) return;
    const auto text_of = [&clock](const char* key) {
        const json value = clock.value(key, json());
        return value.is_string() ? value.get<std::string>() : std::string();
    };
    const json stamp_us = clock.value("stamp_us", json());
    const json offset_us = clock.value("offset_us", json());
    if (!stamp_us.is_number_integer() || !offset_us.is_number_integer()) return;
    const std::string device = text_of("dev"), boot = text_of("boot");
    const auto known = [&](const DeviceClock& each) { return each.is(device, boot); };
    if (std::any_of(clocks_.begin(), clocks_.end(), known)) return;
    memory.clock = text_of("name");
    clocks_.emplace_back(device, boot, memory.clock, stamp_us.get<std::int64_t>(),
                         offset_us.get<std::int64_t>());
}

}  // namespace racehub::mqtt
