#include "plugins/track_controller/session/http_v1.h"

namespace racehub::track_controller {
namespace {

constexpr int kStatusNoPlace = 503;
constexpr int kStatusNotFound = 404;
// With a wait outstanding, failing polls say that the device is silent; without one, that it is
// gone.
constexpr int kFailuresToLose = 2;
constexpr const char* kNoPlace =
    "All four waiting places of the Track Controller are taken: results are fetched in another way "
    "until the next race ends. If it stays so, switch it off and on.";

}  // namespace

void HttpV1::begin(std::int64_t now_us) {
    state_at_us_ = now_us;
    on_time(now_us);
}

void HttpV1::end() {
    for (std::uint32_t* id : {&short_id_, &wait_id_, &gate_wait_id_}) {
        if (*id != 0) session_.port().abort(*id);
        *id = 0;
    }
}

std::int64_t HttpV1::deadline_us() const {
    const std::int64_t polls = std::min({state_at_us_, snapshot_at_us_, gate_at_us_});
    return std::min(short_id_ == 0 ? polls : kNever, may_wait() ? wait_at_us_ : kNever);
}

void HttpV1::on_order(std::int64_t now_us) {
    if (!read_once_) return;
    refusal_.clear();
    wait_at_us_ = now_us;
    // Whose race it is depends on whether the gate has opened already: look.
    snapshot_at_us_ = now_us;
    on_time(now_us);
}

bool HttpV1::look(std::int64_t now_us) {
    if (phase_ == Phase::racing || !read_once_) return false;  // not while cars run
    snapshot_at_us_ = now_us;
    on_time(now_us);
    return true;
}

void HttpV1::on_time(std::int64_t now_us) {
    if (session_.is_lost()) return;
    wait_if_wanted(now_us);
    ask_next(now_us);
}

// ---- Short requests ----------------------------------------------------------------------------

void HttpV1::ask(Ask what) {
    HttpRequest request;
    request.target = what == Ask::state ? "/state" : what == Ask::snapshot ? "/dbg" : "/gate";
    asked_ = what;
    short_id_ = session_.port().request(request);
}

void HttpV1::ask_next(std::int64_t now_us) {
    if (short_id_ != 0) return;
    asked_us_ = now_us;
    if (now_us >= state_at_us_) {
        state_at_us_ = kNever;
        ask(Ask::state);
    } else if (now_us >= snapshot_at_us_) {
        snapshot_at_us_ = kNever;
        ask(Ask::snapshot);
    } else if (now_us >= gate_at_us_) {
        gate_at_us_ = kNever;
        ask(Ask::gate);
    }
}

void HttpV1::on_reply(std::uint32_t id, const HttpReply& reply, std::int64_t now_us) {
    if (id == wait_id_) {
        wait_id_ = 0;
        on_wait(reply, now_us);
    } else if (id == gate_wait_id_) {
        gate_wait_id_ = 0;
        if (read_gate(reply.body) == true) session_.book().gate(true);
        gate_at_us_ = now_us + kGatePollUs;
    } else if (id == short_id_) {
        short_id_ = 0;
        on_answer(asked_, reply, now_us);
    }
    on_time(now_us);
}

void HttpV1::on_answer(Ask what, const HttpReply& reply, std::int64_t now_us) {
    if (reply.status == kStatusNotFound)
        // It spoke protocol 1.0 a moment ago: its program was changed.
        return session_.lost(Link::refused, "The Track Controller's answers changed", now_us);
    if (what == Ask::state) return on_state(reply, now_us);
    if (what == Ask::snapshot) return on_snapshot(reply, now_us);
    on_gate(reply, now_us);
}

void HttpV1::on_state(const HttpReply& reply, std::int64_t now_us) {
    const auto race = read_race(reply.body);
    if (reply.status != 200 || (!race && !is_no_race(reply.body))) {
        state_at_us_ = now_us + kSecond;
        return answer_failed("an answer to /state that is no race", now_us);
    }
    answered(now_us);
    session_.book().state(race, now_us);
    if (no_place_) {
        if (session_.book().after() != no_place_after_) {
            no_place_ = false;  // a race has ended, and freed all places
            wait_at_us_ = now_us;
        } else {
            state_at_us_ = now_us + kBusyPollUs;
        }
    }
    if (!state_read_) snapshot_at_us_ = now_us;
    state_read_ = true;
}

void HttpV1::on_snapshot(const HttpReply& reply, std::int64_t now_us) {
    // The longest answer, and the likeliest to be cut. It is not needed to race: on with what is.
    const auto snapshot = reply.status == 200 ? read_snapshot(reply.body) : std::nullopt;
    answered(now_us);
    if (!read_once_) wait_at_us_ = now_us;
    read_once_ = true;
    if (!snapshot) return plan_snapshot(Phase::unknown, now_us);
    const Phase before = phase_;
    phase_ = snapshot->phase;
    const std::int64_t boot_us = session_.book().snapshot(*snapshot, asked_us_, now_us);
    if (wait_id_ != 0 && boot_us > wait_sent_us_) {
        // It started anew: nobody is left at the other end of our wait.
        session_.port().abort(wait_id_);
        wait_id_ = 0;
        wait_at_us_ = now_us;
    }
    if (no_place_ && phase_ == Phase::idle) {
        // It started anew, or a race has ended: there may be room.
        no_place_ = false;
        wait_at_us_ = std::max(now_us, wait_sent_us_ + kArmedCheckUs);
    }
    // A race may have ended since /state was read.
    const bool ended = phase_ == Phase::idle && before != Phase::idle;
    if (ended && wait_id_ == 0) state_at_us_ = now_us;
    check_wait(phase_, now_us);
    plan_snapshot(phase_, now_us);
}

void HttpV1::plan_snapshot(Phase phase, std::int64_t now_us) {
    const bool waiting = wait_id_ != 0 || session_.book().wants_armed();
    if (phase == Phase::racing) {
        snapshot_at_us_ = now_us + (wait_id_ != 0 ? kArmedCheckUs : kIdlePollUs);
        gate_at_us_ = kNever;
        return;
    }
    if (idle_strikes_ == 0) snapshot_at_us_ = now_us + (waiting ? kArmedCheckUs : kIdlePollUs);
    if (!waiting) {
        gate_at_us_ = kNever;
    } else if (session_.book().gate_ready() == false) {
        // Armed with an open gate: hear of its closing at once, and only then watch for the start.
        gate_at_us_ = kNever;
        if (gate_wait_id_ == 0)
            gate_wait_id_ =
                session_.port().request({HttpRequest::Kind::wait, "GET", "/wait/gate", ""});
    } else if (gate_at_us_ == kNever) {
        gate_at_us_ = now_us + kGatePollUs;
    }
}

// A device that is idle although we wait does not know our wait any more: somebody cancelled it by
// cable, or it started anew without our connection noticing. Twice, because a result may be on its
// way to us right now.
void HttpV1::check_wait(Phase phase, std::int64_t now_us) {
    const bool void_wait =
        wait_id_ != 0 && phase == Phase::idle && asked_us_ >= wait_sent_us_ + kArmCheckUs;
    if (!void_wait) {
        idle_strikes_ = 0;
        return;
    }
    state_at_us_ = now_us;
    snapshot_at_us_ = now_us + kSecond;
    if (++idle_strikes_ < 2) return;
    idle_strikes_ = 0;
    session_.port().abort(wait_id_);
    wait_id_ = 0;
    wait_at_us_ = now_us + kSecond;  // after /state has told what there was
}

void HttpV1::on_gate(const HttpReply& reply, std::int64_t now_us) {
    const auto ready = read_gate(reply.body);
    const bool was_ready = session_.book().gate_ready().value_or(false);
    if (reply.status != 200 || !ready) {
        gate_at_us_ = now_us + kGatePollUs;
        return answer_failed("an answer to /gate that is none", now_us);
    }
    answered(now_us);
    session_.book().gate(*ready);
    if (was_ready && !*ready) {
        be_quiet(now_us);  // cars are running
        session_.book().started();
    } else {
        gate_at_us_ = now_us + kGatePollUs;
    }
}

void HttpV1::be_quiet(std::int64_t now_us) {
    phase_ = Phase::racing;
    gate_at_us_ = kNever;
    snapshot_at_us_ = now_us + kRaceQuietUs;
}

void HttpV1::answered(std::int64_t now_us) {
    session_.healthy(now_us);
    failures_ = 0;
    session_.book().trouble(no_place_ ? kNoPlace : refusal_);
}

void HttpV1::answer_failed(const std::string& why, std::int64_t now_us) {
    const std::string text = "The Track Controller at " + session_.book().where() + " is silent (" +
                             why + "): check its power and Wi-Fi";
    if (++failures_ < kFailuresToLose) return;
    if (wait_id_ == 0) return session_.lost(Link::silent, text, now_us);
    // The wait may have survived, and a new one would take another place: keep it, keep asking.
    session_.book().trouble(text + "; asking again each " +
                            std::to_string(kArmedCheckUs / kSecond) + " s.");
}

// ---- The wait ----------------------------------------------------------------------------------

void HttpV1::wait_if_wanted(std::int64_t now_us) {
    if (now_us < wait_at_us_ || !may_wait()) return;
    HttpRequest request;
    request.kind = HttpRequest::Kind::wait;
    request.target = "/wait/race?lanes=" + session_.book().wanted_digits();
    if (!session_.book().after().empty()) request.target += "&after=" + session_.book().after();
    refusal_.clear();
    wait_id_ = session_.port().request(request);
    wait_sent_us_ = now_us;
    wait_at_us_ = kNever;
    idle_strikes_ = 0;
    session_.book().waiting(phase_, now_us);
    snapshot_at_us_ = now_us + kArmCheckUs;
}

bool HttpV1::may_wait() const {
    if (!read_once_ || wait_id_ != 0 || no_place_ || !session_.book().wants_armed()) return false;
    // A race that has just ended is read first: the next arming would be taken for its own.
    if (state_at_us_ != kNever || (short_id_ != 0 && asked_ == Ask::state)) return false;
    // A race runs and none before it is known: a wait that comes a moment too late would arm the
    // device anew instead of being given the result.
    return phase_ != Phase::racing || !session_.book().after().empty();
}

void HttpV1::on_wait(const HttpReply& reply, std::int64_t now_us) {
    const auto race = reply.status == 200 ? read_race(reply.body) : std::nullopt;
    if (race) {
        answered(now_us);
        phase_ = Phase::idle;
        session_.book().result(*race, now_us);
        wait_at_us_ = snapshot_at_us_ = now_us;
        gate_at_us_ = kNever;
    } else if (reply.status == kStatusNoPlace) {
        no_place_ = true;
        no_place_after_ = session_.book().after();
        if (phase_ == Phase::idle) session_.book().disarmed();
        session_.book().trouble(kNoPlace);
        state_at_us_ = now_us + kBusyPollUs;
    } else if (reply.status >= 400 && reply.status < 500) {
        const std::string why = read_error(reply.body).value_or("no reason given");
        refusal_ = "The Track Controller refuses to arm lanes " + session_.book().wanted_digits() +
                   " (" + why + "): change the heat's lanes.";
        session_.book().trouble(refusal_);
        wait_at_us_ = now_us + kRefusedRetryUs;
    } else {
        session_.lost(Link::retrying, "The Track Controller gave an answer that is no race",
                      now_us);
    }
}

// ---- Failures ----------------------------------------------------------------------------------

void HttpV1::on_failed(std::uint32_t id, const std::string& why, std::int64_t now_us) {
    if (id == gate_wait_id_) {
        gate_wait_id_ = 0;
        gate_at_us_ = now_us + kGatePollUs;
    } else if (id == wait_id_) {
        wait_id_ = 0;
        return session_.lost(Link::retrying,
                             "The connection to the Track Controller at " +
                                 session_.book().where() + " broke (" + why + ")",
                             now_us);
    } else if (id == short_id_) {
        short_id_ = 0;
        const std::int64_t again_us = now_us + (failures_ == 0 ? kSecond : kArmedCheckUs);
        if (asked_ == Ask::state) state_at_us_ = again_us;
        if (asked_ == Ask::snapshot) snapshot_at_us_ = again_us;
        if (asked_ == Ask::gate) gate_at_us_ = again_us;
        answer_failed(why, now_us);
    }
    on_time(now_us);
}

}  // namespace racehub::track_controller
