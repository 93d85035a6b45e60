// The plugin: binds sensors and the app to the logic on one side and to the hub on the other.
// Sockets, facts and logic live on the plugin thread; only the waiting for the hub's log has a
// thread of its own.

#include <memory>
#include <racehub/plugin.hpp>
#include <stdexcept>

#include "plugins/smartrace/bridge.h"
#include "plugins/smartrace/client.h"
#include "plugins/smartrace/config.h"
#include "plugins/smartrace/examine.h"
#include "plugins/smartrace/server.h"

namespace racehub::smartrace {
namespace {

constexpr std::uint32_t kTimer = 1;
constexpr std::chrono::milliseconds kPeriod{500};
constexpr std::int64_t kRepeatUs = 4'000'000;

class SmartRace final : public sdk::Plugin {
  public:
    using Plugin::Plugin;

    static std::string examine(std::string_view what, std::string_view config_json) {
        return smartrace::examine(what, config_json);
    }

    void start(std::string_view config_json) override {
        Config config;
        std::string error;
        if (!read_config(config_json, config, error)) throw std::invalid_argument(error);
        if (host.track().empty()) {
            throw std::invalid_argument("this source needs a track: name one beside its config");
        }
        side_ = side_for(config);
        side_->start();
        host.set_timer(kTimer, kPeriod);
        run();
    }

    void stop() override {
        if (side_) side_->stop();
    }

    void on_event(const sdk::Event& event) override { side_->on_event(event); }
    void on_fd(int fd, std::uint32_t ready) override { side_->on_fd(fd, ready); }
    void on_timer(std::uint32_t) override { run(); }
    void on_wake() override { run(); }

  private:
    std::unique_ptr<Side> side_for(const Config& config) const {
        switch (config.mode) {
            case Mode::server:
                return std::make_unique<Server>(host, config);
            case Mode::client:
                return std::make_unique<Client>(host, config);
            case Mode::bridge:
                return std::make_unique<Bridge>(host, config);
        }
        return nullptr;
    }

    void run() {
        const std::int64_t now_us = host.now_us();
        side_->run(now_us);
        const Status status = side_->status(now_us);
        // Said again now and then: what has not been heard for long shows as stale.
        if (status.health == shown_.health && status.text == shown_.text &&
            now_us < shown_us_ + kRepeatUs) {
            return;
        }
        shown_us_ = now_us;
        shown_ = status;
        host.health(status.health, status.text);
    }

    std::unique_ptr<Side> side_;
    Status shown_;
    std::int64_t shown_us_ = 0;
};

constexpr const char* kPublishes[] = {"gate.crossed", nullptr};
constexpr const char* kSubscribes[] = {"*", nullptr};
const rh_plugin_descriptor kDescriptor = {sizeof(rh_plugin_descriptor),
                                          RH_PLUGIN_TESTS,
                                          "racehub.smartrace",
                                          "SmartRace",
                                          "1.0.0",
                                          "RaceHub",
                                          "SmartRace sensors, the SmartRace app, or between them.",
                                          kConfigSchema,
                                          10'000,
                                          0,
                                          kPublishes,
                                          kSubscribes};

}  // namespace
}  // namespace racehub::smartrace

RACEHUB_PLUGIN(racehub::smartrace::SmartRace, racehub::smartrace::kDescriptor)
