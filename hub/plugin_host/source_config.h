#pragma once
// The configuration of one plugin instance, as the application read it.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hub/plugin_host/carrier.h"

namespace racehub::plugin_host {

/// Instances in one hub. Each is a process; a club has a handful.
inline constexpr std::size_t kMaxSources = 64;

/// One instance. `config` is checked against the plugin's schema by PluginHost::configure.
struct SourceConfig {
    std::string id;         ///< names the source everywhere: events, log, health
    std::string library;    ///< "mqtt_gates", looked up in the plugin folders, or a path
    std::string plugin_id;  ///< which plugin of the file; empty: the only one
    bool enabled = true;
    Isolation isolation = Isolation::child;
    std::string track;                ///< of its events that name none
    std::vector<std::string> tracks;  ///< it may publish to these as well; "*": to all
    bool may_command = false;
    double rate = 2'000;  ///< observations and commands a second; samples likewise
    double burst = 5'000;
    std::uint32_t memory_mb = 256;
    nlohmann::json config = nlohmann::json::object();

    bool may_publish_to(const std::string& name) const {
        const auto allowed = [&](const std::string& one) { return one == name || one == "*"; };
        return !name.empty() &&
               (name == track || std::any_of(tracks.begin(), tracks.end(), allowed));
    }
    /// Facts of these tracks reach it; without any track configured: of all.
    bool hears(const std::string& name) const {
        return name.empty() || (track.empty() && tracks.empty()) || may_publish_to(name);
    }
    /// Ids are letters, digits, '_', '-', '.', at most 60; "hub" is the hub itself.
    static bool is_id(const std::string& id) {
        const auto usual = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '-' || c == '.';
        };
        return !id.empty() && id.size() <= 60 && id != "hub" &&
               std::all_of(id.begin(), id.end(), usual);
    }
};

}  // namespace racehub::plugin_host
