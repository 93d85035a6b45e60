#pragma once
// The configuration of one instance, as plugin.cpp's schema describes it.

#include <string>
#include <string_view>

#include "plugins/track_controller/session/device_book.h"

namespace racehub::track_controller {

enum class Transport : std::uint8_t { none, http, serial };

struct Config {
    Transport transport = Transport::serial;
    std::string host;  ///< name or address, with http
    int port = 80;
    std::string device = "auto";  ///< path of the serial port, or "auto": by USB id
    int lanes = 0;                ///< lanes of the track; 0: as many as the device says
    ArmPolicy arm = ArmPolicy::heats;
    std::string serve_address;  ///< empty: all of this machine
    int serve_port = 0;         ///< the track is offered there; 0: not at all
    bool log_polls = false;     ///< the protocol log shows what is asked all the time, too
};

/// Throws std::runtime_error with a sentence that names the key. The host has checked the schema;
/// this checks what a schema cannot say.
Config read_config(std::string_view json);

}  // namespace racehub::track_controller
