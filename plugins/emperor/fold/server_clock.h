#pragma once
// The server's clock against the hub's. Pure.

#include <cstdint>
#include <deque>

namespace racehub::emperor {

/// Until something just happened on the server, its clock is taken for right, unless it is seen to
/// be ahead. Then the shortest of the latest differences counts: the one with the least delay.
class ServerClock {
  public:
    /// The server put this stamp on something that just happened.
    void happened(std::int64_t server_us, std::int64_t hub_us);
    /// The server put this stamp on something, some time ago perhaps.
    void seen(std::int64_t server_us, std::int64_t hub_us);

    std::int64_t to_hub_us(std::int64_t server_us) const { return server_us + offset_us(); }
    std::int64_t to_server_us(std::int64_t hub_us) const { return hub_us - offset_us(); }
    std::int64_t offset_us() const;

  private:
    std::deque<std::int64_t> latest_us_;  // hub minus server, of what just happened
    std::int64_t most_us_ = 0;            // the server is ahead at least so much, if negative
};

}  // namespace racehub::emperor
