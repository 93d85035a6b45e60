#include "plugins/simulator/sensor.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace racehub::simulator;
using nlohmann::json;

namespace {

constexpr std::int64_t kNowUs = 1'700'000'000'000'000;
const Faults kNone{0, 0, 0, 0, 0};

std::vector<Action> reports(const Faults& faults, int passages = 1) {
    Config config;
    config.faults = faults;
    Sensors sensors(config, 1);
    std::vector<Action> actions;
    for (int i = 0; i < passages; ++i) {
        sensors.report(2, {"finish", kNowUs + i * 5'000'000}, actions);
    }
    return actions;
}

}  // namespace

TEST_CASE("a good gate reports each passage once, at once", "[sensor]") {
    const std::vector<Action> actions = reports(kNone, 100);
    REQUIRE(actions.size() == 100);
    CHECK(actions[0].type == "gate.crossed");
    CHECK(actions[0].due_us == kNowUs);
    CHECK(actions[0].time_us == kNowUs);
    const json data = json::parse(actions[0].data);
    CHECK(data["gate"] == "finish");
    CHECK(data["lane"] == 2);
    CHECK(data["stamp_us"] == kNowUs);
}

TEST_CASE("each fault is what its name says", "[sensor]") {
    Faults faults = kNone;
    SECTION("missed: the next one tells how many") {
        faults.missed = 50;
        int crossed = 0, missed = 0;
        for (const Action& each : reports(faults, 1000)) {
            if (each.type == "gate.crossed") ++crossed;
            if (each.type == "gate.missed") missed += json::parse(each.data)["count"].get<int>();
        }
        CHECK(crossed > 400);
        CHECK(crossed < 600);
        CHECK(crossed + missed >= 990);  // the last ones may not have been noticed yet
        CHECK(crossed + missed <= 1000);
    }
    SECTION("bounced: another crossing some milliseconds later") {
        faults.bounced = 100;
        const auto actions = reports(faults);
        REQUIRE(actions.size() == 2);
        CHECK(actions[0].key != actions[1].key);
        CHECK(std::abs(actions[0].time_us - actions[1].time_us) < 100'000);
    }
    SECTION("duplicated: the same crossing again") {
        faults.duplicated = 100;
        const auto actions = reports(faults);
        REQUIRE(actions.size() == 2);
        CHECK(actions[0].key == actions[1].key);
        CHECK(actions[0].data == actions[1].data);
    }
    SECTION("late and reordered: the report comes later, the crossing does not") {
        faults.late = faults.reordered = 100;
        const auto actions = reports(faults);
        REQUIRE(actions.size() == 1);
        CHECK(actions[0].time_us == kNowUs);
        CHECK(actions[0].due_us >= kNowUs + 220'000);
    }
}
