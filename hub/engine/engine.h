#pragma once
// The race thread: the only writer of race state. It takes a batch from the bounded inbox, decides
// (pure), appends to the journal, and only then publishes. Everyone else sends it values, or reads
// a Replica.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "hub/engine/clock.h"
#include "hub/engine/journal.h"

namespace racehub {

/// Facts that are in the log, with their JSON envelopes made once for all readers. Immutable.
struct Batch {
    std::vector<Event> facts;
    std::vector<std::string> json;  ///< encode_event(facts[i])
};

/// Receives every fact in order of seq, from the first after the sink was added. Called on the race
/// thread: only enqueue.
class FactSink {
  public:
    virtual ~FactSink() = default;
    virtual void on_facts(std::shared_ptr<const Batch> batch) = 0;
};

/// Answer to a submitted input, given when it is in the log (or refused).
struct Receipt {
    bool logged =
        false;  ///< false: refused at the border, see outcome.code (inbox_full, stopping, storage)
    bool duplicate = false;   ///< (source, key) was in the log before: `outcome` is the first one's
    std::uint64_t input = 0;  ///< its number in the log
    std::uint64_t seq = 0;    ///< last fact when it had been decided
    Outcome outcome;
};

/// Called on the race thread, after commit and after the facts went to the sinks: only enqueue.
using ReceiptCallback = std::function<void(const Receipt&)>;

/// State of the log as people should see it.
struct StorageStatus {
    bool ok = true;
    TimeUs waiting_since_us = 0;
    std::string message;  ///< what is wrong and what to do
};

struct EngineCounters {
    std::uint64_t inputs = 0, commands = 0, commands_refused = 0, duplicates = 0, facts = 0,
                  commits = 0;
    std::uint64_t inbox_refused = 0, storage_retries = 0;
    /// Observations and commands that a stop dropped, because the log could not be written.
    std::uint64_t unwritten = 0;
    std::uint64_t inbox_depth = 0;
    TimeUs last_commit_us = 0;  ///< duration of the last append
};

class Engine {
  public:
    /// Inputs waiting to be decided. A busy track makes tens a second: a full inbox means that the
    /// disk has stood still for minutes, and then refusing visibly is better than remembering
    /// without end.
    static constexpr std::size_t kMaxInbox = 10'000;
    /// Inputs of one group commit: bounds the wait of the first for the last.
    static constexpr std::size_t kMaxBatch = 1'000;

    Engine(Recovered recovered, Journal& journal, Clock& clock);
    ~Engine();  ///< stops
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Sinks are not owned; they are added before start().
    void add_sink(FactSink& sink);
    /// Told about each change of the storage's state, on the race thread.
    void on_storage(std::function<void(const StorageStatus&)> callback);
    void start();
    /// [any-thread] Looks at the clock again: for a simulated clock that has been moved.
    void wake();
    /// Decides and stores what is in the inbox, then ends the thread. Later submits are refused
    /// with "stopping".
    void stop();

    /// [any-thread, never blocks] `input` is an observation or a command; recv_us 0 or in
    /// the future means now, time_us 0 means recv_us. `done` may be empty. False: refused at once
    /// (inbox full or stopping), `done` is not called.
    bool submit(Event input, ReceiptCallback done = {});

    /// [any-thread] A copy of the state as of the last published fact.
    HubState state() const;
    /// [any-thread] Runs `read` on the published state under its lock: keep it short, do not call
    /// back into the engine.
    void read_state(const std::function<void(const HubState&)>& read) const;
    /// [any-thread] {"seq","tracks",...} of the published state; made once per seq, shared.
    std::shared_ptr<const std::string> snapshot_json(std::uint64_t* seq = nullptr) const;

    const std::string& log_id() const { return log_id_; }
    const Clock& clock() const { return clock_; }
    EngineCounters counters() const;
    StorageStatus storage() const;

  private:
    struct Waiting {
        Event event;
        ReceiptCallback done;
    };
    struct Decided {
        JournalBatch batch;
        std::vector<std::pair<ReceiptCallback, Receipt>> receipts;
    };

    void run();
    std::vector<Waiting> take_batch();
    Decided decide_batch(std::vector<Waiting> inputs);
    void decide_one(Waiting& waiting, Decided& decided, Receipt receipt);
    Outcome decide_with_log(const Event& input, std::vector<Event>& facts);
    bool append(const JournalBatch& batch);
    void give_up(Decided decided);
    void publish(Decided decided);
    void set_storage(StorageStatus status);

    const std::string log_id_;
    Journal& journal_;
    Clock& clock_;
    std::vector<FactSink*> sinks_;                                // constant after start
    std::function<void(const StorageStatus&)> storage_callback_;  // constant after start

    HubState state_;            // race thread only
    std::uint64_t last_input_;  // race thread only

    mutable std::mutex inbox_mutex_;
    std::condition_variable inbox_filled_;
    std::vector<Waiting> inbox_;       // inbox_mutex_
    bool stopping_ = false;            // inbox_mutex_
    bool woken_ = false;               // inbox_mutex_
    std::uint64_t inbox_refused_ = 0;  // inbox_mutex_

    mutable std::mutex published_mutex_;
    HubState published_;                                   // published_mutex_
    mutable std::shared_ptr<const std::string> snapshot_;  // published_mutex_
    mutable std::uint64_t snapshot_seq_ = 0;               // published_mutex_
    EngineCounters counters_;                              // published_mutex_
    StorageStatus storage_;                                // published_mutex_

    std::thread thread_;
};

}  // namespace racehub
