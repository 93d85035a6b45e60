#include "hub/store/projections.h"

#include <algorithm>

#include "hub/core/codec.h"
#include "hub/core/standings.h"
#include "hub/store/migrations.h"

namespace racehub::store {
namespace {

template <class T, class... Types>
constexpr bool kIsOneOf = (std::is_same_v<T, Types> || ...);

bool is_heat(const Race& race) { return race.settings.discipline == Discipline::heat; }

/// The best lap; of a heat, the lane's time. 0: none.
TimeUs best_us(const Race& race, const EntryState& entry) {
    if (!is_heat(race)) return entry.best_lap_us;
    return entry.heat == HeatStatus::timed ? entry.heat_us : 0;
}

const EntryState* best_of(const Race& race) {
    const EntryState* best = nullptr;
    for (const EntryState& entry : race.entries) {
        const TimeUs time_us = best_us(race, entry);
        if (time_us > 0 && (best == nullptr || time_us < best_us(race, *best))) best = &entry;
    }
    return best;
}

/// The classification exists once the race is finished; an aborted race has none.
std::vector<Standing> classification(const Race& race) {
    return race.phase == Phase::finished ? standings(race) : std::vector<Standing>();
}

std::int32_t winner_of(const std::vector<Standing>& table) {
    if (table.empty()) return 0;
    const Standing& first = table.front();
    const bool drove = first.laps > 0 || first.heat == HeatStatus::timed;
    return drove && first.status == EntryStatus::finished ? first.entry : 0;
}

std::int32_t position_of(const std::vector<Standing>& table, std::int32_t entry) {
    for (const Standing& standing : table) {
        if (standing.entry != entry) continue;
        return standing.heat_place > 0 ? standing.heat_place : standing.position;
    }
    return 0;
}

}  // namespace

std::optional<Race> fold_race(LogReader& log, const std::string& race_id, const std::string& track,
                              std::uint64_t last) {
    RaceFold fold(race_id);
    log.race_facts(race_id, 0, last, [&](const Event& fact) {
        fold.take(fact);
        return true;
    });
    return fold.track() == track ? fold.race() : std::nullopt;
}

Projector::Projector(sql::Database& db)
    : log_(db),
      find_race_(db, "SELECT race, finishing_us FROM races WHERE race_id = ?1"),
      put_race_(db, R"(
          INSERT OR REPLACE INTO races (race, race_id, track, phase, armed_us, started_us,
              finishing_us, ended_us, end_reason, settings, entries, laps, winner, best_entry,
              best_us, heat, last_seq)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, nullif(?9, ''), ?10, ?11, ?12, ?13, ?14, ?15,
              ?16, ?17))"),
      touch_race_(db, "UPDATE races SET last_seq = ?2 WHERE race = ?1"),
      drivers_(db, "SELECT driver FROM entries WHERE race = ?1 AND driver <> '' AND position > 0"),
      drop_entries_(db, "DELETE FROM entries WHERE race = ?1"),
      put_entry_(db, R"(
          INSERT OR REPLACE INTO entries (race, entry, lane, track, driver, car, color, status,
              position, laps, heat, best_lap, best_us, lap_times_us, total_us, penalty_us)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, nullif(?11, ''), ?12, ?13, ?14, ?15,
              ?16))"),
      drop_laps_(db, "DELETE FROM laps WHERE race = ?1 AND entry = ?2"),
      put_lap_(db, R"(
          INSERT OR REPLACE INTO laps (race, entry, lap, number, lap_us, crossed_us, race_us,
              status, manual, suspect)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))"),
      drop_record_(db, "DELETE FROM records WHERE track = ?1 AND driver = ?2"),
      put_record_(db, R"(
          INSERT INTO records (track, driver, best_us, race, entry)
          SELECT track, driver, best_us, race, entry FROM entries
          WHERE track = ?1 AND driver = ?2 AND driver <> '' AND position > 0 AND best_us > 0
          ORDER BY best_us, race, entry LIMIT 1)") {}

void Projector::drop(sql::Database& db) {
    db.run(
        "DROP TABLE IF EXISTS races;"
        "DROP TABLE IF EXISTS entries;"
        "DROP TABLE IF EXISTS laps;"
        "DROP TABLE IF EXISTS records");
}

void Projector::follow(std::span<const Event> facts, const HubState& after) {
    std::map<std::string, Change> changes;
    for (const Event& fact : facts) {
        if (fact.race_id.empty()) continue;
        Change& change = changes[fact.race_id];
        change.track = fact.track;
        change.last_seq = fact.seq;
        if (std::holds_alternative<RaceArmed>(fact.data))
            change.race = static_cast<std::int64_t>(fact.seq);
        note(change, fact.data);
    }
    for (auto& [race_id, change] : changes) {
        if (change.race == 0) look_up(race_id, change);
        if (change.only_cleared) {
            touch_race_.run(change.race, change.last_seq);
            continue;
        }
        const Track* track = after.find(change.track);
        const bool current = track != nullptr && track->race && track->race->race_id == race_id;
        if (current) {
            write(*track->race, change);
        } else {
            // It was replaced or cleared in the same group as its last facts, or corrected later.
            write(fold(race_id, change), change);
        }
    }
}

Race Projector::fold(const std::string& race_id, const Change& change) {
    std::optional<Race> race = fold_race(log_, race_id, change.track, change.last_seq);
    if (!race) throw Damaged{"Race " + race_id + " does not begin in the log."};
    return std::move(*race);
}

/// Unknown to this list means everything: a new kind of fact is slow at first, not wrong.
void Projector::note(Change& change, const Payload& data) {
    std::visit(
        [&]<class T>(const T& fact) {
            if constexpr (!std::is_same_v<T, RaceCleared>) change.only_cleared = false;
            if constexpr (std::is_same_v<T, RaceClocked>) {
                change.all_laps |= fact.rewind;
                change.all_entries |= fact.rewind;
            } else if constexpr (std::is_same_v<T, LapCompleted>) {
                change.laps[fact.entry].added.push_back(fact.lap);
            } else if constexpr (kIsOneOf<T, LapVoided, LapRestored, LapAdded>) {
                change.laps[fact.entry].rewrite = true;
                change.all_entries = true;  // it may take the finish away from others
            } else if constexpr (!kIsOneOf<T, RaceCleared, StartScheduled, LightLit, SplitPassed,
                                           CrossingIgnored, CrossingsMissed, RacePaused,
                                           RaceResumed, EntryUpdated, MessagePosted>) {
                change.all_entries = true;
            }
        },
        data);
}

void Projector::look_up(const std::string& race_id, Change& change) {
    sql::Rows rows(find_race_, race_id);
    if (!rows.next()) throw Damaged{"Race " + race_id + " is missing from the projections."};
    change.race = rows.integer(0);
    change.finishing_before_us = rows.integer(1);
}

void Projector::write(const Race& race, Change& change) {
    // When the flag fell decides which laps of all entries count, and who has finished.
    const bool all_laps = change.all_laps || race.finishing_us != change.finishing_before_us;
    if (all_laps || (race.finishing_us != 0 && !change.laps.empty())) change.all_entries = true;
    if (all_laps) {
        for (const EntryState& entry : race.entries) change.laps[entry.entry.entry].rewrite = true;
    }
    const std::vector<Standing> table = classification(race);
    write_race(race, change, winner_of(table));
    std::vector<std::string> drivers;  // whose records may have changed
    if (change.all_entries) drivers = drop_entries(change.race);
    for (const EntryState& entry : race.entries) {
        const auto laps = change.laps.find(entry.entry.entry);
        if (!change.all_entries && laps == change.laps.end()) continue;
        write_entry(race, entry, change, position_of(table, entry.entry.entry));
        if (laps != change.laps.end()) write_laps(entry, change, laps->second);
        if (!table.empty()) drivers.push_back(entry.entry.driver);
    }
    write_records(change.track, std::move(drivers));
}

void Projector::write_race(const Race& race, const Change& change, std::int32_t winner) {
    const EntryState* best = best_of(race);
    std::int32_t laps = 0;
    for (const EntryState& entry : race.entries) laps += entry.laps_counted;
    put_race_.run(change.race, race.race_id, change.track, name_of(race.phase), race.armed_us,
                  race.started_us, race.finishing_us, race.ended_us,
                  race.ended() ? name_of(race.end_reason) : "", encode_settings(race.settings),
                  race.entries.size(), laps, winner, best == nullptr ? 0 : best->entry.entry,
                  best == nullptr ? 0 : best_us(race, *best), race.heat, change.last_seq);
}

void Projector::write_entry(const Race& race, const EntryState& entry, const Change& change,
                            std::int32_t position) {
    put_entry_.run(change.race, entry.entry.entry, entry.entry.lane, change.track,
                   entry.entry.driver, entry.entry.car, entry.entry.color, name_of(entry.status),
                   position, entry.laps_counted, is_heat(race) ? name_of(entry.heat) : "",
                   entry.best_lap, best_us(race, entry), entry.lap_times_us, entry.total_us,
                   entry.penalty_us);
}

void Projector::write_laps(const EntryState& entry, const Change& change, const LapsChange& laps) {
    // Are the new laps the newest? Else a crossing arrived late, between others, and changed their
    // figures.
    const std::size_t count = std::min(laps.added.size(), entry.laps.size());
    auto first = entry.laps.end() - static_cast<std::ptrdiff_t>(count);
    const bool newest = std::all_of(first, entry.laps.end(), [&](const Lap& lap) {
        return std::find(laps.added.begin(), laps.added.end(), lap.id) != laps.added.end();
    });
    if (laps.rewrite || !newest) {
        drop_laps_.run(change.race, entry.entry.entry);
        first = entry.laps.begin();
    }
    for (auto lap = first; lap != entry.laps.end(); ++lap) {
        put_lap_.run(change.race, entry.entry.entry, lap->id, lap->number, lap->lap_us,
                     lap->crossed_us, lap->race_us, lap->status, lap->manual, lap->suspect);
    }
}

/// Removes the race's entries and says whose results were official.
std::vector<std::string> Projector::drop_entries(std::int64_t race) {
    std::vector<std::string> drivers;
    {
        sql::Rows rows(drivers_, race);
        while (rows.next()) drivers.push_back(rows.string(0));
    }
    drop_entries_.run(race);
    return drivers;
}

void Projector::write_records(const std::string& track, std::vector<std::string> drivers) {
    std::sort(drivers.begin(), drivers.end());
    drivers.erase(std::unique(drivers.begin(), drivers.end()), drivers.end());
    for (const std::string& driver : drivers) {
        drop_record_.run(track, driver);
        put_record_.run(track, driver);
    }
}

/// A race's rows anew.
Projector::Change Projector::whole(const Known& known, const Race& race) const {
    Change change;
    change.track = known.track;
    change.race = known.race;
    change.last_seq = known.last_seq;
    change.finishing_before_us = race.finishing_us;
    change.all_entries = true;
    for (const EntryState& entry : race.entries) change.laps[entry.entry.entry].rewrite = true;
    return change;
}

void Projector::rebuild(const Progress& progress) {
    const std::uint64_t total = log_.last_fact();
    HubState state;
    std::map<std::string, Known> races;
    const auto close = [&](const Race& race) {
        const auto known = races.find(race.race_id);
        if (known == races.end() || known->second.closed) return;
        known->second.closed = true;
        Change change = whole(known->second, race);
        write(race, change);
    };
    log_.facts(0, total, [&](const Event& fact) {
        if (!fact.race_id.empty()) {
            Known& known = races[fact.race_id];
            if (known.race == 0) {
                known.race = static_cast<std::int64_t>(fact.seq);
                known.track = fact.track;
            }
            known.last_seq = fact.seq;
            known.corrected |= known.closed;
        }
        const bool ends = std::holds_alternative<RaceArmed>(fact.data) ||
                          std::holds_alternative<RaceCleared>(fact.data);
        const Track* track = state.find(fact.track);
        if (ends && track != nullptr && track->race) close(*track->race);
        apply(state, fact);
        if (progress && fact.seq % kProgressStep == 0) progress(fact.seq, total);
        return true;
    });
    for (const Track& track : state.tracks) {
        if (track.race) close(*track.race);
    }
    for (const auto& [race_id, known] : races) {
        if (!known.corrected) continue;
        const std::optional<Race> race = fold_race(log_, race_id, known.track, total);
        if (!race) throw Damaged{"Race " + race_id + " does not begin in the log."};
        Change change = whole(known, *race);
        write(*race, change);
    }
    if (progress) progress(total, total);
}

}  // namespace racehub::store
