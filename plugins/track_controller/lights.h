#pragma once
// What the device senses, as the dashboard shows it: the start gate and each lane's sensor. A car,
// or a waving hand, is over a sensor for some milliseconds; here it stays long enough to be seen.
//
// One thread. No I/O, no clock: every instant is an argument.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "plugins/track_controller/session/timing.h"

namespace racehub::track_controller {

class Lights {
  public:
    /// A covered sensor is shown so long, however short it was.
    static constexpr std::int64_t kShownUs = 600 * kMs;
    /// Told again this often, for those who came later.
    static constexpr std::int64_t kRepeatUs = 3 * kSecond;

    void gate(bool ready, std::int64_t now_us);
    void lane(int lane, bool triggered, std::int64_t now_us);
    /// The device is out of reach: nothing is known.
    void dark(std::int64_t now_us);

    /// The data of `device.sensed`, if it is to be told now.
    std::optional<std::string> due(std::int64_t now_us);
    std::int64_t deadline_us() const { return due_us_; }

  private:
    struct Lane {
        bool covered = false;
        std::int64_t until_us = 0;  // shown as covered at least so long
    };
    std::optional<bool> ready_;
    std::map<int, Lane> lanes_;
    std::int64_t due_us_ = kNever;
};

}  // namespace racehub::track_controller
