#include "plugins/emperor/committer.h"

namespace racehub::emperor {
namespace {

// Longer than any commit of a working disk; the hub's answer ends the wait at once.
constexpr std::chrono::milliseconds kPatience{2'000};
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

void Committer::push(std::vector<Observation> observations, Pieces pieces) {
    const std::lock_guard lock(mutex_);
    for (Observation& each : observations) {
        if (each.opens) shut_ = false;
        if (shut_) continue;
        if (waiting_.size() >= kMaxWaiting) {
            shut_ = true;
            continue;
        }
        waiting_.push_back({std::move(each), {}});
    }
    if (!shut_ && !pieces.empty()) waiting_.push_back({{}, std::move(pieces)});
    filled_.notify_one();
}

bool Committer::stalled() const {
    const std::lock_guard lock(mutex_);
    return stalled_;
}

std::uint64_t Committer::stored() const {
    const std::lock_guard lock(mutex_);
    return stored_;
}

std::uint64_t Committer::refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
}

bool Committer::shut() const {
    const std::lock_guard lock(mutex_);
    return shut_;
}

void Committer::interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    filled_.notify_one();
}

Committer::Fate Committer::store(const Item& item) {
    if (item.observation.type.empty()) {
        for (const auto& [key, value] : item.pieces) host_.kv_put(key, value);
        return Fate::stored;
    }
    const Observation& each = item.observation;
    sdk::Event event{each.type, each.data, each.time_us, each.key};
    event.recv_us = each.recv_us;
    switch (host_.publish_durable(event, kPatience)) {
        case RH_OK:
            return Fate::stored;
        case RH_E_STATE:
            return Fate::stopping;
        case RH_E_FULL:
        case RH_E_TIMEOUT:
            return Fate::not_now;
        default:
            return Fate::refused;  // it will never be taken like this; keeping it would stop all
    }
}

void Committer::settle(const Item& item, Fate fate) {
    const bool told = !item.observation.type.empty();
    if (fate == Fate::stored && told) ++stored_;
    if (fate == Fate::refused && !item.observation.opens) ++refused_;
    const bool lost = fate == Fate::refused && item.observation.opens;
    waiting_.pop_front();
    if (!lost) return;
    while (!waiting_.empty() && !waiting_.front().observation.opens) waiting_.pop_front();
    shut_ = waiting_.empty();
}

void Committer::run(sdk::StopToken& token) {
    while (!token.stopping()) {
        Item item;
        {
            std::unique_lock lock(mutex_);
            filled_.wait(lock, [this] { return !waiting_.empty() || interrupted_; });
            if (interrupted_) return;
            item = waiting_.front();
        }
        const Fate fate = store(item);
        if (fate == Fate::stopping) return;
        bool changed = false;
        {
            const std::lock_guard lock(mutex_);
            changed = stalled_ != (fate == Fate::not_now);
            stalled_ = fate == Fate::not_now;
            const bool was_shut = shut_;
            if (fate != Fate::not_now) settle(item, fate);
            changed = changed || shut_ != was_shut;
        }
        if (changed) changed_();
        // The same key again: if the first try got through after all, this one has no effect.
        if (fate == Fate::not_now && token.wait_for(kPause)) return;
    }
}

}  // namespace racehub::emperor
