#pragma once
// Observations on their way to the hub, in order: what it does not take at the moment is offered
// again.

#include <deque>
#include <racehub/plugin.hpp>
#include <string>

#include "plugins/openf1/replay.h"

namespace racehub::openf1 {

/// Plugin thread.
class Outbox final : public Listener {
  public:
    /// A jump over a whole race makes some thousands; more means that the hub takes nothing.
    static constexpr std::size_t kMost = 50'000;

    Outbox(sdk::Host host, std::string prefix) : host_(host), prefix_(std::move(prefix)) {}

    void observe(const char* type, const std::string& data, const std::string& key) override {
        if (waiting_.size() >= kMost) {
            ++lost_;
            return;
        }
        waiting_.push_back({type, data, prefix_ + key});
        send();
    }
    void sample(const char* type, const std::string& data) override {
        sdk::Event event{type, data};
        event.kind = RH_KIND_SAMPLE;
        event.time_us = event.recv_us = host_.now_us();
        host_.publish(event);
    }
    /// Sends what waits, as far as the hub takes it.
    void send() {
        while (!waiting_.empty()) {
            const Waiting& next = waiting_.front();
            sdk::Event event{next.type, next.data};
            event.time_us = event.recv_us = host_.now_us();
            event.source_key = next.key;
            if (host_.publish(event) == RH_E_FULL) return;
            waiting_.pop_front();
        }
    }
    std::size_t waiting() const { return waiting_.size(); }
    std::uint64_t lost() const { return lost_; }

  private:
    struct Waiting {
        const char* type;
        std::string data, key;
    };
    const sdk::Host host_;
    const std::string prefix_;
    std::deque<Waiting> waiting_;
    std::uint64_t lost_ = 0;
};

}  // namespace racehub::openf1
