#pragma once
// How long to wait before the next try to connect. Pure.

#include <array>
#include <cstdint>

namespace racehub::smartrace {

/// 0.25, 1, 2, 5, then 10 s, each up to a fifth longer, so that many hubs do not come back in step
/// after a power cut. Not longer: a tablet that fell asleep in a race should be met soon.
class Backoff {
  public:
    /// `random` is any random number.
    std::int64_t next_us(std::uint32_t random) {
        static constexpr std::array<std::int64_t, 5> kSteps = {250'000, 1'000'000, 2'000'000,
                                                               5'000'000, 10'000'000};
        const std::int64_t wait_us = kSteps[step_];
        if (step_ + 1 < kSteps.size()) ++step_;
        return wait_us +
               static_cast<std::int64_t>(random % static_cast<std::uint32_t>(wait_us / 5));
    }
    void reset() { step_ = 0; }

  private:
    std::size_t step_ = 0;
};

}  // namespace racehub::smartrace
