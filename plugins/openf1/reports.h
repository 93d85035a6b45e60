#pragma once
// What a session tells, as the hub's events: one mapping for what is replayed and for what is live.

#include <map>

#include "plugins/openf1/session.h"

namespace racehub::openf1 {

/// One observation for the hub, at an instant of the race's clock.
struct Report {
    const char* type = "";
    Micros race_us = 0;
    std::string data;  ///< JSON, with race_us in it
    /// Of reports with the same slot only the last one before an instant holds then (a position, a
    /// flag); empty: each counts.
    std::string slot;
    bool passing = false;  ///< shown as it happens, and of no interest later (a sector's end)
    std::string about;     ///< what one may seek as an event: "red flag", "pit 44"; empty: nothing
    std::int32_t lap = 0;  ///< the lap that it completes
    std::int32_t driver = 0;
};

/// The hub takes nothing further from a race's beginning: a date that wild is a mistake.
inline constexpr Micros kMostUs = 1'000LL * 3'600'000'000;

/// `race.reported`: who races, and what the clock shows.
std::string race_data(const Session& session, Micros race_us, std::int32_t rate);
std::string race_data(const SessionRow& info, const std::vector<DriverRow>& drivers, Micros race_us,
                      std::int32_t rate);
std::string map_data(const Session& session);
std::string clock_data(Micros race_us, std::int32_t rate, bool rewind);

/// Laps in any order and any version: tells each lap once it is complete, and again when a later
/// version says more.
class LapBook {
  public:
    explicit LapBook(Micros zero_us) : zero_us_(zero_us) {}
    void take(const LapRow& row, std::vector<Report>& reports);

  private:
    struct Known {
        LapRow row;
        std::string told;  ///< data of the report; empty: not yet
        int gates = 0;     ///< sector ends told
    };
    void tell(std::int32_t driver, std::int32_t number, std::vector<Report>& reports);

    const Micros zero_us_;
    std::map<std::pair<std::int32_t, std::int32_t>, Known> laps_;  ///< by driver and number
};

Report position_report(const PositionRow& row, Micros zero_us);
Report control_report(const ControlRow& row, Micros zero_us);
/// In, and out when it is known how long it took.
void pit_reports(const PitRow& row, Micros zero_us, std::vector<Report>& reports);
Report stint_report(const StintRow& row, Micros race_us);

/// All that a session tells, in order of the race's clock.
std::vector<Report> all_reports(const Session& session);

}  // namespace racehub::openf1
