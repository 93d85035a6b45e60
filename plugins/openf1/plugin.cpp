// The plugin: builds sessions on a thread of its own, replays one on the plugin thread, follows a
// live one, and serves hand-helds.

#include <atomic>
#include <optional>
#include <racehub/worker.hpp>

#include "plugins/openf1/config.h"
#include "plugins/openf1/hand_held_server.h"
#include "plugins/openf1/live_stream.h"
#include "plugins/openf1/outbox.h"

namespace racehub::openf1 {
namespace {

using nlohmann::json;

constexpr std::uint32_t kTickTimer = 1, kHealthTimer = 2;
constexpr std::chrono::milliseconds kTick{50}, kHealth{1'000};
constexpr std::chrono::milliseconds kBuildAgain{60'000};  // after a build that failed

std::string clock_text(Micros race_us) {
    const std::int64_t seconds = std::abs(race_us) / 1'000'000;
    const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return (race_us < 0 ? "-" : "") + std::to_string(seconds / 3'600) + ":" +
           two(seconds / 60 % 60) + ":" + two(seconds % 60);
}

std::string speed_text(std::int32_t rate) {
    std::string text = std::to_string(rate / 1'000);
    if (rate % 1'000 != 0) text += "." + std::to_string(rate % 1'000 / 10);
    return text + "x";
}

class OpenF1 final : public sdk::Plugin {
  public:
    explicit OpenF1(sdk::Host given) : Plugin(given), worker_(given) {}

    void start(std::string_view config_json) override {
        config_ = read_config(config_json);
        start_ = std::atoll(host.kv_get("starts").c_str()) + 1;
        host.kv_put("starts", std::to_string(start_));
        serve_hand_helds();
        host.set_timer(kTickTimer, kTick);
        host.set_timer(kHealthTimer, kHealth);
        if (config_.live) return follow();
        make_ready(config_.wanted);
    }

    void stop() override {
        worker_.stop();
        hand_helds_.stop();
        stream_.reset();
    }

    void on_wake() override {
        std::shared_ptr<const Session> ready;
        {
            const std::lock_guard lock(mutex_);
            ready = std::exchange(ready_, nullptr);
        }
        if (ready) show(std::move(ready));
        show_health();
    }

    void on_timer(std::uint32_t timer) override {
        if (outbox_) outbox_->send();
        if (timer == kHealthTimer) return show_health();
        if (replay_) replay_->tick(host.now_us());
        if (stream_ && outbox_) stream_->tick(host.now_us(), *outbox_);
        if (replay_) shared_ms_ = (replay_->race_us(host.now_us()) + kLeadUs) / 1'000;
    }

    void on_event(const sdk::Event& event) override {
        if (event.type == "race.cleared" || event.type == "race.aborted") {
            // Somebody wants the track for something else.
            if (replay_ && replay_->status(host.now_us()).playing) replay_->pause(host.now_us());
            closed_ = replay_.has_value();
            return;
        }
        if (event.type != "source.asked") return;
        const json asked = json::parse(event.data, nullptr, false);
        if (!asked.is_object() || !asked.contains("what") || !asked["what"].is_string()) return;
        const json args = asked.value("args", json::object());
        do_as_asked(asked["what"].get<std::string>(), args.is_object() ? args : json::object());
        show_health();
    }

  private:
    /// So that a stop can end a request that hangs.
    struct ApiInUse {
        ApiInUse(OpenF1& of, Api& api) : plugin(of) { set(&api); }
        ~ApiInUse() { set(nullptr); }
        ApiInUse(const ApiInUse&) = delete;
        ApiInUse& operator=(const ApiInUse&) = delete;
        void set(Api* api) {
            const std::lock_guard lock(plugin.mutex_);
            plugin.api_ = api;
        }
        OpenF1& plugin;
    };

    void serve_hand_helds() {
        if (!config_.hand_helds) return;
        HandHeldOptions options;
        options.address = config_.hand_held_address;
        options.port = config_.hand_held_port;
        options.alias = config_.hand_held_session;
        if (config_.hand_helds_shared) options.shared_ms = [this] { return shared_ms_.load(); };
        std::string error;
        if (hand_helds_.start(options, error)) {
            host.info("Hand-helds are served on port " + std::to_string(hand_helds_.port()));
        } else {
            trouble_ = error;
        }
    }

    // ---- building, on the worker ----

    void make_ready(const Wanted& wanted) {
        set_building("looking for the session");
        worker_.start([this, wanted](sdk::StopToken& token) { build(wanted, token); },
                      [this] {
                          const std::lock_guard lock(mutex_);
                          if (api_ != nullptr) api_->abort();
                      });
    }

    void build(const Wanted& wanted, sdk::StopToken& token) {
        do {
            std::string error;
            // What is there needs no network.
            const std::string kept = Builder::path_of(config_.cache, wanted.session_key);
            auto session = wanted.session_key > 0 ? load_session(kept, error) : nullptr;
            const bool whole = session && !session->located.empty();
            if (!whole) session = fetch(wanted, token);
            if (session) return hand_over(std::move(session));
        } while (!token.wait_for(kBuildAgain));
    }

    std::shared_ptr<const Session> fetch(const Wanted& wanted, sdk::StopToken& token) {
        const auto wait = [&](int ms) { return !token.wait_for(std::chrono::milliseconds(ms)); };
        const auto say = [this](const std::string& text) { set_building(text); };
        const auto api = make_http_api(config_.api, wait, say);
        const ApiInUse in_use(*this, *api);
        Builder builder(
            *api, config_.cache, [&](const Progress& progress) { say(text_of(progress)); },
            host.now_us());
        const Built built = builder.build(wanted);
        for (const std::string& missing : built.missing) host.warn(missing);
        std::string error = built.problem;
        auto session =
            built.path.empty() || token.stopping() ? nullptr : load_session(built.path, error);
        if (session && !session->laps.empty()) return session;
        const std::lock_guard lock(mutex_);
        building_.clear();
        failure_ = error.empty() ? "The session has no laps." : error;
        host.wake();
        return nullptr;
    }

    void hand_over(std::shared_ptr<const Session> session) {
        const std::lock_guard lock(mutex_);
        ready_ = std::move(session);
        building_.clear();
        failure_.clear();
        host.wake();
    }

    void set_building(const std::string& text) {
        {
            const std::lock_guard lock(mutex_);
            building_ = text;
            failure_.clear();
        }
        host.wake();
    }

    // ---- the replay ----

    void show(std::shared_ptr<const Session> session) {
        session_ = std::move(session);
        hand_helds_.show(session_);
        const std::string key = std::to_string(session_->info.session_key);
        outbox_.emplace(host,
                        key + "/" + std::to_string(start_) + "/" + std::to_string(++shown_) + "/");
        replay_.emplace(session_, 1, *outbox_);
        for (const std::string& note : session_->notes) host.info(session_->title() + ": " + note);
        replay_->set_loop(config_.loop);
        replay_->set_rate(host.now_us(), config_.rate);
        replay_->open(host.now_us(), config_.start_us);
        closed_ = false;
        if (config_.autoplay) replay_->play(host.now_us());
    }

    void do_as_asked(const std::string& what, const json& args) {
        const auto number = [&](const char* name, double otherwise) {
            return args.contains(name) && args[name].is_number() ? args[name].get<double>()
                                                                 : otherwise;
        };
        const auto text = [&](const char* name) {
            return args.contains(name) && args[name].is_string() ? args[name].get<std::string>()
                                                                 : std::string();
        };
        if (what == "open") {
            Wanted wanted{static_cast<std::int64_t>(number("session_key", 0)),
                          static_cast<std::int32_t>(number("year", 0)), text("circuit"), "Race"};
            if (!text("session").empty()) wanted.session = text("session");
            return make_ready(wanted);
        }
        if (!replay_) return;
        const Micros now_us = host.now_us();
        if (closed_) {
            replay_->open(now_us, replay_->race_us(now_us));
            closed_ = false;
        }
        if (what == "play") replay_->play(now_us);
        if (what == "pause") replay_->pause(now_us);
        if (what == "speed") {
            const double speed = std::clamp(number("speed", 1), 0.0, 1'000.0);
            replay_->set_rate(now_us, static_cast<std::int32_t>(speed * 1'000));
        }
        if (what == "loop") replay_->set_loop(!args.contains("on") || args["on"] == true);
        if (what == "seek") seek(now_us, args, number("s", 1e9), number("lap", 0), text("event"));
    }

    void seek(Micros now_us, const json& args, double second, double lap,
              const std::string& event) {
        const bool back = args.contains("back") && args["back"] == true;
        bool found = true;
        if (lap >= 1 && lap < 10'000) {
            found = replay_->seek_lap(now_us, static_cast<std::int32_t>(lap));
        } else if (args.contains("event")) {
            found = replay_->seek_event(now_us, event, !back);
        } else {
            replay_->seek(now_us, static_cast<Micros>(std::clamp(second, -20.0, 1e6) * 1e6));
        }
        if (!found) host.info("There is nothing like that to seek in this session.");
    }

    // ---- live ----

    void follow() {
        outbox_.emplace(host, "live/" + std::to_string(start_) + "/");
        stream_ = std::make_unique<LiveStream>(config_, host);
    }

    // ---- how it is ----

    void show_health() {
        std::string building, failure;
        {
            const std::lock_guard lock(mutex_);
            building = building_;
            failure = failure_;
        }
        if (!failure.empty()) return host.health(RH_HEALTH_DEGRADED, failure);
        if (!building.empty()) return host.health(RH_HEALTH_STARTING, "Building: " + building);
        if (stream_) return host.health(stream_->health(), stream_->status_text());
        if (!replay_) return;
        const ReplayStatus status = replay_->status(host.now_us());
        std::string text = session_->title() + ": ";
        text += closed_           ? "closed by race control"
                : status.playing  ? "playing at " + speed_text(status.rate)
                : status.finished ? "over"
                                  : "paused";
        text += ", " + clock_text(status.race_us) + " of " + clock_text(status.end_us);
        if (config_.hand_helds && trouble_.empty()) {
            text += "; hand-helds: " + std::to_string(hand_helds_.counts().connected);
        }
        for (const std::string& note : session_->notes) text += "; " + note;
        if (!trouble_.empty()) return host.health(RH_HEALTH_DEGRADED, trouble_ + " " + text);
        host.health(RH_HEALTH_OK, text);
    }

    Config config_;
    std::int64_t start_ = 0, shown_ = 0;
    sdk::BlockingWorker worker_;
    HandHeldServer hand_helds_;
    std::atomic<std::int64_t> shared_ms_{0};
    std::shared_ptr<const Session> session_;
    std::optional<Outbox> outbox_;
    std::optional<Replay> replay_;
    std::unique_ptr<LiveStream> stream_;
    bool closed_ = false;  ///< the race was taken off the track
    std::string trouble_;  ///< with the hand-helds' port

    std::mutex mutex_;
    Api* api_ = nullptr;                    // mutex_; while a build asks it
    std::string building_, failure_;        // mutex_
    std::shared_ptr<const Session> ready_;  // mutex_
};

constexpr const char* kPublishes[] = {"race.reported",  "clock.reported",   "lap.reported",
                                      "entry.reported", "message.reported", "result.reported",
                                      "map.reported",   "car.located",      "car.measured",
                                      "gap.measured",   "weather.measured", nullptr};
constexpr const char* kSubscribes[] = {"race.cleared", "race.aborted", nullptr};
const rh_plugin_descriptor kDescriptor = {
    sizeof(rh_plugin_descriptor),
    0,
    "org.racehub.openf1",
    "OpenF1",
    "1.0.0",
    "RaceHub",
    "Grands Prix from OpenF1: replayed, live, and for Pocket Pitwall hand-helds.",
    kConfigSchema,
    10'000,
    0,
    kPublishes,
    kSubscribes};

}  // namespace
}  // namespace racehub::openf1

RACEHUB_PLUGIN(racehub::openf1::OpenF1, racehub::openf1::kDescriptor)
