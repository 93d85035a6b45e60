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
    CHECK(mistake_in("[]") == "club.json: the file must be an object, {...}, not array");
    CHECK(mistake_in(R"({"tracks": [3]})") ==
          "club.json: tracks[0]: must be an object, {...}, not number");
}

TEST_CASE("What the hub would refuse stops the start, with its key", "[config]") {
    const auto track = [](const std::string& rest) {
        return mistake_in(R"({"tracks": [{"id": "a", )" + rest + "}]}");
    };
    CHECK(says(mistake_in(R"({"tracks": [{"id": "my track"}]})"), "tracks[0].id: A track's id"));
    CHECK(says(track(R"("settings": {"hold_min_us": 3000000, "hold_max_us": 2000000})"),
               "tracks[0]: settings.hold_min_us must not be more than"));
    CHECK(
        says(track(R"("settings": {"discipline": "reported"})"), "tracks[0]: settings.discipline"));
    CHECK(says(track(R"("lanes": 2, "entries": [{"lane": 3}])"), "tracks[0].entries[0].lane: "));
    CHECK(says(track(R"("entries": [{"lane": 1}])"), "tracks[0].lanes: is missing"));
    CHECK(says(track(R"("lanes": 2, "entries": [{"lane": 1}, {"lane": 1}])"),
               "tracks[0].entries[1].lane: lane 1 has an entry already"));
    CHECK(says(track(R"("entries": [{"entry": 7}, {"entry": 7}])"),
               "tracks[0].entries[1].entry: 7 is used twice"));
    CHECK(says(track(R"("lanes": 2, "entries": [{"lane": 1, "entry": 2}])"),
               "tracks[0].entries[0].lane: "));
    CHECK(track(R"("entries": [{"entry": 7, "code": "VER"}, {"entry": 8}])").empty());
}

TEST_CASE("Names in the file must name something of the file", "[config]") {
    const std::string tracks = R"("tracks": [{"id": "a"}], )";
    CHECK(says(mistake_in("{" + tracks + R"("plugins": [{"id": "g", "tracks": ["a", "b"]}]})"),
               "plugins[0].tracks[1]: there is no track \"b\""));
    CHECK(mistake_in("{" + tracks + R"("plugins": [{"id": "g", "tracks": ["*"]}]})").empty());
    CHECK(says(mistake_in("{" + tracks + R"("web": {"carrera_ws": {"track": "b"}}})"),
               "web.carrera_ws.track: there is no track \"b\""));
}

TEST_CASE("Addresses in the file are addresses", "[config]") {
    const auto web = [](const std::string& rest) {
        return mistake_in(R"({"web": {)" + rest + "}}");
    };
    for (const char* host : {"http://race.example", "race.example:80", "race/", "", "a b"}) {
        INFO(host);
        CHECK(says(web(std::string(R"("hosts": ["ok.example", ")") + host + "\"]"),
                   "web.hosts[1]: "));
    }
    for (const char* origin : {"club.example", "https://club.example/", "https://club.example:443",
                               "ftp://club.example", "https://", "null", "*"}) {
        INFO(origin);
        CHECK(says(web(std::string(R"("origins": [")") + origin + "\"]"), "web.origins[0]: "));
    }
    CHECK(web(R"("hosts": ["race.example", "192.168.1.5"],
                 "origins": ["https://club.example", "http://x:8080"])")
              .empty());
    CHECK(says(web(R"("trusted_proxies": ["nginx"])"), "web.trusted_proxies[0]: "));
}

TEST_CASE("A file that is no text of ours is named as what it is", "[config]") {
    CHECK(says(mistake_in(""), "club.json: is empty"));
    CHECK(says(mistake_in(" \n"), "club.json: is empty"));
    CHECK(says(mistake_in(std::string("\xff\xfe{\0}\0", 6)), "UTF-16"));
    CHECK(says(mistake_in("{\n// Bj\xf6rn\n}"), "is not UTF-8: see line 2"));
    CHECK(mistake_in("\xef\xbb\xbf{}").empty());  // some editors mark UTF-8
    HubConfig config;
    std::string error;
    CHECK_FALSE(racehub::app::load_config("/", config, error));
    CHECK(says(error, "is a folder"));
    CHECK_FALSE(racehub::app::load_config("/dev/zero", config, error));
    CHECK(says(error, "larger than"));
    CHECK_FALSE(racehub::app::load_config("/nowhere.json", config, error));
    CHECK(says(error, "cannot be read"));
}

TEST_CASE("A key that stands twice is a mistake", "[config]") {
    CHECK(says(mistake_in(R"({"hub": {}, "hub": {}})"), "club.json: hub: stands twice"));
    CHECK(says(mistake_in(R"({"tracks": [{"id": "a"}, {"id": "b", "lanes": 1, "lanes": 2}]})"),
               "tracks[1].lanes: stands twice"));
    CHECK(says(mistake_in(R"({"plugins": [{"id": "g", "config": {"x": [1, {"y": 1, "y": 2}]}}]})"),
               "plugins[0].config.x[1].y: stands twice"));
    CHECK(says(mistake_in(R"({"hub": {"name": )" + std::string(100'000, '[') +
                          std::string(100'000, ']') + "}}"),
               "is nested too deep"));
}

TEST_CASE("Names are text that can be shown", "[config]") {
    CHECK(says(mistake_in(R"({"hub": {"name": "Club\u001b[31m"}})"), "hub.name: holds an invis"));
    for (const char* text :
         {"a\\u0000b", "\\u0085", "\\u202e", "\\u2066x", "\\u200f", "\\n", "\\u007f", "\\u061c"}) {
        INFO(text);
        CHECK(says(mistake_in(std::string(R"({"tracks": [{"id": "a", "lanes": 1, "entries":
                       [{"lane": 1, "driver": "Eve)") +
                              text + R"("}]}]})"),
                   "tracks[0].entries[0].driver: holds an invisible character"));
    }
    CHECK(mistake_in(R"({"hub": {"name": "Zoë’s 🏁 – Ночь"}})").empty());
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
