#pragma once
// What the plugin thread waits for: the hub's socket, a wake, timers and the plugin's own
// descriptors. One poll() over at most 66 descriptors: no registration to get out of step, and a
// descriptor that the plugin closed is noticed.

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "hub/plugin_host/socket.h"

namespace racehub::plugin_host {

class EventLoop {
  public:
    struct Ready {
        bool socket = false;
        bool woken = false;
        std::vector<std::uint32_t> timers;               ///< ids that are due
        std::vector<std::pair<int, std::uint32_t>> fds;  ///< with RH_FD_ bits
        std::vector<int> closed;  ///< watched, but no longer open; forgotten now
    };

    /// `socket` is not owned.
    explicit EventLoop(int socket);

    /// [plugin-thread] rh_status values; `interest` 0 forgets.
    int watch(int fd, std::uint32_t interest);
    /// [plugin-thread] `period_ms` 0 cancels.
    int set_timer(std::uint32_t id, std::uint32_t period_ms, std::int64_t now_us);
    /// [any-thread] Makes wait() return with `woken`.
    void wake();
    /// [plugin-thread] Until something is ready or `until_us` (monotonic) has come.
    void wait(std::int64_t until_us, Ready& ready);

    /// Asked before calling back, because an earlier callback may have forgotten or cancelled it.
    bool watches(int fd) const;
    bool has_timer(std::uint32_t id) const;

  private:
    struct Timer {
        std::uint32_t id;
        std::int64_t period_us;
        std::int64_t due_us;
    };
    void collect(Ready& ready);

    const int socket_;
    Fd wake_fd_;
    std::atomic<bool> wake_pending_{false};
    std::vector<Timer> timers_;   // plugin thread
    std::vector<pollfd> fds_;     // plugin thread; [0] socket, [1] wake, then the plugin's
    std::vector<pollfd> polled_;  // plugin thread; copy, since callbacks change fds_
};

}  // namespace racehub::plugin_host
