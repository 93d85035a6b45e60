#pragma once
// The gates: turn what really passed into reports as real sensors give them, with their faults.
// Pure.

#include "plugins/simulator/car.h"

namespace racehub::simulator {

/// An observation or a command to hand to the hub at `due_us`.
struct Action {
    bool is_command = false;
    bool is_sample = false;  ///< only the newest matters; not logged
    std::string type;
    std::string data;          ///< JSON object
    std::string key;           ///< idempotency key, or the command's id
    std::int64_t time_us = 0;  ///< observations: when it happened
    std::int64_t due_us = 0;
};

class Sensors {
  public:
    Sensors(const Config& config, std::uint64_t seed) : config_(config), random_(seed) {}

    /// Appends the reports of one passage: usually one, due at once.
    void report(int lane, const Passage& passage, std::vector<Action>& actions);

  private:
    Action crossing(int lane, const std::string& gate, std::int64_t time_us) const;

    const Config& config_;
    Random random_;
    std::vector<int> missed_;  // by lane, at the finish line, not yet noticed
};

}  // namespace racehub::simulator
