#pragma once
// Laps out of two pictures of the same car. The server never says "lap": it says how many there
// were, what the last one took, what all of them took, and the best. Pure.

#include <cstdint>
#include <vector>

#include "plugins/emperor/protocol/message.h"

namespace racehub::emperor {

struct DerivedLap {
    std::int64_t lap_us = 0;        ///< 0: not known, it went by while nobody was connected
    std::int64_t total_us = 0;      ///< of all laps up to its end; near, where times are not known
    std::int64_t completed_us = 0;  ///< server's clock; likewise
    bool cut = false;               ///< proven to have left the track's limits: never a best lap
    std::vector<std::int64_t> sectors_us;
};

/// The laps between `before` and `now`, of the same driver in the same car; none if `now` has not
/// more. Only the last is told with its time. A single one before it took what remains of the
/// total. Of several, the last one is given the new best time, if there is one that the last lap
/// did not drive: which of them drove it cannot be known, but the driver did.
/// At most kMaxUnseen without a time: the newest.
std::vector<DerivedLap> laps_between(const CarRecord& before, const CarRecord& now);

inline constexpr int kMaxUnseen = 200;

/// The server's record of this car began again from nothing, in the same session. Fewer laps alone
/// do not prove it: a picture that is older than the last one has fewer, too.
bool began_anew(const CarRecord& before, const CarRecord& now);

/// The sectors of the lap that `now` completed, if they are known to add up to it: those of the
/// best lap if it was that, else those seen while it was driven, the last one being the rest.
std::vector<std::int64_t> sectors_of_last(const CarRecord& now,
                                          const std::vector<std::int64_t>& seen_us);

}  // namespace racehub::emperor
