#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "hub/web/problem.h"

namespace racehub::web {

enum class LogLevel { info, warning, error };
/// [any thread] Where log lines go; set once before anything runs.
using LogFunction = std::function<void(LogLevel, const std::string&)>;

/// Numbers of the web part for /metrics. Each is written by one thread and may be read by all.
struct WebCounters {
    std::atomic<std::uint64_t> connections{0};  ///< accepted
    std::atomic<std::uint64_t> requests{0};     ///< handed to a worker
    std::atomic<std::uint64_t> upgrades{0};     ///< websockets opened
    std::atomic<std::uint64_t> sockets{0};      ///< open now, of every kind
    std::atomic<std::uint64_t> spectators{0};   ///< open websockets
    std::atomic<std::uint64_t> frames_sent{0};  ///< websocket frames written whole
    std::atomic<std::uint64_t> messages_in{0};  ///< websocket messages received
    std::atomic<std::uint64_t> skipped{
        0};  ///< frames a slow spectator did not get because newer ones replaced them
    std::atomic<std::uint64_t> resyncs{
        0};  ///< fresh snapshots in place of a slow spectator's backlog
    std::atomic<std::uint64_t> stalled{
        0};  ///< spectators closed because they took nothing for too long
};

/// Counts what was refused, by kind, and writes a log line about it, at most one for each kind in
/// ten seconds. [any thread]
class Refusals {
  public:
    explicit Refusals(LogFunction log);
    /// `kind` is a word of the code's, never text of a peer's: the map must stay small. `from`:
    /// address of the peer.
    void count(const std::string& kind, const std::string& message, const std::string& from);
    void count(const Problem& problem, const std::string& from);
    std::map<std::string, std::uint64_t> totals() const;

  private:
    struct Kind {
        std::uint64_t total = 0;
        std::uint64_t unlogged = 0;
        std::int64_t logged_us = 0;
    };
    LogFunction log_;
    mutable std::mutex mutex_;
    std::map<std::string, Kind> kinds_;  // guarded by mutex_
};

}  // namespace racehub::web
