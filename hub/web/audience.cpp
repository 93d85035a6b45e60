#include "hub/web/audience.h"

#include <sys/epoll.h>

#include <algorithm>

namespace racehub::web {
namespace {

constexpr std::int64_t kSweepPeriodUs = 1'000'000;

}  // namespace

Audience::Audience(EventLoop& loop, AudienceHandler& handler, WebCounters& counters,
                   Refusals& refusals)
    : loop_(loop),
      handler_(handler),
      counters_(counters),
      refusals_(refusals),
      channels_{Channel(kFactsKept), Channel(1), Channel(1), Channel(kSamplesKept), Channel(1)} {
    loop_.every(kSweepPeriodUs, [this] { sweep(); });
}

Audience::~Audience() = default;

void Audience::adopt(Upgrade upgrade) {
    const auto id = next_id_++;
    const auto head = std::move(upgrade.head);
    auto owned = std::make_unique<Spectator>(*this, id, std::move(upgrade));
    auto& spectator = *owned;
    by_id_.emplace(id, std::move(owned));
    everybody_.push_back(&spectator);
    counters_.spectators.fetch_add(1, std::memory_order_relaxed);
    handler_.on_join(spectator, head);
    spectator.flush();
}

void Audience::push(Topic topic, Frame frame) {
    channels_[static_cast<std::size_t>(topic)].push(std::move(frame));
}

void Audience::flush() {
    in_round_ = true;
    // Indices: a handler may be asked for a snapshot meanwhile, and somebody may leave.
    for (std::size_t i = 0; i < everybody_.size(); ++i) {
        auto* spectator = everybody_[i];
        if (spectator != nullptr && !spectator->blocked()) spectator->flush();
    }
    in_round_ = false;
    everybody_.erase(std::remove(everybody_.begin(), everybody_.end(), nullptr), everybody_.end());
}

Spectator* Audience::find(std::uint64_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second.get();
}

void Audience::leave(Spectator& spectator) {
    const auto found = by_id_.find(spectator.id());
    if (found == by_id_.end()) return;
    const auto place = std::find(everybody_.begin(), everybody_.end(), &spectator);
    if (in_round_) {
        *place = nullptr;
    } else {
        *place = everybody_.back();
        everybody_.pop_back();
    }
    counters_.spectators.fetch_sub(1, std::memory_order_relaxed);
    loop_.bury(std::move(found->second));
    by_id_.erase(found);
}

void Audience::sweep() {
    const auto now = monotonic_us();
    in_round_ = true;
    for (std::size_t i = 0; i < everybody_.size(); ++i) {
        if (everybody_[i] != nullptr) everybody_[i]->sweep(now);
    }
    in_round_ = false;
    everybody_.erase(std::remove(everybody_.begin(), everybody_.end(), nullptr), everybody_.end());
}

void Audience::shut() {
    in_round_ = true;
    for (std::size_t i = 0; i < everybody_.size(); ++i) {
        if (everybody_[i] != nullptr) everybody_[i]->close(CloseCode::going_away, "the hub stops");
    }
    in_round_ = false;
    everybody_.clear();
    by_id_.clear();
}

}  // namespace racehub::web
