#pragma once
// A journal in memory that can fail or stand still, a clock that the test turns, and a sink that
// waits for facts with a deadline.

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>

#include "hub/engine/engine.h"
#include "tests/support/hub_driver.h"

namespace racehub::test {

/// How long a test waits for another thread before it fails. Never reached when all is well.
inline constexpr std::chrono::seconds kPatience{10};

class TurnedClock final : public Clock {
  public:
    TimeUs now_us() const override { return now_us_.load(); }
    TimeUs offset_us() const override { return 0; }
    /// Turns the clock and tells the race thread.
    void turn_to(Engine& engine, TimeUs at_us) {
        now_us_.store(at_us);
        engine.wake();
    }
    void set(TimeUs at_us) { now_us_.store(at_us); }

  private:
    std::atomic<TimeUs> now_us_{kMorningUs};
};

class MemoryJournal final : public Journal {
  public:
    std::optional<Outcome> find(const std::string& source, const std::string& key) override {
        std::lock_guard lock(mutex_);
        const auto found = outcomes_.find({source, key});
        if (found == outcomes_.end()) return std::nullopt;
        return found->second;
    }

    std::optional<Race> fold_race(const std::string& race_id, const std::string& track) override {
        std::lock_guard lock(mutex_);
        RaceFold fold(race_id);
        for (const Event& fact : facts_) fold.take(fact);
        return fold.track() == track ? fold.race() : std::nullopt;
    }

    bool append(const JournalBatch& batch, std::string& error) override {
        std::unique_lock lock(mutex_);
        ++tries_;
        appending_ = true;
        changed_.notify_all();
        changed_.wait_for(lock, kPatience, [this] { return !held_; });
        appending_ = false;
        if (failing_) {
            error = "The disk is full. Free some space.";
            return false;
        }
        for (const InputRecord& input : batch.inputs) {
            if (input.number != inputs_.size() + 1) broken_ = "inputs are not numbered gaplessly";
            inputs_.push_back(input);
            if (input.event.key.empty()) continue;
            const std::pair key(input.event.source, input.event.key);
            if (!outcomes_.emplace(key, input.outcome).second) broken_ = "a key was logged twice";
        }
        for (const Event& fact : batch.facts) {
            if (fact.seq != facts_.size() + 1) broken_ = "facts are not gapless";
            if (fact.cause == 0 || fact.cause > inputs_.size()) broken_ = "a fact without a cause";
            facts_.push_back(fact);
        }
        if (batch.after == nullptr || batch.after->seq != facts_.size()) {
            broken_ = "the state after the batch is another";
        }
        sizes_.push_back(batch.inputs.size());
        changed_.notify_all();
        return true;
    }

    void fail(bool failing) {
        std::lock_guard lock(mutex_);
        failing_ = failing;
    }
    /// Append stands still until released.
    void hold(bool held) {
        std::lock_guard lock(mutex_);
        held_ = held;
        changed_.notify_all();
    }
    /// Waits until the race thread stands in append.
    bool wait_until_held() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [this] { return appending_; });
    }
    /// Waits for so many tries to append.
    bool wait_for_tries(int tries) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return tries_ >= tries; });
    }

    std::vector<InputRecord> inputs() const { return locked(inputs_); }
    std::vector<Event> facts() const { return locked(facts_); }
    std::vector<std::size_t> sizes() const { return locked(sizes_); }
    std::string broken() const { return locked(broken_); }
    std::uint64_t last_seq() const {
        std::lock_guard lock(mutex_);
        return facts_.size();
    }

    /// What a hub that starts on this log begins with.
    Recovered recovered() const {
        std::lock_guard lock(mutex_);
        Recovered recovered;
        recovered.log_id = "log-1";
        for (const Event& fact : facts_) apply(recovered.state, fact);
        recovered.last_input = inputs_.size();
        for (const InputRecord& input : inputs_) {
            recovered.last_time_us = std::max(recovered.last_time_us, input.event.recv_us);
        }
        return recovered;
    }

  private:
    template <class T>
    T locked(const T& value) const {
        std::lock_guard lock(mutex_);
        return value;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<InputRecord> inputs_;
    std::vector<Event> facts_;
    std::map<std::pair<std::string, std::string>, Outcome> outcomes_;
    std::vector<std::size_t> sizes_;
    std::string broken_;
    int tries_ = 0;
    bool failing_ = false, held_ = false, appending_ = false;
};

/// Collects facts and checks on the race thread that each was in the journal first.
class Watcher final : public FactSink {
  public:
    explicit Watcher(const MemoryJournal& journal) : journal_(journal) {}

    void on_facts(std::shared_ptr<const Batch> batch) override {
        std::lock_guard lock(mutex_);
        if (batch->facts.size() != batch->json.size()) broken_ = "not one text for each fact";
        for (std::size_t i = 0; i < batch->facts.size(); ++i) {
            const Event& fact = batch->facts[i];
            if (fact.seq > journal_.last_seq()) broken_ = "a fact was shown before it was logged";
            if (!facts_.empty() && fact.seq != facts_.back().seq + 1) broken_ = "a hole in seq";
            if (batch->json[i] != encode_event(fact)) broken_ = "the text is another fact's";
            facts_.push_back(fact);
        }
        changed_.notify_all();
    }

    template <class P>
    bool wait_for(int count = 1) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return count_of<P>() >= count; });
    }
    template <class P>
    int count() const {
        std::lock_guard lock(mutex_);
        return count_of<P>();
    }
    template <class P>
    Event newest() const {
        std::lock_guard lock(mutex_);
        for (auto fact = facts_.rbegin(); fact != facts_.rend(); ++fact) {
            if (std::holds_alternative<P>(fact->data)) return *fact;
        }
        return Event{};
    }
    std::size_t size() const {
        std::lock_guard lock(mutex_);
        return facts_.size();
    }
    std::string broken() const {
        std::lock_guard lock(mutex_);
        return broken_;
    }

  private:
    template <class P>
    int count_of() const {
        int n = 0;
        for (const Event& fact : facts_) n += std::holds_alternative<P>(fact.data) ? 1 : 0;
        return n;
    }

    const MemoryJournal& journal_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Event> facts_;
    std::string broken_;
};

inline Event command(Payload data, std::string key = {}) {
    Event event;
    event.track = "main";
    event.source = "director:anna";
    event.key = std::move(key);
    event.data = std::move(data);
    return event;
}

inline Event crossing(std::int32_t lane, std::string key = {}, TimeUs time_us = 0) {
    Event event;
    event.track = "main";
    event.source = "gates";
    event.key = std::move(key);
    event.time_us = time_us;
    event.data = GateCrossed{Gate::finish, lane, {}, 0};
    return event;
}

/// An engine on a journal and a turned clock, with a track "main".
struct Rig {
    explicit Rig(const RaceSettings& settings = {}) : Rig(settings, kMorningUs) {}
    Rig(const RaceSettings& settings, TimeUs now_us) {
        clock.set(now_us);
        boot();
        TrackConfigure track;
        track.name = "Main";
        track.lanes = 4;
        track.settings = settings;
        ask(command(track));
    }
    ~Rig() {
        journal.hold(false);
        journal.fail(false);
        engine->stop();
        CHECK(journal.broken() == "");
        CHECK(watcher->broken() == "");
    }

    /// Starts a hub on the journal as it is; the one before is gone without a word, as after kill
    /// -9.
    void boot() {
        engine.reset();
        watcher = std::make_unique<Watcher>(journal);
        engine = std::make_unique<Engine>(journal.recovered(), journal, clock);
        engine->add_sink(*watcher);
        engine->on_storage([this](const StorageStatus& status) {
            std::lock_guard lock(storage_mutex);
            storage_seen.push_back(status);
        });
        engine->start();
    }

    std::future<Receipt> submit(Event event) {
        auto promise = std::make_shared<std::promise<Receipt>>();
        std::future<Receipt> future = promise->get_future();
        const bool taken = engine->submit(
            std::move(event), [promise](const Receipt& receipt) { promise->set_value(receipt); });
        if (!taken) {
            Receipt refused;
            refused.outcome.accepted = false;
            promise->set_value(refused);
        }
        return future;
    }

    static Receipt wait(std::future<Receipt> future) {
        if (future.wait_for(kPatience) != std::future_status::ready) {
            throw std::runtime_error("no receipt");
        }
        return future.get();
    }

    Receipt ask(Event event) { return wait(submit(std::move(event))); }
    void turn_to(TimeUs at_us) { clock.turn_to(*engine, at_us); }
    Race race() const {
        const HubState state = engine->state();
        const Track* track = state.find("main");
        if (track == nullptr || !track->race) throw std::runtime_error("no race");
        return *track->race;
    }
    std::vector<StorageStatus> storage() {
        std::lock_guard lock(storage_mutex);
        return storage_seen;
    }

    TurnedClock clock;
    MemoryJournal journal;
    std::unique_ptr<Watcher> watcher;
    std::unique_ptr<Engine> engine;
    std::mutex storage_mutex;
    std::vector<StorageStatus> storage_seen;
};

}  // namespace racehub::test
