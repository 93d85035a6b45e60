#pragma once
// The race director of a simulated evening: decides from the phase of the track which command is
// next. Pure.

#include <nlohmann/json.hpp>
#include <set>

#include "plugins/simulator/sensor.h"

namespace racehub::simulator {

/// What the director looks at; the simulation keeps it up to date.
struct TrackView {
    std::string phase = "idle";
    std::int64_t phase_us = 0;  ///< when it began
    std::string race_id;
    int lanes = 0;
    nlohmann::json settings = nlohmann::json::object();  ///< the track's own rules
    std::uint64_t races = 0;   ///< of the hub so far: chooses who drives next
    bool has_session = false;  ///< of heats
    std::set<int> heats_left;  ///< of the session: without a result
    bool heats() const { return settings.value("discipline", "circuit") == "heat"; }
};

class Director {
  public:
    explicit Director(const Config& config) : config_(config) {}

    /// Appends the commands that are due by now.
    void act(const TrackView& track, std::int64_t now_us, std::vector<Action>& actions);
    /// When to ask again; 0: when something happens.
    std::int64_t next_us(const TrackView& track) const;
    /// A car stands on the track: it is retired after a while.
    void broke_down(const std::string& race_id, int lane, std::int64_t now_us);
    /// The hub said no to a command: not again at once.
    void refused(std::int64_t now_us);

    /// Who drives on `lane` in the next race.
    Driver driver_for(const TrackView& track, int lane) const;

  private:
    struct Breakdown {
        std::string race_id;
        int lane = 0;
        std::int64_t due_us = 0;
    };
    std::int64_t due_us(const TrackView& track) const;
    std::int64_t scaled(double seconds) const;
    void command(const char* type, nlohmann::json data, std::int64_t now_us,
                 std::vector<Action>& actions);
    nlohmann::json settings_for(const TrackView& track) const;
    void act_heats(const TrackView& track, std::int64_t now_us, std::vector<Action>& actions);
    void plan_session(const TrackView& track, std::int64_t now_us, std::vector<Action>& actions);
    void retire(const TrackView& track, std::int64_t now_us, std::vector<Action>& actions);

    const Config& config_;
    // A command is on its way, or was refused: not before this, unless the phase has changed since.
    std::int64_t not_before_us_ = 0;
    std::int64_t asked_phase_us_ = 0;
    std::uint64_t commands_ = 0;
    std::vector<Breakdown> breakdowns_;
};

}  // namespace racehub::simulator
