// The plugin host's port on the real engine.
#include <catch2/catch.hpp>
#include <future>

#include "hub/plugin_host/engine_port.h"

using namespace racehub::plugin_host;
using racehub::Event;
using racehub::TimeUs;

namespace {

constexpr TimeUs kNowUs = 1'700'000'000'000'000;

class FixedClock final : public racehub::Clock {
  public:
    TimeUs now_us() const override { return kNowUs; }
    TimeUs offset_us() const override { return 42; }
};

class Memory final : public racehub::Journal {
  public:
    std::optional<racehub::Outcome> find(const std::string& source,
                                         const std::string& key) override {
        const auto found = known_.find(source + "\n" + key);
        return found == known_.end() ? std::nullopt : std::optional(found->second);
    }
    std::optional<racehub::Race> fold_race(const std::string&, const std::string&) override {
        return {};
    }
    bool append(const racehub::JournalBatch& batch, std::string&) override {
        for (const auto& input : batch.inputs) {
            last = input.event;
            known_[input.event.source + "\n" + input.event.key] = input.outcome;
        }
        return true;
    }
    Event last;  // race thread, read after a receipt

  private:
    std::map<std::string, racehub::Outcome> known_;
};

class NoKv final : public KvStore {
  public:
    std::map<std::string, std::string> load(const std::string&) override { return {}; }
    void put(const std::string&, const std::string&, const std::string&) override {}
};

struct Parts {
    FixedClock clock;
    Memory journal;
    NoKv kv;
    racehub::Engine engine{{}, journal, clock};
    EnginePort port{engine, kv, [this](Input sample) { samples.push_back(std::move(sample)); }};
    std::vector<Input> samples;

    Parts() {
        engine.add_sink(port);
        port.set_wake([] {});
        engine.start();
    }
    ~Parts() { engine.stop(); }

    Receipt submit(InputKind kind, const std::string& type, const std::string& data,
                   const std::string& key = "") {
        Input input;
        input.kind = kind;
        input.type = type;
        input.track = "main";
        input.source = "gates";
        input.key = key;
        input.data = data;
        input.time_us = kNowUs - 5;
        input.recv_us = kNowUs - 3;
        std::promise<Receipt> answered;
        std::future<Receipt> answer = answered.get_future();
        port.submit(input, [&](const Receipt& receipt) { answered.set_value(receipt); });
        REQUIRE(answer.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
        return answer.get();
    }
    Receipt configure_track() {
        return submit(InputKind::command, "track.configure", R"({"name":"Main","lanes":2})", "t");
    }
};

const auto kAll = [](std::string_view) { return true; };

}  // namespace

TEST_CASE("a crossing goes into the log as the source saw it, once") {
    Parts parts;
    CHECK(parts.configure_track().answer == Answer::logged);
    const auto cross = [&] {
        return parts.submit(InputKind::observation, "gate.crossed", R"({"gate":"finish","lane":1})",
                            "k1");
    };
    const Receipt first = cross();
    CHECK(first.answer == Answer::logged);
    CHECK_FALSE(first.duplicate);
    CHECK(parts.journal.last.source == "gates");
    CHECK(parts.journal.last.key == "k1");
    CHECK(parts.journal.last.track == "main");
    CHECK(parts.journal.last.time_us == kNowUs - 5);
    CHECK(parts.journal.last.recv_us == kNowUs - 3);
    const Receipt again = cross();
    CHECK(again.answer == Answer::logged);
    CHECK(again.duplicate);
}

TEST_CASE("what is malformed or not a source's to say is refused with a reason") {
    Parts parts;
    parts.configure_track();
    const auto refused = [&](InputKind kind, const char* type, const char* data, const char* code) {
        CAPTURE(type, data);
        const Receipt receipt = parts.submit(kind, type, data);
        CHECK(receipt.answer == Answer::refused);
        CHECK(receipt.code == code);
        CHECK_FALSE(receipt.message.empty());
    };
    const auto observed = InputKind::observation;
    refused(observed, "gate.crossed", "not json", "malformed");
    refused(observed, "gate.crossed", R"({"gate":"finish","lane":99})", "malformed");
    refused(observed, "no.such_type", "{}", "malformed");
    refused(observed, "race.start", "{}", "wrong_kind");
    refused(observed, "timer.elapsed", "{}", "wrong_kind");
    refused(InputKind::command, "gate.crossed", R"({"gate":"finish","lane":1})", "wrong_kind");
    refused(InputKind::command, "race.started", "{}", "wrong_kind");
    const Receipt outcome = parts.submit(InputKind::command, "race.pause", "{}", "p");
    CHECK(outcome.answer == Answer::refused);
    CHECK_FALSE(outcome.code.empty());
}

TEST_CASE("facts are taken in order, filtered, and the snapshot holds them") {
    Parts parts;
    parts.configure_track();
    CHECK(parts.submit(InputKind::command, "race.arm", "{}", "a").answer == Answer::logged);
    const HubSnapshot snapshot = parts.port.snapshot();
    const FactsTaken taken =
        parts.port.take_facts([](std::string_view type) { return type == "race.armed"; });
    REQUIRE(taken.facts.size() == 1);
    CHECK(taken.facts[0].type == "race.armed");
    CHECK(taken.facts[0].track == "main");
    CHECK(taken.facts[0].data.front() == '{');
    CHECK_FALSE(taken.facts[0].race_id.empty());
    CHECK(taken.last_seq == snapshot.seq);
    CHECK_FALSE(taken.gap);
    CHECK(snapshot.json->find("\"main\"") != std::string::npos);
    CHECK(parts.port.take_facts(kAll).facts.empty());
    CHECK(parts.port.clock_offset_us() == 42);
}

TEST_CASE("if nobody takes the facts for long, a gap is said instead of memory filled") {
    Parts parts;
    auto batch = std::make_shared<racehub::Batch>();
    batch->facts.resize(EnginePort::kMaxWaitingFacts / 2 + 1);
    for (auto& fact : batch->facts) fact.data = racehub::RaceStarted{};
    parts.port.on_facts(batch);
    parts.port.on_facts(batch);
    FactsTaken taken = parts.port.take_facts(kAll);
    CHECK(taken.gap);
    CHECK(taken.facts.empty());
    CHECK_FALSE(parts.port.take_facts(kAll).gap);
    parts.port.set_wake({});  // nobody listens: nothing is kept
    parts.port.on_facts(batch);
    CHECK(parts.port.take_facts(kAll).facts.empty());
}

TEST_CASE("samples go to whoever shows them") {
    Parts parts;
    Input sample;
    sample.type = "car.located";
    parts.port.publish_sample(sample);
    REQUIRE(parts.samples.size() == 1);
    CHECK(parts.samples[0].type == "car.located");
}

TEST_CASE("a stopped engine takes nothing") {
    Parts parts;
    parts.engine.stop();
    CHECK(parts.configure_track().answer == Answer::full);
}
