#pragma once
// The configuration of one instance: its JSON Schema and the values. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace racehub::smartrace {

enum class Mode : std::uint8_t {
    server = 1,  ///< sensors race on the hub as if it were the app
    client,      ///< the hub is the sensor of a real app
    bridge       ///< between sensors and a real app, racing along
};

struct Config {
    Mode mode = Mode::server;
    std::string address;  ///< to listen on; empty: all of this machine's
    int port = 50780;     ///< to listen on; server and bridge
    std::string app_host;
    int app_port = 50780;
    int controllers = 8;
    int min_pulse_ms = 20;
    int api_version = 7;
    bool names = true;  ///< take the drivers and cars that the app tells; client and bridge
    int keep_s = 600;   ///< what waits for the app longer than this is not told any more
    bool log_messages = true;
};

/// JSON Schema of the configuration, with every default.
extern const char* const kConfigSchema;

/// Reads configuration JSON that fits the schema. On failure `error` names the key and what it
/// should be.
bool read_config(std::string_view json_text, Config& config, std::string& error);

}  // namespace racehub::smartrace
