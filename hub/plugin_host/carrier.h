#pragma once
// What carries a plugin instance: a child process (the default) or a thread of the hub. Both run
// the same loop (instance.h) and speak the same messages over a socket pair; they differ only in
// how they begin and how they can be ended.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hub/plugin_host/socket.h"

namespace racehub::plugin_host {

enum class Isolation { child, in_process };

struct LaunchRequest {
    Isolation isolation = Isolation::child;
    std::string host_program;       ///< racehub-plugin-host, for children
    std::string file;               ///< the plugin's library
    std::uint32_t index = 0;        ///< of the plugin in it
    std::uint32_t memory_mb = 256;  ///< of a child's data
};

/// How an instance ended.
struct CarrierEnd {
    bool clean = false;  ///< as asked, or after a failed start that it reported
    std::string text;    ///< "crashed (signal 11, Segmentation fault)"
};

/// Used by one thread, the supervisor's.
class Carrier {
  public:
    virtual ~Carrier() = default;
    int socket() const { return socket_.get(); }
    /// Readable when it has ended; -1: only the end of the socket tells.
    virtual int end_fd() const { return -1; }
    /// 0: in the hub's own process.
    virtual pid_t pid() const { return 0; }
    /// Ends it at once. False: impossible (a thread cannot be killed), it is left behind.
    virtual bool kill() = 0;
    /// How it ended, once it has; never blocks.
    virtual std::optional<CarrierEnd> ended() = 0;

  protected:
    Fd socket_;
};

/// Starts an instance; it waits for messages. Null: `error`. Children die with the thread that
/// called this.
std::unique_ptr<Carrier> launch(const LaunchRequest& request, std::string& error);

/// What a child does first, before any code of the plugin: dies with its parent, no new privileges,
/// limits, no core files. False: the parent is gone already.
bool confine_child(pid_t parent, std::uint32_t memory_mb);

/// racehub-plugin-host beside the running program, in ../bin, ../../bin, or in ../libexec/racehub;
/// empty: not found.
std::string find_host_program();

}  // namespace racehub::plugin_host
