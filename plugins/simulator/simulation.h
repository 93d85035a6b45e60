#pragma once
// A whole simulated track: cars, gates and, if wanted, the race director. Pure: facts and the time
// come in, observations and commands come out. The same seed, facts and times give the same
// answers.

#include <map>
#include <optional>

#include "plugins/simulator/director.h"
#include "plugins/simulator/heat.h"

namespace racehub::simulator {

class Simulation {
  public:
    /// `track`: the only one it belongs to; empty: the first.
    Simulation(Config config, std::string track);

    /// The state of the hub, at first and after gaps: goes on from there.
    void snapshot(std::string_view json_text, std::int64_t now_us);
    void fact(std::string_view type, std::string_view track, std::string_view race_id,
              std::int64_t time_us, std::string_view data);
    void command_refused(std::int64_t now_us) { director_.refused(now_us); }

    /// Everything that is due by now, in order of its time.
    std::vector<Action> advance(std::int64_t now_us);
    /// When advance has something to do; 0: not before the next fact.
    std::int64_t next_us() const;

    const TrackView& view() const { return view_; }
    int driving() const;
    std::string describe() const;  ///< one sentence for people

  private:
    using Json = nlohmann::json;

    void set_phase(std::string phase, std::int64_t time_us);
    void add_car(const Json& entry);
    void race_fact(std::string_view type, std::int64_t time_us, const Json& data);
    void entry_fact(std::string_view type, int entry, std::int64_t time_us);
    void load_race(const Json& race, std::int64_t now_us);
    Driver driver_of(const Json& entry) const;
    void session_fact(std::string_view type, const Json& data);
    /// Arms the timing device for these entries (empty: all); the gate opens after a while.
    void arm_heat(const Json& entries, std::int64_t at_us);
    std::vector<Runner> runners_of(const Json& entries) const;
    void go_on_heat(const Json& race, std::int64_t now_us);
    void heat_over(std::int64_t time_us);
    std::int64_t scaled(double seconds) const;
    void park_all();
    void pass_gates(std::int64_t now_us);
    Car* car_of(int entry);

    const Config config_;
    const std::string track_;
    std::string shown_track_;
    TrackView view_;
    bool rolling_ = false;
    bool circuit_ = true;
    bool paused_ = false;
    std::map<int, Car> cars_;        // by entry number; circuits
    std::map<int, Runner> runners_;  // by entry number; heats
    int heat_ = 0;                   // planned one that is on the track
    Director director_;
    std::optional<Sensors> sensors_;  // of this race
    std::vector<Action> waiting_;     // reports on their way
};

}  // namespace racehub::simulator
