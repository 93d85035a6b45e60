#pragma once
// What the plugin host needs of the hub, and nothing more. The application binds it to the engine
// (engine_port.h); tests bind it to themselves.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::plugin_host {

enum class InputKind { observation, command, sample };

/// What a plugin instance handed over, checked for form and permission by the plugin host.
struct Input {
    InputKind kind = InputKind::observation;
    std::string type;
    std::string track;
    std::string race_id;
    std::string source;  ///< instance id
    std::string key;     ///< idempotency key; empty: none
    std::int64_t time_us = 0;
    std::int64_t recv_us = 0;
    std::string data;  ///< text that should be one JSON object; the hub checks it
};

enum class Answer {
    logged,    ///< in the log, now or (duplicate) before; a command: executed
    refused,   ///< will never be accepted like this; or a command with a negative outcome
    full,      ///< not now: inbox full, storage waiting
    stopping,  ///< the hub is going down
};

struct Receipt {
    Answer answer = Answer::logged;
    bool duplicate = false;
    std::string code;     ///< refusals: a stable word
    std::string message;  ///< refusals: one sentence
};

/// One fact, as plugins get it.
struct Fact {
    std::uint64_t seq = 0;
    std::uint64_t cause = 0;
    std::int64_t time_us = 0;
    std::int64_t recv_us = 0;
    std::string type;
    std::string track;
    std::string race_id;
    std::string data;  ///< JSON object
};

struct FactsTaken {
    std::vector<Fact> facts;     ///< in order of seq
    std::uint64_t last_seq = 0;  ///< of all facts taken, wanted or not
    bool gap = false;            ///< some before them were lost: readers need a new snapshot
};

struct HubSnapshot {
    std::uint64_t seq = 0;  ///< last fact in it
    std::shared_ptr<const std::string> json;
};

class HubPort {
  public:
    virtual ~HubPort() = default;

    /// Never blocks. `done` is called exactly once, on any thread, perhaps before this returns; it
    /// only enqueues. [supervisor thread]
    virtual void submit(Input input, std::function<void(const Receipt&)> done) = 0;

    /// A sample: newest wins, nobody answers. [supervisor thread]
    virtual void publish_sample(Input sample) = 0;

    /// State of the whole hub. [supervisor thread]
    virtual HubSnapshot snapshot() = 0;

    /// Facts since the last call whose type is `wanted`. [supervisor thread]
    virtual FactsTaken take_facts(const std::function<bool(std::string_view type)>& wanted) = 0;

    /// `wake` is to be called, on any thread, when there are facts to take. Empty: no more. [before
    /// start, after stop]
    virtual void set_wake(std::function<void()> wake) = 0;

    /// The hub's clock minus CLOCK_MONOTONIC; constant while the hub runs. [any-thread]
    virtual std::int64_t clock_offset_us() const = 0;

    /// Small state of instances; kv_put with an empty value removes. Neither may fail visibly: what
    /// cannot be stored is the hub's to report. [supervisor thread]
    virtual std::map<std::string, std::string> kv_load(const std::string& instance) = 0;
    virtual void kv_put(const std::string& instance, const std::string& key,
                        const std::string& value) = 0;
};

}  // namespace racehub::plugin_host
