#pragma once
// What of a session holds at one instant: where the cars are, what they measure, how far apart they
// are. As samples for the hub, and as frames for hand-helds.

#include <map>

#include "plugins/openf1/session.h"

namespace racehub::openf1 {

/// A place in columns that is looked at again a little later: the search begins where it ended.
class Cursor {
  public:
    /// Index of the last sample at or before the instant; none before the first.
    std::optional<std::size_t> at(std::span<const Micros> times, Micros at_us);

  private:
    std::size_t next_ = 0;
};

/// `weather.measured` as the row says.
std::string weather_data(const WeatherRow& row, Micros race_us);

/// Makes samples of one session; keeps cursors, so one for each replay. Data as hub/core/samples.h
/// says; empty when nothing is known at that instant.
class Sampler {
  public:
    explicit Sampler(std::shared_ptr<const Session> session);
    std::string located(Micros race_us);
    std::string measured(Micros race_us);
    std::string gaps(Micros race_us);
    std::string weather(Micros race_us);

  private:
    struct Car {
        std::int32_t driver = 0;
        LocationColumns places;
        CarColumns figures;
        IntervalColumns intervals;
        Cursor place, figure, interval;
    };
    const std::shared_ptr<const Session> session_;
    std::vector<Car> cars_;
};

/// Frames as the hand-held's firmware reads them: "t|id,x,y,pos|id,x,y,pos".
class FrameMaker {
  public:
    explicit FrameMaker(std::shared_ptr<const Session> session);

    /// The replay's last instant, in milliseconds.
    std::int64_t end_ms() const { return end_ms_; }
    /// Appends the frame of the instant; from the end on with the last places and "|FINISHED".
    /// Places are interpolated; before a car's first sample it stands at the first, after its last
    /// one it is left out. A position that nobody knows is 99.
    void frame(std::int64_t t_ms, std::string& to);

  private:
    struct Car {
        std::int32_t driver = 0;
        LocationColumns places;
        std::vector<std::pair<Micros, std::int32_t>> positions;  ///< by time
        std::size_t place = 0, position = 0;                     ///< where the last search ended
    };
    void add(Car& car, Micros at_us, bool finished, std::string& to);

    const std::shared_ptr<const Session> session_;
    const std::int64_t end_ms_;
    std::vector<Car> cars_;
};

}  // namespace racehub::openf1
