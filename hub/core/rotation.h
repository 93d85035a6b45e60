#pragma once
// Who runs on which lane in which heat, so that each entry meets each lane equally often and
// opponents mix. Pure and deterministic: the same request gives the same plan, in the hub and in a
// browser's preview.

#include "hub/core/types.h"

namespace racehub {

/// One entry on one lane of a heat.
struct HeatLane {
    std::int32_t lane = 0;
    std::int32_t entry = 0;

    bool operator==(const HeatLane&) const = default;

    template <class Self, class V>
    static void fields(Self& h, V& v) {
        v("lane", h.lane, 1, kMaxLanes);
        v("entry", h.entry, 1, kMaxEntry);
    }
};

using HeatLanes = std::vector<HeatLane>;

struct RotationRequest {
    std::vector<std::int32_t> entries;  ///< who races, without repeats; at most kMaxEntries
    std::vector<std::int32_t> lanes;    ///< usable lanes, without repeats
    std::int32_t rounds = 1;            ///< how often each entry runs on each lane
    std::vector<HeatLanes>
        done;  ///< heats that were run: not planned again, opponents count as met
};

/// The heats that are still to be run. Without `done` a cyclic chart whose offsets spread the
/// opponents (the idea of the published "perfect N" charts); with `done` (late arrival, withdrawal,
/// dead lane) a greedy plan of what each entry still lacks, most-lacking first. Cost: milliseconds
/// for 128 entries on 8 lanes.
std::vector<HeatLanes> plan_rotation(const RotationRequest& request);

/// What a plan is worth; all counts are over the heats given.
struct Fairness {
    std::int32_t heats = 0;
    std::int32_t fewest_on_lane = 0;  ///< least often that an entry runs on a lane
    std::int32_t most_on_lane =
        0;  ///< equal to fewest_on_lane: every entry meets every lane equally
    std::int32_t fewest_meetings = 0;  ///< least often that two entries meet
    std::int32_t most_meetings = 0;
    std::int32_t back_to_back = 0;  ///< times an entry runs in two heats in a row
    std::int32_t empty_lanes = 0;   ///< lanes without a car, over all heats
};

Fairness measure_rotation(const RotationRequest& request, const std::vector<HeatLanes>& heats);

}  // namespace racehub
