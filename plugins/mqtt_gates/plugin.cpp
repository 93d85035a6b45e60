// The plugin: binds the gates' logic to the broker on one side and to the hub on the other.
//
// Three threads: the plugin thread (facts, health), the network thread (Broker::run: messages, the
// GateBook) and the committer's (waits for the hub's log).

#include <algorithm>
#include <array>
#include <atomic>
#include <stdexcept>

#include "plugins/mqtt_gates/broker.h"
#include "plugins/mqtt_gates/committer.h"
#include "plugins/mqtt_gates/examine.h"
#include "plugins/mqtt_gates/race_view.h"

namespace racehub::mqtt {
namespace {

constexpr std::uint32_t kHealthTimer = 1;
constexpr std::chrono::milliseconds kHealthPeriod{1'000};
// A start signal that comes later than this would start cars into a race that is on.
constexpr std::int64_t kSignalUs = 1'000'000;
constexpr std::int64_t kRepeatUs = 4'000'000;
constexpr std::size_t kMaxShownGates = 12;  // in the health text
constexpr std::size_t kMaxSavedGates =
    60;  // an instance may keep 64 values, one is the start signal's
constexpr const char* kSignalKey = "signal";

std::string age_of(std::int64_t age_us) {
    const std::int64_t seconds = age_us / 1'000'000;
    if (seconds < 10) return "just now";
    if (seconds < 60) return "less than a minute ago";
    if (seconds < 3600) return std::to_string(seconds / 60) + " min ago";
    return std::to_string(seconds / 3600) + " h ago";
}

std::string save_key(std::size_t gate) { return "gate" + std::to_string(gate); }

class Gates final : public sdk::Plugin, private BrokerListener {
  public:
    explicit Gates(sdk::Host given)
        : Plugin(given),
          committer_(given, [this] { on_progress(); }),
          network_(given),
          storing_(given) {}

    static std::string examine(std::string_view what, std::string_view config_json) {
        return mqtt::examine(what, config_json);
    }

    void start(std::string_view config_json) override {
        std::string error;
        if (!read_config(config_json, config_, error)) throw std::invalid_argument(error);
        book_.emplace(config_.gates);
        for (std::size_t i = 0; i < config_.gates.size() && i < kMaxSavedGates; ++i) {
            book_->load(i, host.kv_get(save_key(i)));
        }
        counts_ = book_->counts();
        view_.emplace(std::string(host.track()));
        const std::string client_id = config_.client_id.empty()
                                          ? "racehub-" + std::string(host.instance())
                                          : config_.client_id;
        broker_.emplace(config_, client_id, topic("hub"), host,
                        static_cast<BrokerListener&>(*this));
        if (!topic("hub").empty()) broker_->retain(topic("hub"), "online");
        host.set_timer(kHealthTimer, kHealthPeriod);
        show_health();
        storing_.start([this](sdk::StopToken& token) { committer_.run(token); },
                       [this] { committer_.interrupt(); });
        network_.start([this](sdk::StopToken& token) { broker_->run(token); },
                       [this] { broker_->wake(); });
    }

    void stop() override {
        network_.stop();
        storing_.stop();
    }

    void on_event(const sdk::Event& event) override {
        if (event.type == "hub.snapshot") {
            view_->snapshot(event.data);
        } else if (event.kind == RH_KIND_FACT) {
            const bool lights_out =
                view_->fact(event.type, event.track, event.race_id, event.time_us, event.data);
            if (lights_out && (event.flags & RH_EVENT_REPLAY) == 0) signal_start(event);
        } else {
            return;
        }
        for (const Announcement& each : view_->announcements()) {
            if (!topic("").empty()) broker_->retain(topic(each.name), each.payload);
        }
    }

    void on_timer(std::uint32_t) override { show_health(); }
    void on_wake() override { show_health(); }

  private:
    std::string topic(const std::string& name) const {
        return config_.publish_prefix.empty() ? "" : config_.publish_prefix + "/" + name;
    }

    // Once for each race, whatever restarts: the race is written down before the signal goes out.
    void signal_start(const sdk::Event& started) {
        if (config_.start_topic.empty()) return;
        if (host.kv_get(kSignalKey) == started.race_id) return;
        if (host.now_us() - started.time_us > kSignalUs) {
            host.warn("The start signal was not sent: the lights went out too long ago.");
            return;
        }
        host.kv_put(kSignalKey, started.race_id);
        broker_->signal(config_.start_topic, config_.start_payload, started.time_us + kSignalUs);
    }

    // ---- The network thread ----

    void on_connected(bool session_present) override {
        if (session_present) book_->reconnected();
        host.info(session_present ? "Connected; the broker kept the session."
                                  : "Connected; a new session.");
    }

    void on_message(const Message& message, int qos) override {
        read_.push_back({message, std::string(message.topic),
                         // Larger ones are refused all the same, by their size.
                         std::string(message.payload.substr(0, kMaxPayloadBytes + 1)), qos});
        Read& kept = read_.back();
        kept.message.topic = kept.topic;
        kept.message.payload = kept.payload;
    }

    void on_all_read() override {
        for (const Read& each : read_) book_->foresee(each.message);
        for (const Read& each : read_) take(each.message, each.qos);
        read_.clear();
    }

    void take(const Message& message, int qos) {
        std::vector<Verdict> verdicts = book_->take(message);
        for (Verdict& verdict : verdicts) {
            if (verdict.fate == Fate::bad_payload) {
                host.warn("Topic " + std::string(message.topic) + ": " + verdict.problem + ".");
            }
            if (verdict.observations.empty()) continue;
            // Remembered first: a hole that the hub knows of must not be reported again after a
            // crash.
            if (verdict.remember && verdict.gate < kMaxSavedGates) {
                host.kv_put(save_key(verdict.gate), book_->save(verdict.gate));
            }
            for (Observation& each : verdict.observations) publish(std::move(each), qos);
        }
        const std::lock_guard lock(counts_mutex_);
        counts_ = book_->counts();
        for (const Verdict& verdict : verdicts) ++fates_[static_cast<std::size_t>(verdict.fate)];
    }

    void publish(Observation observation, int qos) {
        if (qos > 0) return committer_.push(std::move(observation));
        if (host.publish(to_event(observation)) != RH_OK) ++lost_;
    }

    bool settled() override { return committer_.settled(); }
    bool crowded() override { return committer_.crowded(); }
    void on_status() override { host.wake(); }

    void on_progress() {
        broker_->wake();
        if (committer_.stalled()) host.wake();
    }

    // ---- Health, on the plugin thread ----

    void show_health() {
        if (!broker_) return;
        const BrokerStatus status = broker_->status();
        const std::int64_t now_us = host.now_us();
        rh_health health = status.health;
        std::string text = status.text;
        if (committer_.stalled()) {
            health = RH_HEALTH_DEGRADED;
            text += " The hub cannot store crossings at the moment; the broker keeps them.";
        }
        if (!status.connected && status.next_try_us != 0) {
            text +=
                " Not connected since " + std::to_string((now_us - status.since_us) / 1'000'000) +
                " s; next try in " +
                std::to_string(std::max<std::int64_t>(0, status.next_try_us - now_us) / 1'000'000) +
                " s.";
        }
        text += gates_text(now_us);
        // Said again now and then: what has not been heard for long shows as stale.
        if (health == shown_health_ && text == shown_text_ && now_us < shown_us_ + kRepeatUs)
            return;
        shown_us_ = now_us;
        shown_health_ = health;
        shown_text_ = text;
        host.health(health, text);
    }

    std::string gates_text(std::int64_t now_us) {
        const std::lock_guard lock(counts_mutex_);
        std::string text;
        for (std::size_t i = 0; i < counts_.size() && i < kMaxShownGates; ++i) {
            const GateCount& count = counts_[i];
            text += (i == 0 ? " Lane " : "; lane ") + std::to_string(config_.gates[i].lane) + " " +
                    config_.gates[i].gate + ": ";
            text += count.counted == 0 ? "none yet"
                                       : std::to_string(count.counted) + ", last " +
                                             age_of(now_us - count.last_us);
            if (count.missed > 0) text += ", " + std::to_string(count.missed) + " missed";
        }
        if (counts_.size() > kMaxShownGates) text += "; …";
        if (!text.empty()) text += ".";
        std::string dropped;
        for (const Fate fate : {Fate::filtered, Fate::bad_payload, Fate::retained, Fate::chatter,
                                Fate::duplicate, Fate::unknown_topic}) {
            const std::uint64_t count = fates_[static_cast<std::size_t>(fate)];
            if (count == 0) continue;
            dropped += (dropped.empty() ? " Not counted: " : ", ") + std::to_string(count) + " " +
                       std::string(name_of(fate));
        }
        if (!dropped.empty()) text += dropped + ".";
        if (const auto refused = committer_.refused() + lost_; refused > 0) {
            text += " Not taken by the hub: " + std::to_string(refused) + ".";
        }
        return text;
    }

    // A message that was read, with its own bytes.
    struct Read {
        Message message;
        std::string topic, payload;
        int qos = 0;
    };

    Config config_;                 // constant after start
    std::optional<GateBook> book_;  // network thread, after start
    std::optional<RaceView> view_;  // plugin thread
    std::optional<Broker> broker_;
    Committer committer_;
    std::deque<Read> read_;  // network thread; a deque: views into its elements stay valid
    std::atomic<std::uint64_t> lost_ = 0;  // QoS 0, refused by the hub

    std::mutex counts_mutex_;
    std::vector<GateCount> counts_;            // counts_mutex_
    std::array<std::uint64_t, 8> fates_ = {};  // counts_mutex_; by Fate

    rh_health shown_health_ = RH_HEALTH_UNKNOWN;  // plugin thread
    std::string shown_text_;                      // plugin thread
    std::int64_t shown_us_ = 0;                   // plugin thread

    // Last: their threads end before what they use.
    sdk::BlockingWorker network_;
    sdk::BlockingWorker storing_;
};

constexpr const char* kPublishes[] = {"gate.crossed", "gate.missed", nullptr};
constexpr const char* kSubscribes[] = {"*", nullptr};
const rh_plugin_descriptor kDescriptor = {sizeof(rh_plugin_descriptor),
                                          RH_PLUGIN_TESTS,
                                          "racehub.mqtt_gates",
                                          "MQTT light gates",
                                          "1.0.0",
                                          "RaceHub",
                                          "Light gates and other MQTT devices of a track.",
                                          kConfigSchema,
                                          10'000,
                                          0,
                                          kPublishes,
                                          kSubscribes};

}  // namespace
}  // namespace racehub::mqtt

RACEHUB_PLUGIN(racehub::mqtt::Gates, racehub::mqtt::kDescriptor)
