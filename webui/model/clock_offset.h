#pragma once
// What the hub's clock says now, from what this machine's clock says: every screen shows the same
// lights and running laps, whatever its own clock is set to. Pure; the caller passes the instants.

#include <array>

#include "hub/core/types.h"

namespace racehub {

class ClockOffset {
  public:
    /// An exchange is believed for its round trip: the shortest of the last kWindow wins, because a
    /// delay on the way only ever lengthens it. The error is at most half of that round trip.
    static constexpr std::size_t kWindow = 16;
    /// A local clock drifts by up to 100 ppm: an exchange older than this may be worse than a
    /// slower new one.
    static constexpr TimeUs kMaxAgeUs = 120 * kSecondUs;

    /// A ping sent at local `sent_us` was answered with the hub's `hub_us`, received at local
    /// `received_us`.
    void add_exchange(TimeUs sent_us, TimeUs hub_us, TimeUs received_us);
    /// A message carried the hub's time: a first guess until an exchange is there (late by the way
    /// from the hub).
    void add_one_way(TimeUs hub_us, TimeUs received_us);
    /// Another hub, or a clock that was set: start over.
    void reset();

    bool known() const { return known_; }
    TimeUs hub_us(TimeUs local_us) const { return local_us + offset_us_; }
    TimeUs local_us(TimeUs hub_us) const { return hub_us - offset_us_; }
    TimeUs round_trip_us() const { return round_trip_us_; }  ///< 0: no exchange yet

  private:
    struct Exchange {
        TimeUs offset_us = 0;
        TimeUs round_trip_us = 0;
        TimeUs received_us = 0;
    };
    void choose(TimeUs now_us);

    std::array<Exchange, kWindow> exchanges_{};
    std::size_t count_ = 0;  ///< ever added
    bool known_ = false;
    TimeUs offset_us_ = 0;
    TimeUs round_trip_us_ = 0;
};

}  // namespace racehub
