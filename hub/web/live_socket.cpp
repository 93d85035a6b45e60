#include "hub/web/live_socket.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/web/director.h"
#include "hub/web/query.h"

namespace racehub::web {

using nlohmann::json;

namespace {

/// Facts in one message at most, so that no message grows without bound.
constexpr std::size_t kFactsPerMessage = 256;
/// Different answers of facts_after() kept at a time; all are forgotten with the next fact.
constexpr std::size_t kMaxAnswers = 64;
constexpr std::int64_t kTickUs = 1'000'000;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

LiveSocket::LiveSocket(std::shared_ptr<EventLoop> loop, const Engine& engine, Commander& commander,
                       const Sessions& sessions, HubIdentity identity, WebCounters& counters,
                       Refusals& refusals)
    : loop_(std::move(loop)),
      engine_(engine),
      commander_(commander),
      sessions_(sessions),
      identity_(std::move(identity)),
      refusals_(refusals),
      audience_(*loop_, *this, counters, refusals) {
    loop_->every(kTickUs, [this] { tick(); });
}

void LiveSocket::add_fact(const std::shared_ptr<const Batch>& batch, std::size_t index) {
    const auto& fact = batch->facts[index];
    if (fact.seq <= state_.seq) return;  // was in the state we began with
    apply(state_, fact);
    facts_.push_back({batch, index});
}

void LiveSocket::publish() {
    if (published_ == facts_.size()) return;
    after_.clear();
    while (published_ < facts_.size()) {
        std::string text = R"({"type":"facts","facts":[)";
        const auto end = std::min(published_ + kFactsPerMessage, facts_.size());
        for (auto i = published_; i < end; ++i) {
            if (i > published_) text += ',';
            text += facts_[i].json();
        }
        published_ = end;
        audience_.push(Topic::facts, text_frame(text += "]}"));
    }
    while (facts_.size() > kFactsRemembered) {
        facts_.pop_front();
        --published_;
    }
    audience_.flush();
}

bool LiveSocket::remembers(std::uint64_t after) const {
    if (after == state_.seq) return true;
    return after < state_.seq && !facts_.empty() && facts_.front().seq() <= after + 1;
}

const std::vector<Frame>& LiveSocket::facts_after(std::uint64_t seq) {
    if (after_.size() >= kMaxAnswers && after_.count(seq) == 0) after_.clear();
    const auto [found, made] = after_.try_emplace(seq);
    if (!made || seq == state_.seq) return found->second;
    std::string text;
    std::size_t count = 0;
    const auto first = std::find_if(facts_.begin(), facts_.end(),
                                    [seq](const Remembered& fact) { return fact.seq() > seq; });
    for (auto at = first; at != facts_.end(); ++at) {
        text += text.empty() ? R"({"type":"facts","facts":[)" : ",";
        text += at->json();
        if (++count % kFactsPerMessage != 0 && at + 1 != facts_.end()) continue;
        found->second.push_back(text_frame(text += "]}"));
        text.clear();
    }
    return found->second;
}

void LiveSocket::send_snapshot(Spectator& spectator) {
    if (!snapshot_ || state_.seq - snapshot_seq_ > kSnapshotAge || !remembers(snapshot_seq_)) {
        snapshot_seq_ = state_.seq;
        snapshot_ = text_frame(R"({"type":"snapshot","seq":)" + std::to_string(snapshot_seq_) +
                               R"(,"state":)" + encode_state(state_) + "}");
    }
    spectator.send(snapshot_);
    for (const auto& frame : facts_after(snapshot_seq_)) spectator.send(frame);
}

Frame LiveSocket::hello(bool director) const {
    return text_frame(dump({{"type", "hello"},
                            {"protocol", kLiveProtocol},
                            {"hub", identity_.name},
                            {"version", identity_.version},
                            {"log_id", identity_.log_id},
                            {"seq", state_.seq},
                            {"time_us", engine_.clock().now_us()},
                            {"director", director}}));
}

void LiveSocket::on_join(Spectator& spectator, const RequestHead& head) {
    spectator.set_session(session_of(head));
    const bool director = sessions_.find(spectator.session()).has_value();
    if (!director) spectator.set_session({});
    // Facts added but not yet published reach everybody, so also this one, by the channel.
    publish();
    spectator.send(hello(director));
    const auto log = query_value(head.query, "log");
    const auto after = query_number(head.query, "after");
    if (log && *log == identity_.log_id && after && remembers(*after)) {
        for (const auto& frame : facts_after(*after)) spectator.send(frame);
    } else {
        send_snapshot(spectator);
    }
    spectator.follow(Topic::facts, audience_.channel(Topic::facts).end());
    if (sources_) spectator.send(sources_);
    if (storage_) spectator.send(storage_);
}

void LiveSocket::on_overrun(Spectator& spectator) {
    send_snapshot(spectator);
    spectator.follow(Topic::facts, audience_.channel(Topic::facts).end());
}

void LiveSocket::on_text(Spectator& spectator, std::string_view text) {
    json message;
    std::string reason;
    if (!parse_object(text, message, reason)) {
        error(spectator, {400, "not_json", "A message is one JSON object.", ""});
        return;
    }
    const auto found = message.find("type");
    const auto type = found != message.end() && found->is_string() ? found->get<std::string>() : "";
    if (type == "command") {
        command(spectator, message);
    } else if (type == "ping") {
        const auto t = message.find("t");
        if (t == message.end() || !t->is_number()) {
            error(spectator,
                  {400, "bad_ping", "A ping has the client's time as number \"t\".", "t"});
            return;
        }
        spectator.send(
            text_frame(dump({{"type", "pong"}, {"t", *t}, {"time_us", engine_.clock().now_us()}})));
    } else {
        error(spectator, {400, "unknown_message", "Messages are of type ping or command.", "type"});
    }
}

void LiveSocket::command(Spectator& spectator, const json& message) {
    const auto session = sessions_.find(spectator.session());
    const auto id = message.find("id");
    const json id_json = id != message.end() && id->is_string() ? *id : json(nullptr);
    std::optional<Problem> problem;
    Event event;
    if (!session) {
        problem = Problem{401, "not_director", "Log in with the race director's PIN.", "session"};
    } else {
        problem = Commander::read(message, "", session->name, event);
    }
    if (!problem) {
        const auto loop = loop_;
        const auto who = spectator.id();
        problem = commander_.submit(std::move(event), [this, loop, who, id_json](const Receipt& r) {
            json outcome = outcome_json(r);
            outcome["type"] = "outcome";
            outcome["id"] = id_json;
            loop->post([this, who, frame = text_frame(dump(outcome))] {
                if (auto* asker = audience_.find(who)) {
                    asker->send(frame);
                    if (!asker->blocked()) asker->flush();
                }
            });
        });
    }
    if (!problem) return;
    refusals_.count(*problem, spectator.address());
    spectator.send(text_frame(dump({{"type", "outcome"},
                                    {"id", id_json},
                                    {"accepted", false},
                                    {"code", problem->code},
                                    {"message", problem->message}})));
}

void LiveSocket::error(Spectator& spectator, const Problem& problem) {
    refusals_.count("live_" + problem.code, problem.message, spectator.address());
    spectator.send(text_frame(
        dump({{"type", "error"}, {"code", problem.code}, {"message", problem.message}})));
}

void LiveSocket::set_sources(std::string sources) {
    auto frame = text_frame(R"({"type":"sources","sources":)" + std::move(sources) + "}");
    if (sources_ && *sources_ == *frame) return;
    sources_ = std::move(frame);
    audience_.push(Topic::sources, sources_);
    audience_.flush();
}

void LiveSocket::set_storage(const StorageStatus& storage) {
    json message = {{"type", "storage"}, {"ok", storage.ok}};
    if (!storage.ok) {
        message["waiting_since_us"] = storage.waiting_since_us;
        message["message"] = storage.message;
    }
    auto frame = text_frame(dump(message));
    storage_ = storage.ok ? nullptr : frame;
    audience_.push(Topic::storage, std::move(frame));
    audience_.flush();
}

void LiveSocket::add_sample(const std::string& sample) {
    if (audience_.size() == 0) return;
    audience_.push(Topic::samples, text_frame(R"({"type":"sample","sample":)" + sample + "}"));
    audience_.flush();
}

void LiveSocket::tick() {
    if (audience_.size() == 0) return;
    audience_.push(Topic::tick, text_frame(R"({"type":"tick","time_us":)" +
                                           std::to_string(engine_.clock().now_us()) + R"(,"seq":)" +
                                           std::to_string(state_.seq) + "}"));
    audience_.flush();
}

}  // namespace racehub::web
