#pragma once
// The configuration file: one JSON object. It is checked whole before anything starts, and a
// mistake is answered with the key, what is wrong with it and what would be right. See
// deploy/README.md for the format.

#include <string>
#include <vector>

#include "hub/core/types.h"

namespace racehub::app {

struct TrackConfig {
    std::string id;
    std::string name;
    std::int32_t lanes = 0;
    RaceSettings settings;
    std::vector<Entry> entries;
};

struct PluginConfig {
    std::string id;                   ///< name of the source; unique
    std::string library;              ///< file in the plugins folder without ".so", or a path
    std::string track;                ///< its track; empty: it names one in each event
    std::vector<std::string> tracks;  ///< further tracks it may publish to
    bool in_process = false;          ///< "isolation": "child" (default) or "hub"
    bool may_command = false;
    bool enabled = true;
    std::string config_json = "{}";  ///< checked by the plugin host against the plugin's own schema
};

struct WebConfig {
    std::uint16_t port = 8080;
    bool local_only = false;                ///< listen on the loopback only
    std::vector<std::string> hosts;         ///< further names by which browsers may call this hub
    std::vector<std::string> origins;       ///< whole origins of other pages, besides its own
    std::int32_t sockets_per_address = 64;  ///< one visitor's connections at once
    std::vector<std::string> trusted_proxies;  ///< their X-Forwarded-For and -Proto are believed
    std::string carrera_track;                 ///< track served on /ws; empty: the first one
    bool carrera_open_commands = false;
};

struct StoreConfig {
    bool full_sync = true;  ///< false: "synchronous": "normal"
    std::int32_t backups_kept = 10;
    std::int32_t backup_minutes = 10;  ///< between backups while facts come in; 0: none
};

struct HubConfig {
    std::string name = "RaceHub";
    WebConfig web;
    StoreConfig store;
    std::vector<TrackConfig> tracks;
    std::vector<PluginConfig> plugins;
};

/// Reads the file. False: `error` says where ("club.json: tracks[0].lanes: must be ...").
bool load_config(const std::string& path, HubConfig& config, std::string& error);

/// The same for text; `name` stands in messages.
bool parse_config(const std::string& text, const std::string& name, HubConfig& config,
                  std::string& error);

}  // namespace racehub::app
