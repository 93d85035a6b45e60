#include "hub/plugin_host/instance_host.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

namespace racehub::plugin_host {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::string_view view(rh_str text) {
    return text.size == 0 ? std::string_view{} : std::string_view{text.data, text.size};
}

// A member that an older plugin's event does not have reads as zero.
template <class T>
T member(const rh_event& event, T rh_event::*pointer, std::size_t offset) {
    return event.struct_size >= offset + sizeof(T) ? event.*pointer : T{};
}
#define RH_READ(event, name) member(event, &rh_event::name, offsetof(rh_event, name))

}  // namespace

// C functions may not be members; ctx is the InstanceHost. None lets an exception (out of memory)
// reach the plugin.
struct HostTable {
    static InstanceHost& of(void* ctx) { return *static_cast<InstanceHost*>(ctx); }

    template <class Call>
    static rh_status guarded(Call&& call) noexcept {
        try {
            return call();
        } catch (...) {
            return RH_E_FAILED;
        }
    }
    static rh_status publish(void* ctx, const rh_event* event) {
        return guarded([&] { return event ? of(ctx).publish(*event) : RH_E_INVALID; });
    }
    static rh_status publish_durable(void* ctx, const rh_event* event, std::uint32_t timeout_ms) {
        return guarded(
            [&] { return event ? of(ctx).publish_durable(*event, timeout_ms) : RH_E_INVALID; });
    }
    static rh_status command(void* ctx, const rh_event* event) {
        return guarded([&] { return event ? of(ctx).command(*event) : RH_E_INVALID; });
    }
    static void log(void* ctx, rh_log_level level, rh_str text) {
        guarded([&] { return of(ctx).log(level, text), RH_OK; });
    }
    static void set_health(void* ctx, rh_health health, rh_str text) {
        guarded([&] { return of(ctx).set_health(health, text), RH_OK; });
    }
    static std::int64_t now_us(void* ctx) { return monotonic_us() + of(ctx).offset_us_; }
    static rh_status set_timer(void* ctx, std::uint32_t id, std::uint32_t period_ms) {
        InstanceHost& host = of(ctx);
        return guarded([&]() -> rh_status {
            if (!host.on_plugin_thread()) return host.wrong_thread("set_timer");
            if (!host.running()) return RH_E_STATE;
            return host.loop_.set_timer(id, period_ms, monotonic_us());
        });
    }
    static rh_status watch_fd(void* ctx, int fd, std::uint32_t interest) {
        InstanceHost& host = of(ctx);
        return guarded([&]() -> rh_status {
            if (!host.on_plugin_thread()) return host.wrong_thread("watch_fd");
            if (!host.running()) return RH_E_STATE;
            return host.loop_.watch(fd, interest);
        });
    }
    static rh_status wake(void* ctx) {
        InstanceHost& host = of(ctx);
        if (!host.running()) return RH_E_STATE;
        host.plugin_woken_ = true;
        host.loop_.wake();
        return RH_OK;
    }
    static rh_status kv_put(void* ctx, rh_str key, rh_str value) {
        return guarded([&] { return of(ctx).kv_put(key, value); });
    }
    static rh_status kv_get(void* ctx, rh_str key, rh_value_sink sink, void* sink_ctx) {
        return guarded([&] { return of(ctx).kv_get(key, sink, sink_ctx); });
    }
    static const void* get_extension(void*, const char*) { return nullptr; }  // no drafts yet
};

InstanceHost::InstanceHost(int socket, EventLoop& loop)
    : socket_(socket), loop_(loop), plugin_thread_(std::this_thread::get_id()) {}

void InstanceHost::configure(const Message& hello) {
    instance_ = hello.name;
    track_ = hello.track;
    offset_us_ = hello.time_us;
    const auto rate = static_cast<double>(hello.seq);
    const auto burst = static_cast<double>(hello.cause);
    inputs_ = TokenBucket(rate, burst);
    samples_ = TokenBucket(rate, burst);
    table_.struct_size = sizeof(rh_host);
    table_.abi_minor = RH_ABI_MINOR;
    table_.ctx = this;
    table_.instance = to_str(instance_);
    table_.track = to_str(track_);
    table_.publish = HostTable::publish;
    table_.publish_durable = HostTable::publish_durable;
    table_.command = HostTable::command;
    table_.log = HostTable::log;
    table_.set_health = HostTable::set_health;
    table_.now_us = HostTable::now_us;
    table_.set_timer = HostTable::set_timer;
    table_.watch_fd = HostTable::watch_fd;
    table_.wake = HostTable::wake;
    table_.kv_put = HostTable::kv_put;
    table_.kv_get = HostTable::kv_get;
    table_.get_extension = HostTable::get_extension;
}

bool InstanceHost::running() const {
    const Phase phase = phase_;
    return phase == Phase::started || phase == Phase::stopping;
}

void InstanceHost::set_phase(Phase phase) {
    const std::lock_guard lock(mutex_);
    phase_ = phase;
    if (phase != Phase::stopping && phase != Phase::stopped) return;
    for (auto& [id, waiting] : waiting_) {
        waiting->status = RH_E_STATE;
        waiting->done = true;
        waiting->answered.notify_one();
    }
}

void InstanceHost::complete(std::uint64_t id, rh_status status) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;  // it gave up waiting
    found->second->status = status;
    found->second->done = true;
    found->second->answered.notify_one();
}

rh_status InstanceHost::refuse(rh_status status, const char* function, const std::string& why) {
    say(RH_LOG_WARNING, std::string(function) + ": " + why);
    return status;
}

rh_status InstanceHost::wrong_thread(const char* function) {
    return refuse(RH_E_THREAD, function, "plugin misbehaving: called on the wrong thread");
}

rh_status InstanceHost::to_message(const rh_event& event, MessageType type, rh_kind kind,
                                   Message& message) {
    const char* function = type == MessageType::command ? "command" : "publish";
    if (!running()) return RH_E_STATE;
    if (event.struct_size < offsetof(rh_event, flags) + sizeof(event.flags)) {
        return refuse(RH_E_INVALID, function, "struct_size is not set");
    }
    message.type = type;
    message.code = kind;
    message.version = RH_READ(event, version) == 0 ? 1 : RH_READ(event, version);
    message.recv_us = RH_READ(event, recv_us);
    if (message.recv_us == 0) message.recv_us = monotonic_us() + offset_us_;
    message.time_us = RH_READ(event, time_us);
    if (message.time_us == 0) message.time_us = message.recv_us;
    message.name = view(RH_READ(event, type));
    message.track = view(RH_READ(event, track));
    message.race_id = view(RH_READ(event, race_id));
    message.key = view(RH_READ(event, source_key));
    message.data = view(RH_READ(event, data));
    if (message.data.empty()) message.data = "{}";
    if (message.name.empty()) return refuse(RH_E_INVALID, function, "type is empty");
    const bool readable = is_utf8(message.name) && is_utf8(message.track) &&
                          is_utf8(message.race_id) && is_utf8(message.key);
    if (!readable) return refuse(RH_E_INVALID, function, "a text is not UTF-8");
    if (!fits(message)) {
        return refuse(
            RH_E_TOO_LARGE, function,
            "a text of " + clean_text(message.name, RH_MAX_NAME_BYTES) + " is beyond its limit");
    }
    return RH_OK;
}

rh_status InstanceHost::send_event(const Message& message) {
    const std::lock_guard lock(mutex_);
    if (!inputs_.take(monotonic_us())) {
        ++refused_for_rate_;
        return RH_E_FULL;
    }
    const Sent sent = send(message);
    if (sent == Sent::full) ++refused_queue_full_;
    return sent == Sent::ok ? RH_OK : sent == Sent::full ? RH_E_FULL : RH_E_STATE;
}

rh_status InstanceHost::publish_sample(const Message& message) {
    std::string slot(message.name);
    slot.append(1, '\0').append(message.track).append(1, '\0').append(message.key);
    const std::lock_guard lock(mutex_);
    // While one is held, newer ones of its kind may not overtake it.
    if (!held_samples_.count(slot) && samples_.take(monotonic_us()) && send(message) == Sent::ok) {
        return RH_OK;
    }
    const auto found = held_samples_.find(slot);
    if (found == held_samples_.end() && held_samples_.size() >= kMaxHeldSamples) {
        ++samples_dropped_;
        return RH_E_FULL;
    }
    if (found != held_samples_.end()) ++samples_dropped_;
    held_samples_[slot] = encode(message);
    if (held_samples_.size() == 1) loop_.wake();  // so that the loop knows when to flush
    return RH_OK;
}

rh_status InstanceHost::publish(const rh_event& event) {
    const rh_kind kind = RH_READ(event, kind);
    if (kind != RH_KIND_OBSERVATION && kind != RH_KIND_SAMPLE) {
        return refuse(RH_E_INVALID, "publish", "kind must be observation or sample");
    }
    Message message;
    const rh_status status = to_message(event, MessageType::publish, kind, message);
    if (status != RH_OK) return status;
    return kind == RH_KIND_SAMPLE ? publish_sample(message) : send_event(message);
}

rh_status InstanceHost::publish_durable(const rh_event& event, std::uint32_t timeout_ms) {
    if (on_plugin_thread()) return wrong_thread("publish_durable");
    if (RH_READ(event, kind) != RH_KIND_OBSERVATION) {
        return refuse(RH_E_INVALID, "publish_durable", "kind must be observation");
    }
    Message message;
    rh_status status =
        to_message(event, MessageType::publish_durable, RH_KIND_OBSERVATION, message);
    if (status != RH_OK) return status;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    Waiting waiting;
    std::unique_lock lock(mutex_);
    if (phase_ != Phase::started) return RH_E_STATE;
    if (waiting_.size() >= kMaxWaiting) return RH_E_FULL;
    message.id = next_id_++;
    waiting_[message.id] = &waiting;
    lock.unlock();
    status = send_event(message);
    lock.lock();
    if (status == RH_OK) {
        waiting.answered.wait_until(lock, deadline, [&] { return waiting.done; });
        status = waiting.status;
    }
    waiting_.erase(message.id);
    return status;
}

rh_status InstanceHost::command(const rh_event& event) {
    if (RH_READ(event, kind) != RH_KIND_COMMAND) {
        return refuse(RH_E_INVALID, "command", "kind must be command");
    }
    Message message;
    const rh_status status = to_message(event, MessageType::command, RH_KIND_COMMAND, message);
    if (status != RH_OK) return status;
    if (message.key.empty()) {
        return refuse(RH_E_INVALID, "command",
                      "source_key is empty: a command needs an id of yours");
    }
    return send_event(message);
}

void InstanceHost::log(rh_log_level level, rh_str text) {
    Message message;
    message.type = MessageType::log;
    message.code = level < RH_LOG_DEBUG || level > RH_LOG_ERROR ? RH_LOG_INFO : level;
    std::string line = clean_text(view(text), RH_MAX_TEXT_BYTES - 64);
    const std::lock_guard lock(mutex_);
    if (!lines_.take(monotonic_us())) {
        ++lines_suppressed_;
        return;
    }
    if (lines_suppressed_ > 0) {
        line += " (" + std::to_string(lines_suppressed_) + " lines before it were left out)";
    }
    message.data = line;
    if (send(message) == Sent::ok) {
        lines_suppressed_ = 0;
    } else {
        ++lines_suppressed_;
    }
}

bool InstanceHost::send_health() {
    if (!healths_.take(monotonic_us())) return false;
    Message message;
    message.type = MessageType::health;
    message.code = health_;
    message.data = health_text_;
    return send(message) == Sent::ok;
}

void InstanceHost::set_health(rh_health health, rh_str text) {
    if (health < RH_HEALTH_UNKNOWN || health > RH_HEALTH_FAILED) health = RH_HEALTH_UNKNOWN;
    const std::lock_guard lock(mutex_);
    health_ = health;
    health_text_ = clean_text(view(text), RH_MAX_TEXT_BYTES);
    health_unsent_ = !send_health();
    if (health_unsent_) loop_.wake();  // flush() sends the newest
}

std::string InstanceHost::health_text() const {
    const std::lock_guard lock(mutex_);
    return health_text_;
}

rh_status InstanceHost::kv_put(rh_str key, rh_str value) {
    if (phase_ == Phase::stopped) return RH_E_STATE;
    const std::string_view name = view(key);
    if (name.empty()) return refuse(RH_E_INVALID, "kv_put", "key is empty");
    if (name.size() > RH_MAX_NAME_BYTES || value.size > RH_MAX_VALUE_BYTES) return RH_E_TOO_LARGE;
    Message message;
    message.type = MessageType::kv_put;
    message.key = name;
    message.data = view(value);
    const std::lock_guard lock(mutex_);
    const std::string key_text(name);
    const bool known = kv_.count(key_text) != 0;
    if (value.size == 0 && !known) return RH_OK;
    if (!known && kv_.size() >= RH_MAX_KEYS) return RH_E_FULL;
    if (known && kv_[key_text] == view(value)) return RH_OK;
    if (!inputs_.take(monotonic_us())) return RH_E_FULL;
    if (send(message) != Sent::ok) return RH_E_FULL;
    if (value.size == 0) {
        kv_.erase(key_text);
    } else {
        kv_[key_text] = view(value);
    }
    return RH_OK;
}

rh_status InstanceHost::kv_get(rh_str key, rh_value_sink sink, void* sink_ctx) {
    std::string value;
    {
        const std::lock_guard lock(mutex_);
        const auto found = kv_.find(std::string(view(key)));
        if (found == kv_.end()) return RH_E_NOT_FOUND;
        value = found->second;
    }
    sink(sink_ctx, to_str(value));
    return RH_OK;
}

std::int64_t InstanceHost::flush(std::int64_t now_us) {
    constexpr std::int64_t kRetryUs = 20'000;  // the hub's queue was full: look again soon
    const std::lock_guard lock(mutex_);
    if (health_unsent_) health_unsent_ = !send_health();
    while (!held_samples_.empty() && samples_.take(now_us)) {
        auto next = held_samples_.upper_bound(last_flushed_);
        if (next == held_samples_.end()) next = held_samples_.begin();
        if (send_datagram(socket_, next->second) != Sent::ok) return now_us + kRetryUs;
        last_flushed_ = next->first;
        held_samples_.erase(next);
    }
    const std::int64_t sample_us = held_samples_.empty() ? kNever : samples_.next_us(now_us);
    return health_unsent_ ? std::min(sample_us, now_us + kRetryUs) : sample_us;
}

void InstanceHost::send_alive() {
    Message message;
    message.type = MessageType::alive;
    const std::lock_guard lock(mutex_);
    message.id = refused_for_rate_;
    message.seq = samples_dropped_;
    message.cause = refused_queue_full_;
    send(message);
}

bool InstanceHost::send_surely(const Message& message) {
    constexpr std::int64_t kLimitUs = 1'000'000;
    const std::string bytes = encode(message);
    const std::int64_t until_us = monotonic_us() + kLimitUs;
    for (;;) {
        const Sent sent = send_datagram(socket_, bytes);
        if (sent != Sent::full) return sent == Sent::ok;
        const std::int64_t left_us = until_us - monotonic_us();
        if (left_us <= 0) return false;
        pollfd room{socket_, POLLOUT, 0};
        ::poll(&room, 1, static_cast<int>(left_us / 1000) + 1);
    }
}

}  // namespace racehub::plugin_host
