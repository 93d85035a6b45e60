// The plugin: facts in, orders to the device's thread. Everything else happens there.
#include <memory>
#include <racehub/plugin.hpp>

#include "plugins/track_controller/config.h"
#include "plugins/track_controller/device.h"
#include "plugins/track_controller/examine.h"
#include "plugins/track_controller/heat_watch.h"
#include "plugins/track_controller/protocol/json_text.h"

namespace sdk = racehub::sdk;

namespace racehub::track_controller {
namespace {

constexpr const char* kPublishes[] = {"heat.reported", "heat.started", nullptr};
constexpr const char* kSubscribes[] = {"race.armed",    "race.aborted", "race.cleared",
                                       "race.finished", "race.held",    "heat.reopened",
                                       nullptr};

constexpr const char* kConfigSchema = R"json({
  "type": "object",
  "properties": {
    "transport": {"type": "string", "enum": ["serial", "http"], "default": "serial",
      "title": "Connection", "description": "serial: USB cable; http: Wi-Fi"},
    "host": {"type": "string", "default": "", "maxLength": 253,
      "title": "Name or address", "description": "with http: rallylab-a1b2c3.local or 10.0.0.7"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 80,
      "title": "Port", "description": "with http"},
    "device": {"type": "string", "default": "auto", "maxLength": 255,
      "title": "Serial port", "description": "auto finds it by its USB id; or a path under /dev"},
    "lanes": {"type": "integer", "minimum": 0, "maximum": 9, "default": 0,
      "title": "Lanes", "description": "lanes of the track; 0: as many as the device says"},
    "arm": {"type": "string", "enum": ["heats", "always"], "default": "heats",
      "title": "Arm", "description": "heats: for the hub's heats; always: again after every race, for practice"},
    "log_polls": {"type": "boolean", "default": false,
      "title": "Log questions asked all the time", "description": "gate and dbg, each second, in the protocol log, too"}
  },
  "additionalProperties": false
})json";

// "ok" without a word for half a minute would be stale; while cars run nothing is asked for 20 s.
constexpr rh_plugin_descriptor kDescriptor = {
    sizeof(rh_plugin_descriptor),
    RH_PLUGIN_TESTS | RH_PLUGIN_DISCOVERS,
    "org.racehub.track_controller",
    "RallyLab Track Controller",
    "0.1.0",
    "RaceHub",
    "Lane times of a RallyLab Track Controller over USB or Wi-Fi, protocol 1.0 and 2.0.",
    kConfigSchema,
    0,
    0,
    kPublishes,
    kSubscribes};

bool asks_for(std::string_view data, const char* what) {
    return member(parse_json(data), "what") == what;
}

class TrackController final : public sdk::Plugin {
  public:
    explicit TrackController(sdk::Host given) : Plugin(given), heats_(std::string(given.track())) {}

    static std::string examine(std::string_view what, std::string_view config_json) {
        return track_controller::examine(what, config_json);
    }
    void start(std::string_view config_json) override {
        device_ = std::make_unique<Device>(read_config(config_json), host);
        device_->start();
    }
    void stop() override {
        if (device_) device_->stop();
    }
    void on_event(const sdk::Event& event) override {
        if (event.type == "source.asked") {
            if (device_ && asks_for(event.data, "dbg")) device_->show_dbg();
            return;
        }
        const auto order = heats_.on_event(event.type, event.track, event.race_id, event.data);
        if (order && device_) device_->order(*order);
    }

  private:
    HeatWatch heats_;
    std::unique_ptr<Device> device_;
};

}  // namespace
}  // namespace racehub::track_controller

RACEHUB_PLUGIN(racehub::track_controller::TrackController, racehub::track_controller::kDescriptor)
