// The plugin: facts in, orders to the device's thread. Everything else happens there.
#include <memory>
#include <racehub/plugin.hpp>

#include "plugins/track_controller/config.h"
#include "plugins/track_controller/device.h"
#include "plugins/track_controller/examine.h"
#include "plugins/track_controller/heat_watch.h"
#include "plugins/track_controller/protocol/json_text.h"
#include "plugins/track_controller/server/server.h"

namespace sdk = racehub::sdk;

namespace racehub::track_controller {
namespace {

constexpr const char* kPublishes[] = {"heat.reported", "heat.started", nullptr};
constexpr const char* kSubscribes[] = {
    "race.armed",     "race.started",     "race.aborted",  "race.cleared",   "race.finished",
    "race.held",      "heat.timed",       "heat.reopened", "heat.corrected", "lap.completed",
    "entry.finished", "track.configured", nullptr};
constexpr std::uint32_t kServeTimer = 1;

constexpr const char* kConfigSchema = R"json({
  "type": "object",
  "properties": {
    "transport": {"type": "string", "enum": ["serial", "http", "none"], "default": "serial",
      "title": "Connection", "description": "serial: USB cable; http: Wi-Fi; none: only offer the track (serve_port)"},
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
    "serve_port": {"type": "integer", "minimum": 0, "maximum": 65535, "default": 0,
      "title": "Offer this track on port", "description": "as a Track Controller over HTTP, protocol 1.0; 0: not"},
    "serve_address": {"type": "string", "default": "", "maxLength": 64,
      "title": "Offer it at address", "description": "of this machine; empty: all"},
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
        const Config config = read_config(config_json);
        serves_only_ = config.transport == Transport::none;
        if (config.serve_port != 0) {
            server_ = std::make_unique<Server>(host, std::string(host.track()),
                                               config.serve_address, config.serve_port);
            server_->start();
            host.set_timer(kServeTimer, std::chrono::seconds(1));
            tell_server();
        }
        if (config.transport != Transport::none) {
            device_ = std::make_unique<Device>(config, host);
            device_->start();
        }
    }
    void stop() override {
        if (device_) device_->stop();
        if (server_) server_->stop();
    }
    void on_event(const sdk::Event& event) override {
        if (event.type == "source.asked") {
            if (device_ && asks_for(event.data, "dbg")) device_->show_dbg();
            return;
        }
        if (server_) server_->on_event(event);
        const auto order = heats_.on_event(event.type, event.track, event.race_id, event.data);
        if (order && device_) device_->order(*order);
    }

    void on_fd(int fd, std::uint32_t ready) override {
        if (server_) server_->on_fd(fd, ready);
    }
    void on_timer(std::uint32_t) override {
        if (!server_) return;
        server_->on_timer();
        tell_server();
    }

  private:
    // With a device, the health is the device's, and what the server has to say goes to the log.
    void tell_server() {
        if (server_->text() == told_) return;
        told_ = server_->text();
        const bool well = server_->well();
        host.log(well ? RH_LOG_INFO : RH_LOG_WARNING, told_);
        if (serves_only_) host.health(well ? RH_HEALTH_OK : RH_HEALTH_DEGRADED, told_);
    }

    HeatWatch heats_;
    std::unique_ptr<Server> server_;
    std::string told_;
    bool serves_only_ = false;
    std::unique_ptr<Device> device_;
};

}  // namespace
}  // namespace racehub::track_controller

RACEHUB_PLUGIN(racehub::track_controller::TrackController, racehub::track_controller::kDescriptor)
