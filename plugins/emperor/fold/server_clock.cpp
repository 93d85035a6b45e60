#include "plugins/emperor/fold/server_clock.h"

#include <algorithm>

namespace racehub::emperor {
namespace {

constexpr std::size_t kKept = 16;  // follows a clock that is being set right, within some laps

}  // namespace

void ServerClock::happened(std::int64_t server_us, std::int64_t hub_us) {
    if (server_us <= 0) return;
    latest_us_.push_back(hub_us - server_us);
    if (latest_us_.size() > kKept) latest_us_.pop_front();
}

void ServerClock::seen(std::int64_t server_us, std::int64_t hub_us) {
    if (server_us > 0) most_us_ = std::min(most_us_, hub_us - server_us);
}

std::int64_t ServerClock::offset_us() const {
    if (latest_us_.empty()) return most_us_;
    return *std::min_element(latest_us_.begin(), latest_us_.end());
}

}  // namespace racehub::emperor
