#pragma once
// The hub as the plugin host sees it, played by a test: remembers what was handed over, answers as
// told, gives out facts.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "hub/plugin_host/hub_port.h"

namespace racehub::plugin_host {

class FakeHub final : public HubPort {
  public:
    static constexpr std::int64_t kOffsetUs = 1'700'000'000'000'000;

    // ---- HubPort ----
    void submit(Input input, std::function<void(const Receipt&)> done) override {
        Receipt receipt;
        bool answer = true;
        {
            const std::lock_guard lock(mutex_);
            inputs_.push_back(input);
            if (answer_with) receipt = answer_with(input);
            answer = !hold_answers;
            if (!answer) held_.push_back(done);
        }
        if (answer) done(receipt);
        changed_.notify_all();
    }
    void publish_sample(Input sample) override {
        const std::lock_guard lock(mutex_);
        samples_.push_back(std::move(sample));
        changed_.notify_all();
    }
    HubSnapshot snapshot() override {
        const std::lock_guard lock(mutex_);
        ++snapshots_;
        return {seq_, std::make_shared<const std::string>(state)};
    }
    FactsTaken take_facts(const std::function<bool(std::string_view)>& wanted) override {
        const std::lock_guard lock(mutex_);
        FactsTaken taken;
        for (auto& fact : facts_) {
            taken.last_seq = fact.seq;
            if (wanted(fact.type)) taken.facts.push_back(std::move(fact));
        }
        facts_.clear();
        return taken;
    }
    void set_wake(std::function<void()> wake) override {
        const std::lock_guard lock(mutex_);
        wake_ = std::move(wake);
    }
    std::int64_t clock_offset_us() const override { return kOffsetUs; }
    std::map<std::string, std::string> kv_load(const std::string& instance) override {
        const std::lock_guard lock(mutex_);
        return kv_[instance];
    }
    void kv_put(const std::string& instance, const std::string& key,
                const std::string& value) override {
        const std::lock_guard lock(mutex_);
        kv_[instance][key] = value;
        changed_.notify_all();
    }

    // ---- For tests ----
    void tell(const std::string& type, const std::string& data, const std::string& track = "main") {
        std::function<void()> wake;
        {
            const std::lock_guard lock(mutex_);
            Fact fact;
            fact.seq = ++seq_;
            fact.type = type;
            fact.track = track;
            fact.data = data;
            facts_.push_back(std::move(fact));
            wake = wake_;
        }
        if (wake) wake();
    }
    void order(const std::string& action) { tell("test.do", "{\"do\":\"" + action + "\"}"); }

    /// Waits for an input whose type and data contain these texts; takes it out. False: none within
    /// the limit.
    bool saw(const std::string& type, const std::string& part = "", Input* found = nullptr,
             std::chrono::seconds limit = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, [&] {
            for (auto it = inputs_.begin(); it != inputs_.end(); ++it) {
                if (it->type != type || it->data.find(part) == std::string::npos) continue;
                if (found) *found = *it;
                inputs_.erase(it);
                return true;
            }
            return false;
        });
    }
    template <class Condition>
    bool until(Condition&& condition, std::chrono::seconds limit = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, condition);
    }
    std::size_t count(const std::string& type) {
        const std::lock_guard lock(mutex_);
        std::size_t found = 0;
        for (const auto& input : inputs_) found += input.type == type ? 1 : 0;
        return found;
    }
    std::vector<Input> samples() {
        const std::lock_guard lock(mutex_);
        return samples_;
    }
    void answer_held(const Receipt& receipt) {
        std::vector<std::function<void(const Receipt&)>> held;
        {
            const std::lock_guard lock(mutex_);
            held.swap(held_);
        }
        for (const auto& done : held) done(receipt);
    }
    std::uint64_t seq() {
        const std::lock_guard lock(mutex_);
        return seq_;
    }
    std::map<std::string, std::map<std::string, std::string>> kv() {
        const std::lock_guard lock(mutex_);
        return kv_;
    }
    int snapshots() {
        const std::lock_guard lock(mutex_);
        return snapshots_;
    }

    // Set before the host starts.
    std::function<Receipt(const Input&)> answer_with;
    bool hold_answers = false;
    std::string state = R"({"tracks":[]})";

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Input> inputs_;
    std::vector<Input> samples_;
    std::vector<Fact> facts_;
    std::vector<std::function<void(const Receipt&)>> held_;
    std::map<std::string, std::map<std::string, std::string>> kv_;
    std::function<void()> wake_;
    std::uint64_t seq_ = 0;
    int snapshots_ = 0;
};

}  // namespace racehub::plugin_host
