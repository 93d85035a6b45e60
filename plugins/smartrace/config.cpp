#include "plugins/smartrace/config.h"

#include <nlohmann/json.hpp>

namespace racehub::smartrace {
namespace {

using nlohmann::json;

// Reads members of one object; the first that is wrong ends it with a message.
class Reader {
  public:
    Reader(const json& object, std::string& error) : object_(object), error_(error) {}

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
        const auto given = found->is_number_integer() ? found->get<std::int64_t>() : min - 1LL;
        if (given < min || given > max) {
            return fail(key, "must be a whole number from " + std::to_string(min) + " to " +
                                 std::to_string(max));
        }
        value = static_cast<int>(given);
    }
    void fail(const char* key, const std::string& what) {
        if (error_.empty()) error_ = std::string(key) + " " + what;
    }

  private:
    const json* find(const char* key) const {
        if (!error_.empty()) return nullptr;
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }
    const json& object_;
    std::string& error_;
};

}  // namespace

const char* const kConfigSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "mode": {"type": "string", "default": "server", "enum": ["server", "client", "bridge"],
      "title": "Mode", "description": "server: sensors connect to this hub; client: this hub is the sensor of a SmartRace app; bridge: sensors connect here and are passed on to the app"},
    "port": {"type": "integer", "default": 50780, "minimum": 1, "maximum": 65535,
      "title": "Port for sensors", "description": "Where sensors connect (server, bridge)"},
    "address": {"type": "string", "default": "", "maxLength": 64, "title": "Address for sensors",
      "description": "Empty: every address of this machine"},
    "app_host": {"type": "string", "default": "", "maxLength": 255, "title": "SmartRace app",
      "description": "Name or address of the tablet (client, bridge); the app shows it"},
    "app_port": {"type": "integer", "default": 50780, "minimum": 1, "maximum": 65535,
      "title": "Port of the app", "description": "The app shows it"},
    "controllers": {"type": "integer", "default": 8, "minimum": 1, "maximum": 8,
      "title": "Controllers", "description": "Higher ids do not race"},
    "min_pulse_ms": {"type": "integer", "default": 20, "minimum": 0, "maximum": 60000,
      "title": "Shortest pulse (ms)",
      "description": "Sooner after its last crossing a car is seen once more, not again"},
    "api_version": {"type": "integer", "default": 7, "minimum": 6, "maximum": 7,
      "title": "API version", "description": "What sensors are told (server); 7 names cars too"},
    "names": {"type": "boolean", "default": true, "title": "Drivers from the app",
      "description": "Take over the app's drivers and cars (client, bridge); needs may_command"},
    "keep_s": {"type": "integer", "default": 600, "minimum": 0, "maximum": 86400,
      "title": "Keep crossings (s)",
      "description": "What waits longer than this for the app is not told any more"},
    "log_messages": {"type": "boolean", "default": true, "title": "Protocol log",
      "description": "Keep every message for the protocol log"}
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
    Reader reader(object, error);
    std::string mode = "server";
    reader.text("mode", mode, 16);
    if (mode == "client") {
        config.mode = Mode::client;
    } else if (mode == "bridge") {
        config.mode = Mode::bridge;
    } else if (mode != "server") {
        reader.fail("mode", "must be server, client or bridge");
    }
    reader.text("address", config.address, 64);
    reader.number("port", config.port, 1, 65535);
    reader.text("app_host", config.app_host, 255);
    reader.number("app_port", config.app_port, 1, 65535);
    reader.number("controllers", config.controllers, 1, 8);
    reader.number("min_pulse_ms", config.min_pulse_ms, 0, 60'000);
    reader.number("api_version", config.api_version, 6, 7);
    reader.flag("names", config.names);
    reader.number("keep_s", config.keep_s, 0, 86'400);
    reader.flag("log_messages", config.log_messages);
    if (config.mode != Mode::server && config.app_host.empty()) {
        reader.fail("app_host", "is missing: enter the address that the SmartRace app shows");
    }
    return error.empty();
}

}  // namespace racehub::smartrace
