#pragma once
// Every configured gate with its memory: turns messages into observations, and tells crossings from
// echoes. One thread; pure otherwise: time comes with the message.

#include <deque>
#include <vector>

#include "plugins/mqtt_gates/device_clock.h"
#include "plugins/mqtt_gates/payload.h"

namespace racehub::mqtt {

struct GateRule {
    std::string topic;
    int lane = 1;
    std::string gate = "finish";
    PayloadRules payload;
    std::int64_t min_pulse_us =
        0;               ///< sooner after the last detection of this gate is chatter of the sensor
    std::string device;  ///< gates of one device share its clock; empty: the topic is the device
};

/// One message as the network gave it.
struct Message {
    std::string_view topic = {};
    std::string_view payload = {};
    std::int64_t arrived_us = 0;  ///< hub's clock
    int packet_id = 0;            ///< MQTT's, for QoS 1
    bool retained = false;
    bool repeated = false;  ///< MQTT's DUP flag
};

enum class Fate : std::uint8_t {
    counted = 1,
    filtered,
    bad_payload,
    retained,
    chatter,
    duplicate,
    unknown_topic
};
std::string_view name_of(Fate fate);

/// An observation to publish: `data` is the JSON object that its type asks for.
struct Observation {
    std::string type;
    std::string data;
    std::string key;
    std::int64_t time_us = 0;
    std::int64_t recv_us = 0;
};

struct Verdict {
    Fate fate = Fate::unknown_topic;
    std::size_t gate = 0;   ///< index of the rule; meaningless for an unknown topic
    std::string problem;    ///< bad_payload: what is wrong
    bool remember = false;  ///< save() of this gate has changed in a way that matters
    std::vector<Observation> observations;
};

struct GateCount {
    std::int64_t last_us = 0;  ///< arrival of the last crossing; 0: none yet
    std::int64_t counted = 0;
    std::int64_t missed = 0;   ///< numbers that never came
    std::int64_t dropped = 0;  ///< messages that were no crossing
};

class GateBook {
  public:
    explicit GateBook(std::vector<GateRule> rules);

    /// One verdict for each rule of the message's topic (several rules may listen to one topic and
    /// look for different words), or a single `unknown_topic`.
    std::vector<Verdict> take(const Message& message);

    /// Messages that came in one go: call it with each before take. Of what waited somewhere, the
    /// last message shows best how far a new clock is from ours; without it the first would seem to
    /// have happened only now.
    void foresee(const Message& message);

    /// A new connection: the broker may now repeat what it had sent on the last one.
    void reconnected();

    const std::vector<GateRule>& rules() const { return rules_; }
    const std::vector<GateCount>& counts() const { return counts_; }

    /// What must survive a restart of the plugin, for one gate: a short text; load takes it (and
    /// nothing else) back.
    std::string save(std::size_t gate) const;
    void load(std::size_t gate, std::string_view saved);

  private:
    struct Memory {
        std::optional<std::int64_t> number;  // last of the gate's own count
        std::string run;                     // device and run that made `number`
        std::string clock;                   // name of the clock of the last stamp
        std::int64_t told_us = 0;            // when a verdict last asked to remember that clock
        std::deque<std::string> keys;        // of the last crossings
        std::int64_t pulse_us = 0;           // when the last counted one happened; 0: none
        std::int64_t pulse_stamp_us = 0;     // by its clock
        std::string pulse_clock;
    };
    struct Sent {
        int packet_id = 0;
        std::string topic, payload;
    };

    static std::string device_of(const GateRule& rule, const Reading& reading);
    // Completes the key; false: this crossing was here before.
    bool identify(Memory& memory, const Reading& reading, const Message& message, std::string& key);
    Verdict judge(std::size_t gate, const Message& message);
    DeviceClock& clock_for(const std::string& device, const Reading& reading,
                           std::int64_t arrived_us);
    bool repeats(const Message& message) const;
    void remember(const Message& message);
    static bool chatters(const GateRule& rule, Memory& memory, const std::string& clock,
                         std::int64_t stamp_us, std::int64_t at_us);
    static std::int64_t count_skipped(Memory& memory, const std::string& run,
                                      const Reading& reading);

    const std::vector<GateRule> rules_;
    std::vector<GateCount> counts_;
    std::vector<Memory> memories_;
    std::deque<DeviceClock> clocks_;       // the newest first
    std::deque<Sent> sent_, sent_before_;  // QoS 1 messages of this connection, of the last one
    std::int64_t serial_ = 0;
};

}  // namespace racehub::mqtt
