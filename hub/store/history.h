#pragma once
// Questions about the past, answered from the projections and the log on read-only connections:
// they neither wait for the race thread nor hold it up. [any-thread] No function throws; false:
// `error` is one sentence for people.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hub/core/state.h"

namespace racehub::store {

/// Instants and durations are 0 where there is none, as in hub/core.
struct RaceRow {
    std::string race_id;
    std::string track;
    std::string phase;
    TimeUs armed_us = 0;
    TimeUs started_us = 0;
    TimeUs ended_us = 0;
    std::string end_reason;  ///< empty: not ended
    std::string settings;    ///< JSON
    std::int32_t heat = 0;   ///< planned heat of a session; 0: none
    std::int32_t entries = 0;
    std::int32_t laps = 0;    ///< counted, of all entries
    std::int32_t winner = 0;  ///< entry; 0: none
    std::string winner_driver;
    std::int32_t best_entry = 0;  ///< with the fastest lap, or lane time of a heat; 0: none
    std::string best_driver;
    TimeUs best_us = 0;
    std::uint64_t first_seq = 0;  ///< of its race.armed; orders races by time
    std::uint64_t last_seq = 0;
};

struct EntryRow {
    Entry entry;
    std::string status;
    std::int32_t position = 0;  ///< ties in a heat share one; 0: the race is not finished
    std::int32_t laps = 0;
    std::string heat;           ///< of a heat: waiting, timed or dnf; empty: no heat
    std::int32_t best_lap = 0;  ///< lap id; 0: none
    TimeUs best_us = 0;         ///< best lap; of a heat: the lane's time
    TimeUs average_lap_us = 0;
    TimeUs total_us = 0;  ///< race clock at the last counted lap, penalties added
    TimeUs penalty_us = 0;
};

struct LapRow {
    std::int32_t entry = 0;
    std::int32_t lap = 0;     ///< id, the name that corrections use
    std::int32_t number = 0;  ///< n-th counted lap; 0: void, or only begins lap 1
    TimeUs lap_us = 0;
    TimeUs crossed_us = 0;
    TimeUs race_us = 0;
    LapStatus status = LapStatus::counted;
    bool manual = false;
    bool suspect = false;
};

struct RecordRow {
    std::string driver;
    std::string car;
    TimeUs best_us = 0;  ///< best lap, or lane time of a heat
    std::string race_id;
    std::int32_t entry = 0;
};

struct DriverLapRow {
    std::string race_id;
    std::string track;
    LapRow lap;
};

/// A page of facts as JSON envelopes.
struct FactPage {
    std::vector<std::string> facts;
    std::uint64_t next_after = 0;  ///< ask for the next page with this
    bool more = false;
};

class History {
  public:
    static constexpr std::size_t kMaxPage =
        1'000;  ///< rows of one answer; larger limits are taken as this
    /// Connections, each with 2 MB of cache at most: as many as a small machine can serve at once.
    static constexpr std::size_t kConnections = 4;

    /// The database must exist. Null: `error` says why.
    static std::unique_ptr<History> open(const std::string& path, std::string& error);
    ~History();

    /// Newest first, of one track or (empty) of all; those before the race with this first_seq (0:
    /// from the newest).
    bool races(const std::string& track, std::uint64_t before, std::size_t limit,
               std::vector<RaceRow>& found, std::string& error) const;
    /// False with an empty `error` when there is no such race.
    bool race(const std::string& race_id, RaceRow& found, std::string& error) const;
    /// In order of the classification; by number while the race is not finished.
    bool entries(const std::string& race_id, std::vector<EntryRow>& found,
                 std::string& error) const;
    /// Ordered by entry (0: all of them) and lap id. The page after the given entry and lap id; 0,
    /// 0: the first.
    bool laps(const std::string& race_id, std::int32_t entry, std::int32_t after_entry,
              std::int32_t after_lap, std::size_t limit, std::vector<LapRow>& found,
              std::string& error) const;
    /// Facts of a race, in order, after this seq.
    bool race_facts(const std::string& race_id, std::uint64_t after, std::size_t limit,
                    FactPage& page, std::string& error) const;
    /// The race as its facts give it: laps with their splits, penalties, pauses. Costs some 5 us a
    /// fact; for lists, races() and laps() are quicker.
    bool fold(const std::string& race_id, Race& found, std::string& error) const;
    /// All facts after this seq, in order.
    bool facts(std::uint64_t after, std::size_t limit, FactPage& page, std::string& error) const;
    /// Best lap of each driver on a track over finished races, quickest first.
    bool records(const std::string& track, std::size_t limit, std::vector<RecordRow>& found,
                 std::string& error) const;
    /// A driver's laps on all tracks, newest race first, newest lap first.
    bool driver_laps(const std::string& driver, std::size_t limit, std::vector<DriverLapRow>& found,
                     std::string& error) const;

  private:
    struct Reader;
    class Lease;
    explicit History(std::string path);
    template <class Action>
    bool guarded(std::string& error, Action action) const;

    const std::string path_;
    mutable std::mutex mutex_;
    mutable std::condition_variable returned_;
    mutable std::vector<std::unique_ptr<Reader>> idle_;  // mutex_
    mutable std::size_t made_ = 0;                       // mutex_
};

}  // namespace racehub::store
