#include "hub/plugin_host/instance.h"

#include <racehub/plugin.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "hub/plugin_host/event_loop.h"
#include "hub/plugin_host/instance_host.h"
#include "hub/plugin_host/plugin_file.h"
#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {
namespace {

// Messages handled before timers and descriptors get their turn.
constexpr int kMessagesPerTurn = 32;

rh_str to_rh(std::string_view text) { return rh_str{text.data(), text.size()}; }

class Instance {
  public:
    Instance(int socket, std::string file, std::uint32_t index)
        : socket_(socket),
          file_name_(std::move(file)),
          index_(index),
          buffer_(std::make_unique<char[]>(kMaxMessageBytes + 1)),
          loop_(socket),
          host_(socket, loop_) {}

    InstanceEnd run() {
        try {
            while (!end_) turn();
        } catch (const std::exception& error) {
            misbehave(std::string("an exception left the plugin: ") + error.what());
        } catch (...) {
            misbehave("an exception left the plugin");
        }
        return *end_;
    }

  private:
    void turn() {
        const std::int64_t flush_us = host_.flush(monotonic_us());
        EventLoop::Ready ready;
        loop_.wait(started_ ? std::min(flush_us, next_alive_us_) : flush_us, ready);
        if (ready.socket) receive();
        if (end_) return;
        if (started_) call_back(ready);
        alive();
    }

    // "The plugin thread came back", after each callback but not more often than the hub asked for.
    void alive() {
        const std::int64_t now_us = monotonic_us();
        if (!started_ || now_us < next_alive_us_) return;
        next_alive_us_ = now_us + alive_period_us_;
        host_.send_alive();
    }

    void receive() {
        for (int i = 0; i < kMessagesPerTurn && !end_; ++i) {
            std::size_t size = 0;
            Fd file;
            switch (receive_datagram(socket_, buffer_.get(), size, &file)) {
                case Received::nothing:
                    return;
                case Received::end:
                    return finish();  // the hub is gone
                case Received::message:
                    break;
            }
            Message message;
            std::string error;
            if (!decode({buffer_.get(), size}, Direction::to_instance, message, error)) {
                return misbehave("the hub's message: " + error);
            }
            handle(message, file);
            alive();
        }
    }

    void handle(const Message& message, const Fd& file) {
        switch (message.type) {
            case MessageType::hello:
                host_.configure(message);
                config_ = message.data;
                alive_period_us_ = static_cast<std::int64_t>(message.id) * 1000;
                return;
            case MessageType::kv_item:
                return host_.add_kv(message);
            case MessageType::start:
                return start();
            case MessageType::event:
                return deliver(message, file);
            case MessageType::reply:
                return host_.complete(message.id, message.code);
            case MessageType::stop:
                return finish();
            default:
                return;
        }
    }

    void start() {
        std::string error;
        rh_status status = RH_E_FAILED;
        if (!library_.open(file_name_, error)) {
            error = file_name_ + " " + error;
        } else {
            plugin_ = library_.create(index_, host_.table(), error);
        }
        if (plugin_) {
            host_.set_phase(InstanceHost::Phase::started);
            status = plugin_->start(plugin_->self, to_rh(config_));
        }
        if (status != RH_OK && !host_.health_text().empty()) error = host_.health_text();
        if (status != RH_OK && error.empty()) error = "start gave status " + std::to_string(status);
        Message started;
        started.type = MessageType::started;
        started.code = status;
        const std::string text = clean_text(error, RH_MAX_TEXT_BYTES);
        started.data = text;
        host_.send_surely(started);
        if (status == RH_OK) {
            started_ = true;
            next_alive_us_ = monotonic_us() + alive_period_us_;
            return;
        }
        host_.set_phase(InstanceHost::Phase::stopped);
        if (plugin_) plugin_->destroy(plugin_->self);
        plugin_ = nullptr;
        end_ = InstanceEnd::start_failed;
    }

    void deliver(const Message& message, const Fd& file) {
        if (!started_ || !RH_HAS(rh_plugin, plugin_, on_event) || !plugin_->on_event) return;
        std::string_view data = message.data;
        std::string from_file;
        if ((message.flags & kDataInFile) != 0) {
            if (!file || !text_from_file(file.get(), message.id, from_file)) {
                return misbehave("the hub's snapshot cannot be read");
            }
            data = from_file;
        }
        rh_event event{};
        event.struct_size = sizeof(event);
        event.flags = message.flags & ~kDataInFile;
        event.kind = message.code;
        event.version = message.version;
        event.seq = message.seq;
        event.cause = message.cause;
        event.time_us = message.time_us;
        event.recv_us = message.recv_us;
        event.type = to_rh(message.name);
        event.track = to_rh(message.track);
        event.race_id = to_rh(message.race_id);
        event.source = to_rh(message.source);
        event.source_key = to_rh(message.key);
        event.data = to_rh(data);
        plugin_->on_event(plugin_->self, &event);
    }

    void call_back(const EventLoop::Ready& ready) {
        for (const int fd : ready.closed) {
            host_.say(RH_LOG_WARNING, "plugin misbehaving: watched descriptor " +
                                          std::to_string(fd) + " was closed; forgotten");
        }
        if (host_.take_wake() && RH_HAS(rh_plugin, plugin_, on_wake) && plugin_->on_wake) {
            plugin_->on_wake(plugin_->self);
        }
        const bool on_fd = RH_HAS(rh_plugin, plugin_, on_fd) && plugin_->on_fd;
        for (const auto& [fd, bits] : ready.fds) {
            if (on_fd && loop_.watches(fd)) plugin_->on_fd(plugin_->self, fd, bits);
            alive();
        }
        const bool on_timer = RH_HAS(rh_plugin, plugin_, on_timer) && plugin_->on_timer;
        for (const std::uint32_t id : ready.timers) {
            if (on_timer && loop_.has_timer(id)) plugin_->on_timer(plugin_->self, id);
            alive();
        }
    }

    void finish() {
        if (plugin_) {
            host_.set_phase(InstanceHost::Phase::stopping);
            if (started_) plugin_->stop(plugin_->self);
            host_.set_phase(InstanceHost::Phase::stopped);
            plugin_->destroy(plugin_->self);
            plugin_ = nullptr;
        }
        started_ = false;
        Message stopped;
        stopped.type = MessageType::stopped;
        host_.send_surely(stopped);
        end_ = InstanceEnd::stopped;
    }

    // Its state is unknown: nothing of it is called any more.
    void misbehave(const std::string& why) {
        host_.say(RH_LOG_ERROR, "plugin misbehaving: " + why);
        host_.set_phase(InstanceHost::Phase::stopped);
        end_ = InstanceEnd::misbehaved;
    }

    const int socket_;
    const std::string file_name_;
    const std::uint32_t index_;
    const std::unique_ptr<char[]> buffer_;
    EventLoop loop_;
    InstanceHost host_;
    PluginFile library_;
    std::string config_;
    const rh_plugin* plugin_ = nullptr;
    bool started_ = false;
    std::int64_t alive_period_us_ = 250'000;
    std::int64_t next_alive_us_ = 0;
    std::optional<InstanceEnd> end_;
};

// Threads that a plugin left behind may still call its host. In a child they end with the process;
// in the hub the host stays, at most five a minute before the quarantine.
void keep(std::unique_ptr<Instance> instance) {
    static std::mutex mutex;
    static auto* const kept = new std::vector<std::unique_ptr<Instance>>;  // outlives all threads
    const std::lock_guard lock(mutex);
    kept->push_back(std::move(instance));
}

}  // namespace

InstanceEnd run_instance(int socket, const std::string& file, std::uint32_t index) {
    auto instance = std::make_unique<Instance>(socket, file, index);
    const InstanceEnd end = instance->run();
    if (end == InstanceEnd::misbehaved) keep(std::move(instance));
    return end;
}

}  // namespace racehub::plugin_host
