#include "hub/web/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace racehub::web {
namespace {

/// Events taken per round; more only means another round.
constexpr int kEventsPerRound = 512;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

std::int64_t monotonic_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (epoll_ < 0) fail("epoll_create1");
    if (wake_ < 0) fail("eventfd");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;  // nullptr: the wake-up call
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) fail("epoll_ctl");
}

EventLoop::~EventLoop() {
    close(wake_);
    close(epoll_);
}

bool EventLoop::add(int fd, std::uint32_t events, Watcher& watcher) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watcher;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::modify(int fd, std::uint32_t events, Watcher& watcher) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watcher;
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) fail("epoll_ctl modify");
}

void EventLoop::remove(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::bury(std::unique_ptr<Watcher> watcher) {
    watcher->buried_ = true;
    buried_.push_back(std::move(watcher));
}

void EventLoop::every(std::int64_t period_us, std::function<void()> work) {
    timers_.push_back({period_us, monotonic_us() + period_us, std::move(work)});
}

void EventLoop::post(std::function<void()> work) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        first = posted_.empty();
        posted_.push_back(std::move(work));
    }
    if (first) wake();
}

void EventLoop::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
}

void EventLoop::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake();
}

int EventLoop::timeout_ms() const {
    if (timers_.empty()) return -1;
    const auto next = std::min_element(timers_.begin(), timers_.end(),
                                       [](auto& a, auto& b) { return a.next_us < b.next_us; });
    const auto wait_us = next->next_us - monotonic_us();
    return wait_us <= 0 ? 0 : static_cast<int>(wait_us / 1000 + 1);
}

void EventLoop::run_timers() {
    const auto now = monotonic_us();
    for (auto& timer : timers_) {
        if (timer.next_us > now) continue;
        timer.next_us = std::max(timer.next_us + timer.period_us, now);
        timer.work();
    }
}

void EventLoop::run_posted() {
    std::vector<std::function<void()>> work;
    {
        const std::lock_guard lock(mutex_);
        work.swap(posted_);
    }
    for (const auto& item : work) item();
}

void EventLoop::run() {
    std::array<epoll_event, kEventsPerRound> events{};
    for (;;) {
        const int count = epoll_wait(epoll_, events.data(), kEventsPerRound, timeout_ms());
        for (int i = 0; i < count; ++i) {
            auto* watcher = static_cast<Watcher*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (watcher == nullptr) {
                std::uint64_t calls = 0;
                [[maybe_unused]] const auto got = read(wake_, &calls, sizeof calls);
            } else if (!watcher->buried_) {
                watcher->on_ready(events[static_cast<std::size_t>(i)].events);
            }
        }
        run_posted();
        run_timers();
        buried_.clear();
        std::vector<std::function<void()>> unrun;  // destroyed without the lock: it may post again
        const std::lock_guard lock(mutex_);
        if (!stopping_) continue;
        unrun.swap(posted_);
        return;
    }
}

}  // namespace racehub::web
