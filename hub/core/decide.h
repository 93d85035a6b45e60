#pragma once
// Decides what an observation or a command means. Pure and total: the same state and input give the
// same facts, on the hub, in `racehub verify` and in a test. Time and randomness come in with the
// input.

#include <functional>

#include "hub/core/state.h"

namespace racehub {

/// The answer to a command (observations are always accepted; what they were worth is in the
/// facts).
struct Outcome {
    bool accepted = true;
    std::string code;     ///< refused: a stable word, e.g. "wrong_phase"
    std::string message;  ///< refused: a sentence that says what, where and what to do
};

/// Decides one input, appends its facts to `facts` and applies each to `state` as it is decided.
/// Steps of running clocks that are due by `input.recv_us` (lights, lights out, time over, end of
/// the grace) are decided first, with their scheduled instants: an input can never overtake a
/// deadline. Facts get `seq`, `track`, `race_id`, `time_us`; `cause` is the caller's. `input` must
/// not be a fact.
Outcome decide(HubState& state, const Event& input, std::vector<Event>& facts);

/// The fold of the facts of a race of that track; none when there is no such race.
using FindRace =
    std::function<std::optional<Race>(const std::string& race_id, const std::string& track)>;

/// The same, and corrections of a race that is no longer on its track, which `find` looks up in the
/// log and the facts decided since. Their facts name that race; in the state they change no more
/// than the session that it was a heat of.
Outcome decide(HubState& state, const Event& input, std::vector<Event>& facts,
               const FindRace& find);

/// The next instant at which a `timer.elapsed` input is due on any track; none when no clock runs.
struct Deadline {
    TimeUs time_us = 0;
    std::string track;
};
std::optional<Deadline> next_deadline(const HubState& state);

}  // namespace racehub
