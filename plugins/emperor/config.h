#pragma once
// The configuration of one instance: its JSON Schema and the values. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/emperor/fold/drivers.h"

namespace racehub::emperor {

/// Where a server is.
struct Address {
    bool tls = false;
    std::string host;  ///< name or address; an IPv6 address without brackets
    int port = 0;
    std::string path;  ///< "/api/race-control"

    /// As in a Host header: without a port that goes without saying.
    std::string authority() const;
    /// "wss://name.emperorservers.com/api/race-control"
    std::string text() const;
};

/// Takes ws, wss, http and https addresses, and a bare name or address, which is the manager's own
/// port 8772 without TLS. False: `problem` says what is wrong.
bool read_address(std::string_view url, Address& address, std::string& problem);

struct Config {
    Address server;
    std::string ca_file;  ///< PEM; empty: those this machine trusts
    bool tls_insecure = false;
    std::string origin, cookie;
    std::vector<std::pair<std::string, std::string>> headers;
    std::vector<TeamRule> teams;
    int samples_hz = 10;
    int silence_s = 30;
    bool map = true;
    bool log_messages = true;
};

/// JSON Schema of the configuration, with every default.
extern const char* const kConfigSchema;

/// Reads configuration JSON that fits the schema. On failure `error` names the key and what it
/// should be.
bool read_config(std::string_view json_text, Config& config, std::string& error);

}  // namespace racehub::emperor
