#pragma once
// How often, how soon: rate limits and restarts as pure values. Time comes in as an argument
// (microseconds of any monotonic clock), so that tests need not wait.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

namespace racehub::plugin_host {

/// `rate` per second on average, `burst` at once. Not thread-safe.
class TokenBucket {
  public:
    TokenBucket(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

    bool take(std::int64_t now_us) {
        refill(now_us);
        if (tokens_ < 1.0) return false;
        tokens_ -= 1.0;
        return true;
    }
    /// When the next take succeeds, if nobody else takes.
    std::int64_t next_us(std::int64_t now_us) {
        refill(now_us);
        if (tokens_ >= 1.0) return now_us;
        return now_us + static_cast<std::int64_t>((1.0 - tokens_) / rate_ * 1e6) + 1;
    }

  private:
    void refill(std::int64_t now_us) {
        if (last_us_ && now_us > *last_us_) {
            const double gained = rate_ * static_cast<double>(now_us - *last_us_) / 1e6;
            tokens_ = std::min(burst_, tokens_ + gained);
        }
        if (!last_us_ || now_us > *last_us_) last_us_ = now_us;
    }
    double rate_;
    double burst_;
    double tokens_;
    std::optional<std::int64_t> last_us_;
};

/// When to start an instance again.
class RestartPolicy {
  public:
    struct Options {
        std::int64_t first_delay_us = 0;   ///< after the first crash: at once, a race may be on
        std::int64_t step_us = 1'000'000;  ///< then 1 s, 2 s, 4 s …
        std::int64_t max_delay_us = 60'000'000;
        int quarantine_crashes = 5;               ///< so many crashes …
        std::int64_t quarantine_us = 60'000'000;  ///< … within this time end the attempts
        std::int64_t forgive_us =
            60'000'000;  ///< running so long makes the next crash the first again
    };

    explicit RestartPolicy(const Options& options) : options_(options) {}

    /// The instance died or hung. Delay until the next start; none: quarantine.
    std::optional<std::int64_t> crashed(std::int64_t now_us) {
        crashes_.push_back(now_us);
        while (crashes_.front() <= now_us - options_.quarantine_us) crashes_.pop_front();
        if (crashes_.size() >= static_cast<std::size_t>(options_.quarantine_crashes)) {
            return std::nullopt;
        }
        return crash_count_++ == 0 ? options_.first_delay_us : grown(crash_count_ - 2);
    }

    /// It came up, but start said no: a wrong password, a device that is not there. Delay until the
    /// next start.
    std::int64_t start_failed() { return grown(failed_starts_++); }

    void started(std::int64_t now_us) {
        failed_starts_ = 0;
        started_us_ = now_us;
    }
    /// Call before crashed(): a long good run forgives.
    void ended(std::int64_t now_us) {
        if (started_us_ && now_us - *started_us_ >= options_.forgive_us) crash_count_ = 0;
        started_us_.reset();
    }
    /// "Enable again", by a person.
    void forgive() {
        crashes_.clear();
        crash_count_ = 0;
        failed_starts_ = 0;
    }

  private:
    std::int64_t grown(int doublings) const {
        std::int64_t delay_us = options_.step_us;
        for (int i = 0; i < doublings && delay_us < options_.max_delay_us; ++i) delay_us *= 2;
        return std::min(delay_us, options_.max_delay_us);
    }
    Options options_;
    std::deque<std::int64_t> crashes_;  // at most quarantine_crashes
    int crash_count_ = 0;
    int failed_starts_ = 0;
    std::optional<std::int64_t> started_us_;
};

}  // namespace racehub::plugin_host
