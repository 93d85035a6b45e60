#include "plugins/mqtt_gates/device_clock.h"

#include <catch2/catch.hpp>
#include <random>

using namespace racehub::mqtt;

namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kBootUs = 1'700'000'000 * kSecondUs;  // the device's zero on the hub's clock

}  // namespace

TEST_CASE("delays on the way do not move a stamped crossing", "[clock]") {
    std::mt19937 random(7);
    DeviceClock clock("pi", "b1", 0, kBootUs + 300);
    for (int lap = 1; lap <= 200; ++lap) {
        const std::int64_t stamp_us = lap * 5 * kSecondUs;
        const std::int64_t delay_us = 300 + (random() % 8 == 0 ? 40'000 : random() % 1'000);
        const std::int64_t at_us = clock.map(stamp_us, kBootUs + stamp_us + delay_us);
        REQUIRE(std::abs(at_us - (kBootUs + stamp_us)) <= 1'500);
    }
    CHECK(clock.name() == "pi/b1");
}

TEST_CASE("what waited in the broker keeps its instants", "[clock]") {
    DeviceClock clock("pi", "b1", kSecondUs, kBootUs + kSecondUs + 500);
    const std::int64_t back_us = kBootUs + 60 * kSecondUs;  // all at once, up to a minute late
    for (int lap = 1; lap <= 10; ++lap) {
        const std::int64_t stamp_us = lap * 5 * kSecondUs;
        REQUIRE(clock.map(stamp_us, back_us) == kBootUs + stamp_us + 500);
    }
    // More than an hour late is not believed.
    CHECK(clock.map(51 * kSecondUs, kBootUs + 5'000 * kSecondUs) == kBootUs + 5'000 * kSecondUs);
}

TEST_CASE("a quartz that drifts is followed", "[clock]") {
    for (const double drift : {-100e-6, 100e-6}) {
        DeviceClock clock("pi", "b1", 0, kBootUs);
        for (int lap = 1; lap <= 2'000; ++lap) {
            const std::int64_t true_us = lap * 5 * kSecondUs;
            const auto stamp_us =
                static_cast<std::int64_t>(static_cast<double>(true_us) * (1 + drift));
            const std::int64_t at_us = clock.map(stamp_us, kBootUs + true_us + 200);
            REQUIRE(std::abs(at_us - kBootUs - true_us) < 15'000);
        }
    }
}

TEST_CASE("a device without boot names: its restarts are noticed", "[clock]") {
    DeviceClock clock("pi", "", 100 * kSecondUs, kBootUs + 100 * kSecondUs);
    const std::string first = clock.name();
    clock.map(110 * kSecondUs, kBootUs + 110 * kSecondUs);
    CHECK(clock.name() == first);
    SECTION("stamps begin again") {
        const std::int64_t now_us = kBootUs + 130 * kSecondUs;
        CHECK(clock.map(2 * kSecondUs, now_us) == now_us);
        CHECK(clock.name() != first);
    }
    SECTION("somebody set the clock ahead") {
        const std::int64_t now_us = kBootUs + 130 * kSecondUs;
        CHECK(clock.map(3'000 * kSecondUs, now_us) == now_us);
        CHECK(clock.name() != first);
    }
    SECTION("a crossing that came late is no restart") {
        CHECK(clock.map(108 * kSecondUs, kBootUs + 111 * kSecondUs) == kBootUs + 108 * kSecondUs);
        CHECK(clock.name() == first);
    }
}
