#include "plugins/openf1/config.h"

#include <cmath>
#include <cstdlib>

namespace racehub::openf1 {

using nlohmann::json;

const char* const kConfigSchema = R"json({
  "type": "object", "additionalProperties": false,
  "properties": {
    "mode": {"type": "string", "enum": ["replay", "live"], "default": "replay",
      "description": "replay: a session that is over; live: the one that is on (needs an account)"},
    "session_key": {"type": "integer", "minimum": 0, "default": 0,
      "description": "which session; 0: see year and circuit"},
    "year": {"type": "integer", "minimum": 0, "maximum": 2199, "default": 0,
      "description": "0: the latest"},
    "circuit": {"type": "string", "maxLength": 60, "default": "",
      "description": "such as Monte Carlo; empty: any"},
    "session": {"type": "string", "maxLength": 60, "default": "Race",
      "description": "Race, Sprint, Qualifying, Practice 1 ..."},
    "base_url": {"type": "string", "maxLength": 200, "default": "https://api.openf1.org/v1"},
    "requests_per_second": {"type": "number", "minimum": 0.05, "maximum": 1000, "default": 2},
    "ca_file": {"type": "string", "maxLength": 400, "default": "",
      "description": "authorities of the API's certificate; empty: the machine's"},
    "username": {"type": "string", "maxLength": 200, "default": ""},
    "password": {"type": "string", "maxLength": 200, "default": "", "format": "secret"},
    "cache": {"type": "string", "maxLength": 400, "default": "",
      "description": "folder of built sessions; empty: the user's cache folder"},
    "autoplay": {"type": "boolean", "default": true},
    "loop": {"type": "boolean", "default": false},
    "speed": {"type": "number", "minimum": 0.25, "maximum": 64, "default": 1},
    "start_s": {"type": "number", "minimum": -20, "maximum": 86400, "default": -20,
      "description": "where it begins, in seconds of the race"},
    "hand_helds": {"type": "object", "additionalProperties": false, "default": {},
      "description": "serves Pocket Pitwall hand-helds",
      "properties": {
        "enabled": {"type": "boolean", "default": false},
        "address": {"type": "string", "maxLength": 60, "default": "0.0.0.0"},
        "port": {"type": "integer", "minimum": 0, "maximum": 65535, "default": 8000},
        "session_key": {"type": "integer", "minimum": 1, "default": 9523,
          "description": "the session that their firmware asks for"},
        "shared": {"type": "boolean", "default": false,
          "description": "all show what the wall shows; else each begins at the beginning"}}},
    "mqtt": {"type": "object", "additionalProperties": false, "default": {},
      "description": "the stream of mode live",
      "properties": {
        "host": {"type": "string", "maxLength": 200, "default": "mqtt.openf1.org"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 8883},
        "tls": {"type": "boolean", "default": true}}}
  }
})json";

std::string default_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache != '\0') return std::string(cache) + "/racehub/openf1";
    const char* home = std::getenv("HOME");
    return std::string(home != nullptr ? home : "/var/tmp") + "/.cache/racehub/openf1";
}

Config read_config(std::string_view text) {
    json given = json::parse(text, nullptr, false);
    if (!given.is_object()) given = json::object();
    Config config;
    config.live = given.value("mode", "replay") == "live";
    config.wanted.session_key = given.value("session_key", 0LL);
    config.wanted.year = given.value("year", 0);
    config.wanted.circuit = given.value("circuit", "");
    config.wanted.session = given.value("session", "Race");
    config.api.base_url = given.value("base_url", config.api.base_url);
    config.api.requests_per_second = given.value("requests_per_second", 2.0);
    config.api.ca_file = given.value("ca_file", "");
    config.api.username = given.value("username", "");
    config.api.password = given.value("password", "");
    config.cache = given.value("cache", "");
    if (config.cache.empty()) config.cache = default_cache();
    config.autoplay = given.value("autoplay", true);
    config.loop = given.value("loop", false);
    config.rate = static_cast<std::int32_t>(std::lround(given.value("speed", 1.0) * 1'000));
    config.start_us = static_cast<Micros>(given.value("start_s", -20.0) * 1e6);
    const json served = given.value("hand_helds", json::object());
    config.hand_helds = served.value("enabled", false);
    config.hand_held_address = served.value("address", "0.0.0.0");
    config.hand_held_port = served.value("port", 8'000);
    config.hand_held_session = served.value("session_key", 9'523LL);
    config.hand_helds_shared = served.value("shared", false);
    const json stream = given.value("mqtt", json::object());
    config.mqtt_host = stream.value("host", config.mqtt_host);
    config.mqtt_port = stream.value("port", config.mqtt_port);
    config.mqtt_tls = stream.value("tls", config.mqtt_tls);
    return config;
}

}  // namespace racehub::openf1
