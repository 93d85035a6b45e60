#pragma once
// Where the race thread writes before anybody sees anything. Implemented by hub/store on SQLite, in
// memory for tests.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/core/decide.h"

namespace racehub {

/// One observation or command as it goes into the log, with its outcome.
struct InputRecord {
    std::uint64_t number = 0;  ///< gapless, from 1; facts name it as their cause
    Event event;
    Outcome outcome;
};

/// What one group commit holds: inputs in order, and the facts decided from them.
struct JournalBatch {
    std::vector<InputRecord> inputs;
    std::vector<Event> facts;
    const HubState* after =
        nullptr;  ///< state after the last fact, for projections; valid during the call
};

/// Called by the race thread only.
class Journal {
  public:
    virtual ~Journal() = default;
    /// The outcome of an input with this (source, key), if one is in the log.
    virtual std::optional<Outcome> find(const std::string& source, const std::string& key) = 0;
    /// A race of this track as the facts in the log give it; none when there is no such race. It
    /// costs some microseconds a fact, and only corrections of past races ask.
    virtual std::optional<Race> fold_race(const std::string& race_id, const std::string& track) = 0;
    /// Appends the whole batch durably, or nothing. False: not stored, `error` says why in one
    /// sentence; the engine keeps the batch and calls again.
    virtual bool append(const JournalBatch& batch, std::string& error) = 0;
};

/// What the engine begins with.
struct Recovered {
    std::string log_id;  ///< names this log for ever: (log_id, seq) is unique among all hubs
    HubState state;      ///< the fold of all facts in the log
    std::uint64_t last_input = 0;  ///< highest InputRecord::number
    TimeUs last_time_us = 0;       ///< latest instant in the log
};

}  // namespace racehub
