#pragma once
// The intervals of a conversation with a Track Controller, in one place with their reasons, and
// the pause before trying again. All times are the hub's microseconds, given by the caller.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

namespace racehub::track_controller {

constexpr std::int64_t kMs = 1000;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// A device answers in milliseconds; after five seconds it is silent.
constexpr std::int64_t kAnswerLimitUs = 5 * kSecond;
/// Sensor lights while nothing is armed: often enough to wave a hand at.
constexpr std::int64_t kIdlePollUs = 1 * kSecond;
constexpr std::int64_t kIdlePollSerialUs = 500 * kMs;
/// While armed the device is asked little: gate light, and now and then the whole state.
constexpr std::int64_t kGatePollUs = 1 * kSecond;
constexpr std::int64_t kArmedCheckUs = 5 * kSecond;
/// While cars run it is not asked at all: an answer takes its only thread some milliseconds. The
/// firmware ends a race after 15 s at most.
constexpr std::int64_t kRaceQuietUs = 20 * kSecond;
/// After a wait was sent the device needs a moment to arm before a check means anything.
constexpr std::int64_t kArmCheckUs = 300 * kMs;
/// All wait places taken: look for the result this often, and try again after it.
constexpr std::int64_t kBusyPollUs = 1500 * kMs;
/// What a device refused once it refuses again; the organiser may have changed it, though.
constexpr std::int64_t kRefusedRetryUs = 30 * kSecond;
/// Protocol 2.0 sends a sign of life each 15 s; two and a half of them missing is silence.
constexpr std::int64_t kStreamSilenceUs = 40 * kSecond;

/// 1, 2, 5, 10, 10 … seconds, each a fifth shorter or longer by chance, so that several hubs or
/// plugins do not knock at the same instant.
class Backoff {
  public:
    explicit Backoff(std::uint32_t seed) : random_(seed | 1U) {}

    std::int64_t next_us() {
        constexpr std::array<std::int64_t, 4> kSteps = {1, 2, 5, 10};
        const std::int64_t base = kSteps[std::min(tries_, kSteps.size() - 1)] * kSecond;
        ++tries_;
        random_ = random_ * 1'664'525U + 1'013'904'223U;
        return base * (800 + static_cast<std::int64_t>((random_ >> 8) % 401)) / 1000;
    }
    void reset() { tries_ = 0; }
    std::size_t tries() const { return tries_; }

  private:
    std::uint32_t random_;
    std::size_t tries_ = 0;
};

}  // namespace racehub::track_controller
