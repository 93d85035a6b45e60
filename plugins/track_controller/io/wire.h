#pragma once
// A way to the device, as the device's thread drives it: what to poll for, until when, and what to
// do then. One thread; nothing here blocks.

#include <poll.h>

#include <cstdint>
#include <vector>

namespace racehub::track_controller {

class Wire {
  public:
    virtual ~Wire() = default;
    virtual void start(std::int64_t now_us) = 0;
    virtual void stop() = 0;
    /// What the hub wants timed has changed.
    virtual void on_order(std::int64_t now_us) = 0;
    /// Somebody wants to see dbg now. False: not while this is going on.
    virtual bool look(std::int64_t now_us) = 0;
    /// Adds what it waits for.
    virtual void watch(std::vector<pollfd>& fds) = 0;
    /// When to be called at the latest, whatever is ready.
    virtual std::int64_t deadline_us() const = 0;
    /// Reads and writes what can be, and does what is due.
    virtual void turn(std::int64_t now_us) = 0;
};

}  // namespace racehub::track_controller
