#include "plugins/smartrace/protocol/sensor_clock.h"

#include <algorithm>
#include <utility>

namespace racehub::smartrace {
namespace {

constexpr std::int64_t kWrapMs = std::int64_t{1} << 30;
// Larger stamps are counted from 1970 and never wrap.
constexpr std::int64_t kNeverWrapsMs = std::int64_t{1} << 32;
// A window ends when it is both old and full: an hour without laps says nothing about the offset.
constexpr std::int64_t kWindowUs = 60'000'000;
constexpr int kWindowSamples = 8;
// Deliveries this far apart do not wait for the same stalled network.
constexpr std::int64_t kApartUs = 1'000'000;
// Later than any race is long: then the arrival is as good as the stamp.
constexpr std::int64_t kMaxDelayUs = 3'600'000'000;

}  // namespace

SensorClock::SensorClock(std::string name, std::int64_t raw_ms, std::int64_t arrived_us)
    : name_(std::move(name)),
      newest_ms_(raw_ms),
      last_min_us_(arrived_us - raw_ms * 1000),
      min_us_(last_min_us_),
      window_from_us_(arrived_us),
      first_arrived_us_(arrived_us) {}

SensorClock::SensorClock(std::string name, std::int64_t newest_ms, std::int64_t offset_us,
                         bool settled)
    : name_(std::move(name)),
      newest_ms_(newest_ms),
      last_min_us_(offset_us),
      min_us_(offset_us),
      window_from_us_(newest_ms * 1000 + offset_us),
      first_arrived_us_(window_from_us_),
      settled_(settled),
      fresh_(false) {}

std::int64_t SensorClock::offset_us() const { return std::min(last_min_us_, min_us_); }

Placed SensorClock::place(std::int64_t raw_ms, std::int64_t arrived_us) const {
    const std::int64_t shows_ms = (arrived_us - offset_us()) / 1000;
    std::int64_t stamp_ms = raw_ms;
    if (raw_ms < kNeverWrapsMs && shows_ms > raw_ms) {
        stamp_ms += (shows_ms - raw_ms + kWrapMs / 2) / kWrapMs * kWrapMs;
    }
    return {stamp_ms, shows_ms - stamp_ms};
}

void SensorClock::learn(std::int64_t sample_us, std::int64_t arrived_us) {
    if (window_samples_ >= kWindowSamples && arrived_us - window_from_us_ >= kWindowUs) {
        last_min_us_ = min_us_;
        min_us_ = sample_us;
        window_from_us_ = arrived_us;
        window_samples_ = 0;
    }
    min_us_ = std::min(min_us_, sample_us);
    ++window_samples_;
}

void SensorClock::foresee(std::int64_t stamp_ms, std::int64_t arrived_us) {
    if (!fresh_) return;
    min_us_ = std::min(min_us_, arrived_us - stamp_ms * 1000);
    last_min_us_ = min_us_;
}

std::int64_t SensorClock::take(std::int64_t stamp_ms, std::int64_t arrived_us) {
    const std::int64_t sample_us = arrived_us - stamp_ms * 1000;
    const std::int64_t error_us = sample_us - offset_us();
    if (error_us < -kOnTimeMs * 1000) {
        // All before were late. The old windows know nothing then.
        last_min_us_ = min_us_ = sample_us;
        first_arrived_us_ = arrived_us;
    } else if (error_us <= kOnTimeMs * 1000 && arrived_us - first_arrived_us_ >= kApartUs) {
        settled_ = true;
    }
    fresh_ = false;
    learn(sample_us, arrived_us);
    newest_ms_ = std::max(newest_ms_, stamp_ms);
    const std::int64_t mapped_us = std::min(stamp_ms * 1000 + offset_us(), arrived_us);
    return arrived_us - mapped_us > kMaxDelayUs ? arrived_us : mapped_us;
}

}  // namespace racehub::smartrace
