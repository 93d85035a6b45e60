#pragma once
// OpenF1's live stream over MQTT: connects with a token, and again when either ends.

#include <atomic>
#include <deque>
#include <racehub/worker.hpp>

#include "plugins/openf1/config.h"
#include "plugins/openf1/live.h"

struct mosquitto;
struct mosquitto_message;

namespace racehub::openf1 {

class LiveStream {
  public:
    /// Documents that wait for the plugin thread; a second of a race has about 200.
    static constexpr std::size_t kMostWaiting = 20'000;
    /// Tokens are good for an hour: a new one, and a new connection, well before.
    static constexpr std::chrono::minutes kReconnectAfter{50};

    /// Connects on a thread of its own. Plugin thread, as the rest.
    LiveStream(const Config& config, sdk::Host host);
    ~LiveStream();

    /// Tells what has come since, and samples.
    void tick(Micros now_us, Listener& listener);
    rh_health health() const;
    std::string status_text() const;

  private:
    struct Document {
        std::string topic, text;
    };
    void run(sdk::StopToken& token);
    bool log_in(std::string& token, std::string& problem);
    void know_the_session(sdk::StopToken& token);
    void serve(sdk::StopToken& token, const std::string& password);
    void set_status(rh_health health, std::string text);
    void take(const mosquitto_message& message);

    const Config config_;
    const sdk::Host host_;
    LiveSession session_;
    sdk::BlockingWorker worker_;
    mutable std::mutex mutex_;
    std::deque<Document> waiting_;  // mutex_, as the rest
    std::vector<DriverRow> known_drivers_;
    std::optional<SessionRow> known_session_;
    rh_health health_ = RH_HEALTH_STARTING;
    std::string status_ = "Connecting.";
    std::uint64_t lost_ = 0;
};

}  // namespace racehub::openf1
