#pragma once
// Hands observations to the hub in their order and waits until each is in its log, so that none is
// lost while the hub's storage stands still.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <racehub/worker.hpp>

#include "plugins/smartrace/protocol/lap_book.h"

namespace racehub::smartrace {

class Committer {
  public:
    /// So many waiting mean that the hub's storage stands still: sensors should wait then.
    static constexpr std::size_t kCrowded = 256;
    /// Where sensors cannot be made to wait (a bridge does not slow its app): the newest beyond
    /// this are dropped, and counted. An hour of eight cars.
    static constexpr std::size_t kMaxWaiting = 8'192;

    /// `changed` is called on the committer's thread when crowded() or stalled() may have changed.
    Committer(sdk::Host host, std::function<void()> changed)
        : host_(host), changed_(std::move(changed)) {}

    void push(Observation observation);  ///< [any-thread]
    bool crowded() const;                ///< [any-thread] at least kCrowded wait
    bool stalled() const;        ///< [any-thread] the hub does not take the oldest at the moment
    std::uint64_t lost() const;  ///< [any-thread] refused by the hub, or beyond kMaxWaiting

    /// [own-thread] Until the token says stop; what waits then is left waiting.
    void run(sdk::StopToken& token);
    void interrupt();  ///< [any-thread] look at the token

  private:
    enum class Fate { stored, refused, not_now, stopping };
    Fate store(const Observation& observation);

    const sdk::Host host_;
    const std::function<void()> changed_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Observation> waiting_;  // mutex_; the first is the one being stored
    bool interrupted_ = false;         // mutex_
    bool stalled_ = false;             // mutex_
    std::uint64_t lost_ = 0;           // mutex_
};

}  // namespace racehub::smartrace
