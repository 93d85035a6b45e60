#pragma once
// "Test connection": tries a broker for somebody who is typing settings.

#include <string>
#include <string_view>

namespace racehub::mqtt {

/// The plugin's examine, see <racehub/plugin.h>: knows "test". Blocks up to 13 s. Connects under a
/// name of its own, so that a running instance keeps its place at the broker.
std::string examine(std::string_view what, std::string_view config_json);

}  // namespace racehub::mqtt
