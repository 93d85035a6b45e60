// The configuration file and the command line: mistakes are answered with the key and the remedy.

#include <catch2/catch.hpp>

#include "hub/app/config.h"
#include "hub/app/options.h"

using racehub::app::HubConfig;
using racehub::app::Options;

namespace {

std::string mistake_in(const std::string& text) {
    HubConfig config;
    std::string error;
    return racehub::app::parse_config(text, "club.json", config, error) ? "" : error;
}

bool says(const std::string& error, const std::string& part) {
    INFO(error);
    return error.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A whole configuration is read", "[config]") {
    HubConfig config;
    std::string error;
    const bool good = racehub::app::parse_config(R"({
        "hub": {"name": "Club"}, // comments are allowed
        "web": {"port": 9000, "local_only": true, "hosts": ["race.example"]},
        "store": {"synchronous": "normal", "backups_kept": 3},
        "tracks": [{"id": "main", "name": "Main", "lanes": 2,
                    "settings": {"distance": "laps", "laps": 5},
                    "entries": [{"lane": 2, "driver": "Zoë"}]}],
        "plugins": [{"id": "gates", "library": "mqtt_gates", "track": "main", "config": {"port": 1}}]
    })",
                                                 "club.json", config, error);
    INFO(error);
    REQUIRE(good);
    CHECK(config.name == "Club");
    CHECK(config.web.port == 9000);
    CHECK(config.web.local_only);
    CHECK_FALSE(config.store.full_sync);
    REQUIRE(config.tracks.size() == 1);
    CHECK(config.tracks[0].settings.laps == 5);
    CHECK(config.tracks[0].entries[0].entry == 2);
    CHECK(config.tracks[0].entries[0].driver == "Zoë");
    REQUIRE(config.plugins.size() == 1);
    CHECK_FALSE(config.plugins[0].in_process);
    CHECK(config.plugins[0].config_json == R"({"port":1})");
}

TEST_CASE("A mistake is named with its key", "[config]") {
    CHECK(says(mistake_in("{\n\"hub\": {,}\n}"), "club.json: is not JSON: see line 2"));
    CHECK(says(mistake_in(R"({"web": {"port": 99999}})"),
               "web.port: must be an integer from 1 to 65535"));
    CHECK(
        says(mistake_in(R"({"web": {"prot": 1}})"), "web.prot: is not a known key; known here: "));
    CHECK(says(mistake_in(R"({"tracks": [{"name": "x"}]})"), "tracks[0].id: is missing"));
    CHECK(says(mistake_in(R"({"tracks": [{"id": "a"}, {"id": "a"}]})"),
               "tracks[1].id: \"a\" is used twice"));
    CHECK(says(mistake_in(R"({"tracks": [{"id": "a", "settings": {"laps": 0}}]})"),
               "tracks[0].settings.laps: must be an integer"));
    CHECK(says(mistake_in(R"({"tracks": [{"id": "a", "settings": {"lap": 1}}]})"),
               "tracks[0].settings.lap: is not a known key"));
    CHECK(says(mistake_in(R"({"tracks": [{"id": "a", "entries": [{"driver": "x"}]}]})"),
               "tracks[0].entries[0].lane: is missing"));
    CHECK(says(mistake_in(R"({"plugins": [{"id": "g", "track": "nowhere"}]})"),
               "plugins[0].track: there is no track \"nowhere\""));
    CHECK(says(mistake_in(R"({"plugins": [{"id": "g", "isolation": "maybe"}]})"),
               "plugins[0].isolation: must be \"child\" or \"hub\""));
    CHECK(says(mistake_in("[]"), "must be an object"));
}

TEST_CASE("The command line is answered in sentences", "[options]") {
    const auto mistake = [](std::vector<std::string> words) {
        Options options;
        std::string error;
        return racehub::app::parse_options(words, options, error) ? std::string() : error;
    };
    CHECK(mistake({}).empty());
    CHECK(mistake({"serve", "--config", "a.json", "--port", "81", "--local"}).empty());
    CHECK(says(mistake({"srve"}), "\"srve\" is not a command"));
    CHECK(says(mistake({"serve", "--prot", "1"}), "\"--prot\" is not an option"));
    CHECK(says(mistake({"serve", "--port", "0"}), "--port must be a number"));
    CHECK(says(mistake({"serve", "--config"}), "--config needs a value"));
    CHECK(says(mistake({"serve", "a.json"}), "--config FILE"));
    CHECK(says(mistake({"probe"}), "needs a file"));
}
