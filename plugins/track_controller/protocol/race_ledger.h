#pragma once
// Which races of the device the hub already has: each is reported once, whichever way and however
// often the device tells it, and none counts as seen before it is in the hub's log.
//
// A report waits in line until the owner has stored it; then `stored` gives the state to persist.
// Not thread-safe, no I/O.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/track_controller/protocol/messages.h"

namespace racehub::track_controller {

/// For whom and with which lanes the device was armed.
struct Arming {
    std::string heat;            ///< the hub's race; empty: none
    std::vector<int> lanes;      ///< what the device really armed; empty: not known
    std::string device_race_id;  ///< of the coming race; empty: not known
    bool operator==(const Arming&) const = default;
};

struct RaceReport {
    RaceResult race;
    /// The hub's race it was armed for. Its own id: none of the hub's, so that the hub offers it.
    /// Empty: whatever race is on.
    std::string heat;
    std::vector<int> armed_lanes;
    bool missed_reports = false;  ///< races before this one may have been lost
    std::int64_t recv_us = 0;
};

/// What survives a restart of plugin and hub: one JSON value under one key.
struct LedgerState {
    std::string last_id;  ///< newest race that is in the hub's log; empty: never saw a device
    Arming armed;         ///< last arming without a stored result
    std::string to_json() const;
    /// Empty state for what is no such JSON.
    static LedgerState from_json(std::string_view text);
};

class RaceLedger {
  public:
    /// Reports that wait for the hub's log: an evening's worth. Beyond it the device keeps its
    /// last.
    static constexpr std::size_t kMaxWaiting = 256;
    /// Ids remembered against repetition; a device repeats only its last.
    static constexpr std::size_t kMaxSeen = 64;

    explicit RaceLedger(LedgerState state);

    /// The `after` of the next wait: the newest race taken; empty before the first.
    const std::string& newest_id() const { return newest_id_; }
    bool knows_device() const { return !newest_id_.empty(); }
    bool seen(std::string_view id) const;

    enum class Taken : std::uint8_t { fresh, repeated, full };
    Taken take(RaceReport report);
    /// A race that stood in the device before it was first connected: known, not reported.
    void take_as_baseline(const std::string& id);

    const RaceReport* next() const { return waiting_.empty() ? nullptr : &waiting_.front(); }
    /// next() is in the hub's log. Returns the state to persist.
    const LedgerState& stored();
    /// next() was refused by the hub for good: forgotten, and not persisted as seen.
    void drop();

    const LedgerState& state() const { return state_; }
    /// Remembers what the device is armed for. True if the state changed and is to be persisted.
    bool armed(const Arming& arming);

  private:
    void remember(const std::string& id);

    LedgerState state_;
    std::string newest_id_;
    std::deque<std::string> seen_;
    std::deque<RaceReport> waiting_;
};

/// The data of `heat.reported`.
std::string heat_reported_data(const RaceReport& report);

}  // namespace racehub::track_controller
