#pragma once
// `racehub check file.so`: does a plugin keep the rules of plugin.h? Everything runs in child
// processes against a stand-in hub, without any device or network being needed.

#include <iosfwd>
#include <string>

namespace racehub::plugin_host {

/// Prints one line for each thing tried ("ok …", "FAIL …", "note …") and returns the number of
/// failures. `config_json`: settings for the start; empty: what the schema's defaults and least
/// values give. Takes some seconds.
int check_plugin(const std::string& file, const std::string& config_json,
                 const std::string& host_program, std::ostream& out);

/// The part that runs inside a child: creates and destroys each plugin of the file 100 times. 0:
/// all well.
int cycle_plugin(const std::string& file);

}  // namespace racehub::plugin_host
