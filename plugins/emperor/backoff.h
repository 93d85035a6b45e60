#pragma once
// How long to wait before the next try to connect.

#include <algorithm>
#include <cstdint>

namespace racehub::emperor {

/// 1, 2, 4, 8, 16, then 30 s, each up to a quarter longer, so that many hubs do not come back in
/// step after a server's restart.
class Backoff {
  public:
    /// `random` is any random number.
    std::int64_t next_ms(std::uint32_t random) {
        const std::int64_t base_ms = std::min<std::int64_t>(30'000, 1'000LL << std::min(tries_, 5));
        ++tries_;
        return base_ms + static_cast<std::int64_t>(random % 1'000) * base_ms / 4'000;
    }
    void reset() { tries_ = 0; }

  private:
    int tries_ = 0;
};

}  // namespace racehub::emperor
