#include "webui/model/clock_offset.h"

#include <algorithm>

namespace racehub {

void ClockOffset::add_exchange(TimeUs sent_us, TimeUs hub_us, TimeUs received_us) {
    if (received_us < sent_us) return;
    const TimeUs round_trip_us = received_us - sent_us;
    const TimeUs offset_us = hub_us - (sent_us + round_trip_us / 2);
    // A hub whose clock was set answers outside of anything the round trips can explain.
    if (round_trip_us_ > 0) {
        const TimeUs moved_us =
            offset_us > offset_us_ ? offset_us - offset_us_ : offset_us_ - offset_us;
        if (moved_us > round_trip_us + round_trip_us_ + kSecondUs / 10) count_ = 0;
    }
    exchanges_[count_ % kWindow] = Exchange{offset_us, round_trip_us, received_us};
    ++count_;
    choose(received_us);
}

void ClockOffset::add_one_way(TimeUs hub_us, TimeUs received_us) {
    if (round_trip_us_ > 0) return;
    // The least delayed message gives the greatest offset.
    const TimeUs offset_us = hub_us - received_us;
    if (!known_ || offset_us > offset_us_) offset_us_ = offset_us;
    known_ = true;
}

void ClockOffset::reset() { *this = ClockOffset(); }

void ClockOffset::choose(TimeUs now_us) {
    const Exchange* best = nullptr;
    for (std::size_t i = 0; i < std::min(count_, kWindow); ++i) {
        const Exchange& exchange = exchanges_[i];
        if (now_us - exchange.received_us > kMaxAgeUs) continue;
        if (best == nullptr || exchange.round_trip_us < best->round_trip_us) best = &exchange;
    }
    if (best == nullptr) return;
    offset_us_ = best->offset_us;
    round_trip_us_ = std::max<TimeUs>(best->round_trip_us, 1);
    known_ = true;
}

}  // namespace racehub
