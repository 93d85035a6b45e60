// The plugin: one race-control server on one side, the hub on the other.
//
// Four threads: the plugin thread (facts, health), the network thread (Reader: frames, the fold),
// the committer's (waits for the hub's log) and one that fetches pictures of tracks.

#include <racehub/plugin.hpp>
#include <stdexcept>

#include "plugins/emperor/examine.h"
#include "plugins/emperor/reader.h"
#include "plugins/emperor/track_view.h"

namespace racehub::emperor {
namespace {

constexpr std::uint32_t kTimer = 1;
constexpr std::chrono::milliseconds kPeriod{500};
constexpr std::int64_t kRepeatUs = 4'000'000;

std::string age_of(std::int64_t age_us) {
    const std::int64_t seconds = age_us / 1'000'000;
    if (seconds < 10) return "just now";
    if (seconds < 60) return "less than a minute ago";
    if (seconds < 3'600) return std::to_string(seconds / 60) + " min ago";
    return std::to_string(seconds / 3'600) + " h ago";
}

class Emperor final : public sdk::Plugin {
  public:
    explicit Emperor(sdk::Host given)
        : Plugin(given),
          committer_(given, [given] { given.wake(); }),
          network_(given),
          storing_(given),
          fetching_(given) {}

    static std::string examine(std::string_view what, std::string_view config_json) {
        return emperor::examine(what, config_json);
    }

    void start(std::string_view config_json) override {
        Config config;
        std::string error;
        if (!read_config(config_json, config, error)) throw std::invalid_argument(error);
        if (host.track().empty()) {
            throw std::invalid_argument("this source needs a track: name one beside its config");
        }
        view_.emplace(std::string(host.instance()), std::string(host.track()));
        place_ = config.server.text();
        maps_.emplace(host, config);
        reader_.emplace(host, config, committer_, *maps_, [given = host] { given.wake(); });
        reader_->load();
        host.set_timer(kTimer, kPeriod);
        show_health();
        storing_.start([this](sdk::StopToken& token) { committer_.run(token); },
                       [this] { committer_.interrupt(); });
        fetching_.start([this](sdk::StopToken& token) { maps_->run(token); },
                        [this] { maps_->interrupt(); });
        network_.start([this](sdk::StopToken& token) { reader_->run(token); },
                       [this] { reader_->interrupt(); });
    }

    void stop() override {
        network_.stop();
        fetching_.stop();
        storing_.stop();
    }

    void on_event(const sdk::Event& event) override {
        bool again = false;
        if (event.type == "hub.snapshot") {
            again = view_->snapshot(event.data);
        } else if (event.kind == RH_KIND_FACT && event.track == host.track()) {
            again = view_->fact(event.type, event.race_id, event.data);
        } else {
            return;
        }
        if (!view_->aborted().empty()) reader_->give_up(view_->aborted());
        if (again) reader_->try_again();
    }

    void on_timer(std::uint32_t) override { show_health(); }
    void on_wake() override { show_health(); }

  private:
    void show_health() {
        const std::int64_t now_us = host.now_us();
        rh_health health = RH_HEALTH_OK;
        const std::string text = describe(reader_->status(), now_us, health);
        // Said again now and then: what has not been heard for long shows as stale.
        if (health == shown_health_ && text == shown_text_ && now_us < shown_us_ + kRepeatUs)
            return;
        shown_us_ = now_us;
        shown_health_ = health;
        shown_text_ = text;
        host.health(health, text);
    }

    std::string describe(const ReaderStatus& status, std::int64_t now_us, rh_health& health) {
        std::string text;
        if (!status.connected) {
            health = status.for_good                                     ? RH_HEALTH_FAILED
                     : status.problem.empty() && status.next_try_us == 0 ? RH_HEALTH_STARTING
                                                                         : RH_HEALTH_DEGRADED;
            text = status.problem.empty() ? "Connecting to " + place_ + "." : status.problem;
            if (status.next_try_us != 0) {
                text += " Next try in " +
                        std::to_string(std::max<std::int64_t>(0, status.next_try_us - now_us) /
                                       1'000'000) +
                        " s.";
            }
        } else if (committer_.stalled()) {
            health = RH_HEALTH_DEGRADED;
            text = "The hub cannot store laps at the moment; they wait.";
        } else if (committer_.shut()) {
            health = RH_HEALTH_DEGRADED;
            text = "Another race is on this track; the server's is told when it is over.";
        } else if (status.about.empty() || status.stale) {
            text = "Connected to " + place_ + ": no session runs.";
        } else {
            text = "Connected: " + status.about + ", " + std::to_string(status.drivers) +
                   (status.drivers == 1 ? " driver" : " drivers") + ".";
        }
        if (status.heard_us != 0) text += " Last message " + age_of(now_us - status.heard_us) + ".";
        if (status.snapshots > 0) {
            text += " " + std::to_string(status.laps) + " laps in " +
                    std::to_string(status.snapshots) + " snapshots.";
        }
        std::string odd;
        for (const auto& [type, count] : status.unknown) {
            odd += (odd.empty() ? "" : ", ") + std::to_string(type) + " (" + std::to_string(count) +
                   ")";
        }
        if (!odd.empty()) text += " Unknown event types: " + odd + ".";
        if (status.bad > 0) text += " Not readable: " + std::to_string(status.bad) + ".";
        if (const auto refused = committer_.refused(); refused > 0) {
            text += " Not taken by the hub: " + std::to_string(refused) + ".";
        }
        return text;
    }

    std::string place_;              // constant after start
    std::optional<TrackView> view_;  // plugin thread
    Committer committer_;
    std::optional<MapFetcher> maps_;
    std::optional<Reader> reader_;

    rh_health shown_health_ = RH_HEALTH_UNKNOWN;  // plugin thread
    std::string shown_text_;                      // plugin thread
    std::int64_t shown_us_ = 0;                   // plugin thread

    // Last: their threads end before what they use.
    sdk::BlockingWorker network_;
    sdk::BlockingWorker storing_;
    sdk::BlockingWorker fetching_;
};

constexpr const char* kPublishes[] = {
    "race.reported",   "lap.reported",     "entry.reported", "message.reported",
    "result.reported", "map.reported",     "car.located",    "car.measured",
    "gap.measured",    "weather.measured", nullptr};
constexpr const char* kSubscribes[] = {"race.armed", "race.aborted", "race.finished",
                                       "race.cleared", nullptr};
const rh_plugin_descriptor kDescriptor = {
    sizeof(rh_plugin_descriptor),
    RH_PLUGIN_TESTS,
    "racehub.emperor",
    "Emperor race control",
    "1.0.0",
    "RaceHub",
    "Races of Assetto Corsa servers, by the race control of their server manager.",
    kConfigSchema,
    10'000,
    0,
    kPublishes,
    kSubscribes};

}  // namespace
}  // namespace racehub::emperor

RACEHUB_PLUGIN(racehub::emperor::Emperor, racehub::emperor::kDescriptor)
