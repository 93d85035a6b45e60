#include "webui/model/clock_offset.h"

#include <catch2/catch.hpp>

using namespace racehub;

namespace {
constexpr TimeUs kOffsetUs = 1'000'000'000'000;  // the hub is that far ahead of us
}

TEST_CASE("the exchange with the shortest round trip decides", "[webui][clock]") {
    ClockOffset clock;
    CHECK_FALSE(clock.known());
    clock.add_one_way(kOffsetUs + 1'000 - 400, 1'000);  // 400 us late
    CHECK(clock.known());
    CHECK(clock.hub_us(2'000) == kOffsetUs + 1'600);
    // 80 ms there, 2 ms back: wrong by 39 ms.
    clock.add_exchange(10'000, kOffsetUs + 90'000, 92'000);
    CHECK(clock.hub_us(0) == kOffsetUs + 39'000);
    // 1 ms each way: exact, and stays chosen when a slow one follows.
    clock.add_exchange(100'000, kOffsetUs + 101'000, 102'000);
    CHECK(clock.hub_us(0) == kOffsetUs);
    clock.add_exchange(200'000, kOffsetUs + 260'000, 261'000);
    CHECK(clock.hub_us(0) == kOffsetUs);
    CHECK(clock.round_trip_us() == 2'000);
    CHECK(clock.local_us(clock.hub_us(77)) == 77);
}

TEST_CASE("a one-way message never overrules an exchange", "[webui][clock]") {
    ClockOffset clock;
    clock.add_exchange(0, kOffsetUs + 500, 1'000);
    clock.add_one_way(kOffsetUs + 9'000'000, 0);
    CHECK(clock.hub_us(0) == kOffsetUs);
}

TEST_CASE("a hub whose clock was set is believed at once", "[webui][clock]") {
    ClockOffset clock;
    for (TimeUs at = 0; at < 10; ++at)
        clock.add_exchange(at * 1'000, kOffsetUs + at * 1'000 + 500, at * 1'000 + 1'000);
    clock.add_exchange(20'000, kOffsetUs + 3'600 * kSecondUs + 20'500, 21'000);
    CHECK(clock.hub_us(0) == kOffsetUs + 3'600 * kSecondUs);
}

TEST_CASE("an old exchange gives way to a newer, slower one", "[webui][clock]") {
    ClockOffset clock;
    clock.add_exchange(0, kOffsetUs + 500, 1'000);
    const TimeUs later_us = ClockOffset::kMaxAgeUs + 10'000;
    clock.add_exchange(later_us, kOffsetUs + later_us + 5'000 + 7'000,
                       later_us + 10'000);  // clocks drifted by 7 ms
    CHECK(clock.hub_us(0) == kOffsetUs + 7'000);
}

TEST_CASE("an answer from before its question is nonsense and skipped", "[webui][clock]") {
    ClockOffset clock;
    clock.add_exchange(1'000, 5, 999);
    CHECK_FALSE(clock.known());
}
