#include "hub/plugin_host/engine_port.h"

#include "hub/core/codec.h"

namespace racehub::plugin_host {
namespace {

Receipt refusal(Answer answer, std::string code, std::string message) {
    return {answer, false, std::move(code), std::move(message)};
}

Receipt to_receipt(const racehub::Receipt& given) {
    Receipt receipt;
    receipt.duplicate = given.duplicate;
    if (!given.logged) receipt.answer = Answer::stopping;
    if (given.logged && !given.outcome.accepted) receipt.answer = Answer::refused;
    receipt.code = given.outcome.code;
    receipt.message = given.outcome.message;
    return receipt;
}

}  // namespace

void EnginePort::submit(Input input, std::function<void(const Receipt&)> done) {
    Event event;
    std::string error;
    if (!decode_payload(input.type, input.data, event.data, error)) {
        return done(refusal(Answer::refused, "malformed", error));
    }
    const Kind kind = input.kind == InputKind::command ? Kind::command : Kind::observation;
    // The race's own clock speaks as an observation, too; nobody else may.
    if (kind_of(event.data) != kind || std::holds_alternative<TimerElapsed>(event.data)) {
        return done(
            refusal(Answer::refused, "wrong_kind",
                    input.type + " is not " +
                        (kind == Kind::command ? "a command" : "an observation of a source")));
    }
    event.time_us = input.time_us;
    event.recv_us = input.recv_us;
    event.track = std::move(input.track);
    event.race_id = std::move(input.race_id);
    event.source = std::move(input.source);
    event.key = std::move(input.key);
    const auto answer = [done](const racehub::Receipt& receipt) { done(to_receipt(receipt)); };
    if (engine_.submit(std::move(event), answer)) return;
    done(refusal(Answer::full, "inbox_full", "The hub takes nothing at the moment; try again."));
}

void EnginePort::on_facts(std::shared_ptr<const Batch> batch) {
    const std::lock_guard lock(mutex_);
    if (!wake_) return;  // nobody takes them
    waiting_facts_ += batch->facts.size();
    waiting_.push_back(std::move(batch));
    if (waiting_facts_ > kMaxWaitingFacts) {
        waiting_.clear();
        waiting_facts_ = 0;
        gap_ = true;
    }
    wake_();
}

FactsTaken EnginePort::take_facts(const std::function<bool(std::string_view type)>& wanted) {
    std::vector<std::shared_ptr<const Batch>> batches;
    FactsTaken taken;
    {
        const std::lock_guard lock(mutex_);
        batches.swap(waiting_);
        waiting_facts_ = 0;
        taken.gap = std::exchange(gap_, false);
    }
    for (const auto& batch : batches) {
        for (const Event& fact : batch->facts) {
            taken.last_seq = fact.seq;
            const std::string_view type = type_of(fact.data);
            if (!wanted(type)) continue;
            taken.facts.push_back({fact.seq, fact.cause, fact.time_us, fact.recv_us,
                                   std::string(type), fact.track, fact.race_id,
                                   encode_payload(fact.data)});
        }
    }
    return taken;
}

HubSnapshot EnginePort::snapshot() {
    HubSnapshot snapshot;
    snapshot.json = engine_.snapshot_json(&snapshot.seq);
    return snapshot;
}

void EnginePort::set_wake(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

}  // namespace racehub::plugin_host
