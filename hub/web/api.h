#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "hub/web/commander.h"
#include "hub/web/history.h"
#include "hub/web/live_socket.h"
#include "hub/web/pin.h"
#include "hub/web/router.h"
#include "hub/web/settings_view.h"

namespace racehub::web {

/// Writes metrics in Prometheus' text format. `name` without prefix: "racehub_" is added.
class MetricsText {
  public:
    void counter(const std::string& name, const std::string& help, std::uint64_t value);
    void gauge(const std::string& name, const std::string& help, double value);
    /// One family with a value for each word of one label.
    void counters(const std::string& name, const std::string& help, const std::string& label,
                  const std::map<std::string, std::uint64_t>& values);
    void gauges(const std::string& name, const std::string& help, const std::string& label,
                const std::map<std::string, double>& values);
    const std::string& text() const { return text_; }

  private:
    void head(const std::string& name, const std::string& help, const char* type);
    std::string text_;
};

/// [any thread] Adds the metrics of another part.
using MetricsSource = std::function<void(MetricsText&)>;

/// [any thread] What is wrong with another part though the hub works on; a sentence each.
using ProblemsSource = std::function<std::vector<std::string>()>;

/// What the REST routes work on. Everything outlives the routes.
struct ApiContext {
    Engine& engine;
    Commander& commander;
    History& history;
    SourcesView& sources;
    Sessions& sessions;
    Pin& pin;
    LoginLimits& login_limits;
    WebCounters& counters;
    Refusals& refusals;
    HubIdentity identity;
    std::vector<MetricsSource> metrics;
    std::vector<ProblemsSource> problems{};
    std::mutex hashing{};  ///< PINs are verified one at a time
    std::atomic<int> hash_waiting{0};
};

/// Tracks, their standings and commands.
void add_track_routes(Router& router, ApiContext& context);
/// Stored races and the one that is on.
void add_race_routes(Router& router, ApiContext& context);
/// The race director's PIN and sessions.
void add_session_routes(Router& router, ApiContext& context);
/// Sources: their state, what they and their devices say, asking them.
void add_source_routes(Router& router, ApiContext& context);
/// The sources' settings.
void add_settings_routes(Router& router, SettingsView& settings);
/// Health, metrics and the list of routes.
void add_status_routes(Router& router, ApiContext& context);

/// Standings with names, for a race as it is now. Used for tracks and for stored races.
nlohmann::json standings_json(const std::string& track, const Race* race);
Response json_answer(const nlohmann::json& body, int status = 200);

}  // namespace racehub::web
