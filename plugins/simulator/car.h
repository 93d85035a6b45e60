#pragma once
// One car on one lane: when it passes which gate. Pure; the same random numbers give the same
// drive.

#include <deque>

#include "plugins/simulator/config.h"
#include "plugins/simulator/random.h"

namespace racehub::simulator {

struct Passage {
    std::string gate;
    std::int64_t time_us = 0;
};

class Car {
  public:
    /// `seed` is this car's own, in this race.
    Car(const Config& config, Driver driver, int lane, std::uint64_t seed);

    int lane() const { return lane_; }
    bool driving() const { return driving_; }
    bool broken() const { return broken_; }

    /// Perhaps crosses before the lights go out: the instant, or 0.
    std::int64_t jump_us(std::int64_t go_us);
    /// Lights out: the first lap begins. A rolling start crosses the line shortly after.
    void start(std::int64_t go_us, bool rolling);
    /// In the middle of a race, after somebody's restart: it passed the line last at `last_us` and
    /// goes on.
    void go_on(std::int64_t last_us, std::int64_t now_us);
    /// The race clock stands from here; passages wait.
    void pause(std::int64_t at_us);
    void resume(std::int64_t at_us);
    /// Out of the race, or the race is over.
    void park();

    /// When the next passage is due; 0: none.
    std::int64_t next_us() const;
    /// Takes the next passage. At the finish line it plans the lap that follows.
    Passage pass();

  private:
    std::int64_t lap_time_us();
    void plan_lap(std::int64_t from_us);
    std::int64_t scaled(double seconds) const;

    const Config& config_;
    const Driver driver_;
    const int lane_;
    Random random_;
    bool driving_ = false;
    bool broken_ = false;
    std::int64_t paused_us_ = 0;  // 0: not paused
    int lap_ = 0;
    int next_pit_lap_ = 0;
    std::deque<Passage> ahead_;  // in order of time
};

}  // namespace racehub::simulator
