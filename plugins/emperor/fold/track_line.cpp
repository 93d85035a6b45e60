#include "plugins/emperor/fold/track_line.h"

#include <cmath>
#include <utility>

namespace racehub::emperor {
namespace {

constexpr double kStep = 1.0 / TrackLine::kMaxPoints;
/// A hole larger than this is a car that was put elsewhere, or says too seldom where it is.
constexpr double kMaxHole = 0.05;
constexpr double kNearLine = 0.05;

}  // namespace

void TrackLine::forget() {
    laps_.clear();
    points_.clear();
}

bool TrackLine::take(const CarUpdate& update) {
    if (!points_.empty()) return false;
    Lap& lap = laps_[update.car_id];
    const TrackLine::Point point{static_cast<std::int32_t>(std::lround(update.place.x * 1'000)),
                                 static_cast<std::int32_t>(std::lround(update.place.z * 1'000))};
    const double moved = update.spline - lap.last;
    const bool over_line = lap.last > 1 - kNearLine && update.spline < kNearLine;
    if (over_line && !lap.points.empty()) {
        points_ = std::move(lap.points);
        laps_.clear();
        return true;
    }
    if (over_line) {
        lap.points = {point};
        lap.last = update.spline;
        return false;
    }
    if (lap.points.empty()) {
        lap.last = update.spline;  // waits for the line
        return false;
    }
    if (moved > kMaxHole || moved < -kStep) {  // it was put elsewhere, or turned round
        lap.points.clear();
        lap.last = update.spline;
        return false;
    }
    if (moved < kStep || lap.points.size() >= kMaxPoints) {
        if (lap.points.size() >= kMaxPoints) lap.last = std::max(lap.last, update.spline);
        return false;
    }
    lap.points.push_back(point);
    lap.last = update.spline;
    return false;
}

}  // namespace racehub::emperor
