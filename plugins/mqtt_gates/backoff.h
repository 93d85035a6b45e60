#pragma once
// How long to wait before the next try to connect.

#include <cstdint>

namespace racehub::mqtt {

/// 1, 2, 5, 10, 20, then 30 s, each up to a fifth longer, so that many hubs do not come back in
/// step after a power cut.
class Backoff {
  public:
    /// `random` is any random number.
    std::int64_t next_ms(std::uint32_t random);
    void reset() { tries_ = 0; }
    int tries() const { return tries_; }

  private:
    int tries_ = 0;
};

}  // namespace racehub::mqtt
