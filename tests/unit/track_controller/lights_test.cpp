// The lights of the dashboard: what the device senses, long enough to be seen.
#include "plugins/track_controller/lights.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace racehub::track_controller;
using nlohmann::json;

TEST_CASE("a hand over a sensor is shown long enough to be seen", "[lights]") {
    Lights lights;
    CHECK(lights.deadline_us() == kNever);
    CHECK_FALSE(lights.due(kSecond));
    lights.gate(true, kSecond);
    lights.lane(2, true, kSecond);
    lights.lane(2, false, kSecond + 10 * kMs);
    const auto shown = lights.due(kSecond + 10 * kMs);
    REQUIRE(shown);
    CHECK(json::parse(*shown) ==
          json::parse(R"({"gate":"closed","lanes":[{"lane":2,"state":"blocked"}]})"));
    CHECK_FALSE(lights.due(kSecond + 20 * kMs));
    REQUIRE(lights.deadline_us() == kSecond + Lights::kShownUs);
    const auto after = lights.due(lights.deadline_us());
    REQUIRE(after);
    CHECK(json::parse(*after)["lanes"][0]["state"] == "clear");
}

TEST_CASE("lights are told again for those who come later, and go out with the device",
          "[lights]") {
    Lights lights;
    lights.gate(false, 0);
    REQUIRE(lights.due(0));
    CHECK(lights.deadline_us() == Lights::kRepeatUs);
    const auto again = lights.due(Lights::kRepeatUs);
    REQUIRE(again);
    CHECK(json::parse(*again)["gate"] == "open");
    lights.dark(4 * kSecond);
    const auto out = lights.due(4 * kSecond);
    REQUIRE(out);
    CHECK(json::parse(*out) == json::parse(R"({"gate":"unknown","lanes":[]})"));
    CHECK(lights.deadline_us() == kNever);
}
