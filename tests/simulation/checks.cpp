#include "tests/simulation/checks.h"

#include <nlohmann/json.hpp>

namespace racehub::test {
namespace {

template <class... P>
bool is_one_of(const Payload& data) {
    return (std::holds_alternative<P>(data) || ...);
}

std::string name(const Race& race, const EntryState& entry) {
    return race.race_id + "/" + std::to_string(entry.entry.entry);
}

/// Race clock by the plainest sum there is.
TimeUs clock_at(const Race& race, TimeUs at_us) {
    TimeUs clock_us = at_us - race.started_us;
    for (const Pause& pause : race.pauses) {
        const TimeUs to_us = pause.to_us == 0 ? at_us : std::min(pause.to_us, at_us);
        if (to_us > pause.from_us) clock_us -= to_us - pause.from_us;
    }
    return clock_us;
}

}  // namespace

std::string Checks::after(const Event& input, const Outcome& outcome,
                          const std::vector<Event>& facts, const HubState& state) {
    std::string wrong = detection_counted_once(input, facts);
    if (wrong.empty()) wrong = refusal_changed_nothing(input, outcome, facts);
    for (const Event& fact : facts) {
        if (const auto* data = std::get_if<LapVoided>(&fact.data)) {
            touched_.insert(fact.race_id + "/" + std::to_string(data->entry) + "/" +
                            std::to_string(data->lap));
        }
    }
    const Track* track = state.find(input.track);
    if (!wrong.empty() || track == nullptr || !track->race) return wrong;
    const Race& race = *track->race;
    wrong = laps_only_grow(facts, race);
    for (const EntryState& entry : race.entries) {
        if (wrong.empty()) wrong = figures_follow(race, entry);
        if (wrong.empty()) wrong = crossings_apart(race, entry);
    }
    if (wrong.empty()) wrong = table_in_order(race);
    const auto deadline = next_deadline(state);
    if (wrong.empty() && deadline && deadline->time_us <= input.recv_us) {
        wrong = "a deadline was left behind";
    }
    return wrong;
}

std::string Checks::detection_counted_once(const Event& input,
                                           const std::vector<Event>& facts) const {
    int answers = 0;
    for (const Event& fact : facts) {
        if (is_one_of<LapCompleted, SplitPassed, CrossingIgnored, JumpStartDetected>(fact.data)) {
            ++answers;
        }
    }
    const int expected = std::holds_alternative<GateCrossed>(input.data) ? 1 : 0;
    if (answers == expected) return {};
    return "a detection was answered " + std::to_string(answers) + " times";
}

std::string Checks::refusal_changed_nothing(const Event& input, const Outcome& outcome,
                                            const std::vector<Event>& facts) const {
    if (outcome.accepted) return {};
    for (const Event& fact : facts) {
        if (!is_one_of<LightLit, RaceStarted, RaceFinishing, RaceFinished>(fact.data)) {
            return "a refused " + std::string(type_of(input.data)) + " made a " +
                   std::string(type_of(fact.data));
        }
    }
    return {};
}

/// Only a correction, or another instant of the flag, takes laps away.
std::string Checks::laps_only_grow(const std::vector<Event>& facts, const Race& race) {
    bool corrected = false;
    for (const Event& fact : facts) {
        corrected = corrected || is_one_of<LapVoided, LapRestored, LapAdded>(fact.data);
    }
    TimeUs& finishing_us = finishing_before_[race.race_id];
    const bool same_flag = finishing_us == race.finishing_us;
    finishing_us = race.finishing_us;
    for (const EntryState& entry : race.entries) {
        std::int32_t& before = laps_before_[name(race, entry)];
        if (entry.laps_counted < before && !corrected && same_flag) {
            return "entry " + name(race, entry) + " lost a lap without a correction";
        }
        before = entry.laps_counted;
    }
    return {};
}

std::string Checks::figures_follow(const Race& race, const EntryState& entry) const {
    const RaceSettings& rules = race.settings;
    const bool to_laps = rules.distance == Distance::laps;
    const std::string who = "entry " + name(race, entry);
    const Lap* previous = nullptr;
    std::int32_t count = 0;
    TimeUs sum_us = 0, best_us = 0, total_us = 0;
    bool over = false;
    std::set<std::int32_t> ids;
    for (const Lap& lap : entry.laps) {
        if (!ids.insert(lap.id).second || lap.id >= entry.next_lap) return who + ": lap id twice";
        if (&lap != &entry.laps.front() && lap.crossed_us < (&lap - 1)->crossed_us) {
            return who + ": crossings out of order";
        }
        const bool begins = previous == nullptr && rules.first_lap == FirstLap::from_first_crossing;
        const bool counts = lap.status == LapStatus::counted && !begins && !over;
        if ((lap.number > 0) != counts) return who + ": a lap counts that must not, or not";
        if (counts) {
            if (lap.number != ++count) return who + ": lap numbers are not 1..n";
            const TimeUs from_us = previous != nullptr ? previous->crossed_us : race.started_us;
            const TimeUs by_hub_us = clock_at(race, lap.crossed_us) - clock_at(race, from_us);
            const bool stamped =
                previous != nullptr && !lap.clock.empty() && lap.clock == previous->clock;
            if (!stamped && lap.lap_us != by_hub_us)
                return who + ": lap time is not the difference";
            // Stamps may differ from the hub's clock by what a network delays, not by a clock's
            // jump.
            if (lap.lap_us < 0 || std::abs(lap.lap_us - by_hub_us) > kHourUs) {
                return who + ": lap time is absurd";
            }
            sum_us += lap.lap_us;
            total_us = clock_at(race, lap.crossed_us);
            if (best_us == 0 || lap.lap_us < best_us) best_us = lap.lap_us;
        } else if (lap.lap_us != 0) {
            return who + ": a lap that does not count has a time";
        }
        if (lap.status != LapStatus::crossing_void) {
            previous = &lap;
            const bool flag = race.finishing_us != 0 && lap.crossed_us >= race.finishing_us;
            over = over || (flag && !(to_laps && rules.finish == Finish::full_distance));
        }
        over = over || (to_laps && count >= rules.laps);
    }
    if (entry.laps_counted != count) return who + ": laps are miscounted";
    if (entry.lap_times_us != sum_us) return who + ": the sum of laps is wrong";
    if (entry.total_us != total_us) return who + ": the total is wrong";
    if (entry.best_lap_us != best_us) return who + ": the best lap is wrong";
    TimeUs penalty_us = 0;
    for (const Penalty& penalty : entry.penalties) {
        penalty_us += penalty.withdrawn ? 0 : penalty.penalty_us;
    }
    if (entry.penalty_us != penalty_us) return who + ": the penalties do not add up";
    return {};
}

/// Two crossings nearer than a car can be are one car counted twice, unless a marshal said so.
std::string Checks::crossings_apart(const Race& race, const EntryState& entry) const {
    const TimeUs min_us = std::max<TimeUs>(race.settings.min_lap_us, 1);
    const Lap* previous = nullptr;
    for (const Lap& lap : entry.laps) {
        const std::string id = name(race, entry) + "/" + std::to_string(lap.id);
        if (lap.manual || touched_.count(id) > 0) continue;
        if (previous != nullptr && lap.crossed_us - previous->crossed_us < min_us) {
            return "entry " + name(race, entry) + " was counted twice for one crossing";
        }
        previous = &lap;
    }
    return {};
}

std::string Checks::table_in_order(const Race& race) const {
    const std::vector<Standing> rows = standings(race);
    if (rows.size() != race.entries.size()) return "the table does not have each entry once";
    std::set<std::int32_t> seen;
    int fastest = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Standing& row = rows[i];
        if (row.position != static_cast<std::int32_t>(i) + 1) return "positions are not 1..n";
        if (!seen.insert(row.entry).second) return "an entry stands twice in the table";
        if (row.gap_us < 0 || row.interval_us < 0 || row.laps_behind_leader < 0) {
            return "a gap is negative";
        }
        fastest += row.fastest ? 1 : 0;
        if (i == 0) continue;
        const Standing& ahead = rows[i - 1];
        const auto out = [](const Standing& standing) {
            return standing.status == EntryStatus::dnf || standing.status == EntryStatus::dsq ||
                   standing.status == EntryStatus::dns;
        };
        if (out(ahead) && !out(row)) return "an entry that is out stands before one that is not";
        if (out(ahead) != out(row) || ahead.status != row.status) continue;
        if (ahead.laps < row.laps) return "more laps stand behind fewer";
        if (ahead.laps == row.laps && ahead.total_us > row.total_us) return "slower before faster";
    }
    if (fastest > 1) return "two fastest laps";
    return {};
}

std::string survives_snapshot(const HubState& state) {
    nlohmann::json object;
    std::string error;
    HubState back;
    const std::string text = encode_state(state);
    if (!parse_object(text, object, error)) return "the snapshot is no JSON: " + error;
    if (!decode_state(object, back, error)) return "the snapshot cannot be read: " + error;
    if (digest(back) != digest(state)) return "the snapshot reads back as another state";
    if (encode_state(back) != text) return "the snapshot writes back as another text";
    return {};
}

std::string decides_the_same(const std::vector<Event>& inputs, const std::vector<Event>& facts) {
    HubState state;
    std::vector<Event> again;
    const FindRace find = [&](const std::string& race_id, const std::string& track) {
        RaceFold fold(race_id);
        for (const Event& fact : again) fold.take(fact);
        return fold.track() == track ? fold.race() : std::nullopt;
    };
    for (const Event& input : inputs) decide(state, input, again, find);
    if (again.size() != facts.size()) return "deciding again gives another number of facts";
    for (std::size_t i = 0; i < facts.size(); ++i) {
        if (encode_event(again[i]) != encode_event(facts[i])) {
            return "deciding again gives another fact: " + encode_event(again[i]) + " for " +
                   encode_event(facts[i]);
        }
    }
    return {};
}

}  // namespace racehub::test
