#include "hub/engine/clock.h"

#include <algorithm>
#include <chrono>
#include <fstream>

namespace racehub {
namespace {

TimeUs monotonic_us() {
    // libstdc++'s steady_clock is CLOCK_MONOTONIC, which all processes of the machine share.
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

TimeUs wall_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string boot_id() {
    std::string id;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
    return id;
}

}  // namespace

SystemClock::SystemClock(const ClockAnchor& stored, TimeUs not_before_us) {
    anchor_.boot_id = boot_id();
    const bool same_boot = !anchor_.boot_id.empty() && stored.boot_id == anchor_.boot_id;
    anchor_.offset_us =
        same_boot ? stored.offset_us : std::max(wall_us(), not_before_us) - monotonic_us();
}

TimeUs SystemClock::now_us() const { return monotonic_us() + anchor_.offset_us; }

}  // namespace racehub
