#pragma once
// Hands observations of QoS 1 gates to the hub one by one and waits for each until it is in the
// log.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <racehub/worker.hpp>

#include "plugins/mqtt_gates/gate_book.h"

namespace racehub::mqtt {

class Committer {
  public:
    /// So many waiting at once mean that the hub's storage stands still; the broker keeps the rest.
    static constexpr std::size_t kMaxWaiting = 64;

    /// `progress` is called on the committer's thread after each observation that is settled, and
    /// when storing stalls.
    Committer(sdk::Host host, std::function<void()> progress)
        : host_(host), progress_(std::move(progress)) {}

    void push(Observation observation);  ///< [any-thread]
    bool settled() const;                ///< [any-thread] nothing waits
    bool crowded() const;                ///< [any-thread] at least kMaxWaiting wait
    bool stalled() const;           ///< [any-thread] the hub does not take the oldest at the moment
    std::uint64_t refused() const;  ///< [any-thread] that the hub said no to

    /// [own-thread] Until the token says stop; what waits then is left waiting.
    void run(sdk::StopToken& token);
    void interrupt();  ///< [any-thread] look at the token

  private:
    enum class Fate { stored, refused, not_now, stopping };
    Fate store(const Observation& observation);
    void set_stalled(bool stalled);

    const sdk::Host host_;
    const std::function<void()> progress_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Observation> waiting_;  // mutex_; the first is the one being stored
    bool interrupted_ = false;         // mutex_
    bool stalled_ = false;             // mutex_
    std::uint64_t refused_ = 0;        // mutex_
};

/// The observation as the SDK wants it; views into `observation`.
inline sdk::Event to_event(const Observation& observation) {
    sdk::Event event{observation.type, observation.data, observation.time_us, observation.key};
    event.recv_us = observation.recv_us;
    return event;
}

}  // namespace racehub::mqtt
