#include "plugins/simulator/config.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace racehub::simulator;
using nlohmann::json;

TEST_CASE("the schema's defaults are the code's", "[config]") {
    const json schema = json::parse(kConfigSchema);
    json filled;
    for (const auto& [key, rule] : schema["properties"].items()) filled[key] = rule.at("default");
    for (const auto& [key, rule] : schema["properties"]["faults"]["properties"].items()) {
        filled["faults"][key] = rule.at("default");
    }
    Config written, silent;
    std::string error;
    REQUIRE(read_config(filled.dump(), written, error));
    REQUIRE(read_config("{}", silent, error));
    CHECK(written.automatic == silent.automatic);
    CHECK(written.lap_s == silent.lap_s);
    CHECK(written.laps == silent.laps);
    CHECK(written.summary_s == silent.summary_s);
    CHECK(written.breakdowns == silent.breakdowns);
    CHECK(written.faults.missed == silent.faults.missed);
    CHECK(written.faults.reordered == silent.faults.reordered);
    CHECK(written.drivers.size() == 12);
}

TEST_CASE("what is wrong is named with its key", "[config]") {
    const auto error_of = [](std::string_view text) {
        Config config;
        std::string error;
        CHECK_FALSE(read_config(text, config, error));
        return error;
    };
    CHECK(error_of("x").find("object") != std::string::npos);
    CHECK(error_of(R"({"seed":-1})").find("seed must be a whole number") == 0);
    CHECK(error_of(R"({"speed":0})").find("speed must be a number from 0.1 to 20") == 0);
    CHECK(error_of(R"({"auto":1})") == "auto must be true or false");
    CHECK(error_of(R"({"faults":[]})") == "faults must be an object");
    CHECK(error_of(R"({"faults":{"late_percent":101}})").find("faults.late_percent") == 0);
    CHECK(error_of(R"({"drivers":[{"name":"A"},{}]})") == "drivers[1].name is missing");
    CHECK(error_of(R"({"drivers":[7]})").find("drivers[0]") == 0);
    CHECK(error_of(R"({"drivers":[{"name":"A","pace":9}]})").find("drivers[0].pace") == 0);
}
