// The race thread: append before publish, one answer for each key, a bounded inbox, an orderly end.

#include <set>
#include <thread>

#include "tests/unit/engine/support.h"

using namespace racehub;
using namespace racehub::test;

TEST_CASE("An input is logged, then shown, then answered", "[engine]") {
    Rig rig;
    rig.journal.hold(true);
    auto future = rig.submit(command(RaceArm{}));
    REQUIRE(rig.journal.wait_until_held());
    CHECK(rig.watcher->count<RaceArmed>() == 0);
    CHECK(rig.engine->state().find("main")->phase() == Phase::idle);
    CHECK(future.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    rig.journal.hold(false);
    const Receipt receipt = Rig::wait(std::move(future));
    CHECK(receipt.logged);
    CHECK_FALSE(receipt.duplicate);
    CHECK(receipt.outcome.accepted);
    CHECK(receipt.input == 2);
    CHECK(receipt.seq == 2);
    CHECK(rig.watcher->count<RaceArmed>() == 1);  // who is answered has been shown it
    CHECK(rig.engine->state().find("main")->phase() == Phase::armed);
}

TEST_CASE("Facts name the input that caused them", "[engine]") {
    Rig rig;
    rig.ask(command(RaceArm{}));
    const Receipt start = rig.ask(command(RaceStart{}));
    CHECK(rig.watcher->newest<StartScheduled>().cause == start.input);
    const auto inputs = rig.journal.inputs();
    REQUIRE(inputs.size() == 3);
    CHECK(std::holds_alternative<RaceStart>(inputs[2].event.data));
}

TEST_CASE("A refused command is logged with its outcome and makes no fact", "[engine]") {
    Rig rig;
    const Receipt receipt = rig.ask(command(RacePause{}));
    CHECK(receipt.logged);
    CHECK_FALSE(receipt.outcome.accepted);
    CHECK(receipt.outcome.code == "wrong_phase");
    CHECK(rig.journal.inputs().back().outcome.code == "wrong_phase");
    CHECK(rig.journal.last_seq() == 1);
    CHECK(rig.engine->counters().commands_refused == 1);
}

TEST_CASE("The border fills in what the sender left out", "[engine]") {
    Rig rig;
    rig.ask(command(RaceArm{}));
    rig.ask(command(RaceAbort{}));
    const auto inputs = rig.journal.inputs();
    CHECK(inputs[1].event.recv_us == kMorningUs);
    CHECK(inputs[1].event.time_us == kMorningUs);
    CHECK(inputs[1].event.entropy != 0);
    CHECK(inputs[1].event.entropy != inputs[2].event.entropy);
}

TEST_CASE("The same source and key later gets the first outcome and changes nothing",
          "[engine][key]") {
    Rig rig;
    const Receipt first = rig.ask(command(RaceArm{}, "c1"));
    const Receipt again = rig.ask(command(RaceArm{}, "c1"));
    CHECK_FALSE(first.duplicate);
    CHECK(again.duplicate);
    CHECK(again.outcome.accepted);
    CHECK(rig.watcher->count<RaceArmed>() == 1);
    CHECK(rig.journal.inputs().size() == 2);
    CHECK(rig.engine->counters().duplicates == 1);
}

TEST_CASE("A repeated refusal stays refused although it would be taken now", "[engine][key]") {
    Rig rig;
    const Receipt first = rig.ask(command(RaceAbort{}, "c1"));
    REQUIRE_FALSE(first.outcome.accepted);
    rig.ask(command(RaceArm{}, "c2"));
    const Receipt again = rig.ask(command(RaceAbort{}, "c1"));
    CHECK(again.duplicate);
    CHECK_FALSE(again.outcome.accepted);
    CHECK(again.outcome.message == first.outcome.message);
    CHECK(rig.race().phase == Phase::armed);
}

TEST_CASE("Twins within one batch are decided once", "[engine][key]") {
    Rig rig;
    rig.journal.hold(true);
    auto before = rig.submit(command(RaceArm{}));
    REQUIRE(rig.journal.wait_until_held());
    std::vector<std::future<Receipt>> twins;
    for (int i = 0; i < 3; ++i) twins.push_back(rig.submit(command(RaceAbort{}, "c7")));
    rig.journal.hold(false);
    int duplicates = 0;
    for (auto& twin : twins) {
        const Receipt receipt = Rig::wait(std::move(twin));
        CHECK(receipt.logged);
        CHECK(receipt.outcome.accepted);
        duplicates += receipt.duplicate ? 1 : 0;
    }
    CHECK(duplicates == 2);
    CHECK(rig.watcher->count<RaceAborted>() == 1);
}

TEST_CASE("Keys are one source's; without a key nothing is a twin", "[engine][key]") {
    Rig rig;
    Event one = crossing(1, "5"), other = crossing(2, "5");
    other.source = "gates-2";
    rig.ask(one);
    CHECK_FALSE(rig.ask(other).duplicate);
    CHECK_FALSE(rig.ask(crossing(1)).duplicate);
    CHECK_FALSE(rig.ask(crossing(1)).duplicate);
    CHECK(rig.watcher->count<CrossingIgnored>() == 4);
    // A source cannot name a key so that it looks like another source's.
    Event odd = crossing(1, "b\nc");
    odd.source = "a";
    Event twin = crossing(1, "c");
    twin.source = "a\nb";
    rig.journal.hold(true);
    auto before = rig.submit(crossing(1));
    REQUIRE(rig.journal.wait_until_held());
    auto first = rig.submit(odd), second = rig.submit(twin);  // in one batch
    rig.journal.hold(false);
    CHECK_FALSE(Rig::wait(std::move(first)).duplicate);
    CHECK_FALSE(Rig::wait(std::move(second)).duplicate);
    CHECK_FALSE(rig.ask(crossing(1)).duplicate);
}

TEST_CASE("A journal that fails keeps everything, says so, and recovers", "[engine][storage]") {
    Rig rig;
    rig.ask(command(RaceArm{}));
    const std::size_t shown = rig.watcher->size();
    rig.journal.fail(true);
    auto waiting = rig.submit(command(RaceAbort{}, "c1"));
    REQUIRE(rig.journal.wait_for_tries(4));
    auto later = rig.submit(command(RaceArm{}, "c2"));
    CHECK(rig.watcher->size() == shown);
    CHECK(rig.race().phase == Phase::armed);
    const StorageStatus status = rig.engine->storage();
    CHECK_FALSE(status.ok);
    CHECK(status.waiting_since_us == kMorningUs);
    CHECK(status.message.find("disk is full") != std::string::npos);
    CHECK(rig.engine->counters().storage_retries >= 1);

    rig.journal.fail(false);
    CHECK(Rig::wait(std::move(waiting)).logged);
    CHECK(Rig::wait(std::move(later)).logged);
    CHECK(rig.engine->storage().ok);
    CHECK(rig.watcher->count<RaceAborted>() == 1);
    CHECK(rig.watcher->count<RaceArmed>() == 2);
    const auto seen = rig.storage();
    REQUIRE(seen.size() == 2);  // once bad, once good again: not at every try
    CHECK_FALSE(seen[0].ok);
    CHECK(seen[1].ok);
}

TEST_CASE("A full inbox refuses at once and visibly; what it took is kept", "[engine][inbox]") {
    Rig rig;
    rig.journal.hold(true);
    auto first = rig.submit(command(RaceArm{}));
    REQUIRE(rig.journal.wait_until_held());
    std::atomic<std::size_t> answered{0};
    for (std::size_t i = 0; i < Engine::kMaxInbox; ++i) {
        REQUIRE(rig.engine->submit(crossing(1), [&](const Receipt&) { ++answered; }));
    }
    CHECK(rig.engine->counters().inbox_depth == Engine::kMaxInbox);
    CHECK_FALSE(rig.engine->submit(crossing(1), [&](const Receipt&) { answered += 1'000'000; }));
    CHECK_FALSE(rig.engine->submit(crossing(1)));
    CHECK(rig.engine->counters().inbox_refused == 2);
    rig.journal.hold(false);
    std::promise<void> behind;  // the answer to the first that finds room comes after all of them
    while (!rig.engine->submit(crossing(1), [&](const Receipt&) { behind.set_value(); })) {
        std::this_thread::yield();
    }
    REQUIRE(behind.get_future().wait_for(kPatience) == std::future_status::ready);
    CHECK(answered == Engine::kMaxInbox);
    CHECK(rig.watcher->count<CrossingIgnored>() == static_cast<int>(Engine::kMaxInbox) + 1);
    for (std::size_t size : rig.journal.sizes()) CHECK(size <= Engine::kMaxBatch);
    CHECK(rig.journal.sizes().size() < 20);  // and grouped, not one by one
}

TEST_CASE("Stopping decides and stores what is in the inbox", "[engine][stop]") {
    Rig rig;
    rig.journal.hold(true);
    auto first = rig.submit(command(RaceArm{}));
    REQUIRE(rig.journal.wait_until_held());
    std::atomic<int> logged{0};
    for (int i = 0; i < 2'500; ++i) {
        REQUIRE(rig.engine->submit(crossing(1), [&](const Receipt& r) { logged += r.logged; }));
    }
    std::thread stopper([&] { rig.engine->stop(); });
    rig.journal.hold(false);
    stopper.join();
    CHECK(logged == 2'500);
    CHECK(rig.journal.inputs().size() == 2'502);
    CHECK_FALSE(rig.engine->submit(crossing(1), [&](const Receipt&) { FAIL("called"); }));
}

TEST_CASE("A stopping hub that cannot write says so to those who wait", "[engine][stop][storage]") {
    Rig rig;
    rig.journal.fail(true);
    auto waiting = rig.submit(command(RaceArm{}));
    REQUIRE(rig.journal.wait_for_tries(2));
    rig.engine->stop();
    const Receipt receipt = Rig::wait(std::move(waiting));
    CHECK_FALSE(receipt.logged);
    CHECK_FALSE(receipt.outcome.accepted);
    CHECK(receipt.outcome.code == "storage");
    CHECK(rig.watcher->count<RaceArmed>() == 0);
}

TEST_CASE("An engine that was never started stops as well", "[engine][stop]") {
    MemoryJournal journal;
    TurnedClock clock;
    Engine engine(Recovered{"log-1", {}, 0, 0}, journal, clock);
    CHECK(engine.log_id() == "log-1");
    engine.stop();
    CHECK_FALSE(engine.submit(crossing(1)));
}

TEST_CASE("The snapshot is the published state, made once for each seq", "[engine][snapshot]") {
    Rig rig;
    std::uint64_t seq = 0;
    const auto first = rig.engine->snapshot_json(&seq);
    CHECK(seq == 1);
    CHECK(*first == encode_state(rig.engine->state()));
    CHECK(rig.engine->snapshot_json() == first);
    rig.ask(command(RaceArm{}));
    const auto second = rig.engine->snapshot_json(&seq);
    CHECK(seq == 2);
    CHECK(second != first);
    std::string phase;
    rig.engine->read_state(
        [&](const HubState& state) { phase = std::string(name_of(state.find("main")->phase())); });
    CHECK(phase == "armed");
}

TEST_CASE("Many threads at once: each input once, facts gapless, state their fold", "[engine]") {
    Rig rig;
    rig.ask(command(RaceStart{}));
    rig.turn_to(rig.race().go_us + 100_s);
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    constexpr int kThreads = 4, kEach = 400;
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                const std::string key = std::to_string(t) + "-" + std::to_string(i);
                Event event = crossing(t + 1, key, rig.race().started_us + (i + 1) * 200_ms);
                while (!rig.engine->submit(event, [&](const Receipt&) { ++answered; })) {
                    std::this_thread::yield();
                }
                rig.engine->submit(std::move(event));  // a twin, close behind
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    rig.ask(command(RacePause{}));
    CHECK(answered == kThreads * kEach);
    const auto facts = rig.journal.facts();
    HubState fold;
    for (const Event& fact : facts) apply(fold, fact);
    CHECK((digest(fold) == digest(rig.engine->state())));
    int counted = 0;
    for (const Event& fact : facts) {
        counted += std::holds_alternative<LapCompleted>(fact.data) ||
                           std::holds_alternative<CrossingIgnored>(fact.data)
                       ? 1
                       : 0;
    }
    CHECK(counted == kThreads * kEach);
}

TEST_CASE("What was logged is decided the same way again", "[engine]") {
    Rig rig;
    rig.ask(command(RaceStart{}));
    const TimeUs go_us = rig.race().go_us;
    rig.turn_to(go_us + 10_s);
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    rig.ask(crossing(1, "1"));
    rig.ask(crossing(2, "2"));
    rig.ask(command(RaceStop{}));
    HubState state;
    std::vector<Event> again;
    for (const InputRecord& input : rig.journal.inputs()) {
        const std::size_t from = again.size();
        decide(state, input.event, again);
        for (std::size_t i = from; i < again.size(); ++i) again[i].cause = input.number;
    }
    const auto facts = rig.journal.facts();
    REQUIRE(again.size() == facts.size());
    for (std::size_t i = 0; i < facts.size(); ++i) {
        CHECK(encode_event(again[i]) == encode_event(facts[i]));
    }
}
