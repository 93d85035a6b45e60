#pragma once
// The command line.

#include <string>
#include <vector>

namespace racehub::app {

struct Options {
    std::string command = "serve";  ///< serve, probe, check, verify, rebuild, backup, version, help
    std::vector<std::string> files;  ///< probe, check: plugin files; backup: target folder
    std::string config;              ///< serve: configuration file; empty: defaults
    std::string state = "state";     ///< folder of database, PIN and backups
    std::string plugins;             ///< folder of plugin libraries; empty: beside the program
    std::string webui;               ///< folder of the dashboard; empty: beside the program
    std::string plugin_host;         ///< child host program; empty: beside the program
    int port = 0;                    ///< overrides the configuration's when not 0
    bool new_pin = false;            ///< serve: draw a new PIN for the race director
    bool safe_mode = false;          ///< serve: load no plugin
    bool local = false;              ///< serve: listen on the loopback only
};

/// False: `error` is a sentence that says what to write instead.
bool parse_options(const std::vector<std::string>& arguments, Options& options, std::string& error);

/// The text of `racehub help`.
std::string usage();

}  // namespace racehub::app
