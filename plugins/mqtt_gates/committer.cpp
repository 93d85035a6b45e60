#include "plugins/mqtt_gates/committer.h"

namespace racehub::mqtt {
namespace {

// Longer than any commit of a working disk; the hub's answer ends the wait at once.
constexpr std::chrono::milliseconds kPatience{2'000};
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

void Committer::push(Observation observation) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(observation));
    filled_.notify_one();
}

bool Committer::settled() const {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
}

bool Committer::crowded() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size() >= kMaxWaiting;
}

bool Committer::stalled() const {
    const std::lock_guard lock(mutex_);
    return stalled_;
}

std::uint64_t Committer::refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
}

void Committer::interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    filled_.notify_one();
}

void Committer::set_stalled(bool stalled) {
    {
        const std::lock_guard lock(mutex_);
        if (stalled_ == stalled) return;
        stalled_ = stalled;
    }
    progress_();
}

Committer::Fate Committer::store(const Observation& observation) {
    switch (host_.publish_durable(to_event(observation), kPatience)) {
        case RH_OK:
            return Fate::stored;
        case RH_E_STATE:
            return Fate::stopping;
        case RH_E_FULL:
        case RH_E_TIMEOUT:
            return Fate::not_now;
        default:
            return Fate::refused;  // it will never be taken like this; keeping it would stop all
                                   // gates
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
        if (fate == Fate::not_now) {
            // The same key again: if the first try got through after all, this one has no effect.
            set_stalled(true);
            if (token.wait_for(kPause)) return;
            continue;
        }
        {
            const std::lock_guard lock(mutex_);
            waiting_.pop_front();
            if (fate == Fate::refused) ++refused_;
        }
        set_stalled(false);
        progress_();
    }
}

}  // namespace racehub::mqtt
