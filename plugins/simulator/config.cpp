#include "plugins/simulator/config.h"

#include <nlohmann/json.hpp>

namespace racehub::simulator {
namespace {

using nlohmann::json;

// Reads members of one object; the first that is wrong ends it with a message.
class Reader {
  public:
    Reader(const json& object, std::string where, std::string& error)
        : object_(object), where_(std::move(where)), error_(error) {}

    void number(const char* key, double& value, double min, double max) {
        const json* found = find(key);
        if (!found) return;
        const double given = found->is_number() ? found->get<double>() : min - 1;
        if (!(given >= min && given <= max)) return fail(key, range("a number", min, max));
        value = given;
    }
    template <class Integer>
    void integer(const char* key, Integer& value, std::int64_t min, std::int64_t max) {
        const json* found = find(key);
        if (!found) return;
        const std::int64_t given =
            found->is_number_integer() ? found->get<std::int64_t>() : min - 1;
        if (given < min || given > max) {
            return fail(
                key, range("a whole number", static_cast<double>(min), static_cast<double>(max)));
        }
        value = static_cast<Integer>(given);
    }
    void flag(const char* key, bool& value) {
        const json* found = find(key);
        if (!found) return;
        if (!found->is_boolean()) return fail(key, "must be true or false");
        value = found->get<bool>();
    }
    void text(const char* key, std::string& value) {
        const json* found = find(key);
        if (!found) return;
        if (!found->is_string() || found->get_ref<const std::string&>().size() > 64) {
            return fail(key, "must be a text of at most 64 bytes");
        }
        value = found->get<std::string>();
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
    static std::string range(const char* what, double min, double max) {
        return std::string("must be ") + what + " from " + json(min).dump() + " to " +
               json(max).dump();
    }
    const json& object_;
    std::string where_;
    std::string& error_;
};

Driver read_driver(const json& object, const std::string& where, std::string& error) {
    Driver driver;
    if (!object.is_object()) {
        error = where.substr(0, where.size() - 1) + " must be an object with a name";
        return driver;
    }
    Reader reader(object, where, error);
    reader.text("name", driver.name);
    if (driver.name.empty()) reader.fail("name", "is missing");
    reader.text("car", driver.car);
    reader.text("color", driver.color);
    reader.number("pace", driver.pace, 0.5, 3);
    reader.number("consistency", driver.consistency, 0, 0.2);
    reader.number("mistakes_percent", driver.mistakes, 0, 100);
    return driver;
}

void read_faults(const json& object, Faults& faults, std::string& error) {
    if (!object.is_object()) {
        error = "faults must be an object";
        return;
    }
    Reader reader(object, "faults.", error);
    reader.number("missed_percent", faults.missed, 0, 100);
    reader.number("bounced_percent", faults.bounced, 0, 100);
    reader.number("duplicated_percent", faults.duplicated, 0, 100);
    reader.number("late_percent", faults.late, 0, 100);
    reader.number("reordered_percent", faults.reordered, 0, 100);
}

}  // namespace

const char* const kConfigSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "seed": {"type": "integer", "default": 1, "minimum": 0, "maximum": 4294967295,
      "description": "The same seed gives the same races"},
    "auto": {"type": "boolean", "default": true,
      "description": "Run the evening: assign, arm, start, next race. Needs may_command. false: only cross the gates of races that a person starts"},
    "assign": {"type": "boolean", "default": true,
      "description": "With auto: put the club's drivers on the lanes, new ones for each race"},
    "speed": {"type": "number", "default": 1, "minimum": 0.1, "maximum": 20},
    "lap_s": {"type": "number", "default": 8, "minimum": 1, "maximum": 600},
    "laps": {"type": "integer", "default": 12, "minimum": 1, "maximum": 10000,
      "description": "With auto, where the track's own rules name no end"},
    "idle_s": {"type": "number", "default": 3, "minimum": 0, "maximum": 3600},
    "armed_s": {"type": "number", "default": 5, "minimum": 0, "maximum": 3600},
    "summary_s": {"type": "number", "default": 20, "minimum": 0, "maximum": 3600},
    "jump_starts_percent": {"type": "number", "default": 2, "minimum": 0, "maximum": 100},
    "breakdowns_percent": {"type": "number", "default": 0.2, "minimum": 0, "maximum": 100},
    "sectors": {"type": "integer", "default": 2, "minimum": 0, "maximum": 4},
    "pit_every_laps": {"type": "integer", "default": 9, "minimum": 0, "maximum": 1000},
    "stamped": {"type": "boolean", "default": true,
      "description": "The gates have a clock of their own"},
    "heat_s": {"type": "number", "default": 3.2, "minimum": 0.6, "maximum": 600,
      "description": "Heats: a lane time"},
    "dnf_percent": {"type": "number", "default": 1, "minimum": 0, "maximum": 100,
      "description": "Heats: cars that do not arrive"},
    "false_results_percent": {"type": "number", "default": 3, "minimum": 0, "maximum": 100,
      "description": "Heats: reports that cannot be true, which the hub then holds"},
    "strays_percent": {"type": "number", "default": 2, "minimum": 0, "maximum": 100,
      "description": "Heats: after which a report comes that nobody waits for"},
    "faults": {"type": "object", "default": {}, "additionalProperties": false,
      "properties": {
        "missed_percent": {"type": "number", "default": 0.3, "minimum": 0, "maximum": 100},
        "bounced_percent": {"type": "number", "default": 1, "minimum": 0, "maximum": 100},
        "duplicated_percent": {"type": "number", "default": 0.5, "minimum": 0, "maximum": 100},
        "late_percent": {"type": "number", "default": 1, "minimum": 0, "maximum": 100},
        "reordered_percent": {"type": "number", "default": 1, "minimum": 0, "maximum": 100}}},
    "drivers": {"type": "array", "default": [], "maxItems": 64,
      "items": {"type": "object", "additionalProperties": false, "required": ["name"],
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 64},
          "car": {"type": "string", "default": "", "maxLength": 64},
          "color": {"type": "string", "default": "", "maxLength": 64},
          "pace": {"type": "number", "default": 1, "minimum": 0.5, "maximum": 3},
          "consistency": {"type": "number", "default": 0.02, "minimum": 0, "maximum": 0.2},
          "mistakes_percent": {"type": "number", "default": 3, "minimum": 0, "maximum": 100}}}}
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
    reader.integer("seed", config.seed, 0, 4294967295);
    reader.flag("auto", config.automatic);
    reader.flag("assign", config.assign);
    reader.number("speed", config.speed, 0.1, 20);
    reader.number("lap_s", config.lap_s, 1, 600);
    reader.integer("laps", config.laps, 1, 10'000);
    reader.number("idle_s", config.idle_s, 0, 3600);
    reader.number("armed_s", config.armed_s, 0, 3600);
    reader.number("summary_s", config.summary_s, 0, 3600);
    reader.number("jump_starts_percent", config.jump_starts, 0, 100);
    reader.number("breakdowns_percent", config.breakdowns, 0, 100);
    reader.integer("sectors", config.sectors, 0, 4);
    reader.integer("pit_every_laps", config.pit_every_laps, 0, 1000);
    reader.flag("stamped", config.stamped);
    reader.number("heat_s", config.heat_s, 0.6, 600);
    reader.number("dnf_percent", config.dnf, 0, 100);
    reader.number("false_results_percent", config.false_results, 0, 100);
    reader.number("strays_percent", config.strays, 0, 100);
    if (const json* faults = reader.find("faults")) read_faults(*faults, config.faults, error);
    if (const json* drivers = reader.find("drivers")) {
        if (!drivers->is_array() || drivers->size() > kMaxDrivers) {
            reader.fail("drivers", "must be a list of at most 64 drivers");
        } else {
            for (std::size_t i = 0; i < drivers->size() && error.empty(); ++i) {
                const std::string where = "drivers[" + std::to_string(i) + "].";
                config.drivers.push_back(read_driver((*drivers)[i], where, error));
            }
        }
    }
    if (config.drivers.empty()) config.drivers = default_club();
    return error.empty();
}

std::vector<Driver> default_club() {
    return {
        {"Ada", "Porsche 911", "#e6194b", 0.97, 0.012, 2},
        {"Björn", "Audi R8", "#3cb44b", 1.00, 0.015, 2},
        {"Chiara", "Ferrari 488", "#4363d8", 0.96, 0.030, 6},
        {"Dev", "BMW M4", "#f58231", 1.02, 0.010, 1},
        {"Emil", "McLaren 720S", "#ffe119", 1.04, 0.025, 4},
        {"Fatima", "Ford GT", "#42d4f4", 0.98, 0.018, 3},
        {"Goran", "Corvette C8", "#f032e6", 1.01, 0.040, 8},
        {"Hana", "Nissan GT-R", "#bfef45", 0.99, 0.014, 2},
        {"Ivo", "Lamborghini Huracán", "#fabed4", 1.06, 0.030, 5},
        {"Jule", "Mercedes-AMG GT", "#469990", 1.00, 0.020, 3},
        {"Kofi", "Aston Martin Vantage", "#dcbeff", 0.98, 0.035, 7},
        {"Lea", "Bentley Continental", "#9a6324", 1.03, 0.012, 1},
    };
}

}  // namespace racehub::simulator
