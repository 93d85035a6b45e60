#pragma once
// The hub's clock: wall time at one moment, carried on by the machine's monotonic clock, so that a
// jump of the wall clock (NTP, a Pi without a battery) cannot change a race. The anchor is kept
// across restarts of the hub within one boot of the machine.

#include <string>

#include "hub/core/types.h"

namespace racehub {

/// [any-thread]
class Clock {
  public:
    virtual ~Clock() = default;
    /// Microseconds since the Unix epoch, never going backwards within one boot.
    virtual TimeUs now_us() const = 0;
    /// Hub clock minus CLOCK_MONOTONIC, for processes that keep the same clock without asking.
    virtual TimeUs offset_us() const = 0;
};

/// What must survive a restart so that a race's clock goes on right.
struct ClockAnchor {
    std::string boot_id;   ///< of the machine's boot that the offset belongs to
    TimeUs offset_us = 0;  ///< hub clock minus CLOCK_MONOTONIC
};

class SystemClock final : public Clock {
  public:
    /// Goes on with `stored` if the machine has not been rebooted since; else starts at the wall
    /// clock, but never before `not_before_us` (the last instant in the log).
    SystemClock(const ClockAnchor& stored, TimeUs not_before_us);
    TimeUs now_us() const override;
    TimeUs offset_us() const override { return anchor_.offset_us; }
    const ClockAnchor& anchor() const { return anchor_; }

  private:
    ClockAnchor anchor_;
};

}  // namespace racehub
