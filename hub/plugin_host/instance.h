#pragma once
// The life of one plugin instance, the same code in the child process and in the hub's own process:
// load, create, start, then one thread that waits for the hub, timers, descriptors and wakes, until
// stop or the hub's end.

#include <cstdint>
#include <string>

namespace racehub::plugin_host {

/// How it ended; the child process exits with it.
enum class InstanceEnd : int {
    stopped = 0,       ///< asked to, or the hub is gone
    start_failed = 2,  ///< said so in `started`
    misbehaved = 3,    ///< an exception left the plugin, or the hub's words made no sense
};

/// Runs the instance on this thread, which becomes its plugin thread. `socket` is not owned.
InstanceEnd run_instance(int socket, const std::string& file, std::uint32_t index);

}  // namespace racehub::plugin_host
