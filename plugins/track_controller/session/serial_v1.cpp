#include "plugins/track_controller/session/serial_v1.h"

namespace racehub::track_controller {

void SerialV1::begin(std::int64_t now_us) { next(now_us); }

std::int64_t SerialV1::deadline_us() const {
    switch (sent_) {
        case Command::wait:
            return kNever;  // the device says nothing until cars have run
        case Command::none:
            return phase_ != Phase::racing && session_.book().wants_armed()
                       ? std::min(snapshot_at_us_, wait_at_us_)
                       : snapshot_at_us_;
        case Command::state:
        case Command::snapshot:
        case Command::cancel:
            break;
    }
    return sent_us_ + kAnswerLimitUs;
}

void SerialV1::on_order(std::int64_t now_us) {
    wait_at_us_ = now_us;
    snapshot_fresh_ = false;
    session_.book().trouble("");
    if (sent_ == Command::wait) {
        recheck_ = true;
        send(Command::cancel, now_us);
    } else {
        next(now_us);
    }
}

void SerialV1::on_cut(std::int64_t now_us) {
    // What it was is not known. A wait may have been answered by it, and would never end.
    recheck_ = true;
    snapshot_fresh_ = false;
    if (sent_ == Command::wait) return send(Command::cancel, now_us);
    sent_ = Command::none;
    next(now_us);
}

bool SerialV1::look(std::int64_t now_us) {
    if (sent_ == Command::wait || phase_ == Phase::racing)
        return false;  // it would cancel the wait
    snapshot_at_us_ = now_us;
    snapshot_fresh_ = false;
    next(now_us);
    return true;
}

void SerialV1::on_time(std::int64_t now_us) {
    if (sent_ == Command::none) return next(now_us);
    if (sent_ != Command::wait && now_us >= sent_us_ + kAnswerLimitUs) session_.silent(now_us);
}

void SerialV1::send(Command command, std::int64_t now_us) {
    sent_ = command;
    sent_us_ = now_us;
    DeviceBook& book = session_.book();
    switch (command) {
        case Command::none:
            return;
        case Command::state:
            return session_.write_line("state");
        case Command::snapshot:
            return session_.write_line("dbg");
        case Command::cancel:
            return session_.write_line("gate");
        case Command::wait:
            break;
    }
    std::string line = "wait_race";
    if (book.wants_armed()) line += " lanes=" + book.wanted_digits();
    if (!book.after().empty()) line += " after=" + book.after();
    session_.write_line(line);
    book.trouble("");
    book.waiting(phase_, now_us);
}

// What to say next, with nothing outstanding.
void SerialV1::next(std::int64_t now_us) {
    if (sent_ != Command::none) return;
    // A race may end between two questions: what is idle now is asked for its result once more.
    if (!state_known_ || (recheck_ && snapshot_fresh_ && phase_ != Phase::racing))
        return send(Command::state, now_us);
    const bool wanted = session_.book().wants_armed() && now_us >= wait_at_us_;
    const bool look = phase_ != Phase::racing && (wanted || recheck_);
    if (!snapshot_fresh_ && (look || now_us >= snapshot_at_us_))
        return send(Command::snapshot, now_us);
    // A running race is waited for, even if nobody wants a new one. Without `after`, a wait that
    // comes a moment too late would arm the device anew instead: then it is looked for.
    if (phase_ == Phase::racing && session_.book().after().empty()) {
        recheck_ = true;
        snapshot_fresh_ = false;
        return;
    }
    if (wanted || phase_ == Phase::racing) return send(Command::wait, now_us);
    if (now_us >= snapshot_at_us_) send(Command::snapshot, now_us);
}

void SerialV1::on_value(std::string_view json, std::int64_t now_us) {
    if (const auto race = read_race(json)) {
        on_race(*race, now_us);
    } else if (answers(json, now_us)) {
        sent_ = Command::none;
    }
    next(now_us);
}

void SerialV1::on_race(const RaceResult& race, std::int64_t now_us) {
    if (sent_ == Command::state) {
        sent_ = Command::none;
        session_.book().state(race, now_us);
        return on_state_answered();
    }
    // The answer to the wait, or one that crossed its cancelling: then `gate` is still to come.
    session_.book().result(race, now_us);
    if (sent_ == Command::wait) sent_ = Command::none;
    snapshot_fresh_ = false;
    phase_ = Phase::idle;
}

void SerialV1::on_state_answered() {
    if (!state_known_) {
        state_known_ = true;
        return;
    }
    recheck_ = false;
    // We are the only ones on the cable: what is idle and not waited for was disarmed.
    if (phase_ == Phase::idle) session_.book().disarmed();
}

// True if this is the answer to what was sent.
bool SerialV1::answers(std::string_view json, std::int64_t now_us) {
    DeviceBook& book = session_.book();
    if (const auto error = read_error(json)) {
        if (sent_ == Command::wait) {
            book.trouble("The Track Controller refuses to arm lanes " + book.wanted_digits() +
                         " (" + *error + "): change the heat's lanes.");
            book.disarmed();
            wait_at_us_ = now_us + kRefusedRetryUs;
            snapshot_at_us_ = now_us + kIdlePollSerialUs;
        }
        return true;
    }
    switch (sent_) {
        case Command::state:
            if (!is_no_race(json)) return false;
            book.state(std::nullopt, now_us);
            on_state_answered();
            return true;
        case Command::snapshot: {
            const auto snapshot = read_snapshot(json);
            if (!snapshot) return false;
            phase_ = snapshot->phase;
            book.snapshot(*snapshot, sent_us_, now_us);
            snapshot_at_us_ = now_us + kIdlePollSerialUs;
            snapshot_fresh_ = true;
            return true;
        }
        case Command::cancel: {
            const auto ready = read_gate(json);
            if (!ready) return false;
            book.gate(*ready);
            return true;
        }
        case Command::wait:
        case Command::none:
            break;
    }
    return false;
}

}  // namespace racehub::track_controller
