#include "webui/model/connection.h"

#include <algorithm>

namespace racehub {

Connection::Step Connection::start(TimeUs now_us) {
    phase_ = ConnectionPhase::connecting;
    since_us_ = now_us;
    return Step::open;
}

void Connection::on_message(TimeUs now_us) {
    if (phase_ == ConnectionPhase::waiting) return;  // a last message of a socket we gave up
    if (phase_ == ConnectionPhase::connecting) since_us_ = now_us;
    phase_ = ConnectionPhase::live;
    last_message_us_ = now_us;
    // A hub that greets and falls over again and again must not be asked four times a second.
    if (now_us - since_us_ >= kSteadyUs) attempts_ = 0;
}

void Connection::on_closed(TimeUs now_us, std::uint32_t random) {
    if (phase_ != ConnectionPhase::waiting) wait(now_us, random);
}

void Connection::wait(TimeUs now_us, std::uint32_t random) {
    phase_ = ConnectionPhase::waiting;
    since_us_ = now_us;
    const int doublings = std::min(attempts_, 10);
    const TimeUs longest_us = std::min(kLongestRetryUs, kFirstRetryUs << doublings);
    ++attempts_;
    // Half fixed, half random: a hundred screens come back spread out, and none comes back at once.
    retry_us_ = now_us + longest_us / 2 + static_cast<TimeUs>(random) % (longest_us / 2 + 1);
}

Connection::Step Connection::tick(TimeUs now_us, std::uint32_t random) {
    switch (phase_) {
        case ConnectionPhase::waiting:
            if (now_us < retry_us_) return Step::none;
            return start(now_us);
        case ConnectionPhase::connecting:
            if (now_us - since_us_ < kConnectUs) return Step::none;
            wait(now_us, random);
            return Step::close;
        case ConnectionPhase::live:
        case ConnectionPhase::stale:
            if (now_us - last_message_us_ >= kDeadUs) {
                wait(now_us, random);
                return Step::close;
            }
            if (now_us - last_message_us_ >= kStaleUs) phase_ = ConnectionPhase::stale;
            return Step::none;
    }
    return Step::none;
}

Connection::Step Connection::retry_now(TimeUs now_us) {
    if (phase_ == ConnectionPhase::waiting) return start(now_us);
    // A machine that slept believes its socket to be open; if it said nothing for long, it is not.
    if (phase_ != ConnectionPhase::connecting && now_us - last_message_us_ >= kStaleUs) {
        return reopen(now_us);
    }
    return Step::none;
}

Connection::Step Connection::reopen(TimeUs now_us) {
    phase_ = ConnectionPhase::connecting;
    since_us_ = now_us;
    return Step::open;
}

}  // namespace racehub
