#include "plugins/track_controller/config.h"

#include <stdexcept>

#include "plugins/track_controller/protocol/json_text.h"

namespace racehub::track_controller {

Config read_config(std::string_view text) {
    const nlohmann::json json = parse_json(text);
    if (!json.is_object()) throw std::runtime_error("the configuration is no JSON object");
    Config config;
    const std::string transport = json.value("transport", "serial");
    if (transport == "http") config.transport = Transport::http;
    if (transport == "none") config.transport = Transport::none;
    config.serve_address = json.value("serve_address", "");
    config.serve_port = json.value("serve_port", 0);
    config.host = json.value("host", "");
    config.port = json.value("port", config.port);
    config.device = json.value("device", config.device);
    config.lanes = json.value("lanes", config.lanes);
    config.log_polls = json.value("log_polls", false);
    if (json.value("arm", "heats") == "always") config.arm = ArmPolicy::always;
    if (config.transport == Transport::http && config.host.empty())
        throw std::runtime_error(
            "host is missing: give the Track Controller's name (rallylab-a1b2c3.local) or address, "
            "or set transport to serial");
    if (config.transport == Transport::none && config.serve_port == 0)
        throw std::runtime_error(
            "nothing to do: set transport to serial or http for a device, or serve_port to offer "
            "the track as one");
    for (const char c : config.host) {
        // It goes into a request: nothing that could end a line there.
        if (c <= ' ' || c == 0x7f || c == '/')
            throw std::runtime_error("host is no name or address: leave out http:// and blanks");
    }
    return config;
}

}  // namespace racehub::track_controller
