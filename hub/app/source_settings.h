#pragma once
// The sources' settings that were changed in the dashboard: a file in the state folder that lies
// over the configuration file. The organiser's own file, with its comments, is never written.

#include <map>
#include <string>
#include <vector>

#include "hub/plugin_host/source_config.h"

namespace racehub::app {

/// Not thread-safe; who uses it locks.
class SourceSettings {
  public:
    /// `file`: `<state>/sources.json`.
    explicit SourceSettings(std::string file) : file_(std::move(file)) {}

    /// Reads the file. What cannot be read is set aside as `<file>.bad`, and said in `notes`.
    void load(std::vector<std::string>& notes);

    /// The configuration file's sources with the changes over them; each that is not as in the file
    /// is said in `notes`.
    std::vector<plugin_host::SourceConfig> over(
        const std::vector<plugin_host::SourceConfig>& from_file,
        std::vector<std::string>& notes) const;

    /// Keeps a change; on the disk when this returns. False: `error`, and nothing is kept.
    bool keep(const plugin_host::SourceConfig& config, std::string& error);
    bool keep_removed(const std::string& id, std::string& error);
    bool has(const std::string& id) const { return changes_.count(id) != 0; }

  private:
    struct Change {
        bool removed = false;
        plugin_host::SourceConfig config;
    };
    bool keep(const std::string& id, Change change, std::string& error);
    bool write(std::string& error) const;

    const std::string file_;
    std::map<std::string, Change> changes_;
};

}  // namespace racehub::app
