#pragma once
// Opens a plugin library and checks that it is one. The only place with dlopen. A library is never
// closed again: inline statics, thread-locals and exit handlers of C++ libraries do not survive it,
// so that reloading is a new process.

#include <racehub/plugin.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace racehub::plugin_host {

/// More in one file is a mistake.
inline constexpr std::uint32_t kMaxPluginsInFile = 32;

class PluginFile {
  public:
    /// Runs the library's initialisers: call it only where a crash may happen. False: `error` is a
    /// sentence for the organiser, without the file's name.
    bool open(const std::string& path, std::string& error);

    std::uint32_t count() const { return entry_->plugin_count; }
    const rh_plugin_descriptor* descriptor(std::uint32_t index) const {
        return entry_->describe(index);
    }
    /// Null, or a table that has at least start, stop and destroy; else `error` says what is
    /// missing.
    const rh_plugin* create(std::uint32_t index, const rh_host* host, std::string& error) const;

    /// Asks the plugin to look at the world, see rh_plugin_entry.examine; blocks as long as that
    /// takes. True: one JSON text in `answer`, not checked. False: `error`.
    bool examine(std::uint32_t index, std::string_view what, std::string_view config_json,
                 std::string& answer, std::string& error) const;

    /// {"index","id","name","version",…,"tests","discovers","config_schema":{…},"publishes":[…],
    /// "subscribes":[…]}; false: `error`.
    bool describe(std::uint32_t index, nlohmann::json& description, std::string& error) const;

  private:
    bool can_examine() const {
        return RH_HAS(rh_plugin_entry, entry_, examine) && entry_->examine != nullptr;
    }
    const rh_plugin_entry* entry_ = nullptr;
};

/// {"ok":true,"plugins":[…]} or {"ok":false,"error":"…"}: what `racehub-plugin-host probe` prints.
std::string describe_file(const std::string& path);

}  // namespace racehub::plugin_host
