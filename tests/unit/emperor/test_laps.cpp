// Laps out of two pictures of a car.

#include <catch2/catch.hpp>

#include "plugins/emperor/fold/laps.h"
#include "plugins/emperor/fold/server_clock.h"

using namespace racehub::emperor;

namespace {

constexpr std::int64_t kS = 1'000'000;

CarRecord car(int laps, std::int64_t total_s, std::int64_t last_s, std::int64_t best_s,
              std::int64_t completed_s) {
    CarRecord record;
    record.laps = laps;
    record.total_us = total_s * kS;
    record.last_us = last_s * kS;
    record.best_us = best_s * kS;
    record.completed_us = completed_s * kS;
    return record;
}

}  // namespace

TEST_CASE("One lap more is the last lap", "[emperor]") {
    const auto laps = laps_between(car(4, 250, 60, 58, 1'000), car(5, 311, 61, 58, 1'061));
    REQUIRE(laps.size() == 1);
    CHECK(laps[0].lap_us == 61 * kS);
    CHECK(laps[0].total_us == 311 * kS);
    CHECK(laps[0].completed_us == 1'061 * kS);
    CHECK_FALSE(laps[0].cut);
}

TEST_CASE("No lap more is no lap", "[emperor]") {
    CHECK(laps_between(car(5, 311, 61, 58, 1'061), car(5, 311, 61, 58, 1'061)).empty());
    CHECK(laps_between(car(5, 311, 61, 58, 1'061), car(4, 250, 60, 58, 1'000)).empty());
}

TEST_CASE("A lap below the best one was cut", "[emperor]") {
    CHECK(laps_between(car(1, 60, 60, 60, 100), car(2, 110, 50, 60, 150))[0].cut);
    CHECK(laps_between(car(0, 0, 0, 0, 0), car(1, 50, 50, 0, 150))[0].cut);
    CHECK_FALSE(laps_between(car(1, 60, 60, 60, 100), car(2, 115, 55, 55, 150))[0].cut);
}

TEST_CASE("Of two laps the unseen one took the rest", "[emperor]") {
    const auto laps = laps_between(car(1, 60, 60, 60, 100), car(3, 180, 61, 59, 225));
    REQUIRE(laps.size() == 2);
    CHECK(laps[0].lap_us == 59 * kS);
    CHECK(laps[0].total_us == 119 * kS);
    CHECK(laps[0].completed_us == 164 * kS);
    CHECK(laps[1].lap_us == 61 * kS);
}

TEST_CASE("Of several unseen laps only what is known is told", "[emperor]") {
    SECTION("no new best: no times") {
        const auto laps = laps_between(car(1, 60, 60, 55, 100), car(5, 310, 61, 55, 400));
        REQUIRE(laps.size() == 4);
        for (std::size_t i = 0; i < 3; ++i) CHECK(laps[i].lap_us == 0);
        CHECK(laps[2].total_us == 249 * kS);
        CHECK(laps[0].total_us == 123 * kS);
        CHECK(laps[3].lap_us == 61 * kS);
    }
    SECTION("a new best is somebody's: the last of them") {
        const auto laps = laps_between(car(1, 60, 60, 55, 100), car(5, 310, 61, 54, 400));
        CHECK(laps[0].lap_us == 0);
        CHECK(laps[1].lap_us == 0);
        CHECK(laps[2].lap_us == 54 * kS);
        CHECK_FALSE(laps[2].cut);
    }
    SECTION("with two of them the other took the rest") {
        const auto laps = laps_between(car(1, 60, 60, 55, 100), car(4, 235, 61, 54, 400));
        REQUIRE(laps.size() == 3);
        CHECK(laps[0].lap_us == 60 * kS);
        CHECK(laps[1].lap_us == 54 * kS);
    }
    SECTION("the newest of very many") {
        const auto laps = laps_between(car(0, 0, 0, 0, 0), car(9'000, 540'000, 60, 60, 999'999));
        CHECK(laps.size() == kMaxUnseen + 1);
        CHECK(laps.back().lap_us == 60 * kS);
    }
}

TEST_CASE("A record that began anew is told from an old picture", "[emperor]") {
    CHECK(began_anew(car(5, 300, 60, 58, 1'000), car(0, 0, 0, 0, 1'100)));
    CHECK(began_anew(car(5, 300, 60, 58, 1'000), car(1, 60, 60, 60, 1'200)));
    CHECK(began_anew(car(2, 120, 60, 58, 1'000), car(2, 118, 58, 58, 1'300)));
    CHECK_FALSE(began_anew(car(5, 300, 60, 58, 1'000), car(4, 240, 60, 58, 940)));
    CHECK_FALSE(began_anew(car(5, 300, 60, 58, 1'000), car(5, 300, 60, 58, 1'000)));
    CHECK_FALSE(began_anew(car(5, 300, 60, 58, 1'000), car(0, 0, 0, 0, 0)));
}

TEST_CASE("Sectors are told only if they are the lap's", "[emperor]") {
    CarRecord now = car(2, 120, 60, 60, 1'000);
    now.best_splits_us = {20 * kS, 21 * kS, 19 * kS};
    CHECK(sectors_of_last(now, {}) == now.best_splits_us);
    now.last_us = 61 * kS;  // not the best lap: its splits are another's
    CHECK(sectors_of_last(now, {}).empty());
    CHECK(sectors_of_last(now, {20 * kS, 21 * kS}) ==
          std::vector<std::int64_t>{20 * kS, 21 * kS, 20 * kS});
    CHECK(sectors_of_last(now, {20 * kS}).empty());
    CHECK(sectors_of_last(now, {40 * kS, 41 * kS}).empty());
    now.splits_us = {20 * kS, 21 * kS, 20 * kS};
    CHECK(sectors_of_last(now, {1}) == now.splits_us);
}

TEST_CASE("The server's clock is learned from what just happened", "[emperor]") {
    ServerClock clock;
    CHECK(clock.offset_us() == 0);
    clock.seen(900 * kS, 1'000 * kS);  // old, or behind: cannot be told
    CHECK(clock.offset_us() == 0);
    clock.seen(1'100 * kS, 1'000 * kS);
    CHECK(clock.offset_us() == -100 * kS);
    clock.happened(1'300 * kS, 1'000 * kS);
    clock.happened(1'301 * kS, 1'001 * kS + 50'000);
    CHECK(clock.offset_us() == -300 * kS);
    CHECK(clock.to_hub_us(1'400 * kS) == 1'100 * kS);
    for (int i = 0; i < 16; ++i) clock.happened((2'000 + i) * kS, (2'000 + i) * kS);
    CHECK(clock.offset_us() == 0);  // it was set right
}
