// The race's own clock in the race thread: deadlines by the hub's clock, over a hub's death, over a
// standing disk.

#include <fstream>

#include "tests/unit/engine/support.h"

using namespace racehub;
using namespace racehub::test;

namespace {

RaceSettings sharp_start() {
    RaceSettings settings;
    settings.hold_min_us = settings.hold_max_us = 2_s;
    return settings;
}

}  // namespace

TEST_CASE("Lights and lights out come by the clock, one by one", "[engine][time]") {
    Rig rig{sharp_start()};
    rig.ask(command(RaceStart{}));
    const Race race = rig.race();
    for (int light = 1; light <= 5; ++light) {
        const TimeUs at_us = race.first_light_us + (light - 1) * race.light_interval_us;
        rig.turn_to(at_us);
        REQUIRE(rig.watcher->wait_for<LightLit>(light));
        CHECK(rig.watcher->newest<LightLit>().time_us == at_us);
        CHECK(rig.watcher->count<LightLit>() == light);
    }
    CHECK(rig.watcher->count<RaceStarted>() == 0);
    rig.turn_to(race.go_us + 3);  // the thread wakes a little late, the fact does not
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    CHECK(rig.watcher->newest<RaceStarted>().time_us == race.go_us);
    const auto inputs = rig.journal.inputs();
    CHECK(inputs.back().event.source == "hub");
    CHECK(std::holds_alternative<TimerElapsed>(inputs.back().event.data));
    CHECK(inputs.back().event.recv_us == race.go_us + 3);
}

TEST_CASE("With the machine's clock the start needs nobody's input", "[engine][time]") {
    MemoryJournal journal;
    SystemClock clock(ClockAnchor{}, 0);
    Watcher watcher(journal);
    Engine engine(journal.recovered(), journal, clock);
    engine.add_sink(watcher);
    engine.start();
    TrackConfigure track;
    track.name = "Main";
    track.lanes = 1;
    RaceSettings& settings = track.settings.emplace();
    settings.lead_us = 20_ms;
    settings.lights = 2;
    settings.light_interval_us = 100_ms;
    settings.hold_min_us = settings.hold_max_us = 50_ms;
    engine.submit(command(track));
    engine.submit(command(RaceStart{}));
    REQUIRE(watcher.wait_for<RaceStarted>());
    const TimeUs late_us = clock.now_us() - watcher.newest<RaceStarted>().time_us;
    CHECK(late_us >= 0);
    CHECK(late_us < 2_s);
    CHECK(watcher.count<LightLit>() == 2);
    engine.stop();
}

TEST_CASE("Abort during the lights: nothing comes afterwards", "[engine][time]") {
    Rig rig{sharp_start()};
    rig.ask(command(RaceStart{}));
    rig.turn_to(rig.race().first_light_us);
    REQUIRE(rig.watcher->wait_for<LightLit>());
    rig.ask(command(RaceAbort{}));
    rig.turn_to(kMorningUs + 3'600_s);
    rig.ask(command(RacePause{}));  // refused; by now the thread has looked at the clock
    CHECK(rig.watcher->count<LightLit>() == 1);
    CHECK(rig.watcher->count<RaceStarted>() == 0);
}

TEST_CASE("A source whose clock runs ahead does not bring lights out forward", "[engine][time]") {
    Rig rig{sharp_start()};
    rig.ask(command(RaceStart{}));
    Event ahead = crossing(1);
    ahead.recv_us = ahead.time_us = rig.race().go_us + kHourUs;
    rig.ask(ahead);
    CHECK(rig.race().phase == Phase::lights);
    CHECK(rig.watcher->count<RaceStarted>() == 0);
    CHECK(rig.journal.inputs().back().event.recv_us == kMorningUs);
}

TEST_CASE("A command that shortens the wait is heard while the thread waits", "[engine][time]") {
    RaceSettings settings = sharp_start();
    settings.distance = Distance::time;
    settings.time_us = 1'000_s;
    Rig rig{settings};
    rig.ask(command(RaceStart{}));
    rig.turn_to(rig.race().go_us);
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    CHECK(rig.ask(command(RaceStop{})).outcome.accepted);  // not after 1,000 s
}

TEST_CASE("A hub that dies in the lights goes on with them", "[engine][time][recovery]") {
    Rig rig{sharp_start()};
    rig.ask(command(RaceStart{}));
    const Race race = rig.race();
    rig.turn_to(race.first_light_us + race.light_interval_us);
    REQUIRE(rig.watcher->wait_for<LightLit>(2));
    rig.clock.set(race.first_light_us + 2 * race.light_interval_us + 500_ms);
    rig.boot();
    REQUIRE(rig.watcher->wait_for<LightLit>());  // the third, which was due while it was away
    CHECK(std::get<LightLit>(rig.watcher->newest<LightLit>().data).number == 3);
    CHECK(rig.race().race_id == race.race_id);
    rig.turn_to(race.go_us);
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    CHECK(rig.watcher->newest<RaceStarted>().time_us == race.go_us);
    CHECK(rig.watcher->count<LightLit>() == 3);
}

TEST_CASE("A hub that is away at lights out starts the race at its announced instant",
          "[engine][time][recovery]") {
    Rig rig{sharp_start()};
    rig.ask(command(RaceStart{}));
    const Race race = rig.race();
    rig.clock.set(race.go_us + 20_s);
    rig.boot();
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    CHECK(rig.watcher->newest<RaceStarted>().time_us == race.go_us);
    rig.ask(crossing(1, "late", race.go_us + 12_s));
    CHECK(std::get<LapCompleted>(rig.watcher->newest<LapCompleted>().data).lap_us == 12_s);
}

TEST_CASE("A hub that dies in the race keeps clock, laps and keys", "[engine][time][recovery]") {
    RaceSettings settings = sharp_start();
    settings.distance = Distance::time;
    settings.time_us = 60_s;
    Rig rig{settings};
    rig.ask(command(RaceStart{}));
    const TimeUs go_us = rig.race().go_us;
    rig.turn_to(go_us + 10_s);
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    rig.ask(crossing(1, "a"));
    rig.clock.set(go_us + 25_s);
    rig.boot();
    const Receipt again = rig.ask(crossing(1, "a", go_us + 10_s));
    CHECK(again.duplicate);
    rig.ask(crossing(1, "b", go_us + 19_s));
    const Race race = rig.race();
    CHECK(race.find(1)->laps_counted == 2);
    CHECK(race.find(1)->last_lap_us == 9_s);
    rig.turn_to(go_us + 60_s);
    REQUIRE(rig.watcher->wait_for<RaceFinishing>());
    CHECK(rig.watcher->newest<RaceFinishing>().time_us == go_us + 60_s);
}

TEST_CASE("A disk that stands still over lights out does not move it", "[engine][time][storage]") {
    Rig rig{sharp_start()};
    rig.ask(command(RaceStart{}));
    const TimeUs go_us = rig.race().go_us;
    rig.turn_to(go_us - 1_s);
    REQUIRE(rig.watcher->wait_for<LightLit>(5));
    rig.journal.fail(true);
    auto waiting = rig.submit(crossing(2, "x"));
    REQUIRE(rig.journal.wait_for_tries(3));
    rig.turn_to(go_us + 5_s);
    rig.journal.fail(false);
    REQUIRE(rig.watcher->wait_for<RaceStarted>());
    CHECK(rig.watcher->newest<RaceStarted>().time_us == go_us);
    CHECK(Rig::wait(std::move(waiting)).logged);
}

TEST_CASE("The hub's clock goes on with its anchor within one boot", "[clock]") {
    std::string boot_id;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot_id;
    const SystemClock first(ClockAnchor{}, 0);
    CHECK(first.anchor().boot_id == boot_id);
    // The wall clock was put right by an hour in between: the race does not notice.
    ClockAnchor stored = first.anchor();
    stored.offset_us -= kHourUs;
    const SystemClock second(stored, 0);
    CHECK(second.offset_us() == stored.offset_us);
    CHECK(std::abs(first.now_us() - kHourUs - second.now_us()) < 10_s);
}

TEST_CASE("After a reboot the hub's clock never starts before its log's end", "[clock]") {
    ClockAnchor stored;
    stored.boot_id = "another boot";
    stored.offset_us = -1;
    const SystemClock fresh(stored, 0);
    const TimeUs future_us = fresh.now_us() + 48 * kHourUs;  // a Pi without a battery: log is ahead
    const SystemClock clock(stored, future_us);
    CHECK(clock.now_us() >= future_us);
    CHECK(clock.now_us() < future_us + 60_s);
    const TimeUs one_us = clock.now_us();
    CHECK(clock.now_us() >= one_us);
}
