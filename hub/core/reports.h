#pragma once
// Races that others time (a sim's server, a Grand Prix on the internet): what their sources report,
// and the facts that only such races have. All else is as in any race: `race.armed`,
// `race.started`, `lap.completed`, `split.passed`, `entry.retired`, `race.finished`.
//
// Such a race has a clock of its own. Every report says when it was on that clock, as `race_us`: it
// may go faster than the hub's, stand still, or go back, and laps and gaps stay right.

#include "hub/core/types.h"

namespace racehub {

// ---- what sources report ----

/// Opens a race that the source times, or says again who is in it. The same `report_id` from the
/// same source is the same race as long as it is the track's; another one ends it and opens the
/// next. Entries may join and change; none goes.
struct RaceReported {
    static constexpr std::string_view kType = "race.reported";
    std::string report_id;
    std::string name;
    SessionKind session = SessionKind::race;
    std::int32_t laps = 0;      ///< distance, if known
    TimeUs time_us = 0;         ///< likewise; without either the race is open
    TimeUs race_us = 0;         ///< what the race's clock shows now; negative before the start
    std::int32_t rate = 1'000;  ///< how fast it goes, in thousandths
    std::vector<Entry> entries;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("report_id", d.report_id, kMaxName);
        v.optional("name", d.name, kMaxName);
        v.optional("session", d.session);
        v.optional("laps", d.laps, 0, 10'000);
        v.optional("time_us", d.time_us, 0, 48 * kHourUs);
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v.optional("rate", d.rate, 0, kMaxRate);
        v("entries", d.entries, kMaxEntries);
    }
};

/// The race's clock shows `race_us` now and goes on at `rate`. With `rewind` it went back: what
/// was reported for later instants has not happened (a replay sought another place). After that the
/// source says again what holds: positions, stints, who is out, flags.
struct ClockReported {
    static constexpr std::string_view kType = "clock.reported";
    TimeUs race_us = 0;
    std::int32_t rate = 1'000;
    bool rewind = false;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("rate", d.rate, 0, kMaxRate);
        v.optional("rewind", d.rewind);
    }
};

/// An entry completed a lap at `race_us`. The same number again corrects it: a later version knows
/// more sectors. Laps may be missing, when the source joined late.
struct LapReported {
    static constexpr std::string_view kType = "lap.reported";
    std::int32_t entry = 0;
    std::int32_t number = 0;
    TimeUs race_us = 0;
    TimeUs lap_us = 0;  ///< 0: not known
    std::vector<TimeUs> sectors_us;
    bool cut = false;           ///< the track's limits were left: never a best lap
    std::int32_t position = 0;  ///< at the line; 0: not said
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("number", d.number, 1, kMaxLapsPerEntry);
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v.optional("lap_us", d.lap_us, 0, 24 * kHourUs);
        v.optional("sectors_us", d.sectors_us, kMaxSectors);
        v.optional("cut", d.cut);
        v.optional("position", d.position, 0, kMaxEntry);
    }
};

/// What became known of an entry; what is left out has not changed. May be said again at will: only
/// changes become facts.
struct EntryReported {
    static constexpr std::string_view kType = "entry.reported";
    std::int32_t entry = 0;
    TimeUs race_us = 0;
    std::int32_t position = 0;          ///< 0: not said
    std::optional<Gate> gate;           ///< it passed a sector or pit gate
    std::optional<EntryStatus> status;  ///< running, finished, dnf or dsq
    std::int32_t stint = 0;             ///< 0: not said, as the next two
    std::string tyre;
    std::int32_t tyre_age = 0;
    std::string reason;  ///< of a dnf or dsq
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v.optional("position", d.position, 0, kMaxEntry);
        v.optional("gate", d.gate);
        v.optional("status", d.status);
        v.optional("stint", d.stint, 0, 1'000);
        v.optional("tyre", d.tyre, kMaxName);
        v.optional("tyre_age", d.tyre_age, 0, 1'000);
        v.optional("reason", d.reason, kMaxText);
    }
};

/// Race control, chat, a collision. A flag without sector and entry is the whole track's from now
/// on.
struct MessageReported {
    static constexpr std::string_view kType = "message.reported";
    TimeUs race_us = 0;
    About about = About::control;
    std::string text;
    std::string from;
    RaceFlag flag = RaceFlag::none;
    std::int32_t sector = 0;  ///< marshalling sector; 0: all
    std::int32_t entry = 0;   ///< 0: all
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v.optional("about", d.about);
        v("text", d.text, kMaxText);
        v.optional("from", d.from, kMaxName);
        v.optional("flag", d.flag);
        v.optional("sector", d.sector, 0, 1'000);
        v.optional("entry", d.entry, 0, kMaxEntry);
    }
};

/// An entry's official result.
struct ReportedResult {
    std::int32_t entry = 0;
    std::int32_t position = 0;  ///< 0: not classified
    EntryStatus status = EntryStatus::finished;
    std::int32_t laps = 0;  ///< 0: as counted
    TimeUs total_us = 0;    ///< 0: as the laps say
    template <class Self, class V>
    static void fields(Self& r, V& v) {
        v("entry", r.entry, 1, kMaxEntry);
        v.optional("position", r.position, 0, kMaxEntry);
        v.optional("status", r.status);
        v.optional("laps", r.laps, 0, kMaxLapsPerEntry);
        v.optional("total_us", r.total_us, 0, kMaxRaceUs);
    }
};

/// The official result: the race is finished. It may come again, changed by the stewards.
struct ResultReported {
    static constexpr std::string_view kType = "result.reported";
    TimeUs race_us = 0;
    std::vector<ReportedResult> results;  ///< empty: finished, as the laps say
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("results", d.results, kMaxEntries);
    }
};

/// What the track looks like from above.
struct MapReported {
    static constexpr std::string_view kType = "map.reported";
    TrackMap map;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        TrackMap::fields(d.map, v);
    }
};

// ---- facts ----

struct RaceClocked {
    static constexpr std::string_view kType = "race.clocked";
    TimeUs race_us = 0;
    std::int32_t rate = 1'000;
    bool rewind = false;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("rate", d.rate, 0, kMaxRate);
        v.optional("rewind", d.rewind);
    }
};

/// What changed of an entry in a reported race; 0 and empty: did not.
struct EntryUpdated {
    static constexpr std::string_view kType = "entry.updated";
    std::int32_t entry = 0;
    TimeUs race_us = 0;
    std::int32_t position = 0;
    std::int32_t stint = 0;
    std::string tyre;
    std::int32_t tyre_age = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v.optional("position", d.position, 0, kMaxEntry);
        v.optional("stint", d.stint, 0, 1'000);
        v.optional("tyre", d.tyre, kMaxName);
        v.optional("tyre_age", d.tyre_age, 0, 1'000);
    }
};

struct MessagePosted {
    static constexpr std::string_view kType = "message.posted";
    TimeUs race_us = 0;
    About about = About::control;
    std::string text;
    std::string from;
    RaceFlag flag = RaceFlag::none;
    std::int32_t sector = 0;
    std::int32_t entry = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("race_us", d.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("about", d.about);
        v("text", d.text, kMaxText);
        v.optional("from", d.from, kMaxName);
        v.optional("flag", d.flag);
        v.optional("sector", d.sector, 0, 1'000);
        v.optional("entry", d.entry, 0, kMaxEntry);
    }
};

struct RaceClassified {
    static constexpr std::string_view kType = "race.classified";
    std::vector<ReportedResult> results;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("results", d.results, kMaxEntries);
    }
};

struct TrackMapped {
    static constexpr std::string_view kType = "track.mapped";
    TrackMap map;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        TrackMap::fields(d.map, v);
    }
};

}  // namespace racehub
