#pragma once
// How races that others time are folded: figures are taken as they come, nothing is derived from
// crossings. For state.cpp.

#include "hub/core/state.h"

namespace racehub {

/// Adds the lap in the order of numbers, or puts it in the place of what was known of it.
void take_reported_lap(Race& race, EntryState& entry, const LapCompleted& data);

/// Sets the race's clock; with `rewind` forgets all that was reported for later instants, and a
/// finished race runs again.
void set_reported_clock(Race& race, TimeUs at_us, const RaceClocked& data);

void update_reported_entry(EntryState& entry, const EntryUpdated& data);
void post_message(Race& race, const MessagePosted& data);
void classify_reported(Race& race, const RaceClassified& data);

}  // namespace racehub
