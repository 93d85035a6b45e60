#pragma once
// Keeps races, entries, laps and records in step with the facts. Everything is derived from facts
// and state, so that it can be dropped and made again. Runs in the caller's transaction; throws
// sql::Error and Damaged.

#include <map>
#include <span>
#include <vector>

#include "hub/store/log_rows.h"
#include "hub/store/options.h"

namespace racehub::store {

/// One race as its facts up to `last` give it; none when there is no such race on this track.
std::optional<Race> fold_race(LogReader& log, const std::string& race_id, const std::string& track,
                              std::uint64_t last);

class Projector {
  public:
    /// The tables must be there.
    explicit Projector(sql::Database& db);
    /// Drops what any version of projections.sql has made.
    static void drop(sql::Database& db);

    /// Follows facts that were just added to the log; `after` is the state after the last of them.
    /// A lap that is simply the newest costs one row for the lap, one for its entry and one for its
    /// race; a correction rewrites its entry's laps.
    void follow(std::span<const Event> facts, const HubState& after);

    /// Fills the projections, which must be empty, from the log.
    void rebuild(const Progress& progress);

  private:
    /// What a group of facts changed in the laps of one entry.
    struct LapsChange {
        std::vector<std::int32_t> added;  ///< ids of new laps
        bool rewrite = false;             ///< figures of older laps changed, too
    };
    /// What a group of facts changed in one race.
    struct Change {
        std::string track;
        std::int64_t race = 0;  ///< key in the tables: seq of its race.armed
        std::uint64_t last_seq = 0;
        TimeUs finishing_before_us = 0;  ///< Race::finishing_us as the tables have it
        bool only_cleared = true;  ///< no fact but race.cleared: nothing of the race itself changed
        bool all_laps = false;     ///< a replay went back in time: laps are gone
        bool all_entries = false;  ///< else only those in `laps`
        std::map<std::int32_t, LapsChange> laps;  ///< by entry
    };
    struct Known {
        std::string track;
        std::int64_t race = 0;
        std::uint64_t last_seq = 0;
        bool closed = false;     ///< another race came after it
        bool corrected = false;  ///< after that
    };
    Change whole(const Known& known, const Race& race) const;

    static void note(Change& change, const Payload& data);
    Race fold(const std::string& race_id, const Change& change);
    void look_up(const std::string& race_id, Change& change);
    void write(const Race& race, Change& change);
    void write_race(const Race& race, const Change& change, std::int32_t winner);
    void write_entry(const Race& race, const EntryState& entry, const Change& change,
                     std::int32_t position);
    void write_laps(const EntryState& entry, const Change& change, const LapsChange& laps);
    std::vector<std::string> drop_entries(std::int64_t race);
    void write_records(const std::string& track, std::vector<std::string> drivers);

    LogReader log_;
    sql::Statement find_race_, put_race_, touch_race_;
    sql::Statement drivers_, drop_entries_, put_entry_;
    sql::Statement drop_laps_, put_lap_;
    sql::Statement drop_record_, put_record_;
};

}  // namespace racehub::store
