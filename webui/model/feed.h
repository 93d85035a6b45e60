#pragma once
// What happened, in sentences: the race-control feed, what a screen reader says, and who corrected
// what.

#include <deque>

#include "hub/core/state.h"

namespace racehub {

enum class Tone : std::uint8_t { info = 1, good, warning, bad };
RH_ENUM_NAMES(Tone, {Tone::info, "info"}, {Tone::good, "good"}, {Tone::warning, "warning"},
              {Tone::bad, "bad"});

/// One thing that happened on a track.
struct Notice {
    std::uint64_t seq = 0;
    TimeUs time_us = 0;  ///< hub clock
    std::string track, race_id;
    Tone tone = Tone::info;
    bool spoken = false;  ///< worth interrupting a listener: lights, leader, finish, alarms
    std::string text;
};

/// One correction of a race, with who and why.
struct Correction {
    std::uint64_t seq = 0;
    TimeUs time_us = 0;
    std::string track, race_id;
    std::int32_t entry = 0;
    std::string text;  ///< "Anna: lap 7 void (ghost crossing)"
    std::string by, reason;
};

/// Keeps the newest; folded beside the state, one fact at a time.
class Feed {
  public:
    static constexpr std::size_t kMaxNotices = 200;  ///< more than anybody scrolls back on a screen
    static constexpr std::size_t kMaxCorrections = 500;  ///< of all tracks; an evening has tens

    /// Call before apply(state, fact), then add() after it: some sentences tell what changed.
    void before(const Event& fact, const HubState& state);
    void add(const Event& fact, const HubState& state);
    /// Corrections from the log that came before our snapshot. Those already known are skipped.
    void add_history(const Event& fact, const HubState& state);
    void clear();

    const std::deque<Notice>& notices() const { return notices_; }              ///< oldest first
    const std::deque<Correction>& corrections() const { return corrections_; }  ///< oldest first

  private:
    void say(const Event& fact, Tone tone, bool spoken, std::string text);
    void tell(const Event& fact, const HubState& state);
    bool tell_heat(const Event& fact, const HubState& state);
    void tell_session(const Event& fact);
    void tell_lap(const Event& fact, const LapCompleted& lap, const HubState& state);
    bool add_correction(const Event& fact, const HubState& state);

    std::int32_t leader_before_ = 0;
    TimeUs fastest_before_us_ = 0;
    std::deque<Notice> notices_;
    std::deque<Correction> corrections_;
};

}  // namespace racehub
