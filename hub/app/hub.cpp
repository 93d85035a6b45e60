#include "hub/app/hub.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "hub/app/adapters.h"
#include "hub/app/addresses.h"
#include "hub/app/backups.h"
#include "hub/app/log.h"
#include "hub/app/settings_desk.h"
#include "hub/app/track_setup.h"
#include "hub/app/version.h"
#include "hub/web/web_server.h"

namespace racehub::app {
namespace {

/// The parts get this long to take what they already have; the log is closed whatever they do.
constexpr unsigned kStopLimitS = 10;

/// Tells a service manager how we are (the sd_notify protocol: one datagram to $NOTIFY_SOCKET).
/// Without one: nothing.
void notify(const std::string& state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || path[0] == '\0') return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path) return;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (path[0] == '@') address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
    close(fd);
}

std::filesystem::path program_folder() {
    std::error_code problem;
    return std::filesystem::read_symlink("/proc/self/exe", problem).parent_path();
}

/// The first of these that exists; parts stand differently in a build and in an installation.
std::string beside(const std::vector<const char*>& places) {
    for (const char* place : places) {
        std::error_code problem;
        const auto candidate = (program_folder() / place).lexically_normal();
        if (std::filesystem::exists(candidate, problem)) return candidate.string();
    }
    return {};
}

Log::Level level_of(int plugin_level) {
    // RH_LOG_DEBUG, _INFO, _WARNING, _ERROR are 1 to 4.
    return plugin_level >= 4   ? Log::Level::error
           : plugin_level == 3 ? Log::Level::warning
           : plugin_level == 2 ? Log::Level::info
                               : Log::Level::debug;
}

/// What ends the hub in order. A closed terminal (SIGHUP) does, unless nohup was asked to.
sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    struct sigaction hangup {};
    sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);
    return signals;
}

class RunningHub {
  public:
    RunningHub(const Options& options, const HubConfig& config)
        : options_(options), config_(config) {}

    void open();
    void start();
    void greet() const;
    void run();
    int stop();

  private:
    void open_store();
    void make_plugins();
    void configure_sources();
    void make_web();
    void set_up_tracks();
    Outcome command(const std::string& track, Payload data);
    std::vector<std::string> problems() const;
    bool save_copy(int& code);
    std::string database() const { return options_.state + "/racehub.db"; }
    std::string backup_folder() const { return options_.state + "/backups"; }

    const Options& options_;
    const HubConfig& config_;
    Log log_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<SystemClock> clock_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<store::History> stored_;
    std::unique_ptr<StoredHistory> history_;
    std::unique_ptr<StoredKv> kv_;
    std::unique_ptr<plugin_host::EnginePort> port_;
    std::unique_ptr<plugin_host::PluginHost> plugins_;
    std::unique_ptr<Sources> sources_;
    std::unique_ptr<SourceSettings> settings_;
    std::unique_ptr<SettingsDesk> desk_;
    std::unique_ptr<Backups> backups_;
    std::unique_ptr<web::WebServer> web_;
};

void RunningHub::open() {
    std::error_code problem;
    std::filesystem::create_directories(options_.state, problem);
    if (problem || access(options_.state.c_str(), W_OK) != 0) {
        throw std::runtime_error("The state folder " + options_.state +
                                 " cannot be written. Make it writable, or choose another with "
                                 "--state DIR.");
    }
    open_store();
    make_plugins();
    make_web();
    engine_->add_sink(*port_);
    engine_->add_sink(*web_);
    engine_->on_storage([this](const StorageStatus& status) {
        web_->storage_changed(status);
        if (!status.ok) log_.write(Log::Level::error, "storage", status.message);
        if (status.ok) log_.write(Log::Level::info, "storage", "writing again, nothing is lost");
    });
}

void RunningHub::open_store() {
    store::StoreOptions options;
    options.durability =
        config_.store.full_sync ? store::Durability::full : store::Durability::normal;
    options.backup_folder = backup_folder();
    options.now_us = static_cast<TimeUs>(std::time(nullptr)) * kSecondUs;
    store::OpenReport report;
    std::string error;
    store_ = store::Store::open(database(), options, report, error);
    if (!store_) throw std::runtime_error(error);
    for (const std::string& message : report.messages) {
        log_.write(report.damaged ? Log::Level::error : Log::Level::info, "store", message);
    }
    Recovered recovered;
    if (!store_->recover(recovered, error)) throw std::runtime_error(error);
    clock_ = std::make_unique<SystemClock>(store_->anchor(), recovered.last_time_us);
    if (!store_->save_anchor(clock_->anchor(), error)) throw std::runtime_error(error);
    engine_ = std::make_unique<Engine>(std::move(recovered), *store_, *clock_);
    stored_ = store::History::open(database(), error);
    if (!stored_) throw std::runtime_error(error);
    history_ = std::make_unique<StoredHistory>(*stored_);
    backups_ = std::make_unique<Backups>(database(), backup_folder(), config_.store, log_);
}

void RunningHub::make_plugins() {
    kv_ = std::make_unique<StoredKv>(
        *store_, [this](const std::string& text) { log_.write(Log::Level::error, "store", text); });
    port_ = std::make_unique<plugin_host::EnginePort>(
        *engine_, *kv_, [this](plugin_host::Input sample) {
            std::string shown = sample_json(sample);
            if (!shown.empty()) return web_->add_sample(std::move(shown));
            log_.write(Log::Level::warning, sample.source, "a sample was not one JSON object");
        });
    plugin_host::PluginHost::Options options;
    if (!options_.plugin_host.empty()) options.host_program = options_.plugin_host;
    options.plugin_folders = {options_.plugins.empty()
                                  ? beside({"../plugins", "../lib/racehub/plugins"})
                                  : options_.plugins};
    options.log = [this](int level, std::string_view source, std::string_view text) {
        log_.write(level_of(level), source, text);
    };
    options.on_change = [this] { web_->sources_changed(); };
    plugins_ = std::make_unique<plugin_host::PluginHost>(std::move(options), *port_);
    sources_ = std::make_unique<Sources>(*plugins_);
    configure_sources();
}

void RunningHub::configure_sources() {
    std::vector<plugin_host::SourceConfig> sources;
    for (const PluginConfig& plugin : config_.plugins) {
        plugin_host::SourceConfig source;
        source.id = plugin.id;
        source.library = plugin.library;
        source.enabled = plugin.enabled;
        source.isolation =
            plugin.in_process ? plugin_host::Isolation::in_process : plugin_host::Isolation::child;
        source.track = plugin.track;
        source.tracks = plugin.tracks;
        source.may_command = plugin.may_command;
        source.config = nlohmann::json::parse(plugin.config_json);
        sources.push_back(std::move(source));
    }
    std::vector<std::string> notes;
    settings_ = std::make_unique<SourceSettings>(options_.state + "/sources.json");
    settings_->load(notes);
    sources = settings_->over(sources, notes);
    for (const std::string& note : notes) log_.write(Log::Level::info, "configuration", note);
    for (auto& source : sources) source.enabled = source.enabled && !options_.safe_mode;
    for (const std::string& problem : plugins_->configure(std::move(sources))) {
        log_.write(Log::Level::error, "configuration", problem);
    }
}

void RunningHub::make_web() {
    web::WebSettings settings;
    settings.hub_name = config_.name;
    settings.version = kVersion;
    settings.address = options_.local || config_.web.local_only ? "127.0.0.1" : "*";
    settings.port =
        options_.port != 0 ? static_cast<std::uint16_t>(options_.port) : config_.web.port;
    settings.hosts = config_.web.hosts;
    settings.origins = config_.web.origins;
    settings.limits.sockets_per_address = static_cast<std::size_t>(config_.web.sockets_per_address);
    settings.trusted_proxies = config_.web.trusted_proxies;
    settings.state_directory = options_.state;
    settings.dashboard =
        options_.webui.empty() ? beside({"../webui", "../share/racehub/webui"}) : options_.webui;
    settings.carrera_track = config_.web.carrera_track;
    settings.carrera_open_commands = config_.web.carrera_open_commands;
    web_ = std::make_unique<web::WebServer>(
        std::move(settings), *engine_, *history_, *sources_,
        [this](web::LogLevel level, const std::string& text) {
            log_.write(level == web::LogLevel::error     ? Log::Level::error
                       : level == web::LogLevel::warning ? Log::Level::warning
                                                         : Log::Level::info,
                       "web", text);
        });
    if (options_.new_pin && !web_->fresh_pin()) web_->redraw_pin();
    desk_ = std::make_unique<SettingsDesk>(
        *plugins_, *settings_,
        SettingsDesk::Ports{
            [this](const std::string& track) {
                bool known = false;
                engine_->read_state([&](const HubState& state) { known = state.find(track); });
                return known;
            },
            [this](const std::string& text) { log_.write(Log::Level::info, "settings", text); }});
    web_->add_settings(*desk_);
    web_->add_problems([this] { return problems(); });
}

void RunningHub::start() {
    engine_->start();
    set_up_tracks();
    web_->start();
    plugins_->start();
    notify("READY=1");
}

void RunningHub::set_up_tracks() {
    if (options_.config.empty()) return;
    // The store keeps it beside the plugins' small state; no source can be named "hub".
    const auto key = [](const std::string& track) { return "file_track/" + track; };
    TrackSetup setup({
        [this](const std::string& track, Payload data) { return command(track, std::move(data)); },
        [&](const std::string& track) { return store_->kv_get("hub", key(track)); },
        [&](const std::string& track, const std::string& text) {
            std::string error;
            if (store_->kv_put("hub", key(track), text, error)) return;
            log_.write(Log::Level::warning, "configuration", error);
        },
        [this](bool problem, const std::string& text) {
            log_.write(problem ? Log::Level::error : Log::Level::info, "configuration", text);
        },
    });
    setup.apply(engine_->state(), config_.tracks);
}

Outcome RunningHub::command(const std::string& track, Payload data) {
    auto answered = std::make_shared<std::promise<Outcome>>();
    std::future<Outcome> answer = answered->get_future();
    Event input;
    input.track = track;
    input.source = "configuration";
    input.data = std::move(data);
    const bool taken = engine_->submit(std::move(input), [answered](const Receipt& receipt) {
        answered->set_value(receipt.outcome);
    });
    if (!taken || answer.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
        throw std::runtime_error("The log cannot be written: " + engine_->storage().message);
    }
    return answer.get();
}

void RunningHub::greet() const {
    const bool local = options_.local || config_.web.local_only;
    std::printf("\n  %s is running (RaceHub %s)\n\n", config_.name.c_str(), kVersion);
    const char* label = "Open in a browser:";
    for (const std::string& address : web_addresses(web_->port(), local)) {
        std::printf("    %-20s %s\n", label, address.c_str());
        label = "or:";
    }
    std::printf("    %-20s the same address with phone behind it\n", "On phones:");
    if (web_->fresh_pin()) {
        std::printf("    %-20s %s   (write it down: only a hash of it is kept)\n",
                    "Race director's PIN:", web_->fresh_pin()->c_str());
    } else {
        std::printf("    %-20s as printed at the first start; --new-pin draws another\n",
                    "Race director's PIN:");
    }
    std::printf(
        "    %-20s a copy of deploy/carrera-gates.json, then: deploy/start.sh my-club.json\n",
        "Your own gates:");
    std::printf("    %-20s %s\n\n", "Kept in:", options_.state.c_str());
    std::fflush(stdout);
}

/// Sleeps until a signal; wakes each second for what is due.
void RunningHub::run() {
    const sigset_t signals = stop_signals();
    const timespec second{1, 0};
    bool was_gone = false;
    while (sigtimedwait(&signals, nullptr, &second) < 0) {
        notify("WATCHDOG=1");
        backups_->run_if_due(clock_->now_us(), engine_->counters().facts);
        const std::string gone = store_->gone();
        if (!gone.empty() && !was_gone) log_.write(Log::Level::error, "store", gone);
        was_gone = !gone.empty();
    }
    notify("STOPPING=1");
}

/// What people must know though races go on; for /health.
std::vector<std::string> RunningHub::problems() const {
    std::vector<std::string> all;
    if (std::string gone = store_->gone(); !gone.empty()) all.push_back(std::move(gone));
    if (std::string wrong = backups_->problem(); !wrong.empty()) all.push_back(std::move(wrong));
    return all;
}

/// The exit code: not 0 when something that came is not in the log.
int RunningHub::stop() {
    std::printf("Stopping: the log is being closed.\n");
    std::fflush(stdout);
    alarm(kStopLimitS);  // SIGALRM ends what hangs; every fact that was shown is in the log already
    plugins_->stop();
    desk_->finish();
    web_->stop();
    engine_->stop();
    std::string error;
    if (!store_->save_checkpoint(engine_->state(), error)) {
        log_.write(Log::Level::warning, "store", error);
    }
    int code = 0;
    if (const std::uint64_t unwritten = engine_->counters().unwritten; unwritten > 0) {
        code = 1;
        log_.write(Log::Level::error, "storage",
                   std::to_string(unwritten) +
                       " crossings or commands came while the log could not be written, and are "
                       "lost; nobody was shown them");
    }
    alarm(Backups::kStopLimitS + 1);
    const bool copied = save_copy(code);
    if (copied && !plugins_->left_threads_behind()) return code;
    store_.reset();
    _exit(code);  // a thread still runs in this process: no destructor is safe
}

/// False: a thread that makes it still runs.
bool RunningHub::save_copy(int& code) {
    if (store_->gone().empty())
        return backups_->finish(clock_->now_us(), engine_->counters().facts);
    code = 1;
    store::Backup made;
    std::string error;
    const auto keep = static_cast<std::size_t>(config_.store.backups_kept);
    const bool saved = store_->rescue(clock_->now_us(), keep, made, error);
    log_.write(Log::Level::error, "store",
               store_->gone() + (saved ? " All that was written is in " + made.path + "."
                                       : " It could not be saved elsewhere: " + error));
    return true;
}

}  // namespace

int serve(const Options& options, const HubConfig& config) {
    umask(0077);
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // for all threads: run() waits for them
    std::signal(SIGPIPE, SIG_IGN);
    RunningHub hub(options, config);
    try {
        hub.open();
        hub.start();
    } catch (const std::exception& wrong) {
        std::fprintf(stderr, "racehub: %s\n", wrong.what());
        return 1;
    }
    hub.greet();
    hub.run();
    return hub.stop();
}

}  // namespace racehub::app
