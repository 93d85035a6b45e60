#pragma once
// The configuration of one instance: its JSON Schema and the values.

#include "plugins/mqtt_gates/gate_book.h"

namespace racehub::mqtt {

// 64 lanes with a finish line, two sectors and a pit lane.
inline constexpr std::size_t kMaxGates = 256;
inline constexpr std::size_t kMaxTopicBytes = 200;
inline constexpr std::size_t kMaxWords = 16;

struct Config {
    std::string host = "localhost";
    int port = 1883;
    std::string client_id;  ///< empty: "racehub-" and the instance's id
    std::string username, password;
    bool tls = false;
    std::string tls_ca_file;  ///< empty: the machine's own authorities
    std::string tls_cert_file, tls_key_file;
    bool tls_insecure = false;  ///< the broker's certificate is not checked against its name
    int keepalive_s = 30;
    int qos = 1;  ///< of the subscriptions; a gate's own QoS may lower it
    bool clean_session = false;
    std::vector<GateRule> gates;
    std::string start_topic = "carrera/race/start";  ///< empty: no start signal
    std::string start_payload = "GO";
    std::string publish_prefix = "carrera/race";  ///< empty: the race's state is not published
};

/// JSON Schema of the configuration, with every default.
extern const char* const kConfigSchema;

/// Reads configuration JSON. On failure `error` names the key and what it should be. Missing keys
/// get their defaults; no gates at all means the Carrera project's two.
bool read_config(std::string_view json_text, Config& config, std::string& error);

}  // namespace racehub::mqtt
