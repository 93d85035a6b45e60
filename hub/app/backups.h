#pragma once
// Copies of the log while the hub runs, and one when it stops.

#include <atomic>
#include <future>
#include <mutex>
#include <string>

#include "hub/app/config.h"
#include "hub/app/log.h"

namespace racehub::app {

/// Used by the main thread; problem() by any. The copies are made in a thread of their own.
class Backups {
  public:
    /// A copy at the stop may take this long: the service manager waits 15 s for all of it. 4 s
    /// are some hundred MB from a slow card.
    static constexpr int kStopLimitS = 4;

    Backups(std::string database, std::string folder, const StoreConfig& config, Log& log)
        : database_(std::move(database)), folder_(std::move(folder)), config_(config), log_(log) {}

    /// Makes one when the last is old enough and facts came since. `facts`: since the start.
    void run_if_due(TimeUs now_us, std::uint64_t facts);
    /// Makes one if facts came since the last. False: it is not done in time, and its thread still
    /// runs; the next one removes what it leaves.
    bool finish(TimeUs now_us, std::uint64_t facts);
    /// Why the last one failed; empty: it did not.
    std::string problem() const;

  private:
    void begin(TimeUs now_us, std::uint64_t facts, bool say_where);
    bool running() const;

    const std::string database_, folder_;
    const StoreConfig& config_;
    Log& log_;
    TimeUs next_us_ = 0;
    std::atomic<std::uint64_t> copied_{0};  ///< facts in the last one
    mutable std::mutex mutex_;
    std::string problem_;  // mutex_
    std::future<void> copy_;
};

}  // namespace racehub::app
