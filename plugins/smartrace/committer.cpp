#include "plugins/smartrace/committer.h"

namespace racehub::smartrace {
namespace {

// Longer than any commit of a working disk; the hub's answer ends the wait at once.
constexpr std::chrono::milliseconds kPatience{2'000};
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

void Committer::push(Observation observation) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) {
        ++lost_;
        return;
    }
    waiting_.push_back(std::move(observation));
    filled_.notify_one();
}

bool Committer::crowded() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size() >= kCrowded;
}

bool Committer::stalled() const {
    const std::lock_guard lock(mutex_);
    return stalled_;
}

std::uint64_t Committer::lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
}

void Committer::interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    filled_.notify_one();
}

Committer::Fate Committer::store(const Observation& observation) {
    sdk::Event event{observation.type, observation.data, observation.time_us, observation.key};
    event.recv_us = observation.recv_us;
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

void Committer::run(sdk::StopToken& token) {
    while (!token.stopping()) {
        Observation observation;
        {
            std::unique_lock lock(mutex_);
            filled_.wait(lock, [this] { return !waiting_.empty() || interrupted_; });
            if (interrupted_) return;
            observation = waiting_.front();
        }
        const Fate fate = store(observation);
        if (fate == Fate::stopping) return;
        bool changed = false;
        {
            const std::lock_guard lock(mutex_);
            changed = stalled_ != (fate == Fate::not_now);
            stalled_ = fate == Fate::not_now;
            if (fate == Fate::refused) ++lost_;
            if (fate != Fate::not_now) {
                waiting_.pop_front();
                // Half of it: not a stop and go with each observation.
                changed = changed || waiting_.size() == kCrowded / 2;
            }
        }
        if (changed) changed_();
        // The same key again: if the first try got through after all, this one has no effect.
        if (fate == Fate::not_now && token.wait_for(kPause)) return;
    }
}

}  // namespace racehub::smartrace
