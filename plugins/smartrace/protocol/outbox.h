#pragma once
// What a SmartRace app is to be told of a track: folds the hub's snapshot and the facts after it
// into the messages of a sensor, once each, and remembers over restarts what was told. Pure.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::smartrace {

struct Telling {
    enum class Kind : std::uint8_t { lap = 1, pit_enter, pit_leave };
    std::uint64_t number = 0;  ///< 1, 2, 3 …
    Kind kind = Kind::lap;
    int controller = 0;
    std::int64_t stamp_ms = 0;    ///< lap: what the app measures by
    std::int64_t crossed_us = 0;  ///< when it happened, hub's clock
    std::string text() const;     ///< the message
};

class Outbox {
  public:
    /// What waits at most; with the saved state it fills the 64 values that an instance may keep.
    static constexpr std::size_t kMaxWaiting = 2'360;
    using Get = std::function<std::string(std::string_view key)>;
    using Put = std::function<void(std::string_view key, std::string_view value)>;

    /// `put` writes small values that survive a restart.
    Outbox(std::string track, int controllers, Put put);

    /// What was waiting when the plugin ended; call it first. Bad values are as good as none.
    void load(const Get& get);

    /// The state of the hub. Crossings since the last known one that nobody told of (the plugin was
    /// away, or too slow) are in it as far as they were counted, and are told now. Without a last
    /// known one nothing of the past is told.
    void snapshot(std::string_view json_text);
    void fact(std::string_view type, std::string_view track, std::string_view race_id,
              std::int64_t time_us, std::string_view data);

    /// Taken away by the caller, in order; they stay remembered until confirmed.
    std::vector<Telling> take();
    /// Everything up to this number has arrived, or is given up. How many those were.
    std::size_t confirm(std::uint64_t number);

    std::uint64_t dropped() const { return dropped_; }  ///< beyond kMaxWaiting, or out of order

  private:
    struct Lane {
        std::int64_t lap = 0;         // highest Lap::id told of the race
        std::int64_t pit_us = 0;      // newest pit crossing told
        std::int64_t crossed_us = 0;  // newest crossing of the line told
        std::int64_t told_us = 0;     // as what it was told
        std::string clock = {};       // that stamped it
        std::int64_t stamp_us = 0;
    };
    struct Crossing {
        int lane = 0;
        Telling::Kind kind = Telling::Kind::lap;
        std::int64_t crossed_us = 0;
        std::string clock = {};
        std::int64_t stamp_us = 0;
        std::int64_t lap = 0;
    };
    void begin_race(std::string_view race_id, const nlohmann::json& entries);
    void collect(const nlohmann::json& state, std::vector<Crossing>& missed) const;
    void crossed(const Crossing& crossing);
    int lane_of(std::int64_t entry) const;
    void tell(Telling telling);
    void save(std::uint64_t number);

    const std::string track_;
    const int controllers_;
    const Put put_;
    std::map<std::int64_t, int> lanes_of_entries_;
    std::string race_id_;  // of `lap` and `pit_us` of the lanes
    std::map<int, Lane> lanes_;
    bool known_ = false;           // a snapshot was folded, now or before a restart
    std::deque<Telling> waiting_;  // unconfirmed
    std::size_t given_ = 0;        // so many of the first have been taken
    std::uint64_t last_ = 0, confirmed_ = 0, dropped_ = 0;
};

}  // namespace racehub::smartrace
