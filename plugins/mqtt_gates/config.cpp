#include "plugins/mqtt_gates/config.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace racehub::mqtt {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 8> kGates = {"start",    "finish",   "sector_1", "sector_2",
                                                    "sector_3", "sector_4", "pit_in",   "pit_out"};

// Reads members of one object; the first that is wrong ends it with a message.
class Reader {
  public:
    Reader(const json& object, std::string where, std::string& error)
        : object_(object), where_(std::move(where)), error_(error) {}

    void text(const char* key, std::string& value, std::size_t max_bytes) {
        const json* found = find(key);
        if (!found) return;
        if (!found->is_string() || found->get_ref<const std::string&>().size() > max_bytes) {
            return fail(key, "must be a text of at most " + std::to_string(max_bytes) + " bytes");
        }
        value = found->get<std::string>();
    }
    void flag(const char* key, bool& value) {
        const json* found = find(key);
        if (!found) return;
        if (!found->is_boolean()) return fail(key, "must be true or false");
        value = found->get<bool>();
    }
    void number(const char* key, int& value, int min, int max) {
        const json* found = find(key);
        if (!found) return;
        const bool whole = found->is_number_integer();
        const auto given = whole ? found->get<std::int64_t>() : std::int64_t{min} - 1;
        if (given < min || given > max) {
            return fail(key, "must be a whole number from " + std::to_string(min) + " to " +
                                 std::to_string(max));
        }
        value = static_cast<int>(given);
    }
    void words(const char* key, std::vector<std::string>& value) {
        const json* found = find(key);
        if (!found) return;
        const auto is_word = [](const json& each) {
            return each.is_string() && each.get_ref<const std::string&>().size() <= 64;
        };
        if (!found->is_array() || found->size() > kMaxWords ||
            !std::all_of(found->begin(), found->end(), is_word)) {
            return fail(key, "must be a list of at most 16 words of at most 64 bytes");
        }
        value = found->get<std::vector<std::string>>();
    }
    const json* find(const char* key) const {
        if (!error_.empty()) return nullptr;
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }
    void fail(const char* key, const std::string& what) {
        if (error_.empty()) error_ = where_ + key + " " + what;
    }

  private:
    const json& object_;
    std::string where_;
    std::string& error_;
};

bool is_topic(std::string_view topic) {
    return !topic.empty() && topic.find_first_of(std::string_view("+#\0", 3)) == topic.npos;
}

GateRule read_gate(const json& object, const std::string& where, std::string& error) {
    GateRule rule;
    rule.payload.ignore = {"KEIN_MAGNET"};
    if (!object.is_object()) {
        error = where.substr(0, where.size() - 1) + " must be an object with topic and lane";
        return rule;
    }
    Reader reader(object, where, error);
    reader.text("topic", rule.topic, kMaxTopicBytes);
    if (!is_topic(rule.topic)) reader.fail("topic", "must be an MQTT topic without + and #");
    reader.number("lane", rule.lane, 1, 64);
    if (!reader.find("lane")) reader.fail("lane", "is missing");
    reader.text("gate", rule.gate, 16);
    if (std::find(kGates.begin(), kGates.end(), rule.gate) == kGates.end()) {
        reader.fail("gate", "must be one of start, finish, sector_1 to sector_4, pit_in, pit_out");
    }
    reader.words("accept", rule.payload.accept);
    reader.words("ignore", rule.payload.ignore);
    int min_pulse_ms = 20;
    reader.number("min_pulse_ms", min_pulse_ms, 0, 60'000);
    rule.min_pulse_us = std::int64_t{min_pulse_ms} * 1000;
    reader.text("device", rule.device, kMaxDeviceBytes);
    if (rule.device.find('/') != rule.device.npos) reader.fail("device", "must not contain /");
    return rule;
}

void read_gates(const json& list, Config& config, std::string& error) {
    if (!list.is_array() || list.size() > kMaxGates) {
        error = "gates must be a list of at most 256 gates";
        return;
    }
    for (std::size_t i = 0; i < list.size() && error.empty(); ++i) {
        GateRule rule = read_gate(list[i], "gates[" + std::to_string(i) + "].", error);
        const auto same = [&rule](const GateRule& other) {
            return other.topic == rule.topic && other.payload.accept == rule.payload.accept &&
                   other.gate == rule.gate && other.lane == rule.lane;
        };
        if (std::any_of(config.gates.begin(), config.gates.end(), same) && error.empty()) {
            error = "gates[" + std::to_string(i) + "] is there twice";
        }
        config.gates.push_back(std::move(rule));
    }
}

void use_default_gates(Config& config) {
    for (int lane = 1; lane <= 2; ++lane) {
        const std::string topic = "carrera/track" + std::to_string(lane) + "/finish";
        std::string no_error;
        config.gates.push_back(read_gate({{"topic", topic}, {"lane", lane}}, "", no_error));
    }
}

}  // namespace

const char* const kConfigSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "host": {"type": "string", "default": "localhost", "minLength": 1, "maxLength": 255,
      "title": "Broker", "description": "Name or address of the MQTT broker"},
    "port": {"type": "integer", "default": 1883, "minimum": 1, "maximum": 65535},
    "client_id": {"type": "string", "default": "", "maxLength": 128,
      "description": "Empty: racehub- and this source's id. Two clients of one broker need two ids"},
    "username": {"type": "string", "default": "", "maxLength": 255},
    "password": {"type": "string", "default": "", "maxLength": 1024, "format": "secret"},
    "tls": {"type": "boolean", "default": false, "description": "Encrypt; brokers mostly use port 8883 then"},
    "tls_ca_file": {"type": "string", "default": "", "maxLength": 1024,
      "description": "Certificate of the authority; empty: those this machine trusts"},
    "tls_cert_file": {"type": "string", "default": "", "maxLength": 1024},
    "tls_key_file": {"type": "string", "default": "", "maxLength": 1024},
    "tls_insecure": {"type": "boolean", "default": false,
      "description": "Do not check that the certificate names the broker"},
    "keepalive_s": {"type": "integer", "default": 30, "minimum": 5, "maximum": 3600},
    "qos": {"type": "integer", "default": 1, "minimum": 0, "maximum": 1,
      "description": "1: the broker keeps crossings until the hub has stored them"},
    "clean_session": {"type": "boolean", "default": false},
    "gates": {"type": "array", "default": [
        {"topic": "carrera/track1/finish", "lane": 1},
        {"topic": "carrera/track2/finish", "lane": 2}], "maxItems": 256,
      "items": {"type": "object", "additionalProperties": false, "required": ["topic", "lane"],
        "properties": {
          "topic": {"type": "string", "minLength": 1, "maxLength": 200},
          "lane": {"type": "integer", "minimum": 1, "maximum": 64},
          "gate": {"type": "string", "default": "finish", "enum": ["start", "finish", "sector_1",
            "sector_2", "sector_3", "sector_4", "pit_in", "pit_out"]},
          "accept": {"type": "array", "default": [], "maxItems": 16,
            "items": {"type": "string", "maxLength": 64}},
          "ignore": {"type": "array", "default": ["KEIN_MAGNET"], "maxItems": 16,
            "items": {"type": "string", "maxLength": 64}},
          "min_pulse_ms": {"type": "integer", "default": 20, "minimum": 0, "maximum": 60000},
          "device": {"type": "string", "default": "", "maxLength": 39}}}},
    "start_topic": {"type": "string", "default": "carrera/race/start", "maxLength": 200,
      "description": "Told once at lights out; empty: nothing"},
    "start_payload": {"type": "string", "default": "GO", "maxLength": 64},
    "publish_prefix": {"type": "string", "default": "carrera/race", "maxLength": 150,
      "description": "Topics below it tell the race's state; empty: nothing"}
  }
})json";

bool read_config(std::string_view json_text, Config& config, std::string& error) {
    config = Config{};
    error.clear();
    const json object = json::parse(json_text, nullptr, false);
    if (!object.is_object()) {
        error = "the configuration must be a JSON object";
        return false;
    }
    Reader reader(object, "", error);
    reader.text("host", config.host, 255);
    if (config.host.empty()) reader.fail("host", "must not be empty");
    reader.number("port", config.port, 1, 65535);
    reader.text("client_id", config.client_id, 128);
    reader.text("username", config.username, 255);
    reader.text("password", config.password, 1024);
    if (config.username.empty() && !config.password.empty()) {
        reader.fail("username", "must be given where there is a password");
    }
    reader.flag("tls", config.tls);
    reader.text("tls_ca_file", config.tls_ca_file, 1024);
    reader.text("tls_cert_file", config.tls_cert_file, 1024);
    reader.text("tls_key_file", config.tls_key_file, 1024);
    if (config.tls_cert_file.empty() != config.tls_key_file.empty()) {
        reader.fail("tls_cert_file", "and tls_key_file must be given together");
    }
    reader.flag("tls_insecure", config.tls_insecure);
    reader.number("keepalive_s", config.keepalive_s, 5, 3600);
    reader.number("qos", config.qos, 0, 1);
    reader.flag("clean_session", config.clean_session);
    for (const auto& [key, topic] : {std::pair{"start_topic", &config.start_topic},
                                     std::pair{"publish_prefix", &config.publish_prefix}}) {
        reader.text(key, *topic, kMaxTopicBytes);
        if (!topic->empty() && !is_topic(*topic)) reader.fail(key, "must not contain + or #");
    }
    reader.text("start_payload", config.start_payload, 64);
    if (const json* gates = reader.find("gates")) {
        read_gates(*gates, config, error);
    } else if (error.empty()) {
        use_default_gates(config);
    }
    return error.empty();
}

}  // namespace racehub::mqtt
