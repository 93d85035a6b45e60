// A Grand Prix told again to the real core: the table at the end is the official one, whatever was
// done to the clock in between.

#include <catch2/catch.hpp>
#include <random>

#include "plugins/openf1/replay.h"
#include "tests/unit/openf1/support.h"

using namespace racehub;
using namespace racehub::openf1;
using namespace racehub::openf1::test;
using racehub::test::operator""_s;
using racehub::test::operator""_ms;

namespace {

struct Evening {
    TempFolder folder;
    std::shared_ptr<const openf1::Session> session = recorded_session(folder.path());
    CoreListener core;
    Replay replay{session, 1, core};

    void run_for(Micros time_us, Micros step_us = 100'000) {
        for (const Micros end_us = core.hub.now_us + time_us; core.hub.now_us < end_us;) {
            core.hub.now_us += step_us;
            replay.tick(core.hub.now_us);
        }
    }
    Micros now_us() const { return core.hub.now_us; }
};

/// What a spectator sees of a race that does not depend on when he came.
json picture(const Race& race) {
    json all = to_json(race);
    for (const char* name : {"armed_us", "started_us", "pace", "race_id", "ended_us"}) {
        all.erase(name);
    }
    const auto started_us = race.started_us;
    for (json& entry : all["entries"]) {
        entry.erase("last_crossing_us");
        entry.erase("open_splits");
        for (json& lap : entry["laps"]) {
            lap["crossed_us"] = lap["crossed_us"].get<Micros>() - started_us;
            lap.erase("splits");
        }
    }
    return all;
}

}  // namespace

TEST_CASE("The recorded Grand Prix ends as it did", "[openf1][replay]") {
    NEED_RECORDED();
    Evening e;
    CHECK(e.session->located == std::vector<std::int32_t>{1, 16, 44, 81});
    e.replay.open(e.now_us(), -kLeadUs);
    CHECK(e.core.hub.phase() == Phase::armed);
    e.replay.set_rate(e.now_us(), 64'000);
    e.replay.play(e.now_us());
    e.run_for(120_s);
    CHECK(e.core.wrong == std::vector<std::string>{});
    CHECK(e.core.hub.phase() == Phase::finished);
    CHECK_FALSE(e.replay.status(e.now_us()).playing);
    const std::vector<Standing> table = standings(e.core.hub.race());
    REQUIRE(table.size() == 20);
    CHECK(table[0].entry == 16);
    CHECK(table[0].laps == 78);
    CHECK(table[1].entry == 81);
    CHECK(std::abs(table[1].gap_us - 7_s) < 500_ms);
    CHECK(table[19].status == EntryStatus::dnf);
    CHECK(e.core.told["lap.reported"] == 1'233);  // four never ended their first
    std::size_t laps = 0;
    for (const EntryState& entry : e.core.hub.race().entries) laps += entry.laps.size();
    CHECK(laps == 1'233);
    const EntryState& winner = *e.core.hub.race().find(16);
    CHECK(winner.laps[0].lap_us == 0);  // lap 1 has no time, and none is made up
    CHECK(winner.best_lap_us == 75'162'000);
    CHECK(winner.stints.size() == 2);
    CHECK(e.core.sampled["car.located"] > 70);
}

TEST_CASE("Wherever one seeks, the table is that of having watched", "[openf1][replay]") {
    NEED_RECORDED();
    Evening watched;
    watched.replay.open(watched.now_us(), -kLeadUs);
    watched.replay.set_rate(watched.now_us(), 64'000);
    watched.replay.play(watched.now_us());
    Evening sought;
    sought.replay.open(sought.now_us(), -kLeadUs);
    std::mt19937 random(7);
    for (int i = 0; i < 12; ++i) {
        watched.run_for(8_s);
        const Micros at_us = watched.replay.race_us(watched.now_us());
        // Somewhere else first, before or behind.
        sought.replay.seek(sought.now_us(), static_cast<Micros>(random() % 6'000) * 1'000'000);
        sought.core.hub.now_us += 1_s;
        sought.replay.seek(sought.now_us(), at_us);
        INFO("at " << at_us);
        REQUIRE(picture(sought.core.hub.race()) == picture(watched.core.hub.race()));
    }
    CHECK(sought.core.wrong == std::vector<std::string>{});
}

TEST_CASE("A race that the hub knows from an earlier evening is told anew", "[openf1][replay]") {
    NEED_RECORDED();
    Evening e;
    e.replay.open(e.now_us(), 3'000_s);
    const json before = picture(e.core.hub.race());
    Replay again(e.session, 2, e.core);
    again.open(e.now_us(), -kLeadUs);
    CHECK(e.core.hub.race().find(16)->laps.empty());
    CHECK(e.core.hub.race().race_id == "1");
    again.seek(e.now_us(), 3'000_s);
    CHECK(picture(e.core.hub.race()) == before);
    CHECK(e.core.wrong == std::vector<std::string>{});
}

TEST_CASE("Play, pause, speed, loop, laps and events", "[openf1][replay]") {
    NEED_RECORDED();
    Evening e;
    e.replay.open(e.now_us(), -kLeadUs);
    e.run_for(1_s);
    CHECK(e.replay.race_us(e.now_us()) == -kLeadUs);
    e.replay.play(e.now_us());
    e.run_for(10_s);
    CHECK(e.replay.race_us(e.now_us()) == -10_s);
    e.replay.pause(e.now_us());
    e.run_for(10_s);
    CHECK(e.replay.race_us(e.now_us()) == -10_s);
    CHECK(e.core.hub.race().pace->rate == 0);
    e.replay.set_rate(e.now_us(), 1);  // as slow as it goes
    e.replay.play(e.now_us());
    e.run_for(8_s);
    CHECK(e.replay.race_us(e.now_us()) == -8_s);
    REQUIRE(e.replay.seek_lap(e.now_us(), 40));
    CHECK(e.core.hub.race().find(16)->laps_counted == 40);
    CHECK_FALSE(e.replay.seek_lap(e.now_us(), 79));
    REQUIRE(e.replay.seek_event(e.now_us(), "result", true));
    CHECK(e.core.hub.phase() == Phase::finished);
    REQUIRE(e.replay.seek_event(e.now_us(), "out 31", false));
    CHECK(e.core.hub.phase() == Phase::running);
    CHECK_FALSE(e.replay.seek_event(e.now_us(), "no such thing", true));
    e.replay.set_loop(true);
    e.replay.set_rate(e.now_us(), 1'000'000);  // as fast as it goes
    const std::int64_t run = e.replay.run();
    e.run_for(220_s);
    CHECK(e.replay.run() >= run + 2);
    CHECK(e.core.hub.state.races == 1);
    CHECK(e.core.wrong == std::vector<std::string>{});
}

TEST_CASE("Gaps in the data are gaps", "[openf1]") {
    const std::vector<Micros> times{0, 1'000'000, 20'000'000};
    const std::vector<std::int32_t> x{0, 100, 200}, y{0, 0, 0};
    const LocationColumns columns{times, x, y, y};
    CHECK_FALSE(place_at(columns, -1));
    CHECK(place_at(columns, 500'000)->x == 50);
    CHECK_FALSE(place_at(columns, 10'000'000));
    CHECK(place_at(columns, 20'000'000)->x == 200);
    CHECK_FALSE(place_at(columns, 30'000'000));
}
