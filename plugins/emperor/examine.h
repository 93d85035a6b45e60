#pragma once
// "Test connection": what a person who is typing settings wants to know.

#include <string>
#include <string_view>

namespace racehub::emperor {

/// See rh_plugin_entry.examine. Empty: nothing known about `what`.
std::string examine(std::string_view what, std::string_view config_json);

}  // namespace racehub::emperor
