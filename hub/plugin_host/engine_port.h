#pragma once
// Binds the plugin host to the engine.

#include <deque>
#include <functional>
#include <mutex>

#include "hub/engine/engine.h"
#include "hub/plugin_host/hub_port.h"

namespace racehub::plugin_host {

/// Where the small state of instances lives; the application puts the store behind it. [supervisor
/// thread]
class KvStore {
  public:
    virtual ~KvStore() = default;
    virtual std::map<std::string, std::string> load(const std::string& instance) = 0;
    /// An empty value removes the key.
    virtual void put(const std::string& instance, const std::string& key,
                     const std::string& value) = 0;
};

/// Add it to the engine as a sink before the engine starts; it must outlive both the engine and the
/// plugin host.
class EnginePort final : public HubPort, public FactSink {
  public:
    /// Facts that wait for the supervisor thread. It takes them within milliseconds; beyond this,
    /// plugins get a snapshot.
    static constexpr std::size_t kMaxWaitingFacts = 20'000;

    /// `on_sample` may be empty; it is called on the supervisor thread and only enqueues.
    EnginePort(Engine& engine, KvStore& kv, std::function<void(Input)> on_sample)
        : engine_(engine), kv_(kv), on_sample_(std::move(on_sample)) {}

    void on_facts(std::shared_ptr<const Batch> batch) override;  // race thread

    void submit(Input input, std::function<void(const Receipt&)> done) override;
    void publish_sample(Input sample) override {
        if (on_sample_) on_sample_(std::move(sample));
    }
    HubSnapshot snapshot() override;
    FactsTaken take_facts(const std::function<bool(std::string_view type)>& wanted) override;
    void set_wake(std::function<void()> wake) override;
    std::int64_t clock_offset_us() const override { return engine_.clock().offset_us(); }
    std::map<std::string, std::string> kv_load(const std::string& instance) override {
        return kv_.load(instance);
    }
    void kv_put(const std::string& instance, const std::string& key,
                const std::string& value) override {
        kv_.put(instance, key, value);
    }

  private:
    Engine& engine_;
    KvStore& kv_;
    const std::function<void(Input)> on_sample_;

    std::mutex mutex_;
    std::vector<std::shared_ptr<const Batch>> waiting_;  // mutex_
    std::size_t waiting_facts_ = 0;                      // mutex_
    bool gap_ = false;                                   // mutex_
    std::function<void()> wake_;                         // mutex_
};

}  // namespace racehub::plugin_host
