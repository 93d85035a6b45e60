#pragma once
// One supervised plugin instance: launches it, speaks with it, watches it, restarts or quarantines
// it. Belongs to the supervisor thread entirely; time comes in as an argument (monotonic
// microseconds).

#include <poll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hub/plugin_host/carrier.h"
#include "hub/plugin_host/hub_port.h"
#include "hub/plugin_host/outbox.h"
#include "hub/plugin_host/policy.h"
#include "hub/plugin_host/source_config.h"
#include "hub/plugin_host/source_log.h"
#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {

struct Timings {
    int alive_period_ms = 250;   ///< how often a plugin thread says that it came back
    int hang_ms = 1'000;         ///< silent for so long: killed
    int start_limit_ms = 3'000;  ///< loading and start
    int stop_limit_ms = 3'000;   ///< stop and destroy
    RestartPolicy::Options restart;
};

/// What the descriptor says, as far as the supervisor needs it.
struct PluginInfo {
    std::string file;
    std::uint32_t index = 0;
    std::string id, name, version;
    std::uint32_t heartbeat_ms = 0;
    bool singleton = false;
    bool tests = false;      ///< can be examined: "test"
    bool discovers = false;  ///< can be examined: "discover"
    std::set<std::string, std::less<>> publishes;
    std::set<std::string, std::less<>> subscribes;
    nlohmann::json config_schema;

    bool wants(std::string_view type) const {
        return subscribes.count("*") != 0 || subscribes.find(type) != subscribes.end();
    }
};

/// From what a probe of `file` said.
PluginInfo read_info(const nlohmann::json& description, const std::string& file);

enum class SourceState { unknown, starting, ok, degraded, failed, restarting, quarantined };
std::string_view name_of(SourceState state);

struct SourceCounters {
    std::uint64_t published = 0;  ///< observations, commands and samples taken over
    std::uint64_t refused = 0;    ///< by permission, by the hub, or by the rate limit
    std::uint64_t dropped = 0;    ///< facts left out for it, samples overtaken by newer ones
    std::uint64_t restarts = 0;
    std::uint64_t crashes = 0;  ///< hangs and misbehaviour included
};

/// What people see of a source.
struct SourceStatus {
    SourceState state = SourceState::unknown;
    std::string text;
    std::int64_t since_us = 0;         ///< hub clock: of this state
    std::int64_t last_heard_us = 0;    ///< hub clock: health or publish, for "stale"
    std::int64_t last_publish_us = 0;  ///< hub clock; 0: never
    std::int64_t next_try_us = 0;      ///< hub clock; 0: none planned
    pid_t pid = 0;                     ///< 0: none, or inside the hub
    bool running = false;
    std::string
        sensed;  ///< newest device.sensed as {"time_us",…}; empty: none since it was started
    SourceCounters counters;
};

/// The hub's answer to something an instance published, on its way back to the supervisor thread.
struct Completion {
    std::size_t source = 0;
    std::uint64_t run = 0;  ///< of which launch: an older process gets no answers
    std::uint64_t id = 0;   ///< of a durable publish; 0: none
    bool command = false;
    std::string type, key;
    Receipt receipt;
};

/// Shared by all sources; outlives them.
struct SourceContext {
    HubPort& port;
    Timings timings;
    std::string host_program;
    /// level as RH_LOG_; one clean line.
    std::function<void(int level, const std::string& source, const std::string& text)> log;
    /// [any-thread] Brings a completion to the supervisor thread.
    std::function<void(Completion)> complete;
};

class Source {
  public:
    /// `problem` not empty: it cannot be started until it is configured anew; the text says why.
    Source(std::size_t number, SourceConfig config, PluginInfo info, std::string problem,
           SourceContext& context);

    const SourceConfig& config() const { return config_; }
    const PluginInfo& info() const { return info_; }
    const SourceStatus& status() const { return status_; }
    /// True once after each change of the status; `visible` if state or text changed.
    bool take_changed(bool& visible);

    void start(std::int64_t now_us);
    /// Asks it to stop; is_off() once it has, at the latest after the stop limit.
    void stop(std::int64_t now_us);
    /// start has returned well and nobody asked it to stop.
    bool is_started() const { return stage_ == Stage::running; }
    bool is_off() const { return stage_ == Stage::off || stage_ == Stage::left_behind; }
    /// By a person: out of quarantine, back-off or switched off; a running one is stopped first.
    void restart(std::int64_t now_us);
    /// What the next start uses. `problem`: as in the constructor.
    void replace(SourceConfig config, PluginInfo info, std::string problem);

    /// Tells it that a person asks for something (source.asked). False: it does not run.
    bool ask(const std::string& what, const std::string& args_json);
    /// Its protocol; goes on over restarts.
    const std::shared_ptr<SourceLog>& log() const { return log_; }

    /// Adds what it waits for to `polled`.
    void add_polled(std::vector<pollfd>& polled) const;
    /// Reads what it said, at most some hundred messages. `buffer`: kMaxMessageBytes + 1.
    void receive(char* buffer, std::int64_t now_us);
    void offer(const Fact& fact, const Bytes& bytes);
    void lost_facts();
    void answer(const Completion& completion);
    /// Sends what there is room for. `last_seq`: the newest fact that was offered.
    void send(std::uint64_t last_seq, std::int64_t now_us);
    /// Acts on ends and limits. `buffer` as for receive().
    void tick(char* buffer, std::int64_t now_us);
    /// When tick wants to be called next.
    std::int64_t next_us() const;

    /// A thread of it was left behind in the hub's own process.
    bool left_behind() const { return stage_ == Stage::left_behind; }

  private:
    enum class Stage { off, waiting, starting, running, stopping, killed, left_behind };

    void launch(std::int64_t now_us);
    void handle(const Message& message, std::int64_t now_us);
    void on_started(const Message& message, std::int64_t now_us);
    void on_health(const Message& message);
    void on_alive(const Message& message);
    void on_log(const Message& message);
    void on_publish(const Message& message);
    /// source.logged and device.sensed, which any source may say. False: it is something else.
    bool on_told_about_device(const Message& message);
    void on_command(const Message& message);
    /// Empty: allowed; else why not.
    std::string forbidden(const Input& input, bool command) const;
    Input to_input(const Message& message) const;
    void submit(const Message& message, Input input);
    void reply(std::uint64_t id, int status);
    void notify(const char* name, std::string_view key, const std::string& data);
    void queue(const Message& message);
    void send_snapshot(std::uint64_t last_seq, std::int64_t now_us);
    void kill(const std::string& why, std::int64_t now_us);
    void on_end(const CarrierEnd& end, std::int64_t now_us);
    void on_crash(const std::string& why, std::int64_t now_us);
    void wait_until(std::int64_t then_us);
    void show(SourceState state, std::string text);
    void count_refusal(const std::string& why);
    std::int64_t hub_us(std::int64_t monotonic) const {
        return monotonic + context_.port.clock_offset_us();
    }

    const std::size_t number_;
    SourceConfig config_;
    PluginInfo info_;
    std::string problem_;
    SourceContext& context_;
    RestartPolicy policy_;
    TokenBucket guard_;       // the instance limits itself; this is for one that does not
    TokenBucket complaints_;  // log lines about refusals
    TokenBucket lines_;       // log lines of the instance, which limits itself to half of it

    const std::shared_ptr<SourceLog> log_ = std::make_shared<SourceLog>();
    Stage stage_ = Stage::off;
    std::unique_ptr<Carrier> carrier_;
    Outbox outbox_;
    std::uint64_t run_ = 0;
    std::int64_t deadline_us_ = 0;    // starting, stopping, waiting
    std::int64_t last_alive_us_ = 0;  // running
    std::int64_t snapshot_not_before_us_ = 0;
    std::string end_reason_;  // why it was killed, or its start failed
    bool start_failed_ = false;
    bool said_health_ = false;
    bool unread_ = false;  // receive() stopped before the end of what it said
    bool wanted_ = false;  // should be running
    SourceStatus status_;
    std::uint64_t reported_refused_ = 0;  // what this process has counted so far
    std::uint64_t reported_dropped_ = 0;
    bool changed_ = true;
    bool visibly_changed_ = true;
};

}  // namespace racehub::plugin_host
