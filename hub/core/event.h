#pragma once
// Every event of a race as a value. Sources observe, people command, the hub decides: only
// decisions are facts, and a race is the fold of its facts. One `fields` function per type serves
// the JSON writer, the checking reader and the schemas.

#include <variant>

#include "hub/core/commands.h"
#include "hub/core/facts.h"
#include "hub/core/observations.h"

namespace racehub {

using AnyPayload = std::variant<
    // observations
    GateCrossed, GateMissed, TimerElapsed, HeatStarted, HeatReported, RaceReported, ClockReported,
    LapReported, EntryReported, MessageReported, ResultReported, MapReported,
    // commands
    TrackConfigure, EntryAssign, EntryClear, RaceArm, RaceStart, RaceStop, RaceAbort, RacePause,
    RaceResume, RaceClear, LapVoid, LapRestore, LapAdd, PenaltyGive, PenaltyWithdraw, EntryRetire,
    EntryDisqualify, EntryReinstate, SessionPlan, SessionChange, HeatArm, HeatAccept, HeatRerun,
    HeatCorrect, ReportTake, ReportDismiss,
    // facts
    TrackConfigured, EntryAssigned, EntryCleared, RaceArmed, StartScheduled, LightLit, RaceStarted,
    JumpStartDetected, LapCompleted, SplitPassed, CrossingIgnored, CrossingsMissed, LapVoided,
    LapRestored, LapAdded, PenaltyGiven, PenaltyWithdrawn, EntryRetired, EntryDisqualified,
    EntryReinstated, EntryFinished, RacePaused, RaceResumed, RaceAborted, RaceCleared,
    RaceContinued, RaceFinishing, RaceFinished, SessionPlanned, SessionReplanned, HeatTimed,
    RaceHeld, HeatReopened, HeatCorrected, ReportOffered, ReportTaken, ReportDismissed,
    ReportsMissed, RaceClocked, EntryUpdated, MessagePosted, RaceClassified, TrackMapped>;

inline constexpr std::size_t kFirstCommand = 12;
inline constexpr std::size_t kFirstFact = 38;
static_assert(
    std::is_same_v<std::variant_alternative_t<kFirstCommand, AnyPayload>, TrackConfigure>);
static_assert(std::is_same_v<std::variant_alternative_t<kFirstFact, AnyPayload>, TrackConfigured>);

/// The data of an event: one of the types above, a std::variant in every respect. Copying, moving
/// and destroying so many alternatives is compiled once, in event.cpp: in every file that holds
/// events it took eight seconds of compiling each.
struct Payload : AnyPayload {
    Payload();
    Payload(const Payload& other);
    Payload(Payload&& other) noexcept;
    Payload& operator=(const Payload& other);
    Payload& operator=(Payload&& other) noexcept;
    ~Payload();

    template <class T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, Payload>) Payload(T&& data)
        : AnyPayload(std::forward<T>(data)) {}
};

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
    /// Facts of a race; commands and reports: the race that was meant (checked when given).
    std::string race_id;
    std::string source;  ///< inputs: source instance, or "director:<name>"; (source, key) is unique
    std::string key;     ///< inputs: idempotency key; empty: not deduplicated
    std::uint64_t cause = 0;  ///< facts: number of the input that caused them
    std::uint32_t entropy =
        0;  ///< commands: randomness drawn at the border, so that decide stays pure
    Payload data;
};

}  // namespace racehub
