#pragma once
// Every event of a race as a value. Sources observe, people command, the hub decides: only
// decisions are facts, and a race is the fold of its facts. One `fields` function per type serves
// the JSON writer, the checking reader and the schemas.

#include <variant>

#include "hub/core/types.h"

namespace racehub {

// ---- Observations: made by sources -------------------------------------------------------------

/// One detection at a gate. `time_us` of the envelope is when it happened, on the hub's clock.
/// Where the device stamps its detections, `stamp_us` is the device's own figure and `clock` names
/// the clock that made it (device and boot): lap times between two crossings of one clock are
/// differences of stamps, so that network jitter cannot change them.
struct GateCrossed {
    static constexpr std::string_view kType = "gate.crossed";
    Gate gate = Gate::finish;
    std::int32_t lane = 0;
    std::string clock;    ///< empty: time of arrival
    TimeUs stamp_us = 0;  ///< meaningful with `clock` only
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("gate", d.gate);
        v("lane", d.lane, 1, kMaxLanes);
        v.optional("clock", d.clock, kMaxName);
        v.optional("stamp_us", d.stamp_us);
    }
};

/// A numbered gate skipped numbers: that many detections never arrived.
struct GateMissed {
    static constexpr std::string_view kType = "gate.missed";
    Gate gate = Gate::finish;
    std::int32_t lane = 0;
    std::int32_t count = 1;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("gate", d.gate);
        v("lane", d.lane, 1, kMaxLanes);
        v("count", d.count, 1, 1'000'000);
    }
};

/// The race thread's own clock reached a deadline (source "hub"). Logged, so that deciding again
/// gives the same facts.
struct TimerElapsed {
    static constexpr std::string_view kType = "timer.elapsed";
    template <class Self, class V>
    static void fields(Self&, V&) {}
};

// ---- Commands: made by people, or by plugins that may ------------------------------------------

/// Creates a track or changes it. Settings are the rules of its next race. Lanes cannot change
/// while a race is on.
struct TrackConfigure {
    static constexpr std::string_view kType = "track.configure";
    std::string name;
    std::int32_t lanes = 0;
    RaceSettings settings;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("name", d.name, kMaxName);
        v("lanes", d.lanes, 0, kMaxLanes);
        v.optional("settings", d.settings);
    }
};

/// Puts a driver and a car on a lane; in an armed or running race the change is for that race too.
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

// ---- Facts: made by the race thread only -------------------------------------------------------
// A correction says who (`by`) and why (`reason`).

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
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("settings", d.settings);
        v("entries", d.entries, kMaxEntries);
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
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("entry", d.entry, 1, kMaxEntry);
        v("lap", d.lap, 1, 1'000'000);
        v("number", d.number);
        v("lap_us", d.lap_us);
        v("crossed_us", d.crossed_us);
        v.optional("clock", d.clock, kMaxName);
        v.optional("stamp_us", d.stamp_us);
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

using Payload = std::variant<
    // observations
    GateCrossed, GateMissed, TimerElapsed,
    // commands
    TrackConfigure, EntryAssign, EntryClear, RaceArm, RaceStart, RaceStop, RaceAbort, RacePause,
    RaceResume, RaceClear, LapVoid, LapRestore, LapAdd, PenaltyGive, PenaltyWithdraw, EntryRetire,
    EntryDisqualify, EntryReinstate,
    // facts
    TrackConfigured, EntryAssigned, EntryCleared, RaceArmed, StartScheduled, LightLit, RaceStarted,
    JumpStartDetected, LapCompleted, SplitPassed, CrossingIgnored, CrossingsMissed, LapVoided,
    LapRestored, LapAdded, PenaltyGiven, PenaltyWithdrawn, EntryRetired, EntryDisqualified,
    EntryReinstated, EntryFinished, RacePaused, RaceResumed, RaceAborted, RaceCleared,
    RaceContinued, RaceFinishing, RaceFinished>;

inline constexpr std::size_t kFirstCommand = 3;
inline constexpr std::size_t kFirstFact = 21;
static_assert(std::is_same_v<std::variant_alternative_t<kFirstCommand, Payload>, TrackConfigure>);
static_assert(std::is_same_v<std::variant_alternative_t<kFirstFact, Payload>, TrackConfigured>);

/// Each payload type is of exactly one kind.
constexpr Kind kind_of(const Payload& payload) {
    if (payload.index() >= kFirstFact) return Kind::fact;
    return payload.index() >= kFirstCommand ? Kind::command : Kind::observation;
}

inline std::string_view type_of(const Payload& payload) {
    return std::visit([](const auto& data) { return std::decay_t<decltype(data)>::kType; },
                      payload);
}

/// One event with its envelope. A plain value; see codec.h for its JSON.
struct Event {
    std::uint64_t seq = 0;  ///< facts: gapless position in the log, from 1; inputs: 0
    TimeUs time_us = 0;     ///< when it happened, hub clock
    TimeUs recv_us = 0;     ///< inputs: when the hub's machine received it
    std::string track;      ///< id of the track
    std::string
        race_id;  ///< facts of a race; commands: the race that was meant (checked when given)
    std::string source;  ///< inputs: source instance, or "director:<name>"; (source, key) is unique
    std::string key;     ///< inputs: idempotency key; empty: not deduplicated
    std::uint64_t cause = 0;  ///< facts: number of the input that caused them
    std::uint32_t entropy =
        0;  ///< commands: randomness drawn at the border, so that decide stays pure
    Payload data;
};

}  // namespace racehub
