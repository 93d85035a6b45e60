// C++17 comfort over <racehub/plugin.h>, header-only. The rules (threads, lifetimes, limits) are
// those of plugin.h; this file only adds classes, turns exceptions into status and log, and brings
// no JSON library of its own.
//
//   class Gates : public racehub::sdk::Plugin {
//     public:
//       using Plugin::Plugin;
//       void start(std::string_view config_json) override { … }
//   };
//   RACEHUB_PLUGIN(Gates, descriptor)   // descriptor: a constant rh_plugin_descriptor
//
// A class with a static function examine is asked "test" and "discover" as its descriptor's flags
// say; see rh_plugin_entry.examine:
//       static std::string examine(std::string_view what, std::string_view config_json)
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <racehub/examine.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace racehub::sdk {

// One event in both directions; see rh_event. Views: valid as long as what they point to.
struct Event {
    std::string_view type;
    std::string_view data = "{}";
    int64_t time_us = 0;
    std::string_view source_key = {};
    std::string_view track = {};
    std::string_view race_id = {};
    int64_t recv_us = 0;
    rh_kind kind = RH_KIND_OBSERVATION;
    uint32_t flags = 0;
    uint32_t version = 1;
    uint64_t seq = 0;
    std::string_view source = {};
    uint64_t cause = 0;

    rh_event to_c() const noexcept {
        return rh_event{sizeof(rh_event),
                        flags,
                        kind,
                        version,
                        seq,
                        cause,
                        time_us,
                        recv_us,
                        to_rh(type),
                        to_rh(track),
                        to_rh(race_id),
                        to_rh(source),
                        to_rh(source_key),
                        to_rh(data)};
    }
    static Event from_c(const rh_event& e) noexcept {
        return Event{to_view(e.type),  to_view(e.data),    e.time_us, to_view(e.source_key),
                     to_view(e.track), to_view(e.race_id), e.recv_us, e.kind,
                     e.flags,          e.version,          e.seq,     to_view(e.source),
                     e.cause};
    }
};

// The host as a value: copy it freely into own threads. Valid until the plugin is destroyed.
class Host {
  public:
    explicit Host(const rh_host* host) noexcept : host_(host) {}

    std::string_view instance() const noexcept { return to_view(host_->instance); }
    std::string_view track() const noexcept { return to_view(host_->track); }
    const rh_host* raw() const noexcept { return host_; }

    rh_status publish(const Event& event) const noexcept {
        const rh_event c = event.to_c();
        return host_->publish(host_->ctx, &c);
    }
    rh_status publish_sample(Event event) const noexcept {
        event.kind = RH_KIND_SAMPLE;
        return publish(event);
    }
    // One line of the protocol with the device, for the race director's eyes; dir: "in", "out",
    // "note". No passwords.
    rh_status logged(std::string_view dir, std::string_view text) const {
        const std::string data =
            R"({"dir":)" + quoted(dir) + R"(,"text":)" + quoted(text, RH_MAX_LOGGED_BYTES) + "}";
        return publish_sample({"source.logged", data});
    }
    // Own threads only: returns RH_OK once the event is in the hub's log.
    rh_status publish_durable(const Event& event, std::chrono::milliseconds limit) const noexcept {
        const rh_event c = event.to_c();
        const auto limit_ms = limit.count() < 0 ? 0 : static_cast<uint32_t>(limit.count());
        return host_->publish_durable(host_->ctx, &c, limit_ms);
    }
    // `id` is the plugin's own; the outcome arrives as the event "command.outcome" with cause ==
    // id.
    rh_status command(std::string_view id, std::string_view type, std::string_view data = "{}",
                      std::string_view track = {}) const noexcept {
        Event event{type, data, 0, id, track};
        event.kind = RH_KIND_COMMAND;
        const rh_event c = event.to_c();
        return host_->command(host_->ctx, &c);
    }
    void log(rh_log_level level, std::string_view text) const noexcept {
        host_->log(host_->ctx, level, to_rh(text));
    }
    void info(std::string_view text) const noexcept { log(RH_LOG_INFO, text); }
    void warn(std::string_view text) const noexcept { log(RH_LOG_WARNING, text); }
    void health(rh_health health, std::string_view text) const noexcept {
        host_->set_health(host_->ctx, health, to_rh(text));
    }
    int64_t now_us() const noexcept { return host_->now_us(host_->ctx); }
    rh_status set_timer(uint32_t timer_id, std::chrono::milliseconds period) const noexcept {
        return host_->set_timer(host_->ctx, timer_id, static_cast<uint32_t>(period.count()));
    }
    rh_status watch_fd(int fd, uint32_t interest) const noexcept {
        return host_->watch_fd(host_->ctx, fd, interest);
    }
    rh_status wake() const noexcept { return host_->wake(host_->ctx); }
    rh_status kv_put(std::string_view key, std::string_view value) const noexcept {
        return host_->kv_put(host_->ctx, to_rh(key), to_rh(value));
    }
    // Empty if there is no such key.
    std::string kv_get(std::string_view key) const {
        std::string value;
        host_->kv_get(
            host_->ctx, to_rh(key),
            [](void* sink, rh_str found) {
                static_cast<std::string*>(sink)->assign(to_view(found));
            },
            &value);
        return value;
    }

  private:
    const rh_host* host_;
};

// Derive, override what you need. Every virtual runs on the plugin thread. Exceptions are caught:
// out of the constructor or start they are a failed start, elsewhere they are logged and the source
// shows as degraded.
class Plugin {
  public:
    explicit Plugin(Host given) : host(given) {}  // no I/O, no threads
    virtual ~Plugin() = default;
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    virtual void start(std::string_view config_json) = 0;  // throw to say why it cannot start
    virtual void stop() {}                                 // end and join own threads
    virtual void on_event(const Event&) {}
    virtual void on_timer(uint32_t /*timer_id*/) {}
    virtual void on_fd(int /*fd*/, uint32_t /*ready*/) {}
    virtual void on_wake() {}

    const Host host;
};

namespace detail {

// What `self` points to: the instance and the table that names it; destroy gives both back.
struct Holder {
    virtual ~Holder() = default;
    Plugin* plugin = nullptr;
    rh_plugin table{};
};
template <class Class>
struct HolderOf final : Holder {
    explicit HolderOf(Host host) : instance(host) { plugin = &instance; }
    Class instance;
};

// Runs `call`; true, or false and the exception's text in the instance's health.
template <class Call>
bool guarded(Host host, rh_health health, Call&& call) noexcept {
    try {
        call();
        return true;
    } catch (const std::exception& error) {
        host.health(health, error.what());
    } catch (...) {
        host.health(health, "unknown exception");
    }
    return false;
}
template <class Call>
bool with_plugin(void* self, rh_health health, Call&& call) noexcept {
    Plugin& plugin = *static_cast<Holder*>(self)->plugin;
    return guarded(plugin.host, health, [&] { call(plugin); });
}

inline void fill(rh_plugin& t, Holder* holder) noexcept {
    constexpr rh_health worse = RH_HEALTH_DEGRADED;
    t.struct_size = sizeof(rh_plugin);
    t.self = holder;
    t.start = [](void* self, rh_str config) -> rh_status {
        const auto call = [&](Plugin& p) { p.start(to_view(config)); };
        return with_plugin(self, RH_HEALTH_FAILED, call) ? RH_OK : RH_E_FAILED;
    };
    t.stop = [](void* self) { with_plugin(self, worse, [](Plugin& p) { p.stop(); }); };
    t.destroy = [](void* self) { delete static_cast<Holder*>(self); };
    t.on_event = [](void* self, const rh_event* event) {
        with_plugin(self, worse, [&](Plugin& p) { p.on_event(Event::from_c(*event)); });
    };
    t.on_timer = [](void* self, uint32_t id) {
        with_plugin(self, worse, [&](Plugin& p) { p.on_timer(id); });
    };
    t.on_fd = [](void* self, int fd, uint32_t ready) {
        with_plugin(self, worse, [&](Plugin& p) { p.on_fd(fd, ready); });
    };
    t.on_wake = [](void* self) { with_plugin(self, worse, [](Plugin& p) { p.on_wake(); }); };
}

template <class Class>
const rh_plugin* create(const rh_host* raw) noexcept {
    std::unique_ptr<Holder> holder;
    const Host host(raw);
    guarded(host, RH_HEALTH_FAILED, [&] { holder = std::make_unique<HolderOf<Class>>(host); });
    if (!holder) return nullptr;
    fill(holder->table, holder.get());
    return &holder.release()->table;
}

}  // namespace detail
}  // namespace racehub::sdk

// Once in a library: its entry, with one plugin made of Class and a constant rh_plugin_descriptor.
#define RACEHUB_PLUGIN(Class, plugin_descriptor)                                          \
    extern "C" RH_EXPORT const rh_plugin_entry* racehub_plugin_entry_v1(void) {           \
        static const rh_plugin_entry entry = {                                            \
            sizeof(rh_plugin_entry),                                                      \
            RH_ABI_MAJOR,                                                                 \
            RH_ABI_MINOR,                                                                 \
            1,                                                                            \
            [](uint32_t) -> const rh_plugin_descriptor* { return &(plugin_descriptor); }, \
            [](uint32_t, const rh_host* host) {                                           \
                return racehub::sdk::detail::create<Class>(host);                         \
            },                                                                            \
            racehub::sdk::detail::examiner<Class>()};                                     \
        return &entry;                                                                    \
    }
