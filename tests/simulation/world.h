#pragma once
// A seeded race evening: cars on lanes, gates that lose, double and delay what they see, device
// clocks that jump, and two marshals who press everything. It only makes inputs; what must hold of
// the answers is in checks.h.

#include <queue>
#include <random>

#include "tests/support/hub_driver.h"

namespace racehub::test {

/// What the seed decides. Rates are in percent of crossings, or of steps for commands.
struct Options {
    std::uint64_t seed = 0;
    std::int32_t lanes = 1;
    std::int32_t sources = 1;
    std::int32_t steps = 400;
    RaceSettings settings;
    std::int32_t lost = 0, doubled = 0, bounced = 0, late = 0, ahead = 0, sectors = 0, pits = 0;
    bool stamped = false;
    std::int32_t clock_jumps = 0;  ///< of a device clock, per crossing
    std::int32_t commands = 0;
};

Options options_of(std::uint64_t seed);
std::string describe(const Options& options);

class World {
  public:
    explicit World(const Options& options);
    /// The next thing that happens, to be decided at its `recv_us`, which never goes back.
    Event next(const HubState& state);

  private:
    struct Report {
        TimeUs arrival_us = 0;
        std::uint64_t number = 0;  ///< keeps the order of reports with one arrival
        Event event;
        bool operator>(const Report& other) const {
            return arrival_us != other.arrival_us ? arrival_us > other.arrival_us
                                                  : number > other.number;
        }
    };
    struct Car {
        TimeUs lap_us = 0;
        TimeUs next_us = 0;  ///< at the finish line
    };
    struct Device {
        std::int32_t boots = 1;
        TimeUs offset_us = 0;
    };

    bool chance(std::int32_t percent) { return percent > 0 && draw(1, 100) <= percent; }
    std::int64_t draw(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }
    void cross(std::int32_t lane);
    void report(std::int32_t lane, Gate gate, TimeUs at_us);
    void queue(TimeUs arrival_us, Event event);
    Event arrived();
    Event command(const HubState& state);
    Payload race_command(const Race* race);
    Payload correction(const Race& race);
    Payload set_up();

    Options options_;
    std::mt19937_64 random_;
    TimeUs now_us_ = kMorningUs;
    std::vector<Car> cars_;
    std::vector<Device> devices_;
    std::priority_queue<Report, std::vector<Report>, std::greater<>> reports_;
    std::uint64_t reported_ = 0, keys_ = 0;
};

}  // namespace racehub::test
