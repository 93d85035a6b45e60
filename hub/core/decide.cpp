#include "hub/core/decide.h"

#include <algorithm>

#include "hub/core/laps.h"

namespace racehub {
namespace {

constexpr std::string_view kRules =
    "rules";  ///< who gives a penalty that follows from the settings

/// The next step of the race's own clock; none while nothing runs or the clock stands.
std::optional<TimeUs> due_us(const Race& race) {
    if (race.phase == Phase::lights) {
        if (race.lights_lit >= race.lights) return race.go_us;
        return race.first_light_us + race.lights_lit * race.light_interval_us;
    }
    if (!race.on() || race.paused()) return std::nullopt;
    if (race.phase == Phase::finishing) {
        return race.deadline_us != 0 ? std::optional(race.deadline_us) : std::nullopt;
    }
    if (race.settings.distance != Distance::time) return std::nullopt;
    TimeUs stood_us = 0;
    for (const Pause& pause : race.pauses) stood_us += pause.to_us - pause.from_us;
    return race.started_us + race.settings.time_us + stood_us;
}

/// Decides one input on one track. Facts are applied as they are decided, so each step sees the one
/// before.
class Decider {
  public:
    Decider(HubState& state, const Event& input, std::vector<Event>& facts)
        : state_(state), input_(input), facts_(facts), now_us_(input.recv_us) {
        track_ = state_.find(input.track);
    }

    Outcome run() {
        advance();
        std::visit([this](const auto& data) { decide(data); }, input_.data);
        advance();
        return std::move(outcome_);
    }

  private:
    // ---- observations ----

    void decide(const TimerElapsed&) {}

    void decide(const GateMissed& data) {
        if (track_ == nullptr) return no_track();
        emit(CrossingsMissed{data.gate, data.lane, data.count}, now_us_);
    }

    void decide(const GateCrossed& data) {
        if (track_ == nullptr) return no_track();
        // No detection lies in the future: a source whose clock runs ahead is taken at its arrival.
        const bool ahead = input_.time_us > now_us_;
        const TimeUs at_us = ahead ? now_us_ : input_.time_us;
        const IgnoreReason reason = count(data, at_us, ahead);
        if (reason != IgnoreReason{}) {
            emit(CrossingIgnored{data.gate, data.lane, reason, at_us}, at_us);
        }
    }

    /// Makes the crossing count, or says why it does not.
    IgnoreReason count(const GateCrossed& data, TimeUs at_us, bool ahead) {
        if (!track_->race) return IgnoreReason::no_race;
        const Race& race = *track_->race;
        if (race.phase == Phase::armed) return IgnoreReason::not_started;
        if (race.ended()) {
            return at_us <= race.ended_us && race.started_us != 0 ? IgnoreReason::too_late
                                                                  : IgnoreReason::no_race;
        }
        const EntryState* entry = on_lane(race, data.lane);
        if (entry == nullptr) return IgnoreReason::no_entry;
        if (entry->status == EntryStatus::dnf || entry->status == EntryStatus::dsq) {
            return IgnoreReason::entry_out;
        }
        if (race.phase == Phase::lights || at_us < race.started_us) {
            return before_start(data.gate, race, *entry, at_us);
        }
        if (race.paused_us(at_us, at_us + 1) > 0) return IgnoreReason::paused;
        if (data.gate == Gate::finish) return finish_line(race, *entry, data, at_us, ahead);
        return split(race, *entry, data.gate, at_us);
    }

    IgnoreReason before_start(Gate gate, const Race& race, const EntryState& entry, TimeUs at_us) {
        const bool at_line = gate == Gate::finish || gate == Gate::start;
        if (!at_line || race.settings.jump_rule == JumpRule::ignore || at_us >= race.go_us) {
            return IgnoreReason::not_started;
        }
        if (at_us < race.first_light_us || entry.jumped) return IgnoreReason::before_start;
        const std::int32_t number = entry.entry.entry;
        const std::int32_t penalty = entry.next_penalty;
        const RaceSettings settings = race.settings;
        const std::string by(kRules);
        emit(JumpStartDetected{number, race.go_us - at_us, settings.jump_rule}, at_us);
        if (settings.jump_rule == JumpRule::time_penalty && settings.jump_penalty_us > 0) {
            emit(PenaltyGiven{number, penalty, settings.jump_penalty_us, by, "jump start"}, at_us);
        }
        if (settings.jump_rule == JumpRule::disqualify) {
            emit(EntryDisqualified{number, by, "jump start"}, at_us);
        }
        return {};
    }

    IgnoreReason finish_line(const Race& race, const EntryState& entry, const GateCrossed& data,
                             TimeUs at_us, bool ahead) {
        const Lap* last = last_crossing(entry);
        if (entry.status == EntryStatus::finished &&
            (last == nullptr || at_us >= last->crossed_us)) {
            return IgnoreReason::entry_finished;
        }
        if (entry.laps.size() >= kMaxLapsPerEntry) return IgnoreReason::entry_finished;
        if (too_soon(race, entry, at_us)) return IgnoreReason::too_soon;
        LapCompleted lap;
        lap.entry = entry.entry.entry;
        lap.lap = entry.next_lap;
        lap.crossed_us = at_us;
        if (!ahead) {
            lap.clock = data.clock;
            lap.stamp_us = data.stamp_us;
        }
        const LapFigures figures = figures_for(race, entry, at_us, lap.clock, lap.stamp_us);
        lap.number = figures.number;
        lap.lap_us = figures.lap_us;
        emit(std::move(lap), at_us);
        settle(std::string(kRules), {});
        return {};
    }

    /// Nearer to a neighbouring crossing than a car can be: a bounce or a duplicate.
    static bool too_soon(const Race& race, const EntryState& entry, TimeUs at_us) {
        const TimeUs min_us = std::max<TimeUs>(race.settings.min_lap_us, 1);
        if (race.settings.first_lap == FirstLap::from_start &&
            at_us - race.started_us < race.settings.min_lap_us) {
            return true;
        }
        for (std::size_t i = entry.laps.size(); i-- > 0;) {
            const Lap& lap = entry.laps[i];
            if (lap.status == LapStatus::crossing_void) continue;
            const TimeUs apart_us = at_us - lap.crossed_us;
            if (apart_us < min_us && apart_us > -min_us) return true;
            if (apart_us >= min_us) return false;
        }
        return false;
    }

    IgnoreReason split(const Race& race, const EntryState& entry, Gate gate, TimeUs at_us) {
        if (entry.status == EntryStatus::finished) return IgnoreReason::entry_finished;
        for (const Split& split : entry.open_splits) {
            const TimeUs apart_us = at_us - split.crossed_us;
            if (split.gate == gate && apart_us < std::max<TimeUs>(race.settings.min_lap_us, 1)) {
                return IgnoreReason::too_soon;
            }
        }
        emit(SplitPassed{entry.entry.entry, gate, at_us}, at_us);
        return {};
    }

    static const EntryState* on_lane(const Race& race, std::int32_t lane) {
        for (const EntryState& entry : race.entries) {
            if (entry.entry.lane == lane) return &entry;
        }
        return nullptr;
    }

    // ---- commands on the track and its entries ----

    void decide(const TrackConfigure& data) {
        if (!valid_id(input_.track)) {
            return refuse("bad_track", "A track's id has 1 to 64 letters, digits, '-' or '_'; \"" +
                                           input_.track + "\" does not.");
        }
        if (track_ == nullptr && state_.tracks.size() >= kMaxTracks) {
            return refuse("too_many_tracks", "This hub already has " + std::to_string(kMaxTracks) +
                                                 " tracks, the most it runs at once.");
        }
        if (!good(data.settings)) return;
        if (busy() && data.lanes != track_->lanes) {
            return refuse("wrong_phase",
                          "The number of lanes cannot change during a race. Stop it first.");
        }
        emit(TrackConfigured{data.name, data.lanes, data.settings}, now_us_);
        track_ = state_.find(input_.track);
    }

    void decide(const EntryAssign& data) {
        if (!known_track() || !same_race()) return;
        Entry entry = data.entry;
        if (entry.lane == 0 && track_->lanes > 0) entry.lane = entry.entry;
        if (entry.lane > track_->lanes || (track_->lanes > 0 && entry.lane != entry.entry)) {
            return refuse("bad_lane", "Track \"" + track_->name + "\" has lanes 1 to " +
                                          std::to_string(track_->lanes) +
                                          ", and an entry's number is its lane.");
        }
        if (track_->roster.size() >= kMaxEntries && !in_roster(entry.entry)) {
            return refuse("too_many_entries",
                          "A track holds at most " + std::to_string(kMaxEntries) + " entries.");
        }
        emit(EntryAssigned{std::move(entry)}, now_us_);
    }

    void decide(const EntryClear& data) {
        if (!known_track() || !same_race()) return;
        if (busy())
            return refuse("wrong_phase", "An entry cannot leave during a race; retire it instead.");
        if (!in_roster(data.entry)) return no_entry(data.entry);
        emit(EntryCleared{data.entry}, now_us_);
    }

    // ---- commands on the race ----

    void decide(const RaceArm& data) {
        if (!known_track() || !same_race()) return;
        if (track_->phase() == Phase::armed) {
            return refuse("wrong_phase",
                          "A race is armed on this track already. Start it, or abort it first.");
        }
        if (busy()) return refuse_running();
        arm(data.settings.value_or(track_->settings));
    }

    bool arm(const RaceSettings& settings) {
        if (!good(settings)) return false;
        RaceArmed armed{settings, track_->roster};
        if (armed.entries.empty()) {
            for (std::int32_t lane = 1; lane <= track_->lanes; ++lane) {
                armed.entries.push_back(Entry{lane, lane, "", "", ""});
            }
        }
        if (armed.entries.empty()) {
            refuse("no_entries",
                   "Nobody can race: the track has no lanes and no entries. Add an entry first.");
            return false;
        }
        emit_for(std::to_string(state_.races + 1), std::move(armed), now_us_);
        return true;
    }

    void decide(const RaceStart&) {
        if (!known_track() || !same_race()) return;
        if (busy() && track_->phase() != Phase::armed) return refuse_running();
        if (track_->phase() != Phase::armed && !arm(track_->settings)) return;
        const RaceSettings settings = track_->race->settings;
        StartScheduled start;
        start.lights = settings.lights;
        start.light_interval_us = settings.light_interval_us;
        start.first_light_us = now_us_ + settings.lead_us;
        start.go_us = start.first_light_us;
        if (settings.lights > 0) {
            const TimeUs spread_us = settings.hold_max_us - settings.hold_min_us;
            const TimeUs hold_us =
                settings.hold_min_us + static_cast<TimeUs>(input_.entropy) % (spread_us + 1);
            start.go_us += (settings.lights - 1) * settings.light_interval_us + hold_us;
        }
        emit(start, now_us_);
    }

    void decide(const RaceStop& data) {
        if (!known_track() || !same_race()) return;
        const Phase phase = track_->phase();
        if (phase == Phase::armed || phase == Phase::lights) {
            return emit(RaceAborted{input_.source, data.reason}, now_us_);
        }
        if (!running()) return;
        emit(RaceFinished{EndReason::stopped, input_.source}, now_us_);
    }

    void decide(const RaceAbort& data) {
        if (!known_track() || !same_race()) return;
        if (!busy()) return refuse("wrong_phase", "There is no race to abort on this track.");
        emit(RaceAborted{input_.source, data.reason}, now_us_);
    }

    void decide(const RacePause& data) {
        if (!known_track() || !same_race() || !running()) return;
        if (track_->race->paused()) return refuse("wrong_phase", "The race is paused already.");
        if (track_->race->pauses.size() >= kMaxPauses) {
            return refuse("too_many_pauses",
                          "This race has been paused too often; stop it instead.");
        }
        emit(RacePaused{input_.source, data.reason}, now_us_);
    }

    void decide(const RaceResume& data) {
        if (!known_track() || !same_race() || !running()) return;
        if (!track_->race->paused()) return refuse("wrong_phase", "The race is not paused.");
        emit(RaceResumed{input_.source, data.reason}, now_us_);
    }

    void decide(const RaceClear& data) {
        if (!known_track() || !same_race()) return;
        if (busy())
            return refuse("wrong_phase", "Stop or abort the race before you make a new one.");
        if (!track_->race) return;  // idle already: what was asked for is so
        emit(RaceCleared{input_.source, data.reason}, now_us_);
    }

    // ---- corrections ----

    void decide(const LapVoid& data) {
        const Lap* lap = lap_to_correct(data.entry, data.lap);
        if (lap == nullptr) return;
        if (data.as == LapStatus::counted) {
            return refuse("bad_value",
                          "data.as: a lap is voided as \"crossing_void\" or \"lap_void\".");
        }
        if (lap->status == data.as) return refuse("no_change", "This lap is void already.");
        emit(LapVoided{data.entry, data.lap, data.as, input_.source, data.reason}, now_us_);
        settle(input_.source, data.reason);
    }

    void decide(const LapRestore& data) {
        const Lap* lap = lap_to_correct(data.entry, data.lap);
        if (lap == nullptr) return;
        if (lap->status == LapStatus::counted)
            return refuse("no_change", "This lap counts already.");
        emit(LapRestored{data.entry, data.lap, input_.source, data.reason}, now_us_);
        settle(input_.source, data.reason);
    }

    void decide(const LapAdd& data) {
        const EntryState* entry = entry_to_correct(data.entry);
        if (entry == nullptr) return;
        const Race& race = *track_->race;
        const TimeUs at_us = data.crossed_us == 0 ? now_us_ : data.crossed_us;
        const TimeUs end_us = race.ended_us != 0 ? race.ended_us : now_us_;
        if (at_us <= race.started_us || at_us > end_us) {
            return refuse("bad_value",
                          "data.crossed_us: the crossing must lie between the start and the end of "
                          "the race.");
        }
        if (race.paused_us(at_us, at_us + 1) > 0) {
            return refuse("bad_value", "data.crossed_us: the race was paused at that moment.");
        }
        for (const Lap& lap : entry->laps) {
            if (lap.crossed_us == at_us && lap.status != LapStatus::crossing_void) {
                return refuse("no_change", "The entry has a crossing at that very moment already.");
            }
        }
        if (entry->laps.size() >= kMaxLapsPerEntry) {
            return refuse("too_many_laps", "The entry has as many laps as a race can hold.");
        }
        emit(LapAdded{data.entry, entry->next_lap, at_us, input_.source, data.reason}, now_us_);
        settle(input_.source, data.reason);
    }

    void decide(const PenaltyGive& data) {
        const EntryState* entry = entry_in_race(data.entry);
        if (entry == nullptr) return;
        if (entry->penalties.size() >= kMaxPenalties) {
            return refuse("too_many_penalties", "The entry has " + std::to_string(kMaxPenalties) +
                                                    " penalties; disqualify it instead.");
        }
        emit(PenaltyGiven{data.entry, entry->next_penalty, data.penalty_us, input_.source,
                          data.reason},
             now_us_);
    }

    void decide(const PenaltyWithdraw& data) {
        const EntryState* entry = entry_in_race(data.entry);
        if (entry == nullptr) return;
        for (const Penalty& penalty : entry->penalties) {
            if (penalty.id != data.penalty) continue;
            if (penalty.withdrawn) return refuse("no_change", "This penalty is withdrawn already.");
            return emit(PenaltyWithdrawn{data.entry, data.penalty, input_.source, data.reason},
                        now_us_);
        }
        refuse("no_penalty", "Entry " + std::to_string(data.entry) + " has no penalty " +
                                 std::to_string(data.penalty) + ".");
    }

    void decide(const EntryRetire& data) {
        const EntryState* entry = entry_in_race(data.entry);
        if (entry == nullptr) return;
        if (out(*entry)) return refuse("no_change", "The entry is out of the race already.");
        emit(EntryRetired{data.entry, input_.source, data.reason}, now_us_);
        settle(input_.source, data.reason);
    }

    void decide(const EntryDisqualify& data) {
        const EntryState* entry = entry_in_race(data.entry);
        if (entry == nullptr) return;
        if (entry->status == EntryStatus::dsq) {
            return refuse("no_change", "The entry is disqualified already.");
        }
        emit(EntryDisqualified{data.entry, input_.source, data.reason}, now_us_);
        settle(input_.source, data.reason);
    }

    void decide(const EntryReinstate& data) {
        const EntryState* entry = entry_in_race(data.entry);
        if (entry == nullptr) return;
        if (!out(*entry) && entry->status != EntryStatus::dns) {
            return refuse("no_change", "The entry is in the race.");
        }
        emit(EntryReinstated{data.entry, input_.source, data.reason}, now_us_);
        settle(input_.source, data.reason);
    }

    /// Facts are never decided from: the engine lets none in.
    template <class Fact>
    void decide(const Fact&) {
        refuse("not_an_input", "Only observations and commands can be decided.");
    }

    // ---- the race's own clock, and what follows from laps ----

    /// Takes every step that is due by now, each at its scheduled instant.
    void advance() {
        while (track_ != nullptr && track_->race) {
            const Race& race = *track_->race;
            const std::optional<TimeUs> due = due_us(race);
            if (!due || *due > now_us_) return;
            if (race.phase == Phase::lights) {
                if (race.lights_lit < race.lights) {
                    emit(LightLit{race.lights_lit + 1}, *due);
                } else {
                    emit(RaceStarted{}, *due);
                }
            } else if (race.phase == Phase::running) {
                begin_finishing(*due);
                end_when_all_finished();
            } else {
                emit(RaceFinished{EndReason::grace_over, std::string(kRules)}, *due);
            }
        }
    }

    void begin_finishing(TimeUs at_us) {
        emit(RaceFinishing{EndReason::distance, at_us + track_->race->settings.grace_us}, at_us);
    }

    /// Brings phase and statuses in line with the laps after one of them changed.
    void settle(const std::string& by, const std::string& reason) {
        Race& race = *track_->race;
        if (!race.on()) return;
        const TimeUs done_us = distance_done_us(race);
        if (race.phase == Phase::running && done_us != 0) begin_finishing(done_us);
        if (race.phase == Phase::finishing && race.settings.distance == Distance::laps &&
            done_us == 0) {
            emit(RaceContinued{by, reason}, now_us_);
        }
        for (std::size_t i = 0; i < race.entries.size(); ++i) {
            const EntryState& entry = race.entries[i];
            if (entry.status == EntryStatus::running && reached_end(race, entry)) {
                emit(EntryFinished{entry.entry.entry}, last_crossing(entry)->crossed_us);
            }
        }
        end_when_all_finished();
    }

    /// An entry that never crossed is not waited for: nobody may be on that lane.
    void end_when_all_finished() {
        const Race& race = *track_->race;
        if (race.phase != Phase::finishing || race.paused()) return;
        TimeUs last_us = race.finishing_us;
        for (const EntryState& entry : race.entries) {
            if (entry.status == EntryStatus::running && entry.last_crossing_us >= race.started_us) {
                return;
            }
            if (const Lap* lap = last_crossing(entry)) last_us = std::max(last_us, lap->crossed_us);
        }
        emit(RaceFinished{EndReason::all_finished, std::string(kRules)}, last_us);
    }

    // ---- checks; each says what is wrong ----

    bool known_track() {
        if (track_ != nullptr) return true;
        no_track();
        return false;
    }

    void no_track() { refuse("no_track", "This hub has no track \"" + input_.track + "\"."); }

    bool same_race() {
        if (input_.race_id.empty()) return true;
        const std::string current = track_->race ? track_->race->race_id : "none";
        if (input_.race_id == current) return true;
        refuse("other_race", "This was meant for race " + input_.race_id + ", but race " + current +
                                 " is on the track now. Look at the screen again.");
        return false;
    }

    bool busy() const { return track_ != nullptr && track_->race && !track_->race->ended(); }

    bool running() {
        if (track_->race && track_->race->on()) return true;
        refuse("wrong_phase", "No race is running on this track.");
        return false;
    }

    void refuse_running() {
        refuse("wrong_phase", "A race is on this track. Stop or abort it first.");
    }

    bool good(const RaceSettings& settings) {
        if (settings.hold_min_us <= settings.hold_max_us) return true;
        refuse("bad_settings", "settings.hold_min_us must not be more than settings.hold_max_us.");
        return false;
    }

    const EntryState* entry_in_race(std::int32_t number) {
        if (!known_track() || !same_race()) return nullptr;
        if (!track_->race) {
            refuse("wrong_phase", "There is no race on this track.");
            return nullptr;
        }
        const EntryState* entry = track_->race->find(number);
        if (entry == nullptr) no_entry(number);
        return entry;
    }

    const EntryState* entry_to_correct(std::int32_t number) {
        const EntryState* entry = entry_in_race(number);
        if (entry != nullptr && track_->race->started_us == 0) {
            refuse("wrong_phase", "The race has not started: there are no laps to correct.");
            return nullptr;
        }
        return entry;
    }

    const Lap* lap_to_correct(std::int32_t number, std::int32_t lap_id) {
        const EntryState* entry = entry_to_correct(number);
        if (entry == nullptr) return nullptr;
        for (const Lap& lap : entry->laps) {
            if (lap.id == lap_id) return &lap;
        }
        refuse("no_lap", "Entry " + std::to_string(number) + " has no lap with id " +
                             std::to_string(lap_id) + ".");
        return nullptr;
    }

    void no_entry(std::int32_t number) {
        refuse("no_entry", "There is no entry " + std::to_string(number) + " on this track.");
    }

    bool in_roster(std::int32_t number) const {
        return std::any_of(track_->roster.begin(), track_->roster.end(),
                           [&](const Entry& entry) { return entry.entry == number; });
    }

    static bool out(const EntryState& entry) {
        return entry.status == EntryStatus::dnf || entry.status == EntryStatus::dsq;
    }

    static bool valid_id(std::string_view id) {
        return !id.empty() && id.size() <= kMaxName &&
               std::all_of(id.begin(), id.end(), [](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_';
               });
    }

    void refuse(std::string code, std::string message) {
        outcome_ = Outcome{false, std::move(code), std::move(message)};
    }

    // ---- facts ----

    void emit(Payload data, TimeUs at_us) {
        emit_for(track_ != nullptr && track_->race ? track_->race->race_id : std::string(),
                 std::move(data), at_us);
    }

    void emit_for(std::string race_id, Payload data, TimeUs at_us) {
        Event fact;
        fact.seq = state_.seq + 1;
        fact.time_us = at_us;
        fact.track = input_.track;
        fact.race_id = std::move(race_id);
        fact.data = std::move(data);
        apply(state_, fact);
        facts_.push_back(std::move(fact));
    }

    HubState& state_;
    const Event& input_;
    std::vector<Event>& facts_;
    const TimeUs now_us_;
    Track* track_ = nullptr;
    Outcome outcome_;
};

}  // namespace

Outcome decide(HubState& state, const Event& input, std::vector<Event>& facts) {
    return Decider(state, input, facts).run();
}

std::optional<Deadline> next_deadline(const HubState& state) {
    std::optional<Deadline> next;
    for (const Track& track : state.tracks) {
        if (!track.race) continue;
        const std::optional<TimeUs> due = due_us(*track.race);
        if (due && (!next || *due < next->time_us)) next = Deadline{*due, track.id};
    }
    return next;
}

}  // namespace racehub
