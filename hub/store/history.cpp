#include "hub/store/history.h"

#include <algorithm>

#include "hub/core/codec.h"
#include "hub/store/log_rows.h"
#include "hub/store/projections.h"

namespace racehub::store {
namespace {

constexpr int kBusyMs = 5'000;

LapRow lap_of(const sql::Rows& rows, int first) {
    LapRow lap;
    lap.entry = rows.as<std::int32_t>(first);
    lap.lap = rows.as<std::int32_t>(first + 1);
    lap.number = rows.as<std::int32_t>(first + 2);
    lap.lap_us = rows.integer(first + 3);
    lap.crossed_us = rows.integer(first + 4);
    lap.race_us = rows.integer(first + 5);
    lap.status = rows.as<LapStatus>(first + 6);
    lap.manual = rows.integer(first + 7) != 0;
    lap.suspect = rows.integer(first + 8) != 0;
    return lap;
}

RaceRow race_of(const sql::Rows& rows) {
    RaceRow race;
    race.first_seq = rows.as<std::uint64_t>(0);
    race.race_id = rows.string(1);
    race.track = rows.string(2);
    race.phase = rows.string(3);
    race.armed_us = rows.integer(4);
    race.started_us = rows.integer(5);
    race.ended_us = rows.integer(6);
    race.end_reason = rows.string(7);
    race.settings = rows.string(8);
    race.entries = rows.as<std::int32_t>(9);
    race.laps = rows.as<std::int32_t>(10);
    race.winner = rows.as<std::int32_t>(11);
    race.best_entry = rows.as<std::int32_t>(12);
    race.best_us = rows.integer(13);
    race.heat = rows.as<std::int32_t>(14);
    race.last_seq = rows.as<std::uint64_t>(15);
    race.winner_driver = rows.string(16);
    race.best_driver = rows.string(17);
    return race;
}

EntryRow entry_of(const sql::Rows& rows) {
    EntryRow row;
    row.entry.entry = rows.as<std::int32_t>(0);
    row.entry.lane = rows.as<std::int32_t>(1);
    row.entry.driver = rows.string(2);
    row.entry.car = rows.string(3);
    row.entry.color = rows.string(4);
    row.status = rows.string(5);
    row.position = rows.as<std::int32_t>(6);
    row.laps = rows.as<std::int32_t>(7);
    row.heat = rows.string(8);
    row.best_lap = rows.as<std::int32_t>(9);
    row.best_us = rows.integer(10);
    row.average_lap_us = row.laps > 0 ? rows.integer(11) / row.laps : 0;
    row.penalty_us = rows.integer(13);
    row.total_us = rows.integer(12) + row.penalty_us;
    return row;
}

std::size_t page_of(std::size_t limit) {
    return std::clamp<std::size_t>(limit, 1, History::kMaxPage);
}

}  // namespace

#define RH_RACES                                                                               \
    "SELECT r.race, r.race_id, r.track, r.phase, r.armed_us, r.started_us, r.ended_us, "       \
    "r.end_reason, r.settings, r.entries, r.laps, r.winner, r.best_entry, r.best_us, r.heat, " \
    "r.last_seq, w.driver, b.driver FROM races r "                                             \
    "LEFT JOIN entries w ON w.race = r.race AND w.entry = r.winner "                           \
    "LEFT JOIN entries b ON b.race = r.race AND b.entry = r.best_entry "
#define RH_LAPS \
    "SELECT entry, lap, number, lap_us, crossed_us, race_us, status, manual, suspect FROM laps "

/// One connection with its statements.
struct History::Reader {
    explicit Reader(const std::string& path)
        : db(path, sql::Access::read_only, kBusyMs),
          log(db),
          all_races(db, RH_RACES "WHERE r.race < ?1 ORDER BY r.race DESC LIMIT ?2"),
          track_races(db, RH_RACES
                      "WHERE r.race < ?1 AND r.track = ?3 "
                      "ORDER BY r.race DESC LIMIT ?2"),
          race(db, RH_RACES "WHERE r.race_id = ?1"),
          bounds(db, "SELECT race, last_seq, track FROM races WHERE race_id = ?1"),
          entries(db, R"(
              SELECT entry, lane, driver, car, color, status, position, laps, heat, best_lap,
                  best_us, lap_times_us, total_us, penalty_us
              FROM entries WHERE race = ?1 ORDER BY position, entry)"),
          laps(db, RH_LAPS
               "WHERE race = ?1 AND (entry, lap) > (?2, ?3) AND entry <= ?4 "
               "ORDER BY entry, lap LIMIT ?5"),
          newest_laps(db, RH_LAPS "WHERE race = ?1 AND entry = ?2 ORDER BY lap DESC LIMIT ?3"),
          records(db, R"(
              SELECT c.driver, e.car, c.best_us, r.race_id, c.entry FROM records c
              JOIN races r ON r.race = c.race
              JOIN entries e ON e.race = c.race AND e.entry = c.entry
              WHERE c.track = ?1 ORDER BY c.best_us LIMIT ?2)"),
          drives(db, R"(
              SELECT e.race, e.entry, r.race_id, r.track FROM entries e
              JOIN races r ON r.race = e.race
              WHERE e.driver = ?1 AND e.driver <> '' ORDER BY e.race DESC)") {}

    sql::Database db;
    LogReader log;
    sql::Statement all_races, track_races, race, bounds, entries, laps, newest_laps, records,
        drives;
};

/// A reader for one question; given back when it goes.
class History::Lease {
  public:
    explicit Lease(const History& history) : history_(history) {
        std::unique_lock lock(history_.mutex_);
        history_.returned_.wait(
            lock, [&] { return !history_.idle_.empty() || history_.made_ < kConnections; });
        if (!history_.idle_.empty()) {
            reader_ = std::move(history_.idle_.back());
            history_.idle_.pop_back();
        } else {
            reader_ = std::make_unique<Reader>(history_.path_);
            ++history_.made_;
        }
    }
    ~Lease() {
        {
            std::lock_guard lock(history_.mutex_);
            history_.idle_.push_back(std::move(reader_));
        }
        history_.returned_.notify_one();
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Reader& operator*() const { return *reader_; }

  private:
    const History& history_;
    std::unique_ptr<Reader> reader_;
};

History::History(std::string path) : path_(std::move(path)) {}
History::~History() = default;

template <class Action>
bool History::guarded(std::string& error, Action action) const {
    error.clear();
    try {
        const Lease lease(*this);
        return action(*lease);
    } catch (const sql::Error& thrown) {
        error = sentence_for(thrown, path_);
    } catch (const Damaged& thrown) {
        error = thrown.sentence;
    } catch (const Refused& thrown) {
        error = thrown.sentence;
    }
    return false;
}

std::unique_ptr<History> History::open(const std::string& path, std::string& error) {
    std::unique_ptr<History> history(new History(path));
    const bool opened = history->guarded(error, [](Reader&) { return true; });
    return opened ? std::move(history) : nullptr;
}

bool History::races(const std::string& track, std::uint64_t before, std::size_t limit,
                    std::vector<RaceRow>& found, std::string& error) const {
    found.clear();
    return guarded(error, [&](Reader& reader) {
        const std::uint64_t below = before == 0 ? INT64_MAX : before;
        const auto take = [&](sql::Rows rows) {
            while (rows.next()) found.push_back(race_of(rows));
        };
        if (track.empty()) {
            take(sql::Rows(reader.all_races, below, page_of(limit)));
        } else {
            take(sql::Rows(reader.track_races, below, page_of(limit), track));
        }
        return true;
    });
}

bool History::race(const std::string& race_id, RaceRow& found, std::string& error) const {
    return guarded(error, [&](Reader& reader) {
        sql::Rows rows(reader.race, race_id);
        if (!rows.next()) return false;
        found = race_of(rows);
        return true;
    });
}

bool History::entries(const std::string& race_id, std::vector<EntryRow>& found,
                      std::string& error) const {
    found.clear();
    return guarded(error, [&](Reader& reader) {
        sql::Rows bounds(reader.bounds, race_id);
        if (!bounds.next()) return false;
        sql::Rows rows(reader.entries, bounds.integer(0));
        while (rows.next()) found.push_back(entry_of(rows));
        return true;
    });
}

bool History::laps(const std::string& race_id, std::int32_t entry, std::int32_t after_entry,
                   std::int32_t after_lap, std::size_t limit, std::vector<LapRow>& found,
                   std::string& error) const {
    found.clear();
    return guarded(error, [&](Reader& reader) {
        sql::Rows bounds(reader.bounds, race_id);
        if (!bounds.next()) return false;
        // One entry only: its laps are those from (entry, 0) to the end of the entry.
        const std::int32_t first = entry == 0 ? after_entry : entry;
        const std::int32_t lap = entry == 0 || after_entry == entry ? after_lap : 0;
        sql::Rows rows(reader.laps, bounds.integer(0), first, lap, entry == 0 ? kMaxEntry : entry,
                       page_of(limit));
        while (rows.next()) found.push_back(lap_of(rows, 0));
        return true;
    });
}

bool History::race_facts(const std::string& race_id, std::uint64_t after, std::size_t limit,
                         FactPage& page, std::string& error) const {
    page = FactPage{};
    return guarded(error, [&](Reader& reader) {
        sql::Rows bounds(reader.bounds, race_id);
        if (!bounds.next()) return false;
        const auto first = bounds.as<std::uint64_t>(0);
        const auto last = bounds.as<std::uint64_t>(1);
        page.next_after = std::max(after, first - 1);
        reader.log.race_facts(race_id, page.next_after, last, [&](const Event& fact) {
            if (page.facts.size() >= page_of(limit)) {
                page.more = true;
                return false;
            }
            page.facts.push_back(encode_event(fact));
            page.next_after = fact.seq;
            return true;
        });
        return true;
    });
}

bool History::fold(const std::string& race_id, Race& found, std::string& error) const {
    return guarded(error, [&](Reader& reader) {
        sql::Rows bounds(reader.bounds, race_id);
        if (!bounds.next()) return false;
        std::optional<Race> race =
            fold_race(reader.log, race_id, bounds.string(2), bounds.as<std::uint64_t>(1));
        if (!race) throw Damaged{"Race " + race_id + " does not begin in the log."};
        found = std::move(*race);
        return true;
    });
}

bool History::facts(std::uint64_t after, std::size_t limit, FactPage& page,
                    std::string& error) const {
    page = FactPage{};
    page.next_after = after;
    return guarded(error, [&](Reader& reader) {
        reader.log.facts(after, INT64_MAX, [&](const Event& fact) {
            if (page.facts.size() >= page_of(limit)) {
                page.more = true;
                return false;
            }
            page.facts.push_back(encode_event(fact));
            page.next_after = fact.seq;
            return true;
        });
        return true;
    });
}

bool History::records(const std::string& track, std::size_t limit, std::vector<RecordRow>& found,
                      std::string& error) const {
    found.clear();
    return guarded(error, [&](Reader& reader) {
        sql::Rows rows(reader.records, track, page_of(limit));
        while (rows.next()) {
            found.push_back(RecordRow{rows.string(0), rows.string(1), rows.integer(2),
                                      rows.string(3), rows.as<std::int32_t>(4)});
        }
        return true;
    });
}

bool History::driver_laps(const std::string& driver, std::size_t limit,
                          std::vector<DriverLapRow>& found, std::string& error) const {
    found.clear();
    return guarded(error, [&](Reader& reader) {
        const std::size_t most = page_of(limit);
        sql::Rows drives(reader.drives, driver);
        while (found.size() < most && drives.next()) {
            sql::Rows laps(reader.newest_laps, drives.integer(0), drives.integer(1),
                           most - found.size());
            while (laps.next())
                found.push_back(DriverLapRow{drives.string(2), drives.string(3), lap_of(laps, 0)});
        }
        return true;
    });
}

#undef RH_RACES
#undef RH_LAPS

}  // namespace racehub::store
