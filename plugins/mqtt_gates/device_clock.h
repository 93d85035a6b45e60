#pragma once
// Maps the stamps of a gate's own clock to the hub's clock. Pure: time is an argument.

#include <cstdint>
#include <string>

namespace racehub::mqtt {

/// One run of one device's clock. The hub measures lap times as differences of stamps of one clock,
/// by its `name`; the mapping below only says when on the hub's clock a crossing happened, which a
/// message that waited in the broker no longer shows by its arrival.
///
/// A message is never early: arrival minus stamp is the clocks' offset plus the delay on the way,
/// so the smallest of the last minutes is the best known offset. "Of the last minutes", because
/// quartzes differ by some ten microseconds a second.
class DeviceClock {
  public:
    /// A clock seen for the first time. `boot` as the device gave it; empty: this class notices
    /// restarts itself and makes up a name for each run.
    DeviceClock(std::string device, std::string boot, std::int64_t stamp_us,
                std::int64_t arrived_us);
    /// A clock remembered from before a restart of the plugin.
    DeviceClock(std::string device, std::string boot, std::string name, std::int64_t stamp_us,
                std::int64_t offset_us);

    bool is(const std::string& device, const std::string& boot) const {
        return device == device_ && boot == boot_;
    }
    /// A stamp that came together with those to be mapped next. It matters to a clock that has not
    /// mapped any yet.
    void foresee(std::int64_t stamp_us, std::int64_t arrived_us);
    /// Takes one crossing's stamp and returns its instant on the hub's clock, never after its
    /// arrival. A device without boot names whose stamps jump back or ahead has begun a new run:
    /// `name()` changes.
    std::int64_t map(std::int64_t stamp_us, std::int64_t arrived_us);

    const std::string& device() const { return device_; }
    const std::string& boot() const { return boot_; }
    const std::string& name() const { return name_; }  ///< device/run, at most 64 bytes
    std::int64_t stamp_us() const { return last_stamp_us_; }
    std::int64_t offset_us() const;

  private:
    void restart(std::int64_t stamp_us, std::int64_t arrived_us);
    void learn(std::int64_t sample_us, std::int64_t arrived_us);

    std::string device_, boot_, name_;
    std::int64_t last_stamp_us_ = 0;
    // Smallest offsets of the last full window and of the one being filled.
    std::int64_t last_min_us_ = 0, min_us_ = 0;
    std::int64_t window_from_us_ = 0;
    int window_samples_ = 0;
    bool fresh_ = true;  // has mapped nothing yet
};

}  // namespace racehub::mqtt
