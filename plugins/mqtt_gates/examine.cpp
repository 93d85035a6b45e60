#include "plugins/mqtt_gates/examine.h"

#include <chrono>
#include <condition_variable>
#include <random>
#include <set>

#include "plugins/mqtt_gates/broker.h"

namespace racehub::mqtt {
namespace {

constexpr std::chrono::milliseconds kAnswerTime{13'000};  // the hub waits 15 s
// A broker that forbids a topic says so at once after the connection.
constexpr std::chrono::milliseconds kForbiddenTime{700};

// An examination has no host, but the connection wants somebody to tell the time and to complain
// to.
class NobodysHost {
  public:
    NobodysHost() {
        table_.struct_size = sizeof(table_);
        table_.abi_minor = RH_ABI_MINOR;
        table_.log = [](void*, rh_log_level, rh_str) {};
        table_.set_health = [](void*, rh_health, rh_str) {};
        table_.now_us = [](void*) -> std::int64_t {
            return std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::steady_clock::now().time_since_epoch())
                .count();
        };
    }
    sdk::Host get() const { return sdk::Host(&table_); }

  private:
    rh_host table_{};
};

// Acknowledges whatever comes; only this connection's own session gets it.
class Onlooker final : public BrokerListener {
  public:
    void on_connected(bool) override {}
    void on_message(const Message&, int) override {}
    void on_all_read() override {}
    bool settled() override { return true; }
    bool crowded() override { return false; }
    void on_status() override {
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
    }
    /// Asks `condition` at each change of the status; false: not within `time`.
    template <class Condition>
    bool wait(std::chrono::milliseconds time, Condition&& condition) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, time, condition);
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

std::string test(Config& config) {
    config.clean_session = true;
    const NobodysHost host;
    Onlooker onlooker;
    Broker broker(config, "racehub-test-" + std::to_string(std::random_device{}()), "", host.get(),
                  onlooker);
    sdk::BlockingWorker network(host.get());
    network.start([&](sdk::StopToken& token) { broker.run(token); }, [&] { broker.wake(); });
    const auto decided = [&] {
        const BrokerStatus status = broker.status();
        return status.connected || status.next_try_us != 0;
    };
    if (!onlooker.wait(kAnswerTime, decided)) {
        return sdk::verdict(false, "The broker " + config.host + ":" + std::to_string(config.port) +
                                       " does not answer: check host and port.");
    }
    const BrokerStatus first = broker.status();
    if (!first.connected) return sdk::verdict(false, first.text);
    const auto objected = [&] {
        const BrokerStatus status = broker.status();
        return !status.connected || status.text != first.text;
    };
    if (onlooker.wait(kForbiddenTime, objected)) {
        return sdk::verdict(false, broker.status().text);
    }
    std::set<std::string> topics;
    for (const GateRule& rule : config.gates) topics.insert(rule.topic);
    return sdk::verdict(
        true,
        "The broker " + config.host + ":" + std::to_string(config.port) + " answers" +
            (config.tls ? " by TLS" : "") +
            (config.tls && config.tls_insecure ? ", its name not checked (tls_insecure)" : "") +
            " and lets us listen to " +
            (topics.size() == 1 ? "the gate's topic."
                                : std::to_string(topics.size()) + " topics."));
}

}  // namespace

std::string examine(std::string_view what, std::string_view config_json) {
    if (what != "test") return {};
    Config config;
    std::string error;
    if (!read_config(config_json, config, error)) return sdk::verdict(false, error);
    return test(config);
}

}  // namespace racehub::mqtt
