#include "plugins/mqtt_gates/backoff.h"

#include <array>

namespace racehub::mqtt {

std::int64_t Backoff::next_ms(std::uint32_t random) {
    static constexpr std::array<std::int64_t, 6> kSteps = {1, 2, 5, 10, 20, 30};
    const auto step = static_cast<std::size_t>(tries_);
    if (step + 1 < kSteps.size()) ++tries_;
    const std::int64_t wait_ms = kSteps[step] * 1000;
    return wait_ms + static_cast<std::int64_t>(random % static_cast<std::uint32_t>(wait_ms / 5));
}

}  // namespace racehub::mqtt
