#include <algorithm>

#include "hub/core/state.h"

namespace racehub {

TimeUs Race::paused_us(TimeUs from_us, TimeUs to_us) const {
    TimeUs sum_us = 0;
    for (const Pause& pause : pauses) {
        const TimeUs begin_us = std::max(from_us, pause.from_us);
        const TimeUs end_us = pause.to_us == 0 ? to_us : std::min(to_us, pause.to_us);
        if (end_us > begin_us) sum_us += end_us - begin_us;
    }
    return sum_us;
}

TimeUs Race::clock_us(TimeUs at_us) const {
    if (pace) return pace->race_us + (at_us - pace->at_us) / 1'000 * pace->rate;
    if (started_us == 0) return 0;
    return at_us - started_us - paused_us(started_us, at_us);
}

const EntryState* Race::find(std::int32_t entry) const {
    for (const EntryState& candidate : entries) {
        if (candidate.entry.entry == entry) return &candidate;
    }
    return nullptr;
}

EntryState* Race::find(std::int32_t entry) {
    return const_cast<EntryState*>(std::as_const(*this).find(entry));
}

const Track* HubState::find(std::string_view track) const {
    for (const Track& candidate : tracks) {
        if (candidate.id == track) return &candidate;
    }
    return nullptr;
}

Track* HubState::find(std::string_view track) {
    return const_cast<Track*>(std::as_const(*this).find(track));
}

const Heat* Session::find(std::int32_t heat) const {
    for (const Heat& candidate : heats) {
        if (candidate.heat == heat) return &candidate;
    }
    return nullptr;
}

Heat* Session::find(std::int32_t heat) {
    return const_cast<Heat*>(std::as_const(*this).find(heat));
}

const Heat* Session::next() const {
    for (const Heat& heat : heats) {
        if (!heat.done) return &heat;
    }
    return nullptr;
}

}  // namespace racehub
