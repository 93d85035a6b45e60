#pragma once
// Runs the configured plugin instances ("sources") and keeps them running. One supervisor thread
// starts them, reads what they say, hands it to the hub, tells them facts, and watches them. See
// README.md for the picture.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hub/plugin_host/examine.h"
#include "hub/plugin_host/hub_port.h"
#include "hub/plugin_host/probe.h"
#include "hub/plugin_host/source.h"

namespace racehub::plugin_host {

class PluginHost {
  public:
    struct Options {
        std::string host_program = find_host_program();
        std::vector<std::string>
            plugin_folders;  ///< where the library "mqtt_gates" is looked up, in order
        Timings timings;
        std::int64_t examine_limit_ms = kExamineLimitMs;
        /// Lines of plugins and about them; level is RH_LOG_…, text is one clean line. [supervisor
        /// thread]
        std::function<void(int level, std::string_view source, std::string_view text)> log;
        /// A source's state or text changed: time to fetch sources_json(). [supervisor thread] Only
        /// enqueue.
        std::function<void()> on_change;
    };

    /// `port` must outlive this.
    PluginHost(Options options, HubPort& port);
    ~PluginHost();  ///< stops
    PluginHost(const PluginHost&) = delete;
    PluginHost& operator=(const PluginHost&) = delete;

    /// Before start(). Looks at each plugin's file in a process of its own and checks the settings
    /// against its schema. Returns the problems, each naming its key ("plugins[gates].config.port:
    /// must be …"); an instance with a problem is shown as failed and not started, the others are.
    /// Blocks for some milliseconds a file.
    std::vector<std::string> configure(std::vector<SourceConfig> sources);

    /// Starts the thread and the instances; returns at once.
    void start();
    /// Stops the instances (in parallel, each at most its stop limit) and the thread; examinations
    /// end at once, for good.
    void stop();

    /// Stops a source if it runs, looks at its file again and starts it: reload, "enable again"
    /// after a quarantine, or switching on. False: no source of this id. [any-thread, blocks while
    /// the file is looked at]
    bool restart(const std::string& id);
    /// Stops a source until restart(). False: no source of this id. [any-thread]
    bool stop_source(const std::string& id);

    /// Puts a source with these settings in place and starts it (or stops it, if not enabled): a
    /// new one, or instead of the one with this id. Returns the problems; if there are any, nothing
    /// was changed. [any-thread, after configure, blocks while the file is looked at]
    std::vector<std::string> put(SourceConfig config);
    /// Stops a source and forgets it. False: no source of this id. [any-thread]
    bool remove(const std::string& id);

    struct Inspected {
        SourceConfig config;   ///< with defaults filled in
        nlohmann::json given;  ///< its settings without: another version has other defaults
        PluginInfo info;
        std::string problem;  ///< empty: can be started
    };
    /// A source's settings and what its plugin says; none: no source of this id. Secrets are in it.
    /// [any-thread]
    std::optional<Inspected> inspected(const std::string& id) const;

    /// What is in the plugin folders: descriptors with "library" added, or {"library","problem"}.
    /// [any-thread, blocks while new files are looked at]
    nlohmann::json plugins() const;

    /// {"sources":[…]} for /health, /metrics and the race director's view; secrets are hidden.
    /// [any-thread]
    std::string sources_json() const;

    /// Lets a plugin "test" or "discover" with candidate settings, for nobody's instance yet:
    /// {"ok", "text"} or {"found":[…]}, see examine.h; settings that do not fit the schema give
    /// {"ok":false,"text","problems":[…]}. Only library, plugin_id and config of `candidate` count.
    /// [any-thread, blocks up to kExamineLimitMs]
    nlohmann::json examine(const std::string& what, SourceConfig candidate) const;

    /// Tells a running instance that a person asks for `what` (source.asked); args_json is one JSON
    /// object. [any-thread]
    enum class Asked { done, unknown, not_running, too_large };
    Asked ask(const std::string& id, const std::string& what, const std::string& args_json);

    /// Its protocol as JSON lines with numbers above `after`; none: no source of this id.
    /// [any-thread]
    std::optional<std::string> log_lines(const std::string& id, std::uint64_t after) const;

    /// {"ok":true,"plugins":[descriptor…]} or {"ok":false,"error":…}. [any-thread, blocks]
    std::string probe(const std::string& file) { return prober_.probe(file); }

    /// Threads of in-process plugins that did not come back: leave with _exit() once the log is
    /// closed.
    bool left_threads_behind() const { return left_behind_; }

  private:
    struct Shown {
        Inspected source;
        SourceStatus status;
        std::shared_ptr<const SourceLog> log;
        bool removed = false;
    };
    struct Request {
        enum class Kind { stop, restart, ask, add };
        std::size_t source = 0;
        Kind kind = Kind::stop;
        std::shared_ptr<Inspected> restart;
        std::string what, args_json;    ///< ask
        std::unique_ptr<Source> added;  ///< add
    };
    /// What other threads leave for the supervisor. Shared, because answers of the hub may come
    /// after our end.
    struct Mail {
        std::mutex mutex;
        std::vector<Completion> completions;  // mutex
        std::vector<Request> requests;        // mutex
        Fd wake_fd;
        void wake() const;
    };

    std::string find_file(const std::string& library) const;
    void request(Request request);
    /// The plugin that `config` names, looked at; lines in `own`: why not.
    bool look_up(const SourceConfig& config, PluginInfo& info, std::vector<std::string>& own) const;
    Inspected inspect(SourceConfig config, std::vector<std::string>& problems) const;
    /// Why `source` cannot be beside the others; empty: it can.
    static std::string conflict_with(const std::vector<Shown>& others, const Inspected& source);
    /// Place of a source in the list; npos if there is none. `removed`: a removed one, too.
    std::size_t number_of(const std::string& id, bool removed = false) const;

    void run();
    void wait(std::vector<pollfd>& polled);
    void take_requests(std::int64_t now_us);
    void take_facts();
    bool all_off() const;
    void publish_status();

    Options options_;
    HubPort& port_;
    mutable Prober prober_;  // remembers; locks itself
    const std::shared_ptr<Mail> mail_;
    SourceContext context_;
    std::vector<std::unique_ptr<Source>> sources_;  // grows at its end only; supervisor thread
    std::uint64_t last_seq_ = 0;                    // supervisor thread
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> examinations_over_{false};
    std::atomic<bool> left_behind_{false};

    std::mutex change_mutex_;  // one change of the list at a time; taken before mutex_
    mutable std::mutex mutex_;
    std::vector<Shown> shown_;  // mutex_; the same places as sources_
};

}  // namespace racehub::plugin_host
