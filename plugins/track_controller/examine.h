#pragma once
// "Test connection" and "Discover" for somebody who is typing settings. Blocks for some seconds; in
// a process of its own.

#include <string>
#include <string_view>

namespace racehub::track_controller {

/// The answer as <racehub/plugin.h> describes it; empty: asked for something unknown.
std::string examine(std::string_view what, std::string_view config_json);

}  // namespace racehub::track_controller
