#pragma once
// The inside of decide(): one input on one track. Facts are applied as they are decided, so each
// step sees the one before. Not for other parts of the hub; they call decide().

#include <algorithm>

#include "hub/core/decide.h"

namespace racehub {

inline constexpr std::string_view kRules =
    "rules";  ///< who gives a penalty that follows from the settings

class Decider {
  public:
    /// `past`: the race is no longer on its real track (see decide()).
    Decider(HubState& state, const Event& input, std::vector<Event>& facts, bool past = false)
        : state_(state), input_(input), facts_(facts), now_us_(input.recv_us), past_(past) {
        track_ = state_.find(input.track);
    }
    Outcome run();
    /// Takes every step of the race's clock that is due by now, each at its scheduled instant.
    void advance();

  private:
    // ---- observations ----
    void decide(const TimerElapsed&) {}
    void decide(const GateMissed& data);
    void decide(const GateCrossed& data);
    /// Makes the crossing count, or says why it does not.
    IgnoreReason count(const GateCrossed& data, TimeUs at_us, bool ahead);
    IgnoreReason before_start(Gate gate, const Race& race, const EntryState& entry, TimeUs at_us);
    IgnoreReason finish_line(const Race& race, const EntryState& entry, const GateCrossed& data,
                             TimeUs at_us, bool ahead);
    /// Nearer to a neighbouring crossing than a car can be: a bounce or a duplicate.
    static bool too_soon(const Race& race, const EntryState& entry, TimeUs at_us);
    IgnoreReason split(const Race& race, const EntryState& entry, Gate gate, TimeUs at_us);
    static const EntryState* on_lane(const Race& race, std::int32_t lane);

    // ---- heats ----
    void decide(const HeatStarted&);
    void decide(const HeatReported& data);
    void decide(const HeatAccept&);
    void decide(const HeatRerun& data);
    void decide(const HeatCorrect& data);
    void decide(const ReportTake& data);
    void decide(const ReportDismiss& data);
    void decide(const SessionPlan& data);
    void decide(const SessionChange& data);
    void decide(const HeatArm& data);
    bool waits_for_report() const;
    /// The input names a race that is not the one on the track.
    bool other_race() const;
    bool known_report(const std::string& report_id) const;
    void take_report(const HeatReported& report);
    bool heat_done();
    void no_report(const std::string& report_id);
    std::vector<std::int32_t> all_lanes() const;
    bool good(const RotationRequest& request);
    static std::vector<PlannedHeat> numbered(std::vector<HeatLanes> heats, std::int32_t first);

    // ---- races that others time ----
    void decide(const RaceReported& data);
    void decide(const ClockReported& data);
    void decide(const LapReported& data);
    void decide(const EntryReported& data);
    void decide(const MessageReported& data);
    void decide(const ResultReported& data);
    void decide(const MapReported& data);
    /// The race on the track, if the input's source times it; else says why not.
    bool reports();
    /// Likewise, and the entry is in it.
    const EntryState* reported_entry(std::int32_t number);
    void open_race(const RaceReported& data);
    /// Starts the race once its clock, or a lap, says that it is under way.
    void start_by_clock(TimeUs race_us);
    void set_clock(TimeUs race_us, std::int32_t rate, bool rewind);
    void pass(const EntryState& entry, Gate gate, TimeUs race_us);
    void report_status(const EntryState& entry, EntryStatus status, const std::string& reason);
    /// The race's figures are another's: nothing here can correct them.
    bool timed_here();
    /// When the input happened, as far as the hub can have heard of it.
    TimeUs at_us() const { return std::min(input_.time_us, now_us_); }

    // ---- commands on the track and its entries ----
    void decide(const TrackConfigure& data);
    void decide(const EntryAssign& data);
    void rename(Entry entry);
    void decide(const EntryClear& data);

    // ---- commands on the race ----
    void decide(const RaceArm& data);
    bool arm(const RaceSettings& settings);
    void decide(const RaceStart&);
    void decide(const RaceStop& data);
    void decide(const RaceAbort& data);
    void decide(const RacePause& data);
    void decide(const RaceResume& data);
    void decide(const RaceClear& data);

    // ---- corrections ----
    void decide(const LapVoid& data);
    void decide(const LapRestore& data);
    void decide(const LapAdd& data);
    void decide(const PenaltyGive& data);
    void decide(const PenaltyWithdraw& data);
    void decide(const EntryRetire& data);
    void decide(const EntryDisqualify& data);
    void decide(const EntryReinstate& data);
    /// Facts are never decided from: the engine lets none in.
    template <class Fact>
    void decide(const Fact&) {
        refuse("not_an_input", "Only observations and commands can be decided.");
    }

    // ---- the race's own clock, and what follows from laps ----
    void begin_finishing(TimeUs at_us);
    /// Brings phase and statuses in line with the laps after one of them changed.
    void settle(const std::string& by, const std::string& reason);
    /// An entry that never crossed is not waited for once another has done two laps: nobody is on
    /// that lane. In a race so short that nobody has, the grace decides.
    void end_when_all_finished();

    // ---- checks; each says what is wrong ----
    bool known_track();
    void no_track();
    bool same_race();
    bool busy() const;
    bool running();
    /// Whether the race on the track, or its next one, is a heat.
    bool heat_track() const;
    bool heat_race() const;
    void refuse_running();
    void refuse_empty();
    bool good(const RaceSettings& settings);
    const EntryState* entry_in_race(std::int32_t number);
    const EntryState* entry_to_correct(std::int32_t number);
    const Lap* lap_to_correct(std::int32_t number, std::int32_t lap_id);
    void no_entry(std::int32_t number);
    bool in_roster(std::int32_t number) const;
    static bool out(const EntryState& entry);
    static bool valid_id(std::string_view id);
    void refuse(std::string code, std::string message);

    // ---- facts ----
    void emit(Payload data, TimeUs at_us);
    void emit_for(std::string race_id, Payload data, TimeUs at_us);

    HubState& state_;
    const Event& input_;
    std::vector<Event>& facts_;
    const TimeUs now_us_;
    const bool past_;
    Track* track_ = nullptr;
    Outcome outcome_;
};

}  // namespace racehub
