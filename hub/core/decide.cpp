#include "hub/core/decide.h"

#include "hub/core/decider.h"
#include "hub/core/laps.h"

namespace racehub {
namespace {

template <class T, class... Types>
constexpr bool kIsOneOf = (std::is_same_v<T, Types> || ...);

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
    if (race.settings.discipline != Discipline::circuit) return std::nullopt;
    if (race.settings.distance != Distance::time) return std::nullopt;
    TimeUs stood_us = 0;
    for (const Pause& pause : race.pauses) stood_us += pause.to_us - pause.from_us;
    return race.started_us + race.settings.time_us + stood_us;
}

/// Whether the input corrects a race though another one, or none, is on the track by now.
bool corrects_past_race(const HubState& state, const Event& input) {
    const Track* track = state.find(input.track);
    if (track == nullptr || input.race_id.empty()) return false;
    if (track->race && track->race->race_id == input.race_id) return false;
    return std::visit(
        []<class T>(const T&) {
            return kIsOneOf<T, LapVoid, LapRestore, LapAdd, PenaltyGive, PenaltyWithdraw,
                            EntryRetire, EntryDisqualify, EntryReinstate, HeatCorrect, EntryAssign>;
        },
        static_cast<const AnyPayload&>(input.data));
}

}  // namespace

Outcome Decider::run() {
    advance();
    std::visit([this](const auto& data) { decide(data); }, input_.data);
    advance();
    return std::move(outcome_);
}

void Decider::advance() {
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

void Decider::begin_finishing(TimeUs at_us) {
    emit(RaceFinishing{EndReason::distance, at_us + track_->race->settings.grace_us}, at_us);
}

void Decider::settle(const std::string& by, const std::string& reason) {
    Race& race = *track_->race;
    if (!race.on() || race.report) return;
    if (race.phase == Phase::finishing && race.settings.distance == Distance::laps &&
        distance_done_us(race) == 0) {
        emit(RaceContinued{by, reason}, now_us_);
    }
    const TimeUs done_us = distance_done_us(race);
    if (race.phase == Phase::running && done_us != 0) begin_finishing(done_us);
    for (std::size_t i = 0; i < race.entries.size(); ++i) {
        const EntryState& entry = race.entries[i];
        if (entry.status == EntryStatus::running && reached_end(race, entry)) {
            emit(EntryFinished{entry.entry.entry}, last_crossing(entry)->crossed_us);
        }
    }
    end_when_all_finished();
}

void Decider::end_when_all_finished() {
    const Race& race = *track_->race;
    if (race.phase != Phase::finishing || race.paused()) return;
    const bool long_enough =
        std::any_of(race.entries.begin(), race.entries.end(),
                    [](const EntryState& entry) { return entry.laps_counted >= 2; });
    TimeUs last_us = race.finishing_us;
    for (const EntryState& entry : race.entries) {
        const bool absent = long_enough && !drove(race, entry);
        if (entry.status == EntryStatus::running && !absent) return;
        if (const Lap* lap = last_crossing(entry)) last_us = std::max(last_us, lap->crossed_us);
    }
    emit(RaceFinished{EndReason::all_finished, std::string(kRules)}, last_us);
}

bool Decider::known_track() {
    if (track_ != nullptr) return true;
    no_track();
    return false;
}

void Decider::no_track() { refuse("no_track", "This hub has no track \"" + input_.track + "\"."); }

bool Decider::same_race() {
    if (input_.race_id.empty()) return true;
    const std::string current = track_->race ? track_->race->race_id : "none";
    if (input_.race_id == current) return true;
    refuse("other_race", "This was meant for race " + input_.race_id + ", but race " + current +
                             " is on the track now. Look at the screen again.");
    return false;
}

bool Decider::busy() const { return track_ != nullptr && track_->race && !track_->race->ended(); }

bool Decider::heat_track() const {
    const RaceSettings& settings = busy() ? track_->race->settings : track_->settings;
    return settings.discipline == Discipline::heat;
}

bool Decider::heat_race() const {
    return track_->race && track_->race->settings.discipline == Discipline::heat;
}

bool Decider::running() {
    if (track_->race && track_->race->on()) return true;
    refuse("wrong_phase", "No race is running on this track.");
    return false;
}

void Decider::refuse_running() {
    refuse("wrong_phase", "A race is on this track. Stop or abort it first.");
}

void Decider::refuse_empty() {
    refuse("no_entries", "Nobody can race: there is no entry. Add one first.");
}

bool Decider::good(const RaceSettings& settings) {
    if (settings.discipline == Discipline::reported) {
        refuse("bad_settings",
               "settings.discipline: a race that others time is opened by its source.");
        return false;
    }
    if (settings.hold_min_us <= settings.hold_max_us) return true;
    refuse("bad_settings", "settings.hold_min_us must not be more than settings.hold_max_us.");
    return false;
}

const EntryState* Decider::entry_in_race(std::int32_t number) {
    if (!known_track() || !same_race()) return nullptr;
    if (!track_->race) {
        refuse("wrong_phase", "There is no race on this track.");
        return nullptr;
    }
    const EntryState* entry = track_->race->find(number);
    if (entry == nullptr) no_entry(number);
    return entry;
}

const EntryState* Decider::entry_to_correct(std::int32_t number) {
    const EntryState* entry = entry_in_race(number);
    if (entry != nullptr && heat_race()) {
        refuse("wrong_discipline", "A heat has no laps. Correct the lane's time instead.");
        return nullptr;
    }
    if (entry != nullptr && !timed_here()) return nullptr;
    if (entry != nullptr && track_->race->started_us == 0) {
        refuse("wrong_phase", "The race has not started: there are no laps to correct.");
        return nullptr;
    }
    return entry;
}

const Lap* Decider::lap_to_correct(std::int32_t number, std::int32_t lap_id) {
    const EntryState* entry = entry_to_correct(number);
    if (entry == nullptr) return nullptr;
    for (const Lap& lap : entry->laps) {
        if (lap.id == lap_id) return &lap;
    }
    refuse("no_lap", "Entry " + std::to_string(number) + " has no lap with id " +
                         std::to_string(lap_id) + ".");
    return nullptr;
}

void Decider::no_entry(std::int32_t number) {
    refuse("no_entry", "There is no entry " + std::to_string(number) + " on this track.");
}

bool Decider::in_roster(std::int32_t number) const {
    return std::any_of(track_->roster.begin(), track_->roster.end(),
                       [&](const Entry& entry) { return entry.entry == number; });
}

bool Decider::out(const EntryState& entry) {
    return entry.status == EntryStatus::dnf || entry.status == EntryStatus::dsq;
}

bool Decider::valid_id(std::string_view id) {
    return !id.empty() && id.size() <= kMaxName && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

void Decider::refuse(std::string code, std::string message) {
    outcome_ = Outcome{false, std::move(code), std::move(message)};
}

void Decider::emit(Payload data, TimeUs at_us) {
    emit_for(track_ != nullptr && track_->race ? track_->race->race_id : std::string(),
             std::move(data), at_us);
}

void Decider::emit_for(std::string race_id, Payload data, TimeUs at_us) {
    Event fact;
    fact.seq = state_.seq + 1;
    fact.time_us = at_us;
    fact.track = input_.track;
    fact.race_id = std::move(race_id);
    fact.data = std::move(data);
    apply(state_, fact);
    facts_.push_back(std::move(fact));
}

Outcome decide(HubState& state, const Event& input, std::vector<Event>& facts) {
    return Decider(state, input, facts).run();
}

Outcome decide(HubState& state, const Event& input, std::vector<Event>& facts,
               const FindRace& find) {
    if (!corrects_past_race(state, input)) return decide(state, input, facts);
    std::optional<Race> past = find(input.race_id, input.track);
    if (!past || !past->ended()) return decide(state, input, facts);
    Decider(state, input, facts).advance();
    // The race is put back onto its track in a state of its own, so that the same rules hold.
    HubState then;
    then.seq = state.seq;
    Track& track = then.tracks.emplace_back();
    track.id = input.track;
    track.race = std::move(past);
    const std::size_t first = facts.size();
    const Outcome outcome = Decider(then, input, facts, true).run();
    for (std::size_t i = first; i < facts.size(); ++i) apply(state, facts[i]);
    return outcome;
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
