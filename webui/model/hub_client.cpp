#include "webui/model/hub_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"

namespace racehub {
namespace {

using nlohmann::json;

/// Members of a message from the hub; a missing one, or one of another type, reads as its empty
/// value.
std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t integer_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::optional<TimerLights> lights_of(const json& sensed) {
    if (!sensed.is_object()) return std::nullopt;
    TimerLights lights;
    const std::string gate = text_of(sensed, "gate");
    if (gate == "closed" || gate == "open") lights.gate_ready = gate == "closed";
    lights.text = text_of(sensed, "text");
    const auto lanes = sensed.find("lanes");
    if (lanes == sensed.end() || !lanes->is_array()) return lights;
    for (const json& item : *lanes) {
        if (!item.is_object()) continue;
        const std::int64_t lane = integer_of(item, "lane");
        const std::string state = text_of(item, "state");
        const bool known = state == "blocked" || state == "clear";
        if (known && lane >= 1 && lane <= kMaxLanes)
            lights.lanes[static_cast<std::int32_t>(lane)] = state == "blocked";
    }
    return lights;
}

}  // namespace

HubClient::HubClient(SocketPort& port, std::uint32_t seed) : port_(port), random_(seed | 1U) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz012345";
    for (int i = 0; i < 16; ++i) command_prefix_ += kLetters[random() % kLetters.size()];
}

std::uint32_t HubClient::random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return random_;
}

void HubClient::do_step(Connection::Step step) {
    if (step == Connection::Step::none) return;
    ++revision_;
    if (step == Connection::Step::close) return port_.close();
    pings_ = 0;
    next_ping_us_ = 0;
    std::string path = "/live";
    if (has_state_) path += "?log=" + log_id_ + "&after=" + std::to_string(state_.seq);
    port_.open(path);
}

void HubClient::start(TimeUs local_us) { do_step(connection_.start(local_us)); }
void HubClient::retry_now(TimeUs local_us) { do_step(connection_.retry_now(local_us)); }
void HubClient::reopen(TimeUs local_us) { do_step(connection_.reopen(local_us)); }

void HubClient::on_closed(TimeUs local_us) {
    connection_.on_closed(local_us, random());
    ++revision_;
}

void HubClient::tick(TimeUs local_us) {
    const ConnectionPhase before = connection_.phase();
    do_step(connection_.tick(local_us, random()));
    if (connection_.phase() != before) ++revision_;
    if (connection_.phase() == ConnectionPhase::live && local_us >= next_ping_us_)
        send_ping(local_us);
    expire_pending(local_us);
}

void HubClient::send_ping(TimeUs local_us) {
    port_.send(json{{"type", "ping"}, {"t", local_us}}.dump());
    next_ping_us_ = local_us + (++pings_ < kFirstPings ? kFirstPingUs : kPingUs);
}

void HubClient::on_text(TimeUs local_us, std::string_view text) {
    if (connection_.phase() == ConnectionPhase::waiting) return;  // of a socket that we gave up
    json message;
    std::string error;
    if (!parse_object(text, message, error)) return misunderstood(local_us);
    connection_.on_message(local_us);
    on_message(local_us, message);
}

void HubClient::on_message(TimeUs local_us, const json& message) {
    const std::string type = text_of(message, "type");
    ++revision_;
    if (const TimeUs hub_us = integer_of(message, "time_us"); hub_us != 0 && type != "pong") {
        clock_.add_one_way(hub_us, local_us);
    }
    if (type == "hello") return on_hello(local_us, message);
    if (type == "snapshot") return on_snapshot(local_us, message);
    if (type == "facts") return on_facts(local_us, message);
    if (type == "sources") return on_sources(message);
    if (type == "sample") return on_sample(message);
    if (type == "outcome") return on_outcome(message);
    if (type == "pong") {
        clock_.add_exchange(integer_of(message, "t"), integer_of(message, "time_us"), local_us);
    } else if (type == "storage") {
        storage_.ok = flag_of(message, "ok");
        storage_.text = text_of(message, "message");
    } else if (type == "tick") {
        // A hub that counts further than we have folded, twice in a row, has lost us facts: that
        // must not stay unseen.
        const auto seq = static_cast<std::uint64_t>(integer_of(message, "seq"));
        ticks_behind_ = has_state_ && seq > state_.seq ? ticks_behind_ + 1 : 0;
        if (ticks_behind_ > 1) start_over(local_us);
    }
}

void HubClient::misunderstood(TimeUs local_us) {
    ++bad_messages_;
    start_over(local_us);
}

/// Forgets the picture and asks for a fresh snapshot.
void HubClient::start_over(TimeUs local_us) {
    has_state_ = false;
    ticks_behind_ = 0;
    on_closed(local_us);
    port_.close();
}

void HubClient::on_sample(const json& message) {
    const auto sample = message.find("sample");
    if (sample == message.end() || !sample->is_object()) return;
    const auto data = sample->find("data");
    if (data == sample->end() || text_of(*sample, "type") != "device.sensed") return;
    for (SourceHealth& source : sources_) {
        if (source.id == text_of(*sample, "source")) source.lights = lights_of(*data);
    }
}

const TimerLights& HubClient::lights(const std::string& track) const {
    static const TimerLights kUnknown;
    for (const SourceHealth& source : sources_) {
        if (source.track == track && source.lights) return *source.lights;
    }
    return kUnknown;
}

void HubClient::on_hello(TimeUs, const json& message) {
    hub_version_ = text_of(message, "version");
    director_ = flag_of(message, "director");
    const std::string log_id = text_of(message, "log_id");
    const auto seq = static_cast<std::uint64_t>(integer_of(message, "seq"));
    // Another log, or an older copy of ours (restored from a backup): what we folded is not its
    // past.
    if (log_id != log_id_ || (has_state_ && seq < state_.seq)) {
        has_state_ = false;
        feed_.clear();
        clock_.reset();
        clock_.add_one_way(integer_of(message, "time_us"), connection_.last_message_us());
    }
    log_id_ = log_id;
}

void HubClient::on_snapshot(TimeUs local_us, const json& message) {
    HubState state;
    std::string error;
    const auto found = message.find("state");
    if (found == message.end() || !decode_state(*found, state, error))
        return misunderstood(local_us);
    state_ = std::move(state);
    has_state_ = true;
}

void HubClient::on_facts(TimeUs local_us, const json& message) {
    const auto found = message.find("facts");
    if (found == message.end() || !found->is_array()) return misunderstood(local_us);
    for (const json& item : *found) {
        Event fact;
        std::string error;
        if (!decode_event(item, fact, error)) return misunderstood(local_us);
        if (fact.seq <= state_.seq && has_state_) continue;  // the snapshot had it
        // A new hub sends its first facts without a snapshot; anything else must follow on what we
        // have.
        if (fact.seq != state_.seq + 1 && (has_state_ || fact.seq != 1))
            return start_over(local_us);
        if (!has_state_) state_ = HubState();
        has_state_ = true;
        feed_.before(fact, state_);
        apply(state_, fact);
        feed_.add(fact, state_);
    }
}

void HubClient::on_sources(const json& message) {
    const auto found = message.find("sources");
    if (found == message.end() || !found->is_array()) return;
    sources_.clear();
    for (const json& item : *found) {
        if (!item.is_object() || sources_.size() >= kMaxSources) continue;
        SourceHealth source;
        source.id = text_of(item, "id");
        source.name = text_of(item, "name");
        source.health = text_of(item, "state");
        source.stale = flag_of(item, "stale");
        source.text = text_of(item, "text");
        source.next_try_us = integer_of(item, "next_try_us");
        source.track = text_of(item, "track");
        if (const auto sensed = item.find("sensed"); sensed != item.end())
            source.lights = lights_of(*sensed);
        const auto counters = item.find("counters");
        if (counters != item.end() && counters->is_object()) {
            source.restarts = integer_of(*counters, "restarts");
            source.crashes = integer_of(*counters, "crashes");
        }
        sources_.push_back(std::move(source));
    }
}

std::string HubClient::command(TimeUs local_us, const Payload& data, const std::string& track,
                               const std::string& race_id) {
    const std::string id = command_prefix_ + "-" + std::to_string(++next_command_);
    const std::string type(type_of(data));
    if (connection_.phase() != ConnectionPhase::live || pending_.size() >= kMaxPending) {
        answers_.push_back(CommandAnswer{id, type, CommandAnswer::Result::unanswered,
                                         "not_connected",
                                         "Not sent: there is no live connection to the hub."});
        return id;
    }
    json message{{"type", "command"}, {"id", id}, {"command", type}, {"track", track}};
    if (!race_id.empty()) message["race_id"] = race_id;
    message["data"] = json::parse(encode_payload(data), nullptr, false);
    port_.send(message.dump(-1, ' ', false, json::error_handler_t::replace));
    pending_[id] = Pending{type, local_us};
    return id;
}

void HubClient::on_outcome(const json& message) {
    const auto waiting = pending_.find(text_of(message, "id"));
    if (waiting == pending_.end()) return;
    const bool accepted = flag_of(message, "accepted");
    answers_.push_back(
        CommandAnswer{waiting->first, waiting->second.command,
                      accepted ? CommandAnswer::Result::accepted : CommandAnswer::Result::refused,
                      text_of(message, "code"), text_of(message, "message")});
    pending_.erase(waiting);
    if (text_of(message, "code") == "not_director") director_ = false;
}

void HubClient::expire_pending(TimeUs local_us) {
    for (auto waiting = pending_.begin(); waiting != pending_.end();) {
        if (local_us - waiting->second.sent_us < kAnswerUs) {
            ++waiting;
            continue;
        }
        answers_.push_back(CommandAnswer{
            waiting->first, waiting->second.command, CommandAnswer::Result::unanswered, "no_answer",
            "The hub did not answer. Look at the race before you try again."});
        waiting = pending_.erase(waiting);
        ++revision_;
    }
}

std::vector<CommandAnswer> HubClient::take_answers() { return std::exchange(answers_, {}); }

}  // namespace racehub
