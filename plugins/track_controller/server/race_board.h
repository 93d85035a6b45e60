#pragma once
// What the hub's facts say about one track, as a Track Controller would know it: is a race armed,
// does it run, and how did the last one end. Heats give their lane times, circuit races the race
// time of everyone who finished. A held result is not one before the race director accepted it.
//
// One thread. No I/O.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/track_controller/protocol/json_text.h"
#include "plugins/track_controller/protocol/messages.h"

namespace racehub::track_controller {

struct ServedRace {
    std::string id;
    std::map<int, std::int64_t> times_ms;  ///< by lane; who did not finish is absent
    bool operator==(const ServedRace&) const = default;
};

class RaceBoard {
  public:
    /// `track` empty: whichever the first fact is about.
    explicit RaceBoard(std::string track) : track_(std::move(track)) {}

    struct Change {
        bool completed = false;  ///< there is a new last race: tell who waits for one
        bool gate_closed = false;
    };
    struct Fact {
        std::string_view type, track, race_id, data;
        std::int64_t time_us = 0;
    };
    Change on_fact(const Fact& fact);

    Phase phase() const { return phase_; }
    bool gate_ready() const { return phase_ != Phase::racing; }
    int lane_count() const { return lane_count_; }
    /// Of the race that is armed or runs; empty: none.
    const std::string& coming_id() const { return coming_id_; }
    const std::vector<int>& active_lanes() const { return active_lanes_; }
    const std::optional<ServedRace>& last() const { return last_; }

  private:
    bool ours(std::string_view track);
    void follow(const Fact& fact, const nlohmann::json& data);
    void snapshot(const nlohmann::json& data);
    void snapshot_race(const nlohmann::json& race);
    void armed(const Fact& fact, const nlohmann::json& data);
    void reopened(const nlohmann::json& data);
    void timed(std::int64_t entry, const nlohmann::json& status, std::int64_t time_us);
    void lap(const nlohmann::json& data);
    void corrected(const nlohmann::json& data);
    void finished();
    void set_lane_count(const nlohmann::json& lanes);
    std::map<int, std::int64_t> times_by_lane() const;

    std::string track_;
    Phase phase_ = Phase::idle;
    int lane_count_ = kMaxDeviceLanes;
    std::string race_;  // the hub's
    int run_ = 1;       // a heat that is run again is another race to those who wait
    std::string coming_id_;
    std::vector<int> active_lanes_;
    std::optional<ServedRace> last_;
    std::int64_t started_us_ = 0;
    std::map<std::int64_t, int> lane_of_entry_;
    std::map<std::int64_t, std::int64_t> time_us_;     // by entry: those who are done
    std::map<std::int64_t, std::int64_t> crossed_us_;  // by entry: last counted lap
};

}  // namespace racehub::track_controller
