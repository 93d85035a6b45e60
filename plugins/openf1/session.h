#pragma once
// A session with what follows from its rows: when its clock begins, who takes part, the fastest
// lap, and the track as the cars drew it.

#include <memory>

#include "plugins/openf1/session_file.h"

namespace racehub::openf1 {

struct Place2 {
    std::int32_t x = 0, y = 0;  ///< OpenF1's units, about a tenth of a metre
};

struct Layout {
    std::vector<Place2> path;     ///< the racing line of the fastest lap
    std::vector<Place2> pit;      ///< through the pit lane, as far as it leaves the racing line
    std::vector<Place2> sectors;  ///< start line, ends of sectors 1 and 2; empty when not known
    std::int32_t min_x = 0, max_x = 0, min_y = 0, max_y = 0;
};

/// The race begins so long after the replay does.
inline constexpr Micros kLeadUs = 20'000'000;

/// Immutable; any thread.
struct Session {
    std::shared_ptr<const SessionFile> file;
    SessionRow info;
    std::vector<DriverRow> drivers;      ///< by number
    std::vector<LapRow> laps;            ///< by start, then number
    std::vector<StintRow> stints;        ///< as told
    std::vector<PositionRow> positions;  ///< by time, as the next three
    std::vector<PitRow> pits;
    std::vector<ControlRow> control;
    std::vector<WeatherRow> weather;
    std::vector<ResultRow> results;
    std::vector<GridRow> grid;

    Micros zero_us = 0;                 ///< the race's clock shows 0: the first lap begins
    Micros end_us = 0;                  ///< nothing is known of later
    std::vector<std::int32_t> located;  ///< drivers with locations who take part, by number
    const LapRow* fastest = nullptr;  ///< into `laps`; the first of equals; null: no lap has a time
    Layout layout;
    std::vector<std::string> notes;  ///< what is missing, for people
    std::size_t unusable = 0;        ///< rows that say nothing

    Micros begin_us() const { return zero_us - kLeadUs; }
    bool is_race() const;
    std::string title() const;  ///< "Monte Carlo 2024, Race"
};

/// Null: `error` says why, and what to do.
std::shared_ptr<const Session> load_session(const std::string& path, std::string& error);
std::shared_ptr<const Session> load_session(std::shared_ptr<const SessionFile> file,
                                            std::string& error);

/// The instant that a session's clock begins at, from what there is: the pole's first lap, else the
/// earliest lap, else the session's own beginning.
Micros clock_zero(const SessionRow& info, const std::vector<LapRow>& laps,
                  const std::vector<GridRow>& grid);

/// Where a car was at an instant; none before it was seen and in gaps longer than `kMaxGapUs`.
std::optional<Place2> place_at(const LocationColumns& columns, Micros at_us);
/// Cars are drawn on a straight line between two samples this far apart, and not at all beyond.
inline constexpr Micros kMaxGapUs = 5'000'000;

}  // namespace racehub::openf1
