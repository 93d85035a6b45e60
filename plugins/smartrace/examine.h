#pragma once
// "Test connection": tries the settings for somebody who is typing them.

#include <string>
#include <string_view>

namespace racehub::smartrace {

/// The plugin's examine, see <racehub/plugin.h>: knows "test". Blocks up to 8 s. The protocol has
/// no way to find an app or a sensor, so there is no "discover".
std::string examine(std::string_view what, std::string_view config_json);

}  // namespace racehub::smartrace
