#include "hub/engine/engine.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

#include "hub/core/assert.h"
#include "hub/core/codec.h"

namespace racehub {
namespace {

constexpr std::string_view kHubSource = "hub";  ///< source of timer inputs
constexpr std::chrono::milliseconds kFirstRetry{20};
constexpr std::chrono::milliseconds kLongestRetry{1'000};
/// A stopping hub that cannot write gives up after this many tries; what it drops was never shown
/// to anybody.
constexpr int kTriesWhenStopping = 5;

std::uint32_t draw_entropy() {
    // random_device is getrandom here: thread-safe, and needed only for commands.
    return std::random_device{}();
}

Outcome refusal(std::string code, std::string message) {
    return Outcome{false, std::move(code), std::move(message)};
}

}  // namespace

Engine::Engine(Recovered recovered, Journal& journal, Clock& clock)
    : log_id_(std::move(recovered.log_id)),
      journal_(journal),
      clock_(clock),
      state_(std::move(recovered.state)),
      last_input_(recovered.last_input),
      published_(state_) {}

Engine::~Engine() { stop(); }

void Engine::add_sink(FactSink& sink) {
    RH_ASSERT(!thread_.joinable());
    sinks_.push_back(&sink);
}

void Engine::on_storage(std::function<void(const StorageStatus&)> callback) {
    RH_ASSERT(!thread_.joinable());
    storage_callback_ = std::move(callback);
}

void Engine::start() {
    RH_ASSERT(!thread_.joinable());
    thread_ = std::thread([this] { run(); });
}

void Engine::stop() {
    {
        std::lock_guard lock(inbox_mutex_);
        stopping_ = true;
    }
    inbox_filled_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Engine::wake() {
    {
        std::lock_guard lock(inbox_mutex_);
        woken_ = true;
    }
    inbox_filled_.notify_all();
}

bool Engine::submit(Event input, ReceiptCallback done) {
    RH_ASSERT(kind_of(input.data) != Kind::fact);
    // Nothing has been received in the future: a source whose clock runs ahead must not let the
    // race's deadlines come early.
    const TimeUs now_us = clock_.now_us();
    if (input.recv_us == 0 || input.recv_us > now_us) input.recv_us = now_us;
    if (input.time_us == 0) input.time_us = input.recv_us;
    if (kind_of(input.data) == Kind::command && input.entropy == 0) input.entropy = draw_entropy();
    {
        std::lock_guard lock(inbox_mutex_);
        if (stopping_ || inbox_.size() >= kMaxInbox) {
            ++inbox_refused_;
            return false;
        }
        inbox_.push_back(Waiting{std::move(input), std::move(done)});
    }
    inbox_filled_.notify_one();
    return true;
}

void Engine::run() {
    for (;;) {
        std::vector<Waiting> inputs = take_batch();
        if (inputs.empty()) return;
        Decided decided = decide_batch(std::move(inputs));
        if (!append(decided.batch)) return give_up(std::move(decided));
        publish(std::move(decided));
    }
}

/// Waits for inputs or for a race's own clock. Empty: the engine stops and the inbox is drained.
std::vector<Engine::Waiting> Engine::take_batch() {
    std::unique_lock lock(inbox_mutex_);
    for (;;) {
        if (!inbox_.empty()) {
            std::vector<Waiting> batch;
            if (inbox_.size() <= kMaxBatch) {
                batch.swap(inbox_);
            } else {
                const auto end = inbox_.begin() + static_cast<std::ptrdiff_t>(kMaxBatch);
                batch.assign(std::make_move_iterator(inbox_.begin()), std::make_move_iterator(end));
                inbox_.erase(inbox_.begin(), end);
            }
            return batch;
        }
        if (stopping_) return {};
        woken_ = false;
        const auto changed = [this] { return !inbox_.empty() || stopping_ || woken_; };
        const std::optional<Deadline> deadline = next_deadline(state_);
        if (!deadline) {
            inbox_filled_.wait(lock, changed);
            continue;
        }
        const TimeUs now_us = clock_.now_us();
        if (deadline->time_us <= now_us) {
            Event timer;
            timer.time_us = timer.recv_us = now_us;
            timer.track = deadline->track;
            timer.source = kHubSource;
            timer.data = TimerElapsed{};
            std::vector<Waiting> batch;
            batch.push_back(Waiting{std::move(timer), {}});
            return batch;
        }
        inbox_filled_.wait_for(lock, std::chrono::microseconds(deadline->time_us - now_us),
                               changed);
    }
}

Engine::Decided Engine::decide_batch(std::vector<Waiting> inputs) {
    Decided decided;
    decided.batch.inputs.reserve(inputs.size());
    std::map<std::pair<std::string, std::string>, std::size_t> keys_of_batch;
    for (Waiting& waiting : inputs) {
        Event& event = waiting.event;
        Receipt receipt;
        receipt.logged = true;
        if (!event.key.empty()) {
            const auto [twin, added] = keys_of_batch.emplace(std::pair(event.source, event.key),
                                                             decided.batch.inputs.size());
            std::optional<Outcome> first;
            if (!added) {
                first = decided.batch.inputs[twin->second].outcome;
            } else {
                first = journal_.find(event.source, event.key);
            }
            if (first) {
                if (added) keys_of_batch.erase(twin);
                receipt.duplicate = true;
                receipt.outcome = std::move(*first);
                receipt.seq = state_.seq;
                decided.receipts.emplace_back(std::move(waiting.done), std::move(receipt));
                continue;
            }
        }
        decide_one(waiting, decided, std::move(receipt));
    }
    decided.batch.after = &state_;
    return decided;
}

void Engine::decide_one(Waiting& waiting, Decided& decided, Receipt receipt) {
    const std::size_t first_fact = decided.batch.facts.size();
    InputRecord record;
    record.number = ++last_input_;
    record.outcome = decide_with_log(waiting.event, decided.batch.facts);
    for (std::size_t i = first_fact; i < decided.batch.facts.size(); ++i) {
        decided.batch.facts[i].cause = record.number;
    }
    receipt.input = record.number;
    receipt.seq = state_.seq;
    receipt.outcome = record.outcome;
    record.event = std::move(waiting.event);
    decided.batch.inputs.push_back(std::move(record));
    decided.receipts.emplace_back(std::move(waiting.done), std::move(receipt));
}

Outcome Engine::decide_with_log(const Event& input, std::vector<Event>& facts) {
    return decide(state_, input, facts, [&](const std::string& race_id, const std::string& track) {
        std::optional<Race> race = journal_.fold_race(race_id, track);
        if (!race) return race;
        RaceFold fold(race_id, track, std::move(*race));
        for (const Event& fact : facts) fold.take(fact);  // of this batch: not in the log yet
        return fold.race();
    });
}

/// Tries until the batch is stored: nothing is shown before, and the inbox holds what comes
/// meanwhile.
bool Engine::append(const JournalBatch& batch) {
    if (batch.inputs.empty()) return true;
    auto pause = kFirstRetry;
    int tries = 0;
    StorageStatus waiting;
    for (;;) {
        std::string error;
        const TimeUs begin_us = clock_.now_us();
        if (journal_.append(batch, error)) {
            std::lock_guard lock(published_mutex_);
            counters_.commits += 1;
            counters_.last_commit_us = clock_.now_us() - begin_us;
            break;
        }
        if (waiting.ok) waiting.waiting_since_us = begin_us;
        waiting.ok = false;
        waiting.message = error;
        set_storage(waiting);
        std::unique_lock lock(inbox_mutex_);
        if (stopping_ && ++tries >= kTriesWhenStopping) return false;
        inbox_filled_.wait_for(lock, pause, [this] { return stopping_; });
        pause = std::min(pause * 2, kLongestRetry);
    }
    if (!waiting.ok) set_storage(StorageStatus{});
    return true;
}

/// Everybody who waits is answered, those in the inbox too.
void Engine::give_up(Decided decided) {
    std::vector<Waiting> rest;
    {
        std::lock_guard lock(inbox_mutex_);
        rest.swap(inbox_);
    }
    std::uint64_t unwritten = rest.size();
    for (const InputRecord& input : decided.batch.inputs) {
        if (input.event.source != kHubSource) ++unwritten;
    }
    {
        std::lock_guard lock(published_mutex_);
        counters_.unwritten = unwritten;
    }
    for (Waiting& waiting : rest) decided.receipts.emplace_back(std::move(waiting.done), Receipt{});
    for (auto& [done, receipt] : decided.receipts) {
        receipt.logged = false;
        receipt.outcome = refusal("storage", "The hub is stopping and could not write its log.");
        if (done) done(receipt);
    }
}

void Engine::publish(Decided decided) {
    auto batch = std::make_shared<Batch>();
    batch->facts = std::move(decided.batch.facts);
    batch->json.reserve(batch->facts.size());
    for (const Event& fact : batch->facts) batch->json.push_back(encode_event(fact));
    {
        std::lock_guard lock(published_mutex_);
        for (const Event& fact : batch->facts) apply(published_, fact);
        counters_.facts += batch->facts.size();
        counters_.inputs += decided.batch.inputs.size();
        counters_.duplicates += decided.receipts.size() - decided.batch.inputs.size();
        for (const InputRecord& input : decided.batch.inputs) {
            if (kind_of(input.event.data) != Kind::command) continue;
            counters_.commands += 1;
            if (!input.outcome.accepted) counters_.commands_refused += 1;
        }
    }
    if (!batch->facts.empty()) {
        for (FactSink* sink : sinks_) sink->on_facts(batch);
    }
    for (auto& [done, receipt] : decided.receipts) {
        if (done) done(receipt);
    }
}

void Engine::set_storage(StorageStatus status) {
    {
        std::lock_guard lock(published_mutex_);
        if (!status.ok) counters_.storage_retries += 1;
        if (storage_.ok == status.ok && storage_.message == status.message) return;
        storage_ = status;
    }
    if (storage_callback_) storage_callback_(status);
}

HubState Engine::state() const {
    std::lock_guard lock(published_mutex_);
    return published_;
}

void Engine::read_state(const std::function<void(const HubState&)>& read) const {
    std::lock_guard lock(published_mutex_);
    read(published_);
}

std::shared_ptr<const std::string> Engine::snapshot_json(std::uint64_t* seq) const {
    HubState copy;
    {
        std::lock_guard lock(published_mutex_);
        if (snapshot_ && snapshot_seq_ == published_.seq) {
            if (seq != nullptr) *seq = snapshot_seq_;
            return snapshot_;
        }
        copy = published_;
    }
    // Encoded outside the lock: a long race's state takes milliseconds, and the race thread must
    // not wait for a reader.
    auto made = std::make_shared<const std::string>(encode_state(copy));
    if (seq != nullptr) *seq = copy.seq;
    std::lock_guard lock(published_mutex_);
    if (!snapshot_ || snapshot_seq_ < copy.seq) {
        snapshot_ = made;
        snapshot_seq_ = copy.seq;
    }
    return made;
}

EngineCounters Engine::counters() const {
    EngineCounters counters;
    {
        std::lock_guard lock(published_mutex_);
        counters = counters_;
    }
    std::lock_guard lock(inbox_mutex_);
    counters.inbox_refused = inbox_refused_;
    counters.inbox_depth = inbox_.size();
    return counters;
}

StorageStatus Engine::storage() const {
    std::lock_guard lock(published_mutex_);
    return storage_;
}

}  // namespace racehub
