// The plugin: gives the simulation the hub's facts and time, and the hub what it makes of them.
// Everything runs on the plugin thread.

#include <algorithm>
#include <racehub/plugin.hpp>
#include <stdexcept>

#include "plugins/simulator/simulation.h"

namespace racehub::simulator {
namespace {

constexpr std::uint32_t kTimer = 1;
constexpr std::int64_t kLongestMs = 1'000;  // also how often the health is told
constexpr std::int64_t kHealthUs = 1'000'000;

class SimulatorPlugin final : public sdk::Plugin {
  public:
    using Plugin::Plugin;

    void start(std::string_view config_json) override {
        Config config;
        std::string error;
        if (!read_config(config_json, config, error)) throw std::invalid_argument(error);
        simulation_.emplace(std::move(config), std::string(host.track()));
        host.health(RH_HEALTH_STARTING, "Waiting for the state of the track.");
        run();
    }

    void on_event(const sdk::Event& event) override {
        if (event.type == "hub.snapshot") {
            simulation_->snapshot(event.data, host.now_us());
            told_ = true;
        } else if (event.type == "command.outcome") {
            on_outcome(event.data);
        } else if (event.kind == RH_KIND_FACT) {
            simulation_->fact(event.type, event.track, event.race_id, event.time_us, event.data);
        }
        run();
    }

    void on_timer(std::uint32_t) override { run(); }

  private:
    void run() {
        const std::int64_t now_us = host.now_us();
        for (const Action& action : simulation_->advance(now_us)) hand_over(action);
        const std::int64_t next_us = simulation_->next_us();
        const std::int64_t wait_ms =
            next_us == 0 ? kLongestMs
                         : std::clamp<std::int64_t>((next_us - now_us) / 1000 + 1, 1, kLongestMs);
        host.set_timer(kTimer, std::chrono::milliseconds(wait_ms));
        const bool same_phase = simulation_->view().phase == shown_phase_;
        if (!told_ || (same_phase && now_us - shown_us_ < kHealthUs)) return;
        shown_phase_ = simulation_->view().phase;
        shown_us_ = now_us;
        const bool works = problem_.empty() && simulation_->view().lanes > 0;
        host.health(works ? RH_HEALTH_OK : RH_HEALTH_DEGRADED,
                    simulation_->describe() + (problem_.empty() ? "" : " " + problem_));
    }

    void hand_over(const Action& action) {
        if (action.is_command) {
            const rh_status status = host.command(action.key, action.type, action.data);
            if (status == RH_E_REFUSED) {
                problem_ =
                    "It may not command: set \"may_command\": true for it, or \"auto\": false.";
            }
            if (status != RH_OK) simulation_->command_refused(host.now_us());
            return;
        }
        sdk::Event event{action.type, action.data, action.time_us, action.key};
        event.recv_us = host.now_us();
        if (action.is_sample) {
            host.publish_sample(event);
            return;
        }
        if (host.publish(event) != RH_OK) problem_ = "The hub does not take all crossings.";
    }

    void on_outcome(std::string_view data) {
        const auto outcome = nlohmann::json::parse(data, nullptr, false);
        if (!outcome.is_object()) return;
        if (outcome.value("accepted", false)) {
            problem_.clear();
            return;
        }
        const auto message = outcome.find("message");
        problem_ =
            "The hub refused a command: " +
            (message != outcome.end() && message->is_string() ? message->get<std::string>() : "");
        simulation_->command_refused(host.now_us());
    }

    std::optional<Simulation> simulation_;
    std::string problem_;
    bool told_ = false;  // the state of the track
    std::int64_t shown_us_ = 0;
    std::string shown_phase_;
};

constexpr const char* kPublishes[] = {"gate.crossed", "gate.missed", "heat.started",
                                      "heat.reported", nullptr};
constexpr const char* kSubscribes[] = {"*", nullptr};
const rh_plugin_descriptor kDescriptor = {sizeof(rh_plugin_descriptor),
                                          0,
                                          "racehub.simulator",
                                          "Simulated track",
                                          "1.0.0",
                                          "RaceHub",
                                          "Cars, gates with their faults, and whole club evenings.",
                                          kConfigSchema,
                                          10'000,
                                          0,
                                          kPublishes,
                                          kSubscribes};

}  // namespace
}  // namespace racehub::simulator

RACEHUB_PLUGIN(racehub::simulator::SimulatorPlugin, racehub::simulator::kDescriptor)
