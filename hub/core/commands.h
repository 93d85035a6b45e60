#pragma once
// What people command, and plugins that may.

#include "hub/core/types.h"

namespace racehub {

/// Creates a track or changes it. Settings are the rules of its next race (none: they stay as they
/// are). Lanes cannot change while a race is on.
struct TrackConfigure {
    static constexpr std::string_view kType = "track.configure";
    std::string name;
    std::int32_t lanes = 0;
    std::optional<RaceSettings> settings;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("name", d.name, kMaxName);
        v("lanes", d.lanes, 0, kMaxLanes);
        v.optional("settings", d.settings);
    }
};

/// Puts a driver and a car on a lane; in an armed or running race the change is for that race too.
/// A race that is over keeps its drivers, unless the command names it: then only its entry changes.
struct EntryAssign {
    static constexpr std::string_view kType = "entry.assign";
    Entry entry;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        Entry::fields(d.entry, v);
    }
};

/// Empties a lane. Refused while a race is on.
struct EntryClear {
    static constexpr std::string_view kType = "entry.clear";
    std::int32_t entry = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
    }
};

/// A new race on the track with these rules (none: the track's). The last race stays stored.
struct RaceArm {
    static constexpr std::string_view kType = "race.arm";
    std::optional<RaceSettings> settings;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v.optional("settings", d.settings);
    }
};

/// Commands that carry no more than a reason share one shape.
#define RH_REASON_PAYLOAD(Name, type_text)                   \
    struct Name {                                            \
        static constexpr std::string_view kType = type_text; \
        std::string reason;                                  \
        template <class Self, class V>                       \
        static void fields(Self& d, V& v) {                  \
            v.optional("reason", d.reason, kMaxText);        \
        }                                                    \
    }

RH_REASON_PAYLOAD(RaceStart, "race.start");  ///< start procedure; from idle it arms first
RH_REASON_PAYLOAD(RaceStop, "race.stop");    ///< running: finishes now; armed or lights: aborts
RH_REASON_PAYLOAD(RaceAbort, "race.abort");
RH_REASON_PAYLOAD(RacePause, "race.pause");  ///< the race clock stands
RH_REASON_PAYLOAD(RaceResume, "race.resume");
RH_REASON_PAYLOAD(RaceClear,
                  "race.clear");  ///< "new race": the track is idle, the last race stays stored

/// The lap that correction commands and facts name: `lap` is Lap::id.
struct LapVoid {
    static constexpr std::string_view kType = "lap.void";
    std::int32_t entry = 0;
    std::int32_t lap = 0;
    LapStatus as = LapStatus::crossing_void;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("lap", d.lap, 1, 1'000'000);
        v.optional("as", d.as);
        v.optional("reason", d.reason, kMaxText);
    }
};

struct LapRestore {
    static constexpr std::string_view kType = "lap.restore";
    std::int32_t entry = 0;
    std::int32_t lap = 0;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("lap", d.lap, 1, 1'000'000);
        v.optional("reason", d.reason, kMaxText);
    }
};

/// Adds a crossing that the sensor missed, at an instant of the race (0: now). It splits the lap it
/// falls into.
struct LapAdd {
    static constexpr std::string_view kType = "lap.add";
    std::int32_t entry = 0;
    TimeUs crossed_us = 0;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v.optional("crossed_us", d.crossed_us);
        v.optional("reason", d.reason, kMaxText);
    }
};

struct PenaltyGive {
    static constexpr std::string_view kType = "penalty.give";
    std::int32_t entry = 0;
    TimeUs penalty_us = 0;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("penalty_us", d.penalty_us, 1, kHourUs);
        v.optional("reason", d.reason, kMaxText);
    }
};

struct PenaltyWithdraw {
    static constexpr std::string_view kType = "penalty.withdraw";
    std::int32_t entry = 0;
    std::int32_t penalty = 0;  ///< Penalty::id
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("penalty", d.penalty, 1, 1'000'000);
        v.optional("reason", d.reason, kMaxText);
    }
};

#define RH_ENTRY_PAYLOAD(Name, type_text)                    \
    struct Name {                                            \
        static constexpr std::string_view kType = type_text; \
        std::int32_t entry = 0;                              \
        std::string reason;                                  \
        template <class Self, class V>                       \
        static void fields(Self& d, V& v) {                  \
            v("entry", d.entry, 1, kMaxEntry);               \
            v.optional("reason", d.reason, kMaxText);        \
        }                                                    \
    }

RH_ENTRY_PAYLOAD(EntryRetire, "entry.retire");          ///< DNF
RH_ENTRY_PAYLOAD(EntryDisqualify, "entry.disqualify");  ///< DSQ
RH_ENTRY_PAYLOAD(EntryReinstate, "entry.reinstate");    ///< takes DNF or DSQ back

// ---- heats ----

/// Plans a session of heats: each entry runs `rounds` times on each of the lanes (none named: all
/// of the track's).
struct SessionPlan {
    static constexpr std::string_view kType = "session.plan";
    std::string name;
    std::vector<Entry> entries;
    std::vector<std::int32_t> lanes;
    std::int32_t rounds = 1;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("name", d.name, kMaxName);
        v("entries", d.entries, kMaxEntries);
        v.optional("lanes", d.lanes, kMaxLanes);
        v.optional("rounds", d.rounds, 1, 20);
    }
};

/// Late arrivals, withdrawals (and their return) and dead lanes: what is left is planned again.
struct SessionChange {
    static constexpr std::string_view kType = "session.change";
    std::vector<Entry> add;
    std::vector<std::int32_t> withdraw;
    std::vector<std::int32_t> bring_back;
    std::vector<std::int32_t> lanes;  ///< empty: as they were
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v.optional("add", d.add, kMaxEntries);
        v.optional("withdraw", d.withdraw, kMaxEntries);
        v.optional("bring_back", d.bring_back, kMaxEntries);
        v.optional("lanes", d.lanes, kMaxLanes);
        v.optional("reason", d.reason, kMaxText);
    }
};

/// Arms a planned heat (0: the next that has not been run).
struct HeatArm {
    static constexpr std::string_view kType = "heat.arm";
    std::int32_t heat = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v.optional("heat", d.heat, 0, kMaxHeats);
    }
};

RH_REASON_PAYLOAD(HeatAccept, "heat.accept");  ///< a held result is right after all

/// Runs a held or finished heat again: all lanes, or only those of the entries named (the others
/// keep their times).
struct HeatRerun {
    static constexpr std::string_view kType = "heat.rerun";
    std::vector<std::int32_t> entries;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v.optional("entries", d.entries, kMaxLanes);
        v.optional("reason", d.reason, kMaxText);
    }
};

/// Sets a lane's result by hand (0: DNF), when the hardware failed.
struct HeatCorrect {
    static constexpr std::string_view kType = "heat.correct";
    std::int32_t entry = 0;
    TimeUs time_us = 0;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("time_us", d.time_us, 0, kHourUs);
        v.optional("reason", d.reason, kMaxText);
    }
};

/// A report that came when no heat was armed: take it for the armed heat, or dismiss it.
#define RH_REPORT_PAYLOAD(Name, type_text)                   \
    struct Name {                                            \
        static constexpr std::string_view kType = type_text; \
        std::string report_id;                               \
        std::string reason;                                  \
        template <class Self, class V>                       \
        static void fields(Self& d, V& v) {                  \
            v("report_id", d.report_id, kMaxName);           \
            v.optional("reason", d.reason, kMaxText);        \
        }                                                    \
    }

RH_REPORT_PAYLOAD(ReportTake, "report.take");
RH_REPORT_PAYLOAD(ReportDismiss, "report.dismiss");

}  // namespace racehub
