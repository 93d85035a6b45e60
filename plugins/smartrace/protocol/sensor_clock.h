#pragma once
// One run of a sensor's clock: from its milliseconds since boot, which wrap, to stamps that do not,
// and to instants on the hub's clock. Pure: time is an argument.

#include <cstdint>
#include <string>

namespace racehub::smartrace {

/// Further ahead of its own past than this, a clock has jumped or begun anew. Delivery takes 50 to
/// 250 ms; the rest is for slow networks.
inline constexpr std::int64_t kOnTimeMs = 2'000;
/// A stamp older than the newest by up to this is a lap that was sent again; by more, the sensor
/// began anew.
inline constexpr std::int64_t kResendMs = 60'000;

/// Where a stamp falls on a clock.
struct Placed {
    std::int64_t stamp_ms = 0;  ///< without wraps: grows for as long as the clock runs
    std::int64_t late_ms = 0;   ///< how long after it happened it came; negative: too early to be
                                ///< of this clock, unless all before it were late
};

/// The hub measures laps as differences of stamps of one clock, by its `name`. Microcontrollers
/// count milliseconds from their boot and wrap at 2^30 (MicroPython) or 2^32 (Arduino), phones
/// count from 1970. A stamp is taken as the one of its many possible values that lies nearest to
/// what the clock should show now: right across any wrap, however long the car stood, and without
/// knowing which kind of clock it is (2^32 is a multiple of 2^30).
class SensorClock {
  public:
    /// Begins with the first stamp that was seen of it.
    SensorClock(std::string name, std::int64_t raw_ms, std::int64_t arrived_us);
    /// As `name`, `newest_ms` and `offset_us` of another one told, before the plugin's restart.
    SensorClock(std::string name, std::int64_t newest_ms, std::int64_t offset_us, bool settled);

    Placed place(std::int64_t raw_ms, std::int64_t arrived_us) const;

    /// Learns from a stamp that is of this clock, and returns its instant on the hub's clock, never
    /// after its arrival. A message is never early: the smallest difference of arrival and stamp
    /// within the last minutes is the best known offset ("of the last minutes", because quartzes
    /// drift).
    std::int64_t take(std::int64_t stamp_ms, std::int64_t arrived_us);

    /// A stamp that came together with those to be taken next: what waited on a clock that has
    /// taken none yet shows by the last of them best how far the clock is from ours.
    void foresee(std::int64_t stamp_ms, std::int64_t arrived_us);

    const std::string& name() const { return name_; }
    std::int64_t newest_ms() const { return newest_ms_; }
    std::int64_t offset_us() const;
    /// The offset has been confirmed by a second delivery: an earlier one is no longer believed.
    bool settled() const { return settled_; }

  private:
    void learn(std::int64_t sample_us, std::int64_t arrived_us);

    std::string name_;
    std::int64_t newest_ms_ = 0;
    std::int64_t last_min_us_ = 0, min_us_ = 0;  // of the last full window, of the one being filled
    std::int64_t window_from_us_ = 0;
    std::int64_t first_arrived_us_ = 0;
    int window_samples_ = 0;
    bool settled_ = false;
    bool fresh_ = true;  // has taken nothing yet
};

}  // namespace racehub::smartrace
