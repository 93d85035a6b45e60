#pragma once
// How laps follow from crossings: shared by apply (which derives them) and decide (which must know
// them beforehand).

#include "hub/core/state.h"

namespace racehub {

struct LapFigures {
    std::int32_t number = 0;  ///< 0: the crossing only begins lap 1
    TimeUs lap_us = 0;
    std::size_t index = 0;   ///< where the crossing belongs among EntryState::laps
    bool after_end = false;  ///< the entry's race was over by then: the crossing counts nothing
};

/// What a new finish-line crossing of the entry would be.
LapFigures figures_for(const Race& race, const EntryState& entry, TimeUs crossed_us,
                       const std::string& clock, TimeUs stamp_us);

/// Derives all laps and sums of the entry anew from its crossings.
void derive_laps(const Race& race, EntryState& entry);

/// Whether the entry drove: it crossed the line, a gate saw it since the lights went on, or its
/// heat was timed.
bool drove(const Race& race, const EntryState& entry);

/// Whether the entry's lane time counts: a disqualified or retired car has none that does.
bool heat_counts(const EntryState& entry);

/// Derives only the lap at `index`, which must be the newest, and adds it to the sums.
void derive_newest(const Race& race, EntryState& entry, std::size_t index);

/// Whether the entry has done all that the race's rules ask of it, as far as the race has come.
bool reached_end(const Race& race, const EntryState& entry);

/// Instant of the entry's crossing that completed its n-th counted lap; 0 when it has not.
TimeUs crossing_of(const EntryState& entry, std::int32_t number);

/// The newest crossing that really happened (not void as a ghost); null when there is none.
const Lap* last_crossing(const EntryState& entry);

/// Earliest instant at which an entry completed the race's laps, which is when the flag fell for
/// all, even if that entry was taken out afterwards; 0 when none has, or when laps do not end the
/// race.
TimeUs distance_done_us(const Race& race);

}  // namespace racehub
