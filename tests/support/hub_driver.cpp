#include "tests/support/hub_driver.h"

#include <stdexcept>

namespace racehub::test {

namespace {

/// Who times it may open it late, and go back in time.
bool legal_as_reported(Phase from, Phase to) {
    switch (from) {
        case Phase::armed:
            return to == Phase::running || to == Phase::finished || to == Phase::aborted ||
                   to == Phase::idle;
        case Phase::running:
            return to == Phase::finished || to == Phase::aborted;
        case Phase::finished:
            return to == Phase::running || to == Phase::armed || to == Phase::idle;
        case Phase::aborted:
            return to == Phase::idle;
        case Phase::idle:
        case Phase::lights:
        case Phase::finishing:
        case Phase::held:
            return false;
    }
    return false;
}

bool legal_in_heat(Phase from, Phase to) {
    switch (from) {
        case Phase::armed:
            return to == Phase::running || to == Phase::finished || to == Phase::held ||
                   to == Phase::aborted || to == Phase::idle;
        case Phase::running:
            return to == Phase::finished || to == Phase::held || to == Phase::aborted;
        case Phase::held:
            return to == Phase::finished || to == Phase::armed || to == Phase::aborted;
        case Phase::finished:
            return to == Phase::armed || to == Phase::idle;
        case Phase::aborted:
            return to == Phase::idle;
        case Phase::idle:
        case Phase::lights:
        case Phase::finishing:
            return false;
    }
    return false;
}

bool legal_in_circuit(Phase from, Phase to) {
    switch (from) {
        case Phase::armed:
            return to == Phase::lights || to == Phase::aborted || to == Phase::idle;
        case Phase::lights:
            return to == Phase::running || to == Phase::aborted;
        case Phase::running:
            return to == Phase::finishing || to == Phase::finished || to == Phase::aborted;
        case Phase::finishing:
            return to == Phase::finished || to == Phase::running || to == Phase::aborted;
        case Phase::finished:
        case Phase::aborted:
            return to == Phase::idle;
        case Phase::idle:
        case Phase::held:
            return false;
    }
    return false;
}

}  // namespace

bool legal_edge(Phase from, Phase to, Discipline discipline) {
    if (from == to) return true;
    if (discipline == Discipline::reported) return legal_as_reported(from, to);
    return discipline == Discipline::heat ? legal_in_heat(from, to) : legal_in_circuit(from, to);
}

bool may_begin_race(Phase last) {
    return last == Phase::idle || last == Phase::finished || last == Phase::aborted;
}

namespace {

std::string race_id_of(const HubState& state, const std::string& track) {
    const Track* found = state.find(track);
    return found != nullptr && found->race ? found->race->race_id : std::string();
}

Phase phase_of(const HubState& state, const std::string& track) {
    const Track* found = state.find(track);
    return found != nullptr ? found->phase() : Phase::idle;
}

Discipline discipline_of(const HubState& state, const std::string& track) {
    const Track* found = state.find(track);
    return found != nullptr && found->race ? found->race->settings.discipline : Discipline::circuit;
}

/// Corrections may be of a race that is no longer on the track.
bool corrects(const Event& fact) {
    return std::visit(
        []<class T>(const T&) {
            return std::is_same_v<T, LapVoided> || std::is_same_v<T, LapRestored> ||
                   std::is_same_v<T, LapAdded> || std::is_same_v<T, PenaltyGiven> ||
                   std::is_same_v<T, PenaltyWithdrawn> || std::is_same_v<T, EntryRetired> ||
                   std::is_same_v<T, EntryDisqualified> || std::is_same_v<T, EntryReinstated> ||
                   std::is_same_v<T, HeatCorrected> || std::is_same_v<T, EntryAssigned>;
        },
        static_cast<const AnyPayload&>(fact.data));
}

/// Its source must hear that the hub follows another race; a gate has nothing to hear.
bool of_reported_race(const Event& input) {
    return std::visit(
        []<class T>(const T&) {
            return std::is_same_v<T, RaceReported> || std::is_same_v<T, ClockReported> ||
                   std::is_same_v<T, LapReported> || std::is_same_v<T, EntryReported> ||
                   std::is_same_v<T, MessageReported> || std::is_same_v<T, ResultReported>;
        },
        static_cast<const AnyPayload&>(input.data));
}

}  // namespace

std::string check_facts(const HubState& live, const std::vector<Event>& facts, HubState& fold) {
    std::uint64_t seq = fold.seq;
    for (const Event& fact : facts) {
        const std::string name(type_of(fact.data));
        if (kind_of(fact.data) != Kind::fact) return name + " is no fact";
        if (fact.seq != ++seq) return name + ": seq is not gapless";
        if (fact.time_us == 0) return name + " has no time";
        const Phase from = phase_of(fold, fact.track);
        const std::string race_before = race_id_of(fold, fact.track);
        const Discipline discipline = discipline_of(fold, fact.track);
        apply(fold, fact);
        const Phase to = phase_of(fold, fact.track);
        const std::string race_after = race_id_of(fold, fact.track);
        const bool new_race = !race_after.empty() && race_after != race_before;
        const bool legal = new_race ? to == Phase::armed && may_begin_race(from)
                                    : legal_edge(from, to, discipline);
        if (!legal) {
            return name + ": illegal edge " + std::string(name_of(from)) + " -> " +
                   std::string(name_of(to));
        }
        if (!race_after.empty() && race_after == race_before && !fact.race_id.empty() &&
            fact.race_id != race_after && !corrects(fact)) {
            return name + ": names another race than the track's";
        }
    }
    if (live.seq != seq) return "the state's seq is not the last fact's";
    if (digest(fold) != digest(live)) return "the fold of the facts is not the live state";
    return {};
}

HubDriver::HubDriver(const RaceSettings& settings, std::int32_t lanes) {
    TrackConfigure track;
    track.name = "Main track";
    track.lanes = lanes;
    track.settings = settings;
    command(track);
    for (std::int32_t lane = 1; lane <= lanes; ++lane) {
        EntryAssign assign;
        assign.entry.entry = lane;
        assign.entry.lane = lane;
        assign.entry.driver = "Driver " + std::to_string(lane);
        command(assign);
    }
    if (!outcome.accepted) throw std::logic_error("set-up refused: " + outcome.message);
}

Outcome HubDriver::send(Event input) {
    if (input.recv_us == 0) input.recv_us = now_us;
    if (input.time_us == 0) input.time_us = input.recv_us;
    if (input.entropy == 0) input.entropy = entropy;
    last.clear();
    outcome = decide(state, input, last, [&](const std::string& race_id, const std::string& track) {
        RaceFold fold(race_id);
        for (const Event& fact : facts) fold.take(fact);
        return fold.track() == track ? fold.race() : std::nullopt;
    });
    inputs.push_back(input);
    facts.insert(facts.end(), last.begin(), last.end());
    std::vector<Event> logged = last;
    if (spoil_log) spoil_log(logged);
    const std::string broken = check_facts(state, logged, fold_);
    if (!broken.empty()) {
        throw std::logic_error(broken + " after " + encode_event(input));
    }
    if (!outcome.accepted && (outcome.code.empty() || outcome.message.size() < 10)) {
        throw std::logic_error("refused without a reason: " + encode_event(input));
    }
    if (!outcome.accepted && kind_of(input.data) != Kind::command && !of_reported_race(input)) {
        throw std::logic_error("an observation was refused: " + encode_event(input));
    }
    return outcome;
}

Outcome HubDriver::command(Payload data, const std::string& track, const std::string& race_id) {
    Event input;
    input.track = track;
    input.race_id = race_id;
    input.source = "director:anna";
    input.key = "c" + std::to_string(next_key_++);
    input.data = std::move(data);
    return send(std::move(input));
}

void HubDriver::run_to(TimeUs at_us) {
    for (auto deadline = next_deadline(state); deadline && deadline->time_us <= at_us;
         deadline = next_deadline(state)) {
        now_us = std::max(now_us, deadline->time_us);
        Event timer;
        timer.track = deadline->track;
        timer.source = "hub";
        timer.data = TimerElapsed{};
        send(std::move(timer));
        const auto after = next_deadline(state);
        if (after && after->time_us == deadline->time_us && after->track == deadline->track) {
            throw std::logic_error("a deadline stays due after it was decided");
        }
    }
    now_us = std::max(now_us, at_us);
}

void HubDriver::cross_at(TimeUs at_us, std::int32_t lane, Gate gate) {
    run_to(at_us);
    cross_late(at_us, lane, gate);
}

void HubDriver::cross_late(TimeUs at_us, std::int32_t lane, Gate gate) {
    Event input;
    input.time_us = at_us;
    input.track = "main";
    input.source = "gates";
    input.key = "g" + std::to_string(next_key_++);
    input.data = GateCrossed{gate, lane, {}, 0};
    send(std::move(input));
}

void HubDriver::cross_stamped(TimeUs at_us, std::int32_t lane, const std::string& clock,
                              TimeUs stamp_us) {
    run_to(at_us);
    Event input;
    input.time_us = at_us;
    input.track = "main";
    input.source = "gates";
    input.key = "g" + std::to_string(next_key_++);
    input.data = GateCrossed{Gate::finish, lane, clock, stamp_us};
    send(std::move(input));
}

TimeUs HubDriver::start_race() {
    command(RaceStart{});
    if (!outcome.accepted) throw std::logic_error("start refused: " + outcome.message);
    const TimeUs go_us = race().go_us;
    run_to(go_us);
    if (phase() != Phase::running) throw std::logic_error("not running at lights out");
    return go_us;
}

void HubDriver::drive(std::int32_t lane, TimeUs from_us, const std::vector<TimeUs>& laps_us) {
    for (TimeUs lap_us : laps_us) cross_at(from_us += lap_us, lane);
}

const Race& HubDriver::race(const std::string& track) const {
    const Track* found = state.find(track);
    if (found == nullptr || !found->race) throw std::logic_error("no race on " + track);
    return *found->race;
}

const EntryState& HubDriver::entry(std::int32_t number, const std::string& track) const {
    const EntryState* found = race(track).find(number);
    if (found == nullptr) throw std::logic_error("no entry " + std::to_string(number));
    return *found;
}

Phase HubDriver::phase(const std::string& track) const {
    const Track* found = state.find(track);
    return found != nullptr ? found->phase() : Phase::idle;
}

std::vector<TimeUs> HubDriver::laps_us(std::int32_t number) const {
    std::vector<TimeUs> list;
    for (const Lap& lap : entry(number).laps) {
        if (lap.number > 0) list.push_back(lap.lap_us);
    }
    return list;
}

std::vector<std::int32_t> HubDriver::order() const {
    std::vector<std::int32_t> list;
    for (const Standing& row : standings(race())) list.push_back(row.entry);
    return list;
}

Standing HubDriver::standing(std::int32_t number) const {
    for (const Standing& row : standings(race())) {
        if (row.entry == number) return row;
    }
    throw std::logic_error("no standing for entry " + std::to_string(number));
}

}  // namespace racehub::test
