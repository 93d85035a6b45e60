#pragma once
// The line of a track, learned from a car that drives around once. Pure.

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "plugins/emperor/protocol/message.h"

namespace racehub::emperor {

class TrackLine {
  public:
    struct Point {
        std::int32_t x_mm = 0, y_mm = 0;
        bool operator==(const Point&) const = default;
    };
    /// Finer than a screen shows; the hub takes 1,000.
    static constexpr std::size_t kMaxPoints = 500;

    /// True: the line is known now, and was not before.
    bool take(const CarUpdate& update);
    const std::vector<Point>& points() const { return points_; }
    void forget();

  private:
    struct Lap {
        double last = -1;  // share of the lap; below 0: it has not begun at the line
        std::vector<Point> points;
    };
    std::map<int, Lap> laps_;    // by car
    std::vector<Point> points_;  // once around; empty: not known yet
};

}  // namespace racehub::emperor
