#include "plugins/track_controller/session/serial_v2.h"

#include <utility>

namespace racehub::track_controller {

SerialV2::SerialV2(SerialSession& session)
    : session_(session), next_id_((session.seed() & 0xffffff) + 1) {}

void SerialV2::begin(std::int64_t now_us) {
    send(Ask::reset, "reset", now_us);
    send(Ask::subscribe, "subscribe", now_us, {{"topics", R"(["gate","lanes","race","engine"])"}});
    send(Ask::state, "state", now_us);
    send(Ask::snapshot, "dbg", now_us);
}

std::int64_t SerialV2::send(Ask ask, std::string_view cmd, std::int64_t now_us,
                            const std::vector<std::pair<std::string, std::string>>& fields) {
    const std::int64_t id = next_id_++;
    pending_[id] = {ask, now_us};
    session_.write_line(write_request(id, cmd, fields));
    return id;
}

std::int64_t SerialV2::deadline_us() const {
    std::int64_t at_us = snapshot_at_us_;
    if (read_once_ && !cancelling_ && wait_id_ == 0 && session_.book().wants_armed())
        at_us = std::min(at_us, wait_at_us_);
    for (const auto& [id, pending] : pending_)
        if (pending.ask != Ask::wait) at_us = std::min(at_us, pending.sent_us + kAnswerLimitUs);
    return at_us;
}

void SerialV2::on_order(std::int64_t now_us) {
    session_.book().trouble("");
    if (!read_once_) return;
    wait_at_us_ = snapshot_at_us_ = now_us;
    on_time(now_us);
}

void SerialV2::on_cut(std::int64_t now_us) {
    // An event, or an answer: what it told is asked for.
    send(Ask::state, "state", now_us);
    snapshot_at_us_ = now_us;
}

bool SerialV2::look(std::int64_t now_us) {
    if (phase_ == Phase::racing || !read_once_) return false;  // not while cars run
    snapshot_at_us_ = now_us;
    on_time(now_us);
    return true;
}

void SerialV2::on_time(std::int64_t now_us) {
    for (const auto& [id, pending] : pending_) {
        if (pending.ask != Ask::wait && now_us >= pending.sent_us + kAnswerLimitUs)
            return session_.silent(now_us);
    }
    if (now_us >= snapshot_at_us_) {
        // Whose race it is and what to arm is decided on what the device says now.
        snapshot_at_us_ = kNever;
        send(Ask::snapshot, "dbg", now_us);
        return;
    }
    arm_or_disarm(now_us);
}

void SerialV2::arm_or_disarm(std::int64_t now_us) {
    DeviceBook& book = session_.book();
    if (!read_once_ || cancelling_) return;
    if (wait_id_ != 0) {
        const bool fits =
            book.wants_armed() && (book.arming().lanes.empty() ||
                                   lane_digits(book.arming().lanes) == book.wanted_digits());
        if (phase_ != Phase::armed || fits || !book.armed_by_us()) return;
        cancelling_ = true;
        send(Ask::cancel, "cancel", now_us, {{"target", std::to_string(wait_id_)}});
        return;
    }
    if (!book.wants_armed() || now_us < wait_at_us_) return;
    std::vector<std::pair<std::string, std::string>> fields;
    fields.emplace_back("lanes", json_string(book.wanted_digits()));
    if (!book.after().empty()) fields.emplace_back("after", json_string(book.after()));
    wait_id_ = send(Ask::wait, "wait_race", now_us, fields);
    book.waiting(phase_, now_us);
}

void SerialV2::on_value(std::string_view json, std::int64_t now_us) {
    const auto frame = read_frame(json);
    if (!frame) return;
    switch (frame->kind) {
        case Frame::Kind::ok:
            on_ok(*frame, now_us);
            break;
        case Frame::Kind::error:
            on_error(*frame, now_us);
            break;
        case Frame::Kind::event:
            on_event(*frame, now_us);
            break;
    }
    arm_or_disarm(now_us);
}

// The wait was sent before, and the device is idle: it was answered, and the answer was lost.
void SerialV2::check_wait(std::int64_t asked_id, std::int64_t now_us) {
    if (phase_ != Phase::idle || wait_id_ == 0 || wait_id_ > asked_id) return;
    pending_.erase(wait_id_);
    wait_id_ = 0;
    cancelling_ = false;
    send(Ask::state, "state", now_us);
    wait_at_us_ = kNever;
    wait_after_state_ = true;
}

void SerialV2::on_ok(const Frame& frame, std::int64_t now_us) {
    DeviceBook& book = session_.book();
    const auto found = pending_.find(*frame.id);
    if (found == pending_.end()) {
        // To a wait of an earlier process: a result all the same.
        if (const auto race = read_race(frame.body)) book.result(*race, now_us);
        return;
    }
    const auto [ask, sent_us] = found->second;
    pending_.erase(found);
    switch (ask) {
        case Ask::reset:
            break;
        case Ask::subscribe:
            sub_ = read_sub(frame.body).value_or(*frame.id);
            break;
        case Ask::state:
            book.state(read_race(frame.body), now_us);
            if (std::exchange(wait_after_state_, false)) wait_at_us_ = now_us;
            break;
        case Ask::snapshot:
            if (const auto snapshot = read_snapshot(frame.body)) {
                phase_ = snapshot->phase;
                book.snapshot(*snapshot, sent_us, now_us);
                check_wait(*frame.id, now_us);
            }
            if (!read_once_ && phase_ == Phase::idle) book.disarmed();  // by our reset
            if (!read_once_) wait_at_us_ = now_us;
            read_once_ = true;
            snapshot_at_us_ = now_us + (phase_ == Phase::racing ? kRaceQuietUs : kArmedCheckUs);
            break;
        case Ask::wait:
            wait_id_ = 0;
            wait_at_us_ = now_us;
            if (const auto race = read_race(frame.body)) book.result(*race, now_us);
            break;
        case Ask::cancel:
            cancelling_ = false;
            snapshot_at_us_ = now_us;
            break;
    }
}

void SerialV2::on_error(const Frame& frame, std::int64_t now_us) {
    const auto found = frame.id ? pending_.find(*frame.id) : pending_.end();
    if (found == pending_.end()) return;
    const Ask ask = found->second.ask;
    pending_.erase(found);
    if (ask == Ask::wait) {
        wait_id_ = 0;
        const bool cancelled = frame.name == "cancelled";
        session_.book().disarmed();
        phase_ = Phase::unknown;
        // Cancelled by somebody else: not in the same breath again.
        wait_at_us_ = now_us + (cancelled ? (cancelling_ ? 0 : kSecond) : kRefusedRetryUs);
        if (!cancelled)
            session_.book().trouble("The Track Controller refuses to arm lanes " +
                                    session_.book().wanted_digits() + " (" + frame.message +
                                    "): change the heat's lanes.");
    } else if (ask == Ask::cancel) {
        cancelling_ = false;  // there was nothing left to cancel: the result crossed it
        snapshot_at_us_ = now_us;
    } else if (ask == Ask::subscribe || ask == Ask::state) {
        session_.silent(now_us);  // without them nothing would be heard
    } else if (ask == Ask::snapshot) {
        read_once_ = true;
        if (wait_at_us_ == kNever) wait_at_us_ = now_us;
        snapshot_at_us_ = now_us + kArmedCheckUs;
    }
}

void SerialV2::on_event(const Frame& frame, std::int64_t now_us) {
    if (frame.sub != sub_) return;  // of an earlier process
    switch (follow_event(frame, session_.book(), now_us)) {
        case V2Change::nothing:
            break;
        case V2Change::completed:
            // Firmware 0.2.1 leaves the wait unanswered; later ones answered it before.
            pending_.erase(wait_id_);
            wait_id_ = 0;
            cancelling_ = false;
            phase_ = Phase::idle;
            wait_at_us_ = snapshot_at_us_ = now_us;
            break;
        case V2Change::armed:
            phase_ = Phase::armed;
            snapshot_at_us_ = now_us;
            session_.book().trouble("");
            break;
        case V2Change::racing:
            phase_ = Phase::racing;
            snapshot_at_us_ = now_us + kRaceQuietUs;
            session_.book().started();
            break;
        case V2Change::idle:
        case V2Change::disarmed:
            phase_ = Phase::idle;
            break;
        case V2Change::events_lost:
            send(Ask::state, "state", now_us);
            snapshot_at_us_ = now_us;
            break;
    }
}

}  // namespace racehub::track_controller
