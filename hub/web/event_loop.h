#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace racehub::web {

/// Time for deadlines: monotonic, never shown to anybody.
std::int64_t monotonic_us();

/// Something that waits for its socket. Owned by whoever added it; handed to EventLoop::bury() when
/// it ends.
class Watcher {
  public:
    virtual ~Watcher() = default;
    /// Loop thread. `events` are epoll's bits. Not called any more once the watcher is buried.
    virtual void on_ready(std::uint32_t events) = 0;

  private:
    friend class EventLoop;
    bool buried_ = false;
};

/// The one thread that keeps all sockets: epoll, work posted by other threads, and a few periodic
/// timers. Everything but post() and stop() belongs to the loop's thread (or to nobody, before
/// run()).
class EventLoop {
  public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// False: the kernel's limit of watches is reached.
    bool add(int fd, std::uint32_t events, Watcher& watcher);
    void modify(int fd, std::uint32_t events, Watcher& watcher);
    void remove(int fd);
    /// Takes a watcher out of service; it is destroyed when no event of this round can reach it any
    /// more.
    void bury(std::unique_ptr<Watcher> watcher);
    /// After run(): destroys the watchers buried since, while what they refer to still exists.
    void empty_graves() { buried_.clear(); }
    void every(std::int64_t period_us, std::function<void()> work);

    /// [any thread] Runs `work` on the loop's thread soon. Work posted after the loop ended is
    /// destroyed unrun.
    void post(std::function<void()> work);
    /// Returns after stop().
    void run();
    /// [any thread]
    void stop();

  private:
    struct Timer {
        std::int64_t period_us;
        std::int64_t next_us;
        std::function<void()> work;
    };

    int timeout_ms() const;
    void run_timers();
    void run_posted();
    void wake();

    int epoll_ = -1;
    int wake_ = -1;
    std::vector<Timer> timers_;
    std::vector<std::unique_ptr<Watcher>> buried_;
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;  // guarded by mutex_
    bool stopping_ = false;                      // guarded by mutex_
};

}  // namespace racehub::web
