#pragma once
// What the hub decided: made by the race thread only, never changed. A correction is a fact too,
// and says who (`by`) and why
// (`reason`).

#include "hub/core/observations.h"
#include "hub/core/reports.h"
#include "hub/core/rotation.h"

namespace racehub {

struct TrackConfigured {
    static constexpr std::string_view kType = "track.configured";
    std::string name;
    std::int32_t lanes = 0;
    RaceSettings settings;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("name", d.name, kMaxName);
        v("lanes", d.lanes, 0, kMaxLanes);
        v("settings", d.settings);
    }
};

struct EntryAssigned {
    static constexpr std::string_view kType = "entry.assigned";
    Entry entry;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        Entry::fields(d.entry, v);
    }
};

struct EntryCleared {
    static constexpr std::string_view kType = "entry.cleared";
    std::int32_t entry = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
    }
};

struct RaceArmed {
    static constexpr std::string_view kType = "race.armed";
    RaceSettings settings;
    std::vector<Entry> entries;
    std::int32_t heat = 0;               ///< planned heat that this race runs; 0: none
    std::optional<RaceReport> report{};  ///< others time it
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("settings", d.settings);
        v("entries", d.entries, kMaxEntries);
        v.optional("heat", d.heat, 0, kMaxHeats);
        v.optional("report", d.report);
    }
};

/// The whole start procedure, announced ahead: light n goes on at first_light_us + (n-1) *
/// light_interval_us, all go out at go_us. Screens and gates act on these instants, not on the
/// arrival of `light.lit`.
struct StartScheduled {
    static constexpr std::string_view kType = "start.scheduled";
    std::int32_t lights = 0;
    TimeUs first_light_us = 0;
    TimeUs light_interval_us = 0;
    TimeUs go_us = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("lights", d.lights, 0, kMaxLights);
        v("first_light_us", d.first_light_us);
        v("light_interval_us", d.light_interval_us);
        v("go_us", d.go_us);
    }
};

struct LightLit {
    static constexpr std::string_view kType = "light.lit";
    std::int32_t number = 0;  ///< 1..lights
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("number", d.number, 1, kMaxLights);
    }
};

/// Lights out. `time_us` of the envelope is the scheduled instant, from which first laps are
/// measured.
struct RaceStarted {
    static constexpr std::string_view kType = "race.started";
    template <class Self, class V>
    static void fields(Self&, V&) {}
};

/// The entry crossed while the lights were on. A penalty or disqualification by the rule is a fact
/// of its own.
struct JumpStartDetected {
    static constexpr std::string_view kType = "jump_start.detected";
    std::int32_t entry = 0;
    TimeUs early_us = 0;  ///< how long before lights out; 0 when the lights never went out
    JumpRule rule = JumpRule::warn;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("early_us", d.early_us);
        v("rule", d.rule);
    }
};

/// A finish-line crossing that counts. `lap_us` and `number` are what was known when it was
/// decided; a later correction changes them in the fold (see state.h), so show what the fold says.
/// In a reported race the figures are the source's, `lap` is `number`, and the same lap again
/// replaces what was known of it.
struct LapCompleted {
    static constexpr std::string_view kType = "lap.completed";
    std::int32_t entry = 0;
    std::int32_t lap = 0;  ///< Lap::id, unique for the entry in this race
    std::int32_t number =
        0;  ///< the entry's n-th counted lap; 0: this crossing only begins lap 1 (rolling start)
    TimeUs lap_us = 0;
    TimeUs crossed_us = 0;
    std::string clock;
    TimeUs stamp_us = 0;
    std::vector<TimeUs> sectors_us{};  ///< reported; 0: not known
    bool cut = false;                  ///< reported: counts as a lap, but not as a best one
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("lap", d.lap, 1, 1'000'000);
        v("number", d.number);
        v("lap_us", d.lap_us);
        v("crossed_us", d.crossed_us);
        v.optional("clock", d.clock, kMaxName);
        v.optional("stamp_us", d.stamp_us);
        v.optional("sectors_us", d.sectors_us, kMaxSectors);
        v.optional("cut", d.cut);
    }
};

/// A crossing of a sector or pit gate during the race.
struct SplitPassed {
    static constexpr std::string_view kType = "split.passed";
    std::int32_t entry = 0;
    Gate gate = Gate::sector_1;
    TimeUs crossed_us = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("gate", d.gate);
        v("crossed_us", d.crossed_us);
    }
};

/// Seen and shown, not counted.
struct CrossingIgnored {
    static constexpr std::string_view kType = "crossing.ignored";
    Gate gate = Gate::finish;
    std::int32_t lane = 0;
    IgnoreReason reason = IgnoreReason::no_race;
    TimeUs crossed_us = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("gate", d.gate);
        v("lane", d.lane, 1, kMaxLanes);
        v("reason", d.reason);
        v("crossed_us", d.crossed_us);
    }
};

/// An alarm: a gate's numbers show that detections never arrived.
struct CrossingsMissed {
    static constexpr std::string_view kType = "crossings.missed";
    Gate gate = Gate::finish;
    std::int32_t lane = 0;
    std::int32_t count = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("gate", d.gate);
        v("lane", d.lane, 1, kMaxLanes);
        v("count", d.count, 1, 1'000'000);
    }
};

struct LapVoided {
    static constexpr std::string_view kType = "lap.voided";
    std::int32_t entry = 0;
    std::int32_t lap = 0;
    LapStatus as = LapStatus::crossing_void;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("lap", d.lap, 1, 1'000'000);
        v("as", d.as);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

struct LapRestored {
    static constexpr std::string_view kType = "lap.restored";
    std::int32_t entry = 0;
    std::int32_t lap = 0;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("lap", d.lap, 1, 1'000'000);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

struct LapAdded {
    static constexpr std::string_view kType = "lap.added";
    std::int32_t entry = 0;
    std::int32_t lap = 0;  ///< the new Lap::id
    TimeUs crossed_us = 0;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("lap", d.lap, 1, 1'000'000);
        v("crossed_us", d.crossed_us);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

struct PenaltyGiven {
    static constexpr std::string_view kType = "penalty.given";
    std::int32_t entry = 0;
    std::int32_t penalty = 0;  ///< Penalty::id
    TimeUs penalty_us = 0;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("penalty", d.penalty, 1, 1'000'000);
        v("penalty_us", d.penalty_us);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

struct PenaltyWithdrawn {
    static constexpr std::string_view kType = "penalty.withdrawn";
    std::int32_t entry = 0;
    std::int32_t penalty = 0;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("penalty", d.penalty, 1, 1'000'000);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

#define RH_ENTRY_FACT(Name, type_text)                       \
    struct Name {                                            \
        static constexpr std::string_view kType = type_text; \
        std::int32_t entry = 0;                              \
        std::string by;                                      \
        std::string reason;                                  \
        template <class Self, class V>                       \
        static void fields(Self& d, V& v) {                  \
            v("entry", d.entry, 1, kMaxEntry);               \
            v("by", d.by, kMaxName);                         \
            v("reason", d.reason, kMaxText);                 \
        }                                                    \
    }

RH_ENTRY_FACT(EntryRetired, "entry.retired");
RH_ENTRY_FACT(EntryDisqualified, "entry.disqualified");
RH_ENTRY_FACT(EntryReinstated, "entry.reinstated");

/// The entry reached the end of its race; its order is what the fold says.
struct EntryFinished {
    static constexpr std::string_view kType = "entry.finished";
    std::int32_t entry = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
    }
};

#define RH_BY_FACT(Name, type_text)                          \
    struct Name {                                            \
        static constexpr std::string_view kType = type_text; \
        std::string by;                                      \
        std::string reason;                                  \
        template <class Self, class V>                       \
        static void fields(Self& d, V& v) {                  \
            v("by", d.by, kMaxName);                         \
            v("reason", d.reason, kMaxText);                 \
        }                                                    \
    }

RH_BY_FACT(RacePaused, "race.paused");
RH_BY_FACT(RaceResumed, "race.resumed");
RH_BY_FACT(RaceAborted, "race.aborted");
RH_BY_FACT(RaceCleared, "race.cleared");
/// A correction took the finisher's last lap away: the race goes on.
RH_BY_FACT(RaceContinued, "race.continued");

/// The distance is done: finish your lap. The race ends when all have, or at `deadline_us` (0: none
/// while paused).
struct RaceFinishing {
    static constexpr std::string_view kType = "race.finishing";
    EndReason reason = EndReason::distance;
    TimeUs deadline_us = 0;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("reason", d.reason);
        v("deadline_us", d.deadline_us);
    }
};

struct RaceFinished {
    static constexpr std::string_view kType = "race.finished";
    EndReason reason = EndReason::stopped;
    std::string by;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("reason", d.reason);
        v("by", d.by, kMaxName);
    }
};

// ---- heats ----

/// A heat of a session as planned.
struct PlannedHeat {
    std::int32_t heat = 0;
    HeatLanes lanes;
    template <class Self, class V>
    static void fields(Self& h, V& v) {
        v("heat", h.heat, 1, kMaxHeats);
        v("lanes", h.lanes, kMaxLanes);
    }
};

/// A new session replaces the track's last one (whose races stay stored).
struct SessionPlanned {
    static constexpr std::string_view kType = "session.planned";
    std::string name;
    std::vector<Entry> entries;
    std::vector<std::int32_t> lanes;
    std::int32_t rounds = 1;
    std::vector<PlannedHeat> heats;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("name", d.name, kMaxName);
        v("entries", d.entries, kMaxEntries);
        v("lanes", d.lanes, kMaxLanes);
        v("rounds", d.rounds, 1, 20);
        v("heats", d.heats, kMaxHeats);
    }
};

/// Who races changed: `heats` takes the place of all heats that have not been run.
struct SessionReplanned {
    static constexpr std::string_view kType = "session.replanned";
    std::vector<Entry> added;
    std::vector<std::int32_t> withdrawn;
    std::vector<std::int32_t> brought_back;
    std::vector<std::int32_t> lanes;
    std::vector<PlannedHeat> heats;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("added", d.added, kMaxEntries);
        v("withdrawn", d.withdrawn, kMaxEntries);
        v("brought_back", d.brought_back, kMaxEntries);
        v("lanes", d.lanes, kMaxLanes);
        v("heats", d.heats, kMaxHeats);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

/// One entry's result in a heat.
struct HeatResult {
    std::int32_t entry = 0;
    HeatStatus status = HeatStatus::dnf;
    TimeUs time_us = 0;
    template <class Self, class V>
    static void fields(Self& r, V& v) {
        v("entry", r.entry, 1, kMaxEntry);
        v("status", r.status);
        v("time_us", r.time_us);
    }
};

/// Results of the lanes that were waited for. Final only when `race.finished` follows; `race.held`
/// says why not.
struct HeatTimed {
    static constexpr std::string_view kType = "heat.timed";
    std::string report_id;
    std::vector<HeatResult> results;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("report_id", d.report_id, kMaxName);
        v("results", d.results, kMaxLanes);
    }
};

struct RaceHeld {
    static constexpr std::string_view kType = "race.held";
    HoldReason hold = HoldReason::device_fault;
    std::string detail;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("hold", d.hold);
        v.optional("detail", d.detail, kMaxText);
    }
};

/// These entries run again; the race is armed for them.
struct HeatReopened {
    static constexpr std::string_view kType = "heat.reopened";
    std::vector<std::int32_t> entries;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entries", d.entries, kMaxLanes);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

struct HeatCorrected {
    static constexpr std::string_view kType = "heat.corrected";
    std::int32_t entry = 0;
    HeatStatus status = HeatStatus::timed;
    TimeUs time_us = 0;
    std::string by;
    std::string reason;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("status", d.status);
        v("time_us", d.time_us);
        v("by", d.by, kMaxName);
        v("reason", d.reason, kMaxText);
    }
};

/// A report came when no heat was armed: kept for the race director.
struct ReportOffered {
    static constexpr std::string_view kType = "report.offered";
    std::string report_id;
    std::vector<LaneTime> results;
    std::vector<std::int32_t> armed_lanes;
    std::string fault;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("report_id", d.report_id, kMaxName);
        v("results", d.results, kMaxLanes);
        v.optional("armed_lanes", d.armed_lanes, kMaxLanes);
        v.optional("fault", d.fault, kMaxText);
    }
};

#define RH_REPORT_FACT(Name, type_text)                      \
    struct Name {                                            \
        static constexpr std::string_view kType = type_text; \
        std::string report_id;                               \
        std::string by;                                      \
        std::string reason;                                  \
        template <class Self, class V>                       \
        static void fields(Self& d, V& v) {                  \
            v("report_id", d.report_id, kMaxName);           \
            v("by", d.by, kMaxName);                         \
            v("reason", d.reason, kMaxText);                 \
        }                                                    \
    }

RH_REPORT_FACT(ReportTaken, "report.taken");
RH_REPORT_FACT(ReportDismissed, "report.dismissed");

/// An alarm: the timing device's reports have a hole.
struct ReportsMissed {
    static constexpr std::string_view kType = "reports.missed";
    std::string report_id;  ///< first one after the hole
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("report_id", d.report_id, kMaxName);
    }
};

}  // namespace racehub
