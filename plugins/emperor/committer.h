#pragma once
// Hands observations to the hub in their order and waits until each is in its log. What a restart
// must not forget is written down only after the observations it stands for.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <racehub/worker.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plugins/emperor/fold/report.h"

namespace racehub::emperor {

using Pieces = std::vector<std::pair<std::string, std::string>>;

class Committer {
  public:
    /// So many waiting mean that the hub's storage stands still for long: what comes then is
    /// dropped, the race counts as refused, and is told as a whole when storing goes on.
    static constexpr std::size_t kMaxWaiting = 20'000;

    /// `changed` is called on the committer's thread when something below may have changed.
    Committer(sdk::Host host, std::function<void()> changed)
        : host_(host), changed_(std::move(changed)) {}

    void push(std::vector<Observation> observations, Pieces pieces);  ///< [any-thread]

    bool stalled() const;           ///< [any-thread] the hub does not take the oldest at the moment
    std::uint64_t stored() const;   ///< [any-thread]
    std::uint64_t refused() const;  ///< [any-thread] that the hub said no to, but for opening ones
    /// [any-thread] The hub did not want the race, or could not be told of it: what belongs to it
    /// has been dropped, and is until one comes that opens it.
    bool shut() const;

    /// [own-thread] Until the token says stop; what waits then is left waiting.
    void run(sdk::StopToken& token);
    void interrupt();  ///< [any-thread] look at the token

  private:
    enum class Fate { stored, refused, not_now, stopping };
    struct Item {
        Observation observation;
        Pieces pieces;
    };
    Fate store(const Item& item);
    void settle(const Item& item, Fate fate);

    const sdk::Host host_;
    const std::function<void()> changed_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Item> waiting_;   // mutex_; the first is the one being stored
    bool interrupted_ = false;   // mutex_
    bool stalled_ = false;       // mutex_
    bool shut_ = false;          // mutex_
    std::uint64_t stored_ = 0;   // mutex_
    std::uint64_t refused_ = 0;  // mutex_
};

}  // namespace racehub::emperor
