#pragma once
// The memory over all sensors: turns their messages into observations, tells crossings from echoes,
// and one run of a clock from the next. One thread; pure otherwise: time comes with the message.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/smartrace/protocol/messages.h"
#include "plugins/smartrace/protocol/sensor_clock.h"

namespace racehub::smartrace {

/// An observation to publish: `data` is the JSON object that its type asks for.
struct Observation {
    std::string type;
    std::string data;
    std::string key;
    std::int64_t time_us = 0;
    std::int64_t recv_us = 0;
};

enum class Fate : std::uint8_t {
    counted = 1,  ///< became an observation
    talk,         ///< no crossing: greeting, registration, race control
    duplicate,    ///< was here before
    chatter,      ///< the same passage, seen once more
    no_lane,      ///< a controller that does not race: the dummy of a reconnecting sensor
    unknown,      ///< a type nobody described
    bad           ///< not a message
};
inline constexpr std::size_t kFates = 8;
std::string_view name_of(Fate fate);

struct Verdict {
    Fate fate = Fate::bad;
    bool remember = false;  ///< save() has changed in a way that matters
    std::vector<Observation> observations;
};

struct BookRules {
    int controllers = kMaxController;  ///< ids 1 to this race, on the lane of that number
    std::int64_t min_pulse_ms = 20;    ///< sooner after the last one it is the same passage
};

class LapBook {
  public:
    /// Sensors that one address may hide, and addresses; the one not heard of for longest is
    /// forgotten. More means that somebody invents them.
    static constexpr std::size_t kMaxClocks = 4, kMaxDevices = 32;

    explicit LapBook(BookRules rules) : rules_(rules) {}

    /// `device` is the address the connection comes from: sensors have no name of their own.
    void opened(LineId line, std::string device, std::int64_t now_us);
    void closed(LineId line);

    /// Messages that came in one go: call it with each before take.
    void foresee(LineId line, const SensorMessage& message, std::int64_t arrived_us);
    Verdict take(LineId line, const SensorMessage& message, std::int64_t arrived_us);

    /// What must survive a restart of the plugin: the sensors' clocks, at most 4,000 bytes. load
    /// takes it (and nothing else) back.
    std::string save() const;
    void load(std::string_view saved);

  private:
    struct Passage {
        std::int64_t controller = 0, stamp_ms = 0;
        bool operator==(const Passage&) const = default;
    };
    struct Run {  // of a clock
        SensorClock clock;
        std::deque<Passage> recent;
        std::map<std::int64_t, std::int64_t> last_ms;  // by controller: the newest passage
        std::int64_t told_us = 0;                      // when save was last asked for
        std::int64_t heard_us = 0;                     // its last lap came
    };
    struct Device {
        std::deque<Run> runs;                         // the newest first
        std::map<std::int64_t, SensorSays> last_pit;  // by controller, until it laps
        std::int64_t heard_us = 0;
        std::int64_t greeted_us = 0;  // a sensor of it last said api_version
    };
    struct Line {
        std::string device;
        std::int64_t opened_us = 0;
        bool greeted = false;     // said api_version: perhaps booted anew
        bool registered = false;  // said controller_set
        std::string clock;        // name of the clock of its laps; empty: none yet
        std::uint64_t pits = 0;
    };

    bool is_of(const Line& line, const Device& device, const Run& run, const Placed& placed,
               std::int64_t arrived_us) const;
    Run* find_run(Device& device, const Line& line, std::int64_t raw_ms, std::int64_t arrived_us);
    Run& run_for(Line& line, std::int64_t raw_ms, std::int64_t arrived_us);
    Verdict lap(Line& line, const SensorMessage& message, std::int64_t arrived_us);
    Verdict pit(Line& line, const SensorMessage& message, std::int64_t arrived_us);
    bool races(std::int64_t controller) const {
        return controller >= 1 && controller <= rules_.controllers;
    }
    Device& device_of(const Line& line, std::int64_t now_us);
    std::string new_name(const std::string& device, std::int64_t now_us);

    const BookRules rules_;
    std::map<LineId, Line> lines_;
    std::map<std::string, Device> devices_;
    std::int64_t last_name_s_ = 0;
};

}  // namespace racehub::smartrace
