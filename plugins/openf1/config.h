#pragma once
// The plugin's settings, as the hub has checked them.

#include "plugins/openf1/api.h"
#include "plugins/openf1/builder.h"

namespace racehub::openf1 {

struct Config {
    bool live = false;
    Wanted wanted;
    ApiOptions api;
    std::string cache;
    bool autoplay = true, loop = false;
    std::int32_t rate = 1'000;
    Micros start_us = -kLeadUs;
    bool hand_helds = false, hand_helds_shared = false;
    std::string hand_held_address;
    int hand_held_port = 8'000;
    std::int64_t hand_held_session = 9'523;
    std::string mqtt_host = "mqtt.openf1.org";
    int mqtt_port = 8'883;
    bool mqtt_tls = true;
};

/// Valid against kConfigSchema, defaults filled in; reads what is not there as its default.
Config read_config(std::string_view json);

/// Where sessions are kept when the settings do not say: the user's cache folder.
std::string default_cache();

extern const char* const kConfigSchema;

}  // namespace racehub::openf1
