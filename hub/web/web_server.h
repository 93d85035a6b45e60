#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/engine/engine.h"
#include "hub/web/api.h"
#include "hub/web/front.h"
#include "hub/web/history.h"
#include "hub/web/settings_view.h"

namespace racehub::web {

struct WebSettings {
    std::string hub_name = "RaceHub";
    std::string version;
    std::string address = "*";                 ///< to listen on; `*`: all of this machine's
    std::uint16_t port = 8080;                 ///< 0: any free one
    std::vector<std::string> hosts;            ///< names of ours besides the machine's
    std::vector<std::string> origins;          ///< whole origins besides our own
    std::vector<std::string> trusted_proxies;  ///< addresses whose X-Forwarded-* is believed
    std::filesystem::path state_directory;     ///< for PIN and sessions
    std::filesystem::path dashboard;           ///< directory of the dashboard; empty: none
    std::string carrera_track;                 ///< track behind /ws; empty: the first
    bool carrera_open_commands = false;
    FrontLimits limits;
    int workers = 4;
};

/// The hub's web part: REST, live socket, the Carrera words, dashboard. See README.md.
///
/// Order of use: construct (reads PIN, sessions and dashboard, listens; throws std::runtime_error
/// with a sentence for people), Engine::add_sink(), Engine::start(), start(); in the end stop()
/// before or after Engine::stop(), then destroy after it.
class WebServer final : public FactSink {
  public:
    WebServer(WebSettings settings, Engine& engine, History& history, SourcesView& sources,
              LogFunction log);
    ~WebServer() override;

    std::uint16_t port() const;
    /// The race director's PIN when this start drew one; to be printed once.
    const std::optional<std::string>& fresh_pin() const;
    /// Before start(): draws a new PIN and ends all sessions.
    std::string redraw_pin();
    /// Before start(): adds metrics of another part to /metrics.
    void add_metrics(MetricsSource source);
    /// Before start(): adds another part's reasons why /health says "degraded".
    void add_problems(ProblemsSource source);
    /// Before start(): adds the routes for the sources' settings. `settings` outlives this.
    void add_settings(SettingsView& settings);

    void start();
    /// Says goodbye to everybody and ends all threads.
    void stop();

    /// [race thread]
    void on_facts(std::shared_ptr<const Batch> batch) override;
    /// [any thread]
    void storage_changed(const StorageStatus& storage);
    /// [any thread] Asks SourcesView again and tells everybody.
    void sources_changed();
    /// [any thread] Shows a sample, one JSON object, to everybody; newest wins.
    void add_sample(std::string sample);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace racehub::web
