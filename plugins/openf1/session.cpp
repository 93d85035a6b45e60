#include "plugins/openf1/session.h"

#include <algorithm>

namespace racehub::openf1 {
namespace {

using nlohmann::json;

constexpr std::size_t kEveryNth = 4;          // of a racing line's samples: 80 points a lap will do
constexpr Micros kAfterLapUs = 2'000'000;     // the line is closed by the next lap's beginning
constexpr Micros kPitBeforeUs = 3'000'000;    // the pit's entry is read off before the lane's clock
constexpr Micros kPitUnknownUs = 30'000'000;  // a stop whose duration nobody knows
constexpr std::int64_t kOffLine = 120;  // tenths of a metre beside the racing line: the pit lane
constexpr Micros kMostSessionUs = 48LL * 3'600'000'000;  // twice the longest race there is
constexpr std::size_t kMostPoints = 400;  // of a line: a hand-held keeps all of it in its memory

template <class Row>
void load(const SessionFile& file, const char* kind, Session& session, std::vector<Row>& rows) {
    const std::string_view bytes = file.bytes(kind);
    if (bytes.empty()) return;
    rows = read_rows<Row>(json::parse(bytes, nullptr, false), session.unusable);
}

template <class Row>
void sort_by_time(std::vector<Row>& rows) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.time_us < b.time_us; });
}

/// Samples of a stretch of time, every n-th of them.
std::vector<Place2> line(const LocationColumns& columns, Micros from_us, Micros to_us) {
    const auto at = [&](Micros time_us) {
        return static_cast<std::size_t>(
            std::lower_bound(columns.time_us.begin(), columns.time_us.end(), time_us) -
            columns.time_us.begin());
    };
    const std::size_t first = at(from_us), last = at(to_us + 1);
    const std::size_t step = std::max(kEveryNth, (last - std::min(first, last)) / kMostPoints + 1);
    std::vector<Place2> points;
    for (std::size_t i = first; i < last; i += step) {
        points.push_back(Place2{columns.x[i], columns.y[i]});
    }
    return points;
}

std::optional<Place2> nearest(const LocationColumns& columns, Micros at_us) {
    const auto& times = columns.time_us;
    if (times.empty()) return std::nullopt;
    const auto after = std::lower_bound(times.begin(), times.end(), at_us);
    auto found = static_cast<std::size_t>(after - times.begin());
    if (found == times.size() || (found > 0 && at_us - times[found - 1] < times[found] - at_us)) {
        --found;
    }
    return Place2{columns.x[found], columns.y[found]};
}

bool beside(const std::vector<Place2>& path, const Place2& place) {
    return std::none_of(path.begin(), path.end(), [&](const Place2& point) {
        const std::int64_t dx = point.x - place.x, dy = point.y - place.y;
        return dx * dx + dy * dy < kOffLine * kOffLine;
    });
}

/// The first stop whose samples leave the racing line. Around it whole laps are known, but only the
/// lane is wanted.
std::vector<Place2> pit_line(const Session& session) {
    for (const PitRow& pit : session.pits) {
        const Micros lane_us = pit.lane_us > 0 ? pit.lane_us : kPitUnknownUs;
        if (pit.time_us < session.zero_us || lane_us > 4 * kPitUnknownUs) continue;  // red flag
        std::vector<Place2> points = line(session.file->locations(pit.driver),
                                          pit.time_us - kPitBeforeUs, pit.time_us + lane_us);
        const auto off = [&](const Place2& point) { return beside(session.layout.path, point); };
        const auto first = std::find_if(points.begin(), points.end(), off);
        const auto last = std::find_if(points.rbegin(), points.rend(), off);
        if (first == points.end()) continue;
        return {first, last.base()};
    }
    return {};
}

void draw_layout(Session& session) {
    Layout& layout = session.layout;
    const LapRow* lap = session.fastest;
    if (lap != nullptr && lap->start_us > 0) {
        const LocationColumns columns = session.file->locations(lap->driver);
        layout.path = line(columns, lap->start_us, lap->start_us + lap->lap_us + kAfterLapUs);
        const Micros ends[] = {lap->start_us, lap->start_us + lap->sector_us[0],
                               lap->start_us + lap->sector_us[0] + lap->sector_us[1]};
        if (lap->sector_us[0] > 0 && lap->sector_us[1] > 0) {
            for (const Micros end_us : ends) {
                if (const auto place = nearest(columns, end_us)) layout.sectors.push_back(*place);
            }
        }
    }
    layout.pit = pit_line(session);
    if (layout.path.empty() && layout.pit.empty()) return;
    layout.min_x = layout.min_y = INT32_MAX;
    layout.max_x = layout.max_y = INT32_MIN;
    for (const auto* points : {&layout.path, &layout.pit}) {
        for (const Place2& point : *points) {
            layout.min_x = std::min(layout.min_x, point.x);
            layout.max_x = std::max(layout.max_x, point.x);
            layout.min_y = std::min(layout.min_y, point.y);
            layout.max_y = std::max(layout.max_y, point.y);
        }
    }
}

bool took_part(const Session& session, std::int32_t driver) {
    if (session.results.empty()) return true;
    return std::any_of(session.results.begin(), session.results.end(), [&](const ResultRow& row) {
        return row.driver == driver && row.laps > 0 && !row.dns;
    });
}

void find_end(Session& session) {
    for (const LapRow& lap : session.laps) {
        if (lap.start_us > 0) session.end_us = std::max(session.end_us, lap.start_us + lap.lap_us);
    }
    for (const std::int32_t driver : session.located) {
        const auto times = session.file->locations(driver).time_us;
        if (!times.empty()) session.end_us = std::max(session.end_us, times.back());
    }
    if (session.end_us <= session.zero_us) {
        session.end_us = std::max(session.info.end_us, session.zero_us + 1);
    }
    // A date years later is a mistake, and nobody would wait for it.
    session.end_us = std::min(session.end_us, session.zero_us + kMostSessionUs);
}

void note_what_is_missing(Session& session) {
    for (const Section& section : session.file->sections()) {
        if (!section.note.empty()) session.notes.push_back(section.note);
    }
    for (const std::string& damaged : session.file->damaged()) {
        session.notes.push_back(damaged + " is damaged in the file");
    }
    if (session.located.empty()) session.notes.push_back("no car has locations");
}

}  // namespace

bool Session::is_race() const { return info.type == "Race" || info.name == "Sprint"; }

std::string Session::title() const {
    std::string where = info.circuit.empty() ? info.location : info.circuit;
    if (where.empty()) where = "Session " + std::to_string(info.session_key);
    if (info.year > 0) where += " " + std::to_string(info.year);
    return info.name.empty() ? where : where + ", " + info.name;
}

Micros clock_zero(const SessionRow& info, const std::vector<LapRow>& laps,
                  const std::vector<GridRow>& grid) {
    std::int32_t pole = 0;
    for (const GridRow& row : grid) {
        if (row.position == 1) pole = row.driver;
    }
    Micros earliest_us = 0;
    for (const LapRow& lap : laps) {
        if (lap.start_us == 0) continue;
        if (lap.number == 1 && lap.driver == pole) return lap.start_us;
        if (earliest_us == 0 || lap.start_us < earliest_us) earliest_us = lap.start_us;
    }
    return earliest_us > 0 ? earliest_us : info.start_us;
}

std::optional<Place2> place_at(const LocationColumns& columns, Micros at_us) {
    const auto& times = columns.time_us;
    const auto after = std::upper_bound(times.begin(), times.end(), at_us);
    if (after == times.begin()) return std::nullopt;
    const auto next = static_cast<std::size_t>(after - times.begin());
    const std::size_t last = next - 1;
    if (next == times.size()) {
        if (at_us - times[last] > kMaxGapUs) return std::nullopt;
        return Place2{columns.x[last], columns.y[last]};
    }
    const Micros gap_us = times[next] - times[last], since_us = at_us - times[last];
    if (gap_us > kMaxGapUs) return std::nullopt;
    const auto between = [&](std::int32_t from, std::int32_t to) {
        return static_cast<std::int32_t>(from +
                                         (static_cast<Micros>(to) - from) * since_us / gap_us);
    };
    return Place2{between(columns.x[last], columns.x[next]),
                  between(columns.y[last], columns.y[next])};
}

std::shared_ptr<const Session> load_session(std::shared_ptr<const SessionFile> file,
                                            std::string& error) {
    auto session = std::make_shared<Session>();
    session->file = std::move(file);
    const SessionFile& from = *session->file;
    std::vector<SessionRow> infos;
    load(from, "sessions", *session, infos);
    if (infos.empty()) {
        error = "The file does not say which session it is. Build it again.";
        return nullptr;
    }
    session->info = infos.back();
    load(from, "drivers", *session, session->drivers);
    load(from, "laps", *session, session->laps);
    load(from, "stints", *session, session->stints);
    load(from, "position", *session, session->positions);
    load(from, "pit", *session, session->pits);
    load(from, "race_control", *session, session->control);
    load(from, "weather", *session, session->weather);
    load(from, "session_result", *session, session->results);
    load(from, "starting_grid", *session, session->grid);
    std::stable_sort(session->drivers.begin(), session->drivers.end(),
                     [](const auto& a, const auto& b) { return a.driver < b.driver; });
    std::stable_sort(session->laps.begin(), session->laps.end(),
                     [](const LapRow& a, const LapRow& b) {
                         return std::pair(a.start_us, a.number) < std::pair(b.start_us, b.number);
                     });
    sort_by_time(session->positions);
    sort_by_time(session->pits);
    sort_by_time(session->control);
    sort_by_time(session->weather);
    session->zero_us = clock_zero(session->info, session->laps, session->grid);
    for (const std::int32_t driver : from.drivers("location")) {
        const bool any = !from.locations(driver).time_us.empty();
        if (any && took_part(*session, driver)) session->located.push_back(driver);
    }
    for (const LapRow& lap : session->laps) {
        if (lap.lap_us == 0) continue;
        const LapRow*& best = session->fastest;
        if (best == nullptr || lap.lap_us < best->lap_us) best = &lap;
    }
    find_end(*session);
    draw_layout(*session);
    note_what_is_missing(*session);
    return session;
}

std::shared_ptr<const Session> load_session(const std::string& path, std::string& error) {
    auto file = SessionFile::open(path, error);
    return file ? load_session(std::move(file), error) : nullptr;
}

}  // namespace racehub::openf1
