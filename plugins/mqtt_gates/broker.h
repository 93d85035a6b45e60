#pragma once
// The connection to one MQTT broker: connects and reconnects for ever, reads messages, publishes
// what it is given, and acknowledges a QoS 1 message only when its crossing is stored.
//
// libmosquitto is used from one thread, the one that calls run(): in its "threaded" mode it queues
// each PUBACK before the message's callback, and nothing leaves the queue before we call
// mosquitto_loop_write. So reading goes on (arrival times stay exact) while crossings are being
// stored, and writing waits until all are.

#include <deque>
#include <map>
#include <mutex>
#include <racehub/worker.hpp>
#include <string>

#include "plugins/mqtt_gates/backoff.h"
#include "plugins/mqtt_gates/config.h"

struct mosquitto;

namespace racehub::mqtt {

/// What the connection tells. Called on the thread of run(); no call may block.
class BrokerListener {
  public:
    virtual ~BrokerListener() = default;
    virtual void on_connected(bool session_present) = 0;
    virtual void on_message(const Message& message, int qos) = 0;
    /// No more messages are there to be read at the moment.
    virtual void on_all_read() = 0;
    /// True while every crossing that was read is stored (or will never be): acknowledgements may
    /// leave.
    virtual bool settled() = 0;
    /// More are waiting to be stored than one should remember: stop reading.
    virtual bool crowded() = 0;
    virtual void on_status() = 0;  ///< status() has changed
};

struct BrokerStatus {
    rh_health health = RH_HEALTH_STARTING;
    bool connected = false;
    std::string text;              ///< one sentence: how it is, and what the organiser can do
    std::int64_t since_us = 0;     ///< connected or not connected since then
    std::int64_t next_try_us = 0;  ///< not connected: when the next try is due
    std::uint64_t connects = 0;
};

class Broker {
  public:
    /// `config`, `host`, `listener` outlive this.
    Broker(const Config& config, std::string client_id, std::string presence_topic, sdk::Host host,
           BrokerListener& listener);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    /// [own-thread] Until the token says stop.
    void run(sdk::StopToken& token);
    /// [any-thread] Look at the token, at settled() and at what is to be published.
    void wake();

    /// [any-thread] Keeps `payload` as the retained message of `topic`; told again at each new
    /// connection.
    void retain(const std::string& topic, const std::string& payload);
    /// [any-thread] Tells it once, now; not at all if that is not possible before `until_us`.
    void signal(const std::string& topic, const std::string& payload, std::int64_t until_us);

    BrokerStatus status() const;

  private:
    struct Retained {
        std::string payload;
        bool told = false;
    };
    struct Signal {
        std::string topic, payload;
        std::int64_t until_us = 0;
    };

    bool reach(sdk::StopToken& token, std::string& problem);
    bool open(std::string& problem);
    bool configure(std::string& problem);
    void serve(sdk::StopToken& token);
    int step(int socket);
    int read_all(int socket);
    void close();
    void publish_waiting();
    void drop_late_signals(bool all);
    void forget_told();
    void failed(const std::string& problem);
    void set_status(rh_health health, bool connected, std::string text);
    void drain_wakes();

    void subscribe();
    void on_connack(int code, int flags);
    void on_forbidden(int packet_id);
    void on_message(int packet_id, const char* topic, std::string_view payload, int qos,
                    bool retained);
    void on_log(int level, const char* text);

    const Config& config_;
    const std::string client_id_, presence_topic_, where_;
    const sdk::Host host_;
    BrokerListener& listener_;
    int wake_fd_ = -1;

    // Thread of run() only:
    mosquitto* client_ = nullptr;
    bool acknowledged_ = false;  // CONNACK said yes
    std::string refusal_;        // CONNACK said no
    std::string last_error_;     // libmosquitto's own words
    bool repeated_ = false;      // the message about to be delivered has the DUP flag
    std::int64_t connected_us_ = 0;
    int short_lives_ = 0;  // connections in a row that ended at once
    Backoff backoff_;
    std::map<int, std::string> subscriptions_;  // topics by the packet that asked for them

    mutable std::mutex mutex_;
    std::map<std::string, Retained> retained_;  // mutex_
    std::deque<Signal> signals_;                // mutex_
    BrokerStatus status_;                       // mutex_
};

}  // namespace racehub::mqtt
