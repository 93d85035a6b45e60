#pragma once
// A downhill track with a start gate and a timing device: one heat from the gate to the report.
// Pure; the same configuration, seed and instant give the same heat.

#include "plugins/simulator/sensor.h"

namespace racehub::simulator {

/// Who stands on which lane.
struct Runner {
    int lane = 0;
    Driver driver;
};

/// Everything the timing device will say of a heat whose gate opens at `gate_us`: the start, its
/// lights, and the report. Times are those of a real track whatever `speed` says; only the wait for
/// the report is shorter.
std::vector<Action> run_heat(const Config& config, std::uint64_t seed,
                             const std::vector<Runner>& runners, std::int64_t gate_us);

/// The device is ready for the next heat.
Action gate_ready(const std::vector<Runner>& runners, std::int64_t at_us);

/// Somebody played with the gate while nothing was armed: a report nobody waits for.
std::vector<Action> stray_report(const Config& config, std::uint64_t seed,
                                 const std::vector<Runner>& runners, std::int64_t at_us);

}  // namespace racehub::simulator
