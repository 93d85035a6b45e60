#include "hub/plugin_host/source.h"

#include <racehub/plugin.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "hub/plugin_host/config_schema.h"

namespace racehub::plugin_host {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr int kMessagesPerTurn = 512;  // then the other instances get their turn
constexpr double kGuardFactor =
    3;  // observations and samples each have the rate, logs and health are little
constexpr double kGuardBurst = 2'000;
constexpr double kComplaintsPerSecond = 1;
constexpr double kLinesPerSecond = 40;
constexpr std::int64_t kSnapshotRetryUs = 10'000;

constexpr const char* kSwitchedOff = "switched off in its settings";

std::int64_t ms(int value) { return std::int64_t{value} * 1000; }

std::string seconds(std::int64_t us) {
    const std::int64_t tenths = (us + 50'000) / 100'000;
    return std::to_string(tenths / 10) +
           (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + " s";
}

int status_of(Answer answer) {
    switch (answer) {
        case Answer::logged:
            return RH_OK;
        case Answer::refused:
            return RH_E_REFUSED;
        case Answer::full:
            return RH_E_FULL;
        case Answer::stopping:
            return RH_E_STATE;
    }
    return RH_E_FAILED;
}

SourceState state_of(std::int32_t health) {
    switch (health) {
        case RH_HEALTH_STARTING:
            return SourceState::starting;
        case RH_HEALTH_OK:
            return SourceState::ok;
        case RH_HEALTH_DEGRADED:
            return SourceState::degraded;
        case RH_HEALTH_FAILED:
            return SourceState::failed;
        default:
            return SourceState::unknown;
    }
}

}  // namespace

std::string_view name_of(SourceState state) {
    switch (state) {
        case SourceState::unknown:
            return "unknown";
        case SourceState::starting:
            return "starting";
        case SourceState::ok:
            return "ok";
        case SourceState::degraded:
            return "degraded";
        case SourceState::failed:
            return "failed";
        case SourceState::restarting:
            return "restarting";
        case SourceState::quarantined:
            return "quarantined";
    }
    return "unknown";
}

PluginInfo read_info(const nlohmann::json& plugin, const std::string& file) {
    PluginInfo info;
    info.file = file;
    info.index = plugin["index"];
    info.id = plugin["id"];
    info.name = plugin["name"];
    info.version = plugin["version"];
    info.heartbeat_ms = plugin["heartbeat_ms"];
    info.singleton = plugin["singleton"];
    info.tests = plugin.value("tests", false);
    info.discovers = plugin.value("discovers", false);
    for (const auto& type : plugin["publishes"]) info.publishes.insert(type.get<std::string>());
    for (const auto& type : plugin["subscribes"]) info.subscribes.insert(type.get<std::string>());
    info.config_schema = plugin["config_schema"];
    return info;
}

Source::Source(std::size_t number, SourceConfig config, PluginInfo info, std::string problem,
               SourceContext& context)
    : number_(number),
      config_(std::move(config)),
      info_(std::move(info)),
      problem_(std::move(problem)),
      context_(context),
      policy_(context.timings.restart),
      guard_(config_.rate * kGuardFactor + 100, config_.burst * kGuardFactor + kGuardBurst),
      complaints_(kComplaintsPerSecond, kComplaintsPerSecond),
      lines_(kLinesPerSecond, kLinesPerSecond) {
    if (!problem_.empty()) {
        show(SourceState::failed, problem_);
    } else if (!config_.enabled) {
        show(SourceState::unknown, kSwitchedOff);
    }
}

// ---- Life --------------------------------------------------------------------------------------

void Source::start(std::int64_t now_us) {
    if (config_.enabled && problem_.empty() && stage_ == Stage::off) launch(now_us);
}

void Source::launch(std::int64_t now_us) {
    outbox_.clear();
    end_reason_.clear();
    start_failed_ = said_health_ = unread_ = false;
    wanted_ = true;
    reported_refused_ = reported_dropped_ = 0;
    status_.next_try_us = 0;
    status_.sensed.clear();
    guard_ =
        TokenBucket(config_.rate * kGuardFactor + 100, config_.burst * kGuardFactor + kGuardBurst);
    if (run_++ > 0) ++status_.counters.restarts;
    std::string error;
    const LaunchRequest request{config_.isolation, context_.host_program, info_.file, info_.index,
                                config_.memory_mb};
    carrier_ = plugin_host::launch(request, error);
    if (!carrier_) {
        show(SourceState::failed, error);
        return wait_until(now_us + policy_.start_failed());
    }
    stage_ = Stage::starting;
    deadline_us_ = now_us + ms(context_.timings.start_limit_ms);
    status_.pid = carrier_->pid();
    status_.running = true;
    show(SourceState::starting, "starting");
    const std::string config = config_.config.dump();
    Message hello;
    hello.type = MessageType::hello;
    hello.name = config_.id;
    hello.track = config_.track;
    hello.data = config;
    hello.time_us = context_.port.clock_offset_us();
    hello.id = static_cast<std::uint64_t>(context_.timings.alive_period_ms);
    hello.seq = static_cast<std::uint64_t>(config_.rate);
    hello.cause = static_cast<std::uint64_t>(config_.burst);
    queue(hello);
    for (const auto& [key, value] : context_.port.kv_load(config_.id)) {
        Message item;
        item.type = MessageType::kv_item;
        item.key = key;
        item.data = value;
        if (fits(item)) queue(item);
    }
    Message begin;
    begin.type = MessageType::start;
    queue(begin);
    send(0, now_us);
}

void Source::stop(std::int64_t now_us) {
    wanted_ = false;
    if (stage_ == Stage::waiting) {
        stage_ = Stage::off;
        show(SourceState::unknown, "stopped");
    }
    if (stage_ != Stage::starting && stage_ != Stage::running) return;
    stage_ = Stage::stopping;
    deadline_us_ = now_us + ms(context_.timings.stop_limit_ms);
    Message message;
    message.type = MessageType::stop;
    queue(message);
    send(0, now_us);
}

void Source::restart(std::int64_t now_us) {
    policy_.forgive();
    if (!problem_.empty()) return stop(now_us);
    if (stage_ == Stage::off || stage_ == Stage::waiting) return launch(now_us);
    stop(now_us);
    wanted_ = true;  // on_end() launches it
}

void Source::replace(SourceConfig config, PluginInfo info, std::string problem) {
    config_ = std::move(config);
    info_ = std::move(info);
    problem_ = std::move(problem);
    if (!problem_.empty()) show(SourceState::failed, problem_);
    if (problem_.empty() && !config_.enabled) show(SourceState::unknown, kSwitchedOff);
}

void Source::wait_until(std::int64_t then_us) {
    stage_ = Stage::waiting;
    deadline_us_ = then_us;
    status_.next_try_us = hub_us(then_us);
    changed_ = true;
}

void Source::kill(const std::string& why, std::int64_t now_us) {
    end_reason_ = why;
    if (carrier_->kill()) {
        stage_ = Stage::killed;
        deadline_us_ = now_us + ms(context_.timings.stop_limit_ms);
        return;
    }
    stage_ = Stage::left_behind;
    status_.running = false;
    ++status_.counters.crashes;
    show(SourceState::failed,
         why + "; it runs inside the hub and cannot be ended: restart the hub");
    context_.log(RH_LOG_ERROR, config_.id, status_.text);
    carrier_.reset();
}

void Source::on_end(const CarrierEnd& end, std::int64_t now_us) {
    const bool asked = stage_ == Stage::stopping;
    const std::string why = end_reason_.empty() ? end.text : end_reason_;
    carrier_.reset();
    outbox_.clear();
    stage_ = Stage::off;
    status_.pid = 0;
    status_.running = false;
    changed_ = true;
    policy_.ended(now_us);
    if (!wanted_) {
        if (!problem_.empty()) return show(SourceState::failed, problem_);
        return show(SourceState::unknown, config_.enabled ? "stopped" : kSwitchedOff);
    }
    if (asked) return launch(now_us);
    if (start_failed_ && end.clean) {
        const std::int64_t delay_us = policy_.start_failed();
        show(SourceState::failed, why + "; next try in " + seconds(delay_us));
        context_.log(RH_LOG_WARNING, config_.id, status_.text);
        return wait_until(now_us + delay_us);
    }
    on_crash(why, now_us);
}

void Source::on_crash(const std::string& why, std::int64_t now_us) {
    ++status_.counters.crashes;
    const auto delay_us = policy_.crashed(now_us);
    if (!delay_us) {
        show(SourceState::quarantined,
             why + "; crashed " + std::to_string(context_.timings.restart.quarantine_crashes) +
                 " times in a short time and is left alone until somebody enables it again");
        return context_.log(RH_LOG_ERROR, config_.id, status_.text);
    }
    show(SourceState::restarting,
         why + (*delay_us == 0 ? "; starting again" : "; next try in " + seconds(*delay_us)));
    context_.log(RH_LOG_ERROR, config_.id, status_.text);
    wait_until(now_us + *delay_us);
    if (*delay_us == 0) launch(now_us);
}

void Source::tick(char* buffer, std::int64_t now_us) {
    if (carrier_ && !unread_) {
        if (const auto end = carrier_->ended()) {
            // Its last words may have come since we looked: why it did not start, say.
            do {
                receive(buffer, now_us);
            } while (unread_);
            return on_end(*end, now_us);
        }
    }
    switch (stage_) {
        case Stage::waiting:
            if (now_us >= deadline_us_) launch(now_us);
            return;
        case Stage::starting:
            if (now_us < deadline_us_) return;
            return kill("did not start within " + seconds(ms(context_.timings.start_limit_ms)),
                        now_us);
        case Stage::running:
            if (unread_ || now_us < last_alive_us_ + ms(context_.timings.hang_ms)) return;
            return kill("hung for " + seconds(ms(context_.timings.hang_ms)), now_us);
        case Stage::stopping:
            if (now_us < deadline_us_) return;
            end_reason_ = "did not stop within " + seconds(ms(context_.timings.stop_limit_ms));
            context_.log(RH_LOG_WARNING, config_.id, end_reason_ + "; ended by force");
            if (!carrier_->kill()) return kill(end_reason_, now_us);
            deadline_us_ = now_us + ms(context_.timings.stop_limit_ms);
            return;
        case Stage::off:
        case Stage::killed:
        case Stage::left_behind:
            return;
    }
}

std::int64_t Source::next_us() const {
    if (unread_) return 0;
    std::int64_t next = kNever;
    if (stage_ == Stage::running) next = last_alive_us_ + ms(context_.timings.hang_ms);
    if (stage_ == Stage::waiting || stage_ == Stage::starting || stage_ == Stage::stopping) {
        next = deadline_us_;
    }
    if (outbox_.snapshot_due()) next = std::min(next, snapshot_not_before_us_);
    return next;
}

// ---- What it says ------------------------------------------------------------------------------

void Source::add_polled(std::vector<pollfd>& polled) const {
    if (!carrier_) return;
    const int room = outbox_.empty() ? 0 : POLLOUT;
    polled.push_back({carrier_->socket(), static_cast<short>(POLLIN | room), 0});
    if (carrier_->end_fd() >= 0) polled.push_back({carrier_->end_fd(), POLLIN, 0});
}

void Source::receive(char* buffer, std::int64_t now_us) {
    unread_ = false;
    if (!carrier_ || stage_ == Stage::killed) return;
    for (int i = 0; i < kMessagesPerTurn; ++i) {
        std::size_t size = 0;
        if (receive_datagram(carrier_->socket(), buffer, size) != Received::message) return;
        Message message;
        std::string error;
        if (!decode({buffer, size}, Direction::to_hub, message, error)) {
            return kill("sent a malformed message (" + error + ")", now_us);
        }
        if (!guard_.take(now_us)) return kill("ignored its rate limit", now_us);
        handle(message, now_us);
        if (!carrier_ || stage_ == Stage::killed) return;
    }
    unread_ = true;
}

void Source::handle(const Message& message, std::int64_t now_us) {
    switch (message.type) {
        case MessageType::started:
            return on_started(message, now_us);
        case MessageType::publish:
        case MessageType::publish_durable:
            return on_publish(message);
        case MessageType::command:
            return on_command(message);
        case MessageType::log:
            return on_log(message);
        case MessageType::health:
            return on_health(message);
        case MessageType::kv_put:
            if (!message.key.empty() && is_utf8(message.key) && is_utf8(message.data)) {
                context_.port.kv_put(config_.id, std::string(message.key),
                                     std::string(message.data));
            }
            return;
        case MessageType::alive:
            last_alive_us_ = now_us;
            return on_alive(message);
        default:
            return;
    }
}

void Source::on_started(const Message& message, std::int64_t now_us) {
    if (stage_ != Stage::starting) return;
    if (message.code != RH_OK) {
        start_failed_ = true;
        end_reason_ = clean_text(message.data, RH_MAX_TEXT_BYTES);
        return;  // it ends by itself now
    }
    stage_ = Stage::running;
    last_alive_us_ = now_us;
    policy_.started(now_us);
    status_.last_heard_us = hub_us(now_us);
    if (!said_health_) show(SourceState::ok, "started");
    if (!info_.subscribes.empty()) outbox_.want_snapshot(false);
}

void Source::on_health(const Message& message) {
    said_health_ = true;
    status_.last_heard_us = hub_us(monotonic_us());
    show(state_of(message.code), clean_text(message.data, RH_MAX_TEXT_BYTES));
}

void Source::on_alive(const Message& message) {
    // The instance sends its totals; what the hub itself refused or left out is counted beside
    // them.
    const std::uint64_t refused = message.id + message.cause;
    const std::uint64_t dropped = message.seq;
    if (refused <= reported_refused_ && dropped <= reported_dropped_) return;
    status_.counters.refused += refused - std::min(refused, reported_refused_);
    status_.counters.dropped += dropped - std::min(dropped, reported_dropped_);
    reported_refused_ = refused;
    reported_dropped_ = dropped;
    changed_ = true;
}

void Source::on_log(const Message& message) {
    if (!lines_.take(monotonic_us())) return;
    const std::string text = clean_text(message.data, RH_MAX_TEXT_BYTES);
    log_->add(hub_us(monotonic_us()), "note", text);
    context_.log(message.code, config_.id, text);
}

bool Source::on_told_about_device(const Message& message) {
    const bool logged = message.name == "source.logged";
    if (message.code != RH_KIND_SAMPLE || (!logged && message.name != "device.sensed")) {
        return false;
    }
    std::string error;
    std::string dir;
    std::string text;
    nlohmann::json sensed;
    const bool good = logged ? read_logged(message.data, dir, text, error)
                             : read_sensed(message.data, sensed, error);
    if (!good) return count_refusal(std::string(message.name) + ": " + error), true;
    status_.last_heard_us = hub_us(monotonic_us());
    if (logged) return log_->add(message.time_us, dir, text), true;
    Input input = to_input(message);
    input.kind = InputKind::sample;
    input.data = sensed.dump();
    sensed["time_us"] = message.time_us;
    status_.sensed = sensed.dump();
    changed_ = true;
    context_.port.publish_sample(std::move(input));
    return true;
}

Input Source::to_input(const Message& message) const {
    Input input;
    input.type = message.name;
    input.track = message.track.empty() ? std::string_view(config_.track) : message.track;
    input.race_id = message.race_id;
    input.source = config_.id;
    input.key = message.key;
    input.time_us = message.time_us;
    input.recv_us = message.recv_us;
    input.data = message.data;
    return input;
}

std::string Source::forbidden(const Input& input, bool command) const {
    if (!is_utf8(input.type) || !is_utf8(input.track) || !is_utf8(input.race_id) ||
        !is_utf8(input.key)) {
        return "a text is not UTF-8";
    }
    if (input.track.empty()) {
        return "it names no track and plugins[" + config_.id + "].track is not configured";
    }
    if (!config_.may_publish_to(input.track)) {
        return "track \"" + input.track + "\" is not among those of plugins[" + config_.id + "]";
    }
    if (command && !config_.may_command) {
        return "it may not command; plugins[" + config_.id + "].may_command: true would allow it";
    }
    if (!command && info_.publishes.find(input.type) == info_.publishes.end()) {
        return "its descriptor does not say that it publishes " + input.type;
    }
    return {};
}

void Source::on_publish(const Message& message) {
    if (on_told_about_device(message)) return;
    Input input = to_input(message);
    const std::string why = forbidden(input, false);
    if (!why.empty()) {
        count_refusal(input.type + ": " + why);
        if (message.type == MessageType::publish_durable) reply(message.id, RH_E_REFUSED);
        return;
    }
    status_.last_publish_us = status_.last_heard_us = hub_us(monotonic_us());
    ++status_.counters.published;
    changed_ = true;
    if (message.code == RH_KIND_SAMPLE) {
        input.kind = InputKind::sample;
        return context_.port.publish_sample(std::move(input));
    }
    input.kind = InputKind::observation;
    submit(message, std::move(input));
}

void Source::on_command(const Message& message) {
    Input input = to_input(message);
    input.kind = InputKind::command;
    const std::string why = forbidden(input, true);
    if (why.empty()) {
        status_.last_publish_us = status_.last_heard_us = hub_us(monotonic_us());
        ++status_.counters.published;
        changed_ = true;
        return submit(message, std::move(input));
    }
    Completion refused{number_, run_, 0, true, input.type, input.key, {}};
    refused.receipt = {Answer::refused, false, "forbidden", why};
    answer(refused);
}

void Source::submit(const Message& message, Input input) {
    Completion completion{number_,    run_,      message.id, message.type == MessageType::command,
                          input.type, input.key, {}};
    auto done = [deliver = context_.complete, completion](const Receipt& receipt) {
        Completion answered = completion;
        answered.receipt = receipt;
        deliver(std::move(answered));
    };
    context_.port.submit(std::move(input), std::move(done));
}

void Source::answer(const Completion& completion) {
    const Receipt& receipt = completion.receipt;
    const bool accepted = receipt.answer == Answer::logged;
    if (!accepted) count_refusal(completion.type + ": " + receipt.message);
    if (completion.run != run_ || !carrier_) return;
    if (completion.id != 0) reply(completion.id, status_of(receipt.answer));
    if (!completion.command) return;
    const std::string data = nlohmann::json{
        {"id", completion.key},
        {"accepted", accepted},
        {"code", receipt.code},
        {"message",
         receipt.message}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    notify("command.outcome", completion.key, data);
}

void Source::count_refusal(const std::string& why) {
    ++status_.counters.refused;
    changed_ = true;
    if (complaints_.take(monotonic_us()))
        context_.log(RH_LOG_WARNING, config_.id, "refused " + why);
}

// ---- What it is told ---------------------------------------------------------------------------

void Source::reply(std::uint64_t id, int status) {
    Message message;
    message.type = MessageType::reply;
    message.id = id;
    message.code = status;
    queue(message);
}

void Source::notify(const char* name, std::string_view key, const std::string& data) {
    Message notice;
    notice.type = MessageType::event;
    notice.code = RH_KIND_NOTICE;
    notice.version = 1;
    notice.time_us = notice.recv_us = hub_us(monotonic_us());
    notice.name = name;
    notice.key = key;
    notice.data = data;
    queue(notice);
}

bool Source::ask(const std::string& what, const std::string& args_json) {
    if (stage_ != Stage::starting && stage_ != Stage::running) return false;
    const nlohmann::json name(what);
    notify("source.asked", {},
           R"({"what":)" + name.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
               R"(,"args":)" + args_json + "}");
    return true;
}

void Source::queue(const Message& message) {
    const bool taken = outbox_.push_answer(std::make_shared<const std::string>(encode(message)));
    if (!taken && carrier_ && stage_ != Stage::killed)
        kill("does not read its messages", monotonic_us());
}

void Source::offer(const Fact& fact, const Bytes& bytes) {
    if (stage_ != Stage::running || !info_.wants(fact.type) || !config_.hears(fact.track)) return;
    const std::uint64_t before = outbox_.lost();
    outbox_.push_fact(fact.seq, bytes);
    if (outbox_.lost() == before) return;
    status_.counters.dropped += outbox_.lost() - before;
    changed_ = true;
}

void Source::lost_facts() {
    if (stage_ == Stage::running && !info_.subscribes.empty()) outbox_.want_snapshot(true);
}

void Source::send(std::uint64_t last_seq, std::int64_t now_us) {
    while (carrier_ && stage_ != Stage::killed && !outbox_.empty()) {
        if (send_datagram(carrier_->socket(), *outbox_.front()) != Sent::ok) return;
        outbox_.pop();
    }
    if (stage_ == Stage::running && outbox_.snapshot_due() && now_us >= snapshot_not_before_us_) {
        send_snapshot(last_seq, now_us);
    }
}

void Source::send_snapshot(std::uint64_t last_seq, std::int64_t now_us) {
    snapshot_not_before_us_ = now_us + kSnapshotRetryUs;  // if it does not succeed now
    pollfd room{carrier_->socket(), POLLOUT, 0};
    if (::poll(&room, 1, 0) != 1) return;  // making one costs more than looking
    const HubSnapshot snapshot = context_.port.snapshot();
    if (snapshot.seq < last_seq)
        return;  // facts beyond it were offered already: wait for a newer one
    Message message;
    message.type = MessageType::event;
    message.code = RH_KIND_NOTICE;
    message.version = 1;
    message.flags = outbox_.after_gap() ? RH_EVENT_AFTER_GAP : 0;
    message.seq = snapshot.seq;
    message.time_us = message.recv_us = hub_us(now_us);
    message.name = "hub.snapshot";
    Fd file;
    if (snapshot.json->size() <= RH_MAX_DATA_BYTES) {
        message.data = *snapshot.json;
    } else {
        message.flags |= kDataInFile;
        message.id = snapshot.json->size();
        file = text_in_file(*snapshot.json);
        if (!file) return;
    }
    const Sent sent = send_datagram(carrier_->socket(), encode(message), file.get());
    if (sent == Sent::ok) outbox_.snapshot_sent(snapshot.seq);
}

// ---- What people see ---------------------------------------------------------------------------

void Source::show(SourceState state, std::string text) {
    if (status_.state == state && status_.text == text) {
        changed_ = true;
        return;
    }
    if (status_.state != state) {
        status_.since_us = hub_us(monotonic_us());
        log_->add(status_.since_us, "note", std::string(name_of(state)) + ": " + text);
    }
    status_.state = state;
    status_.text = std::move(text);
    changed_ = visibly_changed_ = true;
}

bool Source::take_changed(bool& visible) {
    visible = std::exchange(visibly_changed_, false);
    return std::exchange(changed_, false);
}

}  // namespace racehub::plugin_host
