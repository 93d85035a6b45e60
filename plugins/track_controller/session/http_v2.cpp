#include "plugins/track_controller/session/http_v2.h"

#include <utility>

namespace racehub::track_controller {
namespace {

constexpr int kStatusArmed = 202;
constexpr int kFailuresToLose = 2;

}  // namespace

HttpV2::HttpV2(HttpSession& session)
    : session_(session), parser_([this](std::string_view text) { on_frame(text, now_us_); }) {}

void HttpV2::begin(std::int64_t now_us) {
    HttpRequest request;
    request.kind = HttpRequest::Kind::stream;
    request.target = std::string("/events?topics=") + kV2Topics;
    stream_id_ = session_.port().request(request);
    opened_us_ = heard_us_ = now_us;
}

void HttpV2::end() {
    for (std::uint32_t* id : {&short_id_, &stream_id_}) {
        if (*id != 0) session_.port().abort(*id);
        *id = 0;
    }
}

std::int64_t HttpV2::deadline_us() const {
    std::int64_t at_us = heard_us_ + kStreamSilenceUs;
    if (subscribed_ && short_id_ == 0)
        at_us = std::min({at_us, state_at_us_, snapshot_at_us_, arm_at_us_});
    return at_us;
}

void HttpV2::on_order(std::int64_t now_us) {
    refusal_.clear();
    if (!read_once_) return;
    arm_at_us_ = snapshot_at_us_ = now_us;
    on_time(now_us);
}

bool HttpV2::look(std::int64_t now_us) {
    if (phase_ == Phase::racing || !read_once_) return false;  // not while cars run
    snapshot_at_us_ = now_us;
    on_time(now_us);
    return true;
}

void HttpV2::on_time(std::int64_t now_us) {
    if (session_.is_lost()) return;
    if (now_us >= heard_us_ + kStreamSilenceUs)
        return session_.lost(Link::silent,
                             "The Track Controller at " + session_.book().where() +
                                 " is silent: check its power and Wi-Fi",
                             now_us);
    if (!subscribed_ || short_id_ != 0) return;
    const Ask what = next_ask(now_us);
    if (what != Ask::none) ask(what, now_us);
    if (what == Ask::none && arm_at_us_ <= now_us) arm_at_us_ = kNever;  // nothing to arm
}

HttpV2::Ask HttpV2::next_ask(std::int64_t now_us) const {
    if (now_us >= state_at_us_) return Ask::state;
    if (now_us >= snapshot_at_us_) return Ask::snapshot;
    if (must_disarm()) return Ask::disarm;
    return must_arm(now_us) ? Ask::arm : Ask::none;
}

// Armed by us and not wanted any more, or with other lanes: only what is ours is taken back.
bool HttpV2::must_disarm() const {
    const DeviceBook& book = session_.book();
    if (!read_once_ || phase_ != Phase::armed || !book.armed_by_us()) return false;
    return !book.wants_armed() || lane_digits(book.arming().lanes) != book.wanted_digits();
}

bool HttpV2::must_arm(std::int64_t now_us) const {
    // A race that has just ended is read first: the next arming would be taken for its own.
    return read_once_ && state_at_us_ == kNever && now_us >= arm_at_us_ && phase_ == Phase::idle &&
           session_.book().wants_armed();
}

void HttpV2::ask(Ask what, std::int64_t now_us) {
    HttpRequest request;
    request.method = "POST";
    request.target = "/cmd";
    const std::int64_t id = next_frame_id_++;
    switch (what) {
        case Ask::state:
            state_at_us_ = kNever;
            request.body = write_request(id, "state");
            break;
        case Ask::snapshot:
            snapshot_at_us_ = kNever;
            request.body = write_request(id, "dbg");
            break;
        case Ask::arm: {
            arm_at_us_ = kNever;
            // From here on it may be armed, whether we hear its answer or not.
            session_.book().waiting(Phase::idle, now_us);
            std::vector<std::pair<std::string, std::string>> fields;
            fields.emplace_back("lanes", json_string(session_.book().wanted_digits()));
            const std::string& after = session_.book().after();
            if (!after.empty()) fields.emplace_back("after", json_string(after));
            request.body = write_request(id, "wait_race", fields);
            break;
        }
        case Ask::disarm:
            request.body = write_request(id, "reset");
            break;
        case Ask::none:
            return;
    }
    asked_ = what;
    asked_us_ = now_us;
    short_id_ = session_.port().request(request);
}

// ---- The stream --------------------------------------------------------------------------------

void HttpV2::on_stream(std::uint32_t id, std::string_view bytes, std::int64_t now_us) {
    if (id != stream_id_) return;
    heard_us_ = now_us_ = now_us;
    parser_.feed(bytes);
    on_time(now_us);
}

void HttpV2::on_frame(std::string_view text, std::int64_t now_us) {
    const auto frame = read_frame(text);
    // The first is the answer to the subscription; a broken one the device could send only in part:
    // whatever it said, ask.
    if (!subscribed_ || !frame) state_at_us_ = snapshot_at_us_ = now_us;
    subscribed_ = true;
    if (frame && frame->kind == Frame::Kind::event) on_event(*frame, now_us);
}

void HttpV2::on_event(const Frame& event, std::int64_t now_us) {
    switch (follow_event(event, session_.book(), now_us)) {
        case V2Change::nothing:
            break;
        case V2Change::completed:
            phase_ = Phase::idle;
            arm_at_us_ = snapshot_at_us_ = now_us;
            break;
        case V2Change::armed:
            phase_ = Phase::armed;
            snapshot_at_us_ = now_us;  // tells the id of the coming race
            break;
        case V2Change::racing:
            phase_ = Phase::racing;
            snapshot_at_us_ = now_us + kRaceQuietUs;
            session_.book().started();
            break;
        case V2Change::idle:
            phase_ = Phase::idle;
            if (arm_at_us_ == kNever) arm_at_us_ = now_us;
            break;
        case V2Change::disarmed:
            session_.book().disarmed();
            phase_ = Phase::idle;
            arm_at_us_ = now_us + kSecond;  // by somebody else: not in the same breath again
            break;
        case V2Change::events_lost:
            state_at_us_ = snapshot_at_us_ = now_us;
            break;
    }
}

// ---- Answers -----------------------------------------------------------------------------------

void HttpV2::on_reply(std::uint32_t id, const HttpReply& reply, std::int64_t now_us) {
    if (id == stream_id_) {
        stream_id_ = 0;
        return session_.lost(Link::retrying, "The Track Controller ended its stream of events",
                             now_us);
    }
    if (id != short_id_) return;
    short_id_ = 0;
    on_answer(asked_, reply, now_us);
    on_time(now_us);
}

void HttpV2::on_answer(Ask what, const HttpReply& reply, std::int64_t now_us) {
    const auto frame = read_frame(reply.body);
    const bool ok = reply.status == 200 && frame && frame->kind == Frame::Kind::ok;
    if (what == Ask::arm) {
        on_arm(reply, now_us);
    } else if (what == Ask::state) {
        const auto race = ok ? read_race(frame->body) : std::nullopt;
        if (!race && !(ok && is_no_race(frame->body))) {
            state_at_us_ = now_us + kSecond;
            return answer_failed("an answer to state that is no race", now_us);
        }
        session_.book().state(race, now_us);
        arm_at_us_ = now_us;
    } else if (what == Ask::snapshot) {
        // Not needed to race: without it the events must do.
        if (const auto snapshot = ok ? read_snapshot(frame->body) : std::nullopt) {
            const Phase before = std::exchange(phase_, snapshot->phase);
            // A race may have ended since state was read, and its event been lost.
            if (phase_ == Phase::idle && before != Phase::idle) state_at_us_ = now_us;
            // It started anew: nobody is left at the other end of our stream.
            if (session_.book().snapshot(*snapshot, asked_us_, now_us) > opened_us_)
                return session_.lost(Link::retrying, "The Track Controller started anew", now_us);
        }
        if (!read_once_) arm_at_us_ = now_us;
        read_once_ = true;
        if (arm_at_us_ == kNever && phase_ == Phase::idle) arm_at_us_ = now_us;
        snapshot_at_us_ = now_us + (phase_ == Phase::racing ? kRaceQuietUs : kArmedCheckUs);
    } else if (what == Ask::disarm) {
        session_.book().disarmed();
        phase_ = Phase::unknown;
        arm_at_us_ = snapshot_at_us_ = now_us;
    }
    session_.healthy(now_us);
    failures_ = 0;
    session_.book().trouble(refusal_);
}

void HttpV2::on_arm(const HttpReply& reply, std::int64_t now_us) {
    const auto frame = read_frame(reply.body);
    refusal_.clear();
    if (reply.status == kStatusArmed) {
        // The stream may have told already, and even that the gate has opened.
        if (phase_ == Phase::idle) phase_ = Phase::armed;
        snapshot_at_us_ = now_us;
    } else if (frame && frame->kind == Frame::Kind::ok) {
        // Not armed: there was a race that we do not know yet, and here it is.
        session_.book().disarmed();
        if (const auto race = read_race(frame->body)) session_.book().result(*race, now_us);
        arm_at_us_ = now_us;
    } else {
        const std::string why = frame ? frame->message : "an answer that is no frame";
        session_.book().disarmed();
        refusal_ = "The Track Controller refuses to arm lanes " + session_.book().wanted_digits() +
                   " (" + why + "): change the heat's lanes.";
        arm_at_us_ = now_us + kRefusedRetryUs;
    }
}

void HttpV2::answer_failed(const std::string& why, std::int64_t now_us) {
    if (++failures_ < kFailuresToLose) return;
    session_.lost(Link::silent,
                  "The Track Controller at " + session_.book().where() + " is silent (" + why +
                      "): check its power and Wi-Fi",
                  now_us);
}

void HttpV2::on_failed(std::uint32_t id, const std::string& why, std::int64_t now_us) {
    if (id == stream_id_) {
        stream_id_ = 0;
        return session_.lost(Link::retrying,
                             "The connection to the Track Controller at " +
                                 session_.book().where() + " broke (" + why + ")",
                             now_us);
    }
    if (id != short_id_) return;
    short_id_ = 0;
    // Whether it was carried out is not known: look first, then go on.
    state_at_us_ = snapshot_at_us_ = now_us + kSecond;
    answer_failed(why, now_us);
    on_time(now_us);
}

}  // namespace racehub::track_controller
