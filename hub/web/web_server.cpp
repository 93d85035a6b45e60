#include "hub/web/web_server.h"

#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <thread>

#include "hub/web/carrera_socket.h"
#include "hub/web/live_socket.h"

namespace racehub::web {
namespace {

/// File descriptors that are not visitors: the log, plugins, libraries.
constexpr std::size_t kOtherDescriptors = 256;

/// Samples waiting for the loop. It takes thousands a second; what is older than this many is not
/// worth showing.
constexpr std::size_t kMaxSamplesWaiting = 64;

/// As many sockets as the process may have, and not more than configured.
FrontLimits within_descriptors(FrontLimits limits, const LogFunction& log) {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
    if (files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    const auto all = static_cast<std::size_t>(files.rlim_cur);
    const auto ours = all > 2 * kOtherDescriptors ? all - kOtherDescriptors : all / 2;
    if (ours < limits.sockets && log) {
        log(LogLevel::warning, "only " + std::to_string(ours) +
                                   " visitors fit, because the process may have " +
                                   std::to_string(all) + " file descriptors (LimitNOFILE)");
    }
    limits.sockets = std::min(limits.sockets, ours);
    return limits;
}

std::vector<Address> addresses(const std::vector<std::string>& texts) {
    std::vector<Address> result;
    for (const auto& text : texts) {
        const auto address = Address::parse(text);
        if (!address) {
            throw std::runtime_error("web.trusted_proxies: \"" + text + "\" is not an IP address");
        }
        result.push_back(*address);
    }
    return result;
}

StaticFiles dashboard(const std::filesystem::path& directory) {
    return directory.empty() ? StaticFiles() : StaticFiles(directory);
}

}  // namespace

struct WebServer::Parts {
    Parts(WebSettings given, Engine& of, History& history, SourcesView& sources_view,
          const LogFunction& log)
        : settings(std::move(given)),
          engine(of),
          sources(sources_view),
          loop(std::make_shared<EventLoop>()),
          rules(settings.hosts, settings.origins),
          refusals(log),
          files(dashboard(settings.dashboard)),
          pin(settings.state_directory),
          sessions(settings.state_directory, [&of] { return of.clock().now_us(); }),
          commander(engine),
          context{engine,   commander,
                  history,  sources,
                  sessions, pin,
                  limits,   counters,
                  refusals, {settings.hub_name, settings.version, engine.log_id()},
                  {}},
          router(rules, sessions, files, refusals),
          workers(settings.workers, [this](const Request& request,
                                           const Reply& reply) { router.handle(request, reply); }),
          live(loop, engine, commander, sessions, context.identity, counters, refusals),
          carrera(loop, commander, sessions,
                  {settings.carrera_track, settings.carrera_open_commands}, counters, refusals),
          front(loop, workers, rules, within_descriptors(settings.limits, log),
                addresses(settings.trusted_proxies), counters, refusals) {
        add_status_routes(router, context);
        add_source_routes(router, context);
        add_track_routes(router, context);
        add_race_routes(router, context);
        add_session_routes(router, context);
        carrera.watch(live.state());
        front.upgrade("/live", live.target());
        front.upgrade("/ws", carrera.target());
        port = front.listen(settings.address, settings.port);
    }

    void take_facts() {
        std::vector<std::shared_ptr<const Batch>> batches;
        {
            const std::lock_guard lock(mutex);
            batches.swap(arrived);
        }
        for (const auto& batch : batches) {
            for (std::size_t i = 0; i < batch->facts.size(); ++i) {
                if (batch->facts[i].seq <= live.state().seq) continue;
                live.add_fact(batch, i);
                carrera.on_fact(batch->facts[i]);
            }
        }
        live.publish();
        carrera.publish();
    }

    void take_samples() {
        std::deque<std::string> taken;
        {
            const std::lock_guard lock(mutex);
            taken.swap(samples);
        }
        for (const auto& sample : taken) live.add_sample(sample);
    }

    void run() {
        live.begin_with(engine.state());
        live.set_sources(sources.sources_json());
        live.set_storage(engine.storage());
        take_facts();
        loop->run();
        live.shut();
        carrera.shut();
        front.shut();
        loop->empty_graves();
    }

    const WebSettings settings;
    Engine& engine;
    SourcesView& sources;
    std::uint16_t port = 0;
    const std::shared_ptr<EventLoop> loop;
    const HostRules rules;
    WebCounters counters;
    Refusals refusals;
    const StaticFiles files;
    Pin pin;
    Sessions sessions;
    LoginLimits limits;
    Commander commander;
    ApiContext context;
    Router router;
    WorkerPool workers;
    LiveSocket live;
    CarreraSocket carrera;
    Front front;
    std::mutex mutex;
    std::vector<std::shared_ptr<const Batch>> arrived;  // guarded by mutex; facts for the loop
    std::deque<std::string> samples;                    // guarded by mutex; likewise
    std::thread thread;
};

WebServer::WebServer(WebSettings settings, Engine& engine, History& history, SourcesView& sources,
                     LogFunction log)
    : parts_(std::make_unique<Parts>(std::move(settings), engine, history, sources, log)) {}

WebServer::~WebServer() { stop(); }

std::uint16_t WebServer::port() const { return parts_->port; }

const std::optional<std::string>& WebServer::fresh_pin() const { return parts_->pin.fresh(); }

std::string WebServer::redraw_pin() {
    parts_->sessions.revoke_all();
    return parts_->pin.redraw();
}

void WebServer::add_metrics(MetricsSource source) {
    parts_->context.metrics.push_back(std::move(source));
}

void WebServer::add_problems(ProblemsSource source) {
    parts_->context.problems.push_back(std::move(source));
}

void WebServer::add_settings(SettingsView& settings) {
    add_settings_routes(parts_->router, settings);
}

void WebServer::start() {
    parts_->thread = std::thread([this] { parts_->run(); });
}

void WebServer::stop() {
    if (!parts_->thread.joinable()) return;
    parts_->workers.stop();
    parts_->loop->stop();
    parts_->thread.join();
}

void WebServer::on_facts(std::shared_ptr<const Batch> batch) {
    bool first = false;
    {
        const std::lock_guard lock(parts_->mutex);
        first = parts_->arrived.empty();
        parts_->arrived.push_back(std::move(batch));
    }
    // One call takes all that has arrived by then: a burst of facts becomes one message.
    if (first) parts_->loop->post([parts = parts_.get()] { parts->take_facts(); });
}

void WebServer::storage_changed(const StorageStatus& storage) {
    parts_->loop->post([parts = parts_.get(), storage] { parts->live.set_storage(storage); });
}

void WebServer::sources_changed() {
    auto sources = parts_->sources.sources_json();
    parts_->loop->post(
        [parts = parts_.get(), sources = std::move(sources)] { parts->live.set_sources(sources); });
}

void WebServer::add_sample(std::string sample) {
    bool first = false;
    {
        const std::lock_guard lock(parts_->mutex);
        first = parts_->samples.empty();
        if (parts_->samples.size() >= kMaxSamplesWaiting) parts_->samples.pop_front();
        parts_->samples.push_back(std::move(sample));
    }
    if (first) parts_->loop->post([parts = parts_.get()] { parts->take_samples(); });
}

}  // namespace racehub::web
