#include "plugins/smartrace/hearing.h"

namespace racehub::smartrace {
namespace {

constexpr const char* kClocksKey = "clocks";

}  // namespace

Hearing::Hearing(sdk::Host host, BookRules rules)
    : host_(host), book_(rules), committer_(host, [host] { host.wake(); }), storing_(host) {}

void Hearing::start() {
    book_.load(host_.kv_get(kClocksKey));
    storing_.start([this](sdk::StopToken& token) { committer_.run(token); },
                   [this] { committer_.interrupt(); });
}

void Hearing::stop() {
    storing_.stop();
    host_.kv_put(kClocksKey, book_.save());
}

void Hearing::hear(LineId line, const std::vector<SensorMessage>& messages,
                   std::int64_t arrived_us) {
    for (const SensorMessage& message : messages) book_.foresee(line, message, arrived_us);
    for (const SensorMessage& message : messages) {
        Verdict verdict = book_.take(line, message, arrived_us);
        ++fates_[static_cast<std::size_t>(verdict.fate)];
        // Remembered first: after a crash the same lap must get the same key.
        if (verdict.remember) host_.kv_put(kClocksKey, book_.save());
        if (verdict.fate != Fate::counted) continue;
        ++(message.says == SensorSays::lap ? laps_ : pits_);
        last_us_ = arrived_us;
        for (Observation& each : verdict.observations) committer_.push(std::move(each));
    }
}

std::string Hearing::summary() const {
    std::string text = std::to_string(laps_) + " laps, " + std::to_string(pits_) + " pit messages.";
    std::string dropped;
    for (const Fate fate :
         {Fate::duplicate, Fate::chatter, Fate::no_lane, Fate::unknown, Fate::bad}) {
        const std::uint64_t count = fates_[static_cast<std::size_t>(fate)];
        if (count == 0) continue;
        dropped += (dropped.empty() ? " Not counted: " : ", ") + std::to_string(count) + " " +
                   std::string(name_of(fate));
    }
    if (!dropped.empty()) text += dropped + ".";
    if (const auto lost = committer_.lost(); lost > 0) {
        text += " Not taken by the hub: " + std::to_string(lost) + ".";
    }
    return text;
}

}  // namespace racehub::smartrace
