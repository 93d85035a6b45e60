#include "plugins/smartrace/config.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plugins/smartrace/protocol/roster.h"

using namespace racehub::smartrace;
using nlohmann::json;

TEST_CASE("the schema's defaults are the configuration's", "[config]") {
    const json schema = json::parse(kConfigSchema);
    json defaults;
    for (const auto& [key, each] : schema["properties"].items()) defaults[key] = each["default"];
    Config filled, empty;
    std::string error;
    REQUIRE(read_config(defaults.dump(), filled, error));
    REQUIRE(read_config("{}", empty, error));
    CHECK(filled.port == empty.port);
    CHECK(filled.app_port == empty.app_port);
    CHECK(filled.controllers == empty.controllers);
    CHECK(filled.min_pulse_ms == empty.min_pulse_ms);
    CHECK(filled.api_version == empty.api_version);
    CHECK(filled.names == empty.names);
    CHECK(filled.keep_s == empty.keep_s);
    CHECK(filled.log_messages == empty.log_messages);
    CHECK(filled.mode == empty.mode);
}

TEST_CASE("a mistake in the configuration is named", "[config]") {
    Config config;
    std::string error;
    const auto problem = [&](const char* text) {
        REQUIRE_FALSE(read_config(text, config, error));
        return error;
    };
    CHECK(problem("[]") == "the configuration must be a JSON object");
    CHECK(problem(R"({"mode":"servant"})") == "mode must be server, client or bridge");
    CHECK(problem(R"({"port":0})") == "port must be a whole number from 1 to 65535");
    CHECK(problem(R"({"names":1})") == "names must be true or false");
    CHECK(problem(R"({"mode":"client"})") ==
          "app_host is missing: enter the address that the SmartRace app shows");
    CHECK(read_config(R"({"mode":"bridge","app_host":"10.0.0.7"})", config, error));
    CHECK(config.mode == Mode::bridge);
}

TEST_CASE("the roster follows snapshot and facts of its track", "[roster]") {
    Roster roster("main");
    roster.snapshot(R"({"tracks":[{"id":"other","roster":[{"entry":5,"lane":5,"driver":"No"}]},
        {"id":"main","lanes":4,"roster":[{"entry":1,"lane":1,"driver":"Ada","color":"#112233"}],
         "race":{"phase":"finished","entries":[{"entry":{"entry":1,"lane":1,"driver":"Old"}}]}}]})");
    CHECK(roster.lanes() == 4);
    REQUIRE(roster.slots().size() == 1);
    CHECK(roster.slots()[0] == Slot{1, true, "Ada", "", "#112233"});
    roster.fact("entry.assigned", "main", R"({"entry":2,"lane":2,"driver":"","car":"Mini"})");
    CHECK(roster.slots()[1].driver == "Mini");
    CHECK_FALSE(roster.slots()[1].color.empty());
    roster.fact("race.armed", "main", R"({"entries":[{"entry":3,"lane":3,"driver":"Eve"}]})");
    REQUIRE(roster.slots().size() == 1);
    CHECK(roster.slots()[0].controller == 3);
    CHECK_FALSE(roster.racing());
    roster.fact("race.started", "main", "{}");
    CHECK(roster.racing());
    roster.fact("race.finished", "other", "{}");
    CHECK(roster.racing());
    roster.fact("race.finished", "main", "{}");
    CHECK_FALSE(roster.racing());
    CHECK(roster.slots().size() == 2);
    roster.fact("entry.cleared", "main", R"({"entry":1})");
    CHECK(roster.slots().size() == 1);
    for (const char* bad :
         {"", "[]", R"({"tracks":7})", R"({"tracks":[7,{"id":"main","roster":[7]}]})"}) {
        roster.snapshot(bad);
        CHECK(roster.slots().empty());
    }
}
