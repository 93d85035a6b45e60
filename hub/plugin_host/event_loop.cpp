#include "hub/plugin_host/event_loop.h"

#include <racehub/plugin.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace racehub::plugin_host {
namespace {

constexpr std::size_t kOwnFds = 2;

short poll_bits(std::uint32_t interest) {
    const int read = (interest & RH_FD_READ) != 0 ? POLLIN : 0;
    const int write = (interest & RH_FD_WRITE) != 0 ? POLLOUT : 0;
    return static_cast<short>(read | write);
}

std::uint32_t ready_bits(short bits) {
    std::uint32_t ready = 0;
    if ((bits & (POLLIN | POLLHUP)) != 0) ready |= RH_FD_READ;  // the end is something to read
    if ((bits & POLLOUT) != 0) ready |= RH_FD_WRITE;
    if ((bits & POLLERR) != 0) ready |= RH_FD_ERROR;
    return ready;
}

}  // namespace

EventLoop::EventLoop(int socket)
    : socket_(socket), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    fds_.push_back({socket_, POLLIN, 0});
    fds_.push_back({wake_fd_.get(), POLLIN, 0});
}

int EventLoop::watch(int fd, std::uint32_t interest) {
    const auto found = std::find_if(fds_.begin() + kOwnFds, fds_.end(),
                                    [&](const pollfd& entry) { return entry.fd == fd; });
    if (fd < 0 || fd == socket_ || fd == wake_fd_.get()) return RH_E_INVALID;
    if ((interest & ~std::uint32_t{RH_FD_READ | RH_FD_WRITE}) != 0) return RH_E_INVALID;
    if (interest == 0) {
        if (found == fds_.end()) return RH_E_NOT_FOUND;
        fds_.erase(found);
        return RH_OK;
    }
    if (found != fds_.end()) {
        found->events = poll_bits(interest);
        return RH_OK;
    }
    if (fds_.size() >= kOwnFds + RH_MAX_FDS) return RH_E_FULL;
    fds_.push_back({fd, poll_bits(interest), 0});
    return RH_OK;
}

int EventLoop::set_timer(std::uint32_t id, std::uint32_t period_ms, std::int64_t now_us) {
    const auto found = std::find_if(timers_.begin(), timers_.end(),
                                    [&](const Timer& timer) { return timer.id == id; });
    if (period_ms == 0) {
        if (found == timers_.end()) return RH_E_NOT_FOUND;
        timers_.erase(found);
        return RH_OK;
    }
    const std::int64_t period_us = std::int64_t{period_ms} * 1000;
    const Timer timer{id, period_us, now_us + period_us};
    if (found != timers_.end()) {
        *found = timer;
        return RH_OK;
    }
    if (timers_.size() >= RH_MAX_TIMERS) return RH_E_FULL;
    timers_.push_back(timer);
    return RH_OK;
}

void EventLoop::wake() {
    if (wake_pending_.exchange(true)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof(one));
}

bool EventLoop::watches(int fd) const {
    return std::any_of(fds_.begin() + kOwnFds, fds_.end(),
                       [&](const pollfd& entry) { return entry.fd == fd; });
}

bool EventLoop::has_timer(std::uint32_t id) const {
    return std::any_of(timers_.begin(), timers_.end(),
                       [&](const Timer& timer) { return timer.id == id; });
}

void EventLoop::wait(std::int64_t until_us, Ready& ready) {
    ready = Ready{};
    for (const auto& timer : timers_) until_us = std::min(until_us, timer.due_us);
    const std::int64_t left_us = std::max<std::int64_t>(0, until_us - monotonic_us());
    const timespec limit{static_cast<time_t>(left_us / 1'000'000),
                         static_cast<long>(left_us % 1'000'000) * 1000};
    polled_ = fds_;
    if (::ppoll(polled_.data(), polled_.size(), &limit, nullptr) > 0) collect(ready);
    const std::int64_t now_us = monotonic_us();
    for (auto& timer : timers_) {
        if (timer.due_us > now_us) continue;
        ready.timers.push_back(timer.id);
        timer.due_us += timer.period_us;
        if (timer.due_us <= now_us) timer.due_us = now_us + timer.period_us;
    }
}

void EventLoop::collect(Ready& ready) {
    ready.socket = polled_[0].revents != 0;
    if (polled_[1].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(wake_fd_.get(), &count, sizeof(count));
        wake_pending_ = false;  // after the read: a wake from now on writes again
        ready.woken = true;
    }
    for (std::size_t i = kOwnFds; i < polled_.size(); ++i) {
        const pollfd& entry = polled_[i];
        if ((entry.revents & POLLNVAL) != 0) {
            ready.closed.push_back(entry.fd);
            watch(entry.fd, 0);
        } else if (entry.revents != 0) {
            ready.fds.emplace_back(entry.fd, ready_bits(entry.revents));
        }
    }
}

}  // namespace racehub::plugin_host
