#pragma once
// What waits for one instance on the hub's side: answers first, then facts. Bounded: an instance
// that does not keep up loses facts, counted, and gets a fresh snapshot instead. A value without
// I/O.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace racehub::plugin_host {

using Bytes = std::shared_ptr<const std::string>;

class Outbox {
  public:
    /// Facts of some seconds of a busy race; more means that the plugin is stuck, and a snapshot
    /// serves it better.
    static constexpr std::size_t kMaxFacts = 1'000;
    static constexpr std::size_t kMaxFactBytes = 4u << 20;
    /// Answers are asked for by the instance itself; it has stopped reading if so many wait.
    static constexpr std::size_t kMaxAnswers = 10'000;

    /// False: too many, the instance is beyond help.
    bool push_answer(Bytes bytes) {
        if (answers_.size() >= kMaxAnswers) return false;
        answers_.push_back(std::move(bytes));
        return true;
    }
    /// While a snapshot is wanted, facts are left out (counted if the instance had been following).
    void push_fact(std::uint64_t seq, Bytes bytes) {
        if (snapshot_wanted_) {
            lost_ += behind_ ? 1 : 0;
            return;
        }
        if (seq <= snapshot_seq_) return;  // the snapshot tells it
        if (facts_.size() >= kMaxFacts || fact_bytes_ + bytes->size() > kMaxFactBytes) {
            lost_ += facts_.size() + 1;
            drop_facts();
            behind_ = snapshot_wanted_ = true;
            return;
        }
        fact_bytes_ += bytes->size();
        facts_.push_back(std::move(bytes));
    }
    /// The hub itself lost facts, or the instance is new.
    void want_snapshot(bool after_gap) {
        drop_facts();
        snapshot_wanted_ = true;
        behind_ = after_gap;
    }
    /// True once everything before it has been sent.
    bool snapshot_due() const { return snapshot_wanted_ && empty(); }
    bool after_gap() const { return behind_; }
    void snapshot_sent(std::uint64_t seq) {
        snapshot_seq_ = seq;
        snapshot_wanted_ = behind_ = false;
    }

    bool empty() const { return answers_.empty() && facts_.empty(); }
    const Bytes& front() const { return answers_.empty() ? facts_.front() : answers_.front(); }
    void pop() {
        if (!answers_.empty()) return answers_.pop_front();
        fact_bytes_ -= facts_.front()->size();
        facts_.pop_front();
    }
    /// Facts left out for this instance since it exists.
    std::uint64_t lost() const { return lost_; }

    /// For a new process; the count of losses stays.
    void clear() {
        answers_.clear();
        drop_facts();
        snapshot_wanted_ = behind_ = false;
        snapshot_seq_ = 0;
    }

  private:
    void drop_facts() {
        facts_.clear();
        fact_bytes_ = 0;
    }
    std::deque<Bytes> answers_;
    std::deque<Bytes> facts_;
    std::size_t fact_bytes_ = 0;
    bool snapshot_wanted_ = false;
    bool behind_ = false;
    std::uint64_t snapshot_seq_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace racehub::plugin_host
