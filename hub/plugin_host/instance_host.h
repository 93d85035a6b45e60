#pragma once
// The host's side of rh_host for one instance, in the process (or thread) where the plugin runs:
// checks every call, keeps the rate limits, the small state and the waiting durable publishes, and
// turns calls into messages to the hub.

#include <racehub/plugin.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "hub/plugin_host/event_loop.h"
#include "hub/plugin_host/policy.h"
#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {

class InstanceHost {
  public:
    /// Waiting publish_durable calls; more own threads than this are a mistake.
    static constexpr std::size_t kMaxWaiting = 256;
    /// Samples kept back by the rate limit, one for each (type, track, key): every car of the
    /// largest grid twice.
    static constexpr std::size_t kMaxHeldSamples = 256;
    static constexpr double kLogLinesPerSecond = 20;
    static constexpr double kHealthPerSecond = 10;  ///< more often: the newest is sent later

    enum class Phase { created, started, stopping, stopped };

    /// Made on the plugin thread. `socket` is not owned.
    InstanceHost(int socket, EventLoop& loop);

    // ---- For the instance's loop, on the plugin thread ----
    void configure(const Message& hello);
    void add_kv(const Message& item) { kv_[std::string(item.key)] = std::string(item.data); }
    const rh_host* table() const { return &table_; }
    /// stopping and stopped end all waiting publish_durable calls.
    void set_phase(Phase phase);
    /// The hub's answer to a durable publish.
    void complete(std::uint64_t id, rh_status status);
    /// Sends what had to wait: health, held samples. Returns when it wants to be called again
    /// (monotonic).
    std::int64_t flush(std::int64_t now_us);
    /// "The plugin thread came back", with the counters.
    void send_alive();
    /// For messages that must arrive: waits up to a second for room. False: the hub is gone.
    bool send_surely(const Message& message);
    void say(rh_log_level level, const std::string& text) { log(level, to_str(text)); }
    bool take_wake() { return plugin_woken_.exchange(false); }
    /// Last health the plugin gave, for the reason of a failed start.
    std::string health_text() const;

  private:
    friend struct HostTable;  // the C functions of rh_host
    struct Waiting {
        std::condition_variable answered;
        bool done = false;
        rh_status status = RH_E_TIMEOUT;
    };

    static rh_str to_str(const std::string& text) { return rh_str{text.data(), text.size()}; }
    bool on_plugin_thread() const { return std::this_thread::get_id() == plugin_thread_; }
    bool running() const;

    // What the table's functions do; [any-thread] unless said.
    rh_status publish(const rh_event& event);
    rh_status publish_durable(const rh_event& event, std::uint32_t timeout_ms);
    rh_status command(const rh_event& event);
    void log(rh_log_level level, rh_str text);
    void set_health(rh_health health, rh_str text);
    rh_status kv_put(rh_str key, rh_str value);
    rh_status kv_get(rh_str key, rh_value_sink sink, void* sink_ctx);
    rh_status wrong_thread(const char* function);
    rh_status refuse(rh_status status, const char* function, const std::string& why);

    /// Checks an event from the plugin and makes a message of views into it.
    rh_status to_message(const rh_event& event, MessageType type, rh_kind kind, Message& message);
    rh_status send_event(const Message& message);      // takes a token
    rh_status publish_sample(const Message& message);  // newest wins
    bool send_health();                                // under mutex_
    Sent send(const Message& message) { return send_datagram(socket_, encode(message)); }

    const int socket_;
    EventLoop& loop_;
    const std::thread::id plugin_thread_;
    rh_host table_{};               // constant after configure
    std::string instance_, track_;  // constant after configure
    std::int64_t offset_us_ = 0;    // constant after configure
    std::atomic<Phase> phase_{Phase::created};
    std::atomic<bool> plugin_woken_{false};

    mutable std::mutex mutex_;  // protects all below
    TokenBucket inputs_{1, 1};
    TokenBucket samples_{1, 1};
    TokenBucket lines_{kLogLinesPerSecond, kLogLinesPerSecond};
    TokenBucket healths_{kHealthPerSecond, kHealthPerSecond};
    std::map<std::string, std::string> kv_;
    std::map<std::uint64_t, Waiting*> waiting_;  // on the callers' stacks
    std::uint64_t next_id_ = 1;
    std::map<std::string, std::string> held_samples_;  // (type, track, key) → encoded message
    rh_health health_ = RH_HEALTH_UNKNOWN;
    std::string health_text_;
    bool health_unsent_ = false;
    std::string last_flushed_;  // slot of held_samples_, so that all get their turn
    std::uint64_t lines_suppressed_ = 0;
    std::uint64_t refused_for_rate_ = 0;
    std::uint64_t refused_queue_full_ = 0;
    std::uint64_t samples_dropped_ = 0;
};

}  // namespace racehub::plugin_host
