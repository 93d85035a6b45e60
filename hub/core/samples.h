#pragma once
// Samples that parts of the hub know: measurements of which only the newest matters. They are
// shown, never logged, and no race follows from them. A plugin may make others; those are passed on
// as they are.
//
// One sample holds all cars of a track: at 10 Hz a spectator gets ten of each kind a second,
// however many cars there are.

#include <variant>

#include "hub/core/types.h"

namespace racehub {

inline constexpr std::int32_t kNoGap = -1;  ///< of gaps and intervals: not known

struct CarLocation {
    std::int32_t entry = 0;
    std::int32_t x_mm = 0;
    std::int32_t y_mm = 0;
    std::int32_t z_mm = 0;
    template <class Self, class V>
    static void fields(Self& c, V& v) {
        v("entry", c.entry, 1, kMaxEntry);
        v("x_mm", c.x_mm);
        v("y_mm", c.y_mm);
        v.optional("z_mm", c.z_mm);
    }
};

/// Where the cars are, on the track's map. A car without a place is not in it.
struct CarsLocated {
    static constexpr std::string_view kType = "car.located";
    TimeUs race_us = 0;
    std::vector<CarLocation> cars;
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("race_us", s.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("cars", s.cars, kMaxEntries);
    }
};

struct CarMeasure {
    std::int32_t entry = 0;
    std::int32_t speed_kmh = 0;
    std::int32_t gear = 0;  ///< -1 reverse, 0 neutral
    std::int32_t rpm = 0;
    std::int32_t throttle = 0;  ///< percent, as brake
    std::int32_t brake = 0;
    bool drs = false;
    template <class Self, class V>
    static void fields(Self& c, V& v) {
        v("entry", c.entry, 1, kMaxEntry);
        v.optional("speed_kmh", c.speed_kmh, 0, 2'000);
        v.optional("gear", c.gear, -1, 20);
        v.optional("rpm", c.rpm, 0, 100'000);
        v.optional("throttle", c.throttle, 0, 100);
        v.optional("brake", c.brake, 0, 100);
        v.optional("drs", c.drs);
    }
};

/// What the cars measure of themselves.
struct CarsMeasured {
    static constexpr std::string_view kType = "car.measured";
    TimeUs race_us = 0;
    std::vector<CarMeasure> cars;
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("race_us", s.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("cars", s.cars, kMaxEntries);
    }
};

struct Gap {
    std::int32_t entry = 0;
    TimeUs gap_us = kNoGap;        ///< to the leader, whose own is 0
    std::int32_t laps_behind = 0;  ///< whole laps behind the leader: the gap is not told then
    TimeUs interval_us = kNoGap;   ///< to the car ahead
    std::int32_t laps_behind_ahead = 0;
    template <class Self, class V>
    static void fields(Self& g, V& v) {
        v("entry", g.entry, 1, kMaxEntry);
        v.optional("gap_us", g.gap_us, -1, kMaxRaceUs);
        v.optional("laps_behind", g.laps_behind, 0, 10'000);
        v.optional("interval_us", g.interval_us, -1, kMaxRaceUs);
        v.optional("laps_behind_ahead", g.laps_behind_ahead, 0, 10'000);
    }
};

/// Gaps between the lines, as the source measures them; standings know those at the line.
struct GapsMeasured {
    static constexpr std::string_view kType = "gap.measured";
    TimeUs race_us = 0;
    std::vector<Gap> gaps;
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("race_us", s.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("gaps", s.gaps, kMaxEntries);
    }
};

struct WeatherMeasured {
    static constexpr std::string_view kType = "weather.measured";
    TimeUs race_us = 0;
    std::int32_t air_dc = 0;  ///< tenths of a degree Celsius
    std::int32_t track_dc = 0;
    std::int32_t humidity = 0;   ///< percent
    std::int32_t wind_cms = 0;   ///< centimetres a second
    std::int32_t wind_from = 0;  ///< degrees; 0 is north
    bool rain = false;
    std::string text;  ///< in the source's words
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("race_us", s.race_us, -kMaxRaceUs, kMaxRaceUs);
        v.optional("air_dc", s.air_dc, -1'000, 1'000);
        v.optional("track_dc", s.track_dc, -1'000, 1'000);
        v.optional("humidity", s.humidity, 0, 100);
        v.optional("wind_cms", s.wind_cms, 0, 20'000);
        v.optional("wind_from", s.wind_from, 0, 360);
        v.optional("rain", s.rain);
        v.optional("text", s.text, kMaxText);
    }
};

using Sample = std::variant<CarsLocated, CarsMeasured, GapsMeasured, WeatherMeasured>;

}  // namespace racehub
