#include "plugins/mqtt_gates/device_clock.h"

#include <algorithm>
#include <utility>

namespace racehub::mqtt {
namespace {

// A window ends when it is both old and full: an hour without crossings says nothing about the
// offset.
constexpr std::int64_t kWindowUs = 60'000'000;
constexpr int kWindowSamples = 8;
// Crossings that overtake each other on the way are younger than this; what jumps further is
// another run of the clock.
constexpr std::int64_t kReorderUs = 5'000'000;
// Longer in the broker than any race lasts: then the arrival is as good as the stamp.
constexpr std::int64_t kMaxDelayUs = 3'600'000'000;

}  // namespace

DeviceClock::DeviceClock(std::string device, std::string boot, std::int64_t stamp_us,
                         std::int64_t arrived_us)
    : device_(std::move(device)), boot_(std::move(boot)) {
    restart(stamp_us, arrived_us);
}

DeviceClock::DeviceClock(std::string device, std::string boot, std::string name,
                         std::int64_t stamp_us, std::int64_t offset_us)
    : device_(std::move(device)),
      boot_(std::move(boot)),
      name_(std::move(name)),
      last_stamp_us_(stamp_us),
      last_min_us_(offset_us),
      min_us_(offset_us),
      window_from_us_(stamp_us + offset_us),
      fresh_(false) {}

void DeviceClock::restart(std::int64_t stamp_us, std::int64_t arrived_us) {
    // The second in which a run was first seen tells it from the others of its device.
    name_ = device_ + "/" + (boot_.empty() ? "@" + std::to_string(arrived_us / 1'000'000) : boot_);
    last_stamp_us_ = stamp_us;
    last_min_us_ = min_us_ = arrived_us - stamp_us;
    window_from_us_ = arrived_us;
    window_samples_ = 1;
}

std::int64_t DeviceClock::offset_us() const { return std::min(last_min_us_, min_us_); }

void DeviceClock::learn(std::int64_t sample_us, std::int64_t arrived_us) {
    if (window_samples_ >= kWindowSamples && arrived_us - window_from_us_ >= kWindowUs) {
        last_min_us_ = min_us_;
        min_us_ = sample_us;
        window_from_us_ = arrived_us;
        window_samples_ = 0;
    }
    min_us_ = std::min(min_us_, sample_us);
    ++window_samples_;
}

void DeviceClock::foresee(std::int64_t stamp_us, std::int64_t arrived_us) {
    if (!fresh_) return;
    min_us_ = std::min(min_us_, arrived_us - stamp_us);
    last_min_us_ = min_us_;
}

std::int64_t DeviceClock::map(std::int64_t stamp_us, std::int64_t arrived_us) {
    const std::int64_t sample_us = arrived_us - stamp_us;
    fresh_ = false;
    const bool back = stamp_us < last_stamp_us_ - kReorderUs;
    const bool ahead = sample_us < offset_us() - kReorderUs;
    if (boot_.empty() && (back || ahead)) {
        restart(stamp_us, arrived_us);
        return arrived_us;
    }
    learn(sample_us, arrived_us);
    last_stamp_us_ = std::max(last_stamp_us_, stamp_us);
    const std::int64_t mapped_us = std::min(stamp_us + offset_us(), arrived_us);
    return arrived_us - mapped_us > kMaxDelayUs ? arrived_us : mapped_us;
}

}  // namespace racehub::mqtt
