// A plugin's own thread, as a class. C++17, header-only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <racehub/plugin.hpp>
#include <thread>
#include <utility>

namespace racehub::sdk {

// Asked by a worker's body: may it go on?
class StopToken {
  public:
    bool stopping() const {
        const std::lock_guard lock(mutex_);
        return stopping_;
    }
    // Waits for `time` or the stop; true: stop now.
    bool wait_for(std::chrono::milliseconds time) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, time, [this] { return stopping_; });
    }

  private:
    friend class BlockingWorker;
    void set(bool stopping) {
        const std::lock_guard lock(mutex_);
        stopping_ = stopping;
        changed_.notify_all();
    }
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // protected by mutex_
};

// One joined thread for what blocks (a long poll, a vendor's client). start and stop: plugin
// thread. `interrupt` is called by stop to end a blocking call (close a socket, say); it must be
// thread-safe.
class BlockingWorker {
  public:
    explicit BlockingWorker(Host host) : host_(host) {}
    ~BlockingWorker() { stop(); }
    BlockingWorker(const BlockingWorker&) = delete;
    BlockingWorker& operator=(const BlockingWorker&) = delete;

    void start(std::function<void(StopToken&)> body, std::function<void()> interrupt = {}) {
        stop();
        token_.set(false);
        interrupt_ = std::move(interrupt);
        thread_ = std::thread([this, run = std::move(body)]() noexcept {
            try {
                run(token_);
            } catch (const std::exception& error) {
                host_.health(RH_HEALTH_FAILED, error.what());
            } catch (...) {
                host_.health(RH_HEALTH_FAILED, "a worker ended with an unknown exception");
            }
        });
    }
    void stop() {
        token_.set(true);
        if (!thread_.joinable()) return;
        if (interrupt_) interrupt_();
        thread_.join();
    }

  private:
    Host host_;
    StopToken token_;
    std::function<void()> interrupt_;
    std::thread thread_;
};

}  // namespace racehub::sdk
