#include "webui/model/feed.h"

#include <algorithm>

#include "hub/core/standings.h"
#include "webui/model/format.h"
#include "webui/model/words.h"

namespace racehub {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

const Race* race_of(const Event& fact, const HubState& state) {
    const Track* track = state.find(fact.track);
    return track != nullptr && track->race && track->race->race_id == fact.race_id ? &*track->race
                                                                                   : nullptr;
}

std::string name_of(const Event& fact, const HubState& state, std::int32_t number) {
    const Race* race = race_of(fact, state);
    const EntryState* entry = race != nullptr ? race->find(number) : nullptr;
    return entry != nullptr ? words::entry_name(entry->entry) : "Entry " + std::to_string(number);
}

struct Top {
    std::int32_t leader = 0;  ///< 0: nobody has a lap
    TimeUs fastest_us = 0;    ///< 0: none
};

Top top_of(const Race& race) {
    Top top;
    const std::vector<Standing> table = standings(race);
    if (!table.empty() && table.front().laps > 0) top.leader = table.front().entry;
    for (const Standing& standing : table) {
        if (standing.fastest) top.fastest_us = standing.best_lap_us;
    }
    return top;
}

/// "lap 7", as the lap is numbered now, or "crossing 7" when it has no number.
std::string lap_name(const Event& fact, const HubState& state, std::int32_t number,
                     std::int32_t lap_id) {
    const Race* race = race_of(fact, state);
    const EntryState* entry = race != nullptr ? race->find(number) : nullptr;
    if (entry != nullptr) {
        for (const Lap& lap : entry->laps) {
            if (lap.id == lap_id && lap.number > 0) return "lap " + std::to_string(lap.number);
        }
    }
    return "crossing " + std::to_string(lap_id);
}

/// "Heat 3", or "The heat" when no session planned it.
std::string heat_name(const Event& fact, const HubState& state) {
    const Race* race = race_of(fact, state);
    return race != nullptr && race->heat > 0 ? "Heat " + std::to_string(race->heat) : "The heat";
}

bool is_heat(const Event& fact, const HubState& state) {
    const Race* race = race_of(fact, state);
    return race != nullptr && race->settings.discipline == Discipline::heat;
}

/// "Heat 3: Ada 3.123, Max 3.456, Tom DNF", fastest first.
std::string heat_text(const Event& fact, const HubState& state) {
    std::string text = heat_name(fact, state) + ": ";
    const Race* race = race_of(fact, state);
    if (race == nullptr) return text;
    bool first = true;
    for (const Standing& row : standings(*race)) {
        text += (first ? "" : ", ") + name_of(fact, state, row.entry) + " " +
                words::heat_result(row.heat, row.heat_us);
        first = false;
    }
    return text;
}

struct CorrectionText {
    std::int32_t entry = 0;
    std::string text, by, reason;
};

/// What a fact corrected; an empty text when it is no correction.
CorrectionText correction_of(const Event& fact, const HubState& state) {
    auto made = [&](const auto& data, std::string what) {
        return CorrectionText{data.entry, name_of(fact, state, data.entry) + ": " + what, data.by,
                              data.reason};
    };
    return std::visit(
        Overloaded{
            [&](const LapVoided& d) {
                return made(d, "crossing " + std::to_string(d.lap) + " → " +
                                   std::string(words::lap_status(d.as)));
            },
            [&](const LapRestored& d) {
                return made(d, lap_name(fact, state, d.entry, d.lap) + " restored");
            },
            [&](const LapAdded& d) {
                return made(d, lap_name(fact, state, d.entry, d.lap) + " added");
            },
            [&](const PenaltyGiven& d) {
                return made(d, "penalty +" + format_duration(d.penalty_us));
            },
            [&](const PenaltyWithdrawn& d) { return made(d, "penalty withdrawn"); },
            [&](const EntryRetired& d) { return made(d, "did not finish"); },
            [&](const EntryDisqualified& d) { return made(d, "disqualified"); },
            [&](const EntryReinstated& d) { return made(d, "back in the race"); },
            [&](const HeatCorrected& d) {
                return made(d, words::heat_result(d.status, d.time_us) + " by hand");
            },
            [&](const HeatReopened& d) {
                std::string names;
                for (const std::int32_t entry : d.entries)
                    names += (names.empty() ? "" : ", ") + name_of(fact, state, entry);
                return CorrectionText{0, heat_name(fact, state) + " again for " + names, d.by,
                                      d.reason};
            },
            [](const auto&) { return CorrectionText{}; },
        },
        fact.data);
}

}  // namespace

void Feed::clear() { *this = Feed(); }

void Feed::say(const Event& fact, Tone tone, bool spoken, std::string text) {
    if (notices_.size() >= kMaxNotices) notices_.pop_front();
    notices_.push_back(
        Notice{fact.seq, fact.time_us, fact.track, fact.race_id, tone, spoken, std::move(text)});
}

void Feed::before(const Event& fact, const HubState& state) {
    leader_before_ = 0;
    fastest_before_us_ = 0;
    if (!std::holds_alternative<LapCompleted>(fact.data)) return;
    if (const Race* race = race_of(fact, state)) {
        const Top top = top_of(*race);
        leader_before_ = top.leader;
        fastest_before_us_ = top.fastest_us;
    }
}

void Feed::add(const Event& fact, const HubState& state) {
    if (add_correction(fact, state)) return;
    tell(fact, state);
}

void Feed::add_history(const Event& fact, const HubState& state) {
    for (const Correction& known : corrections_) {
        if (known.seq == fact.seq) return;
    }
    const CorrectionText correction = correction_of(fact, state);
    if (correction.text.empty()) return;
    Correction entry{fact.seq,         fact.time_us,    fact.track,    fact.race_id,
                     correction.entry, correction.text, correction.by, correction.reason};
    auto place = std::find_if(corrections_.begin(), corrections_.end(),
                              [&](const Correction& later) { return later.seq > fact.seq; });
    corrections_.insert(place, std::move(entry));
    if (corrections_.size() > kMaxCorrections) corrections_.pop_front();
}

bool Feed::add_correction(const Event& fact, const HubState& state) {
    const CorrectionText correction = correction_of(fact, state);
    if (correction.text.empty()) return false;
    add_history(fact, state);
    std::string text = correction.text;
    if (!correction.reason.empty()) text += " (" + correction.reason + ")";
    say(fact, Tone::warning, true, std::move(text));
    return true;
}

void Feed::tell_lap(const Event& fact, const LapCompleted& lap, const HubState& state) {
    const Race* race = race_of(fact, state);
    if (race == nullptr) return;
    const Top top = top_of(*race);
    const std::string name = name_of(fact, state, lap.entry);
    if (top.leader != leader_before_ && leader_before_ != 0) {
        say(fact, Tone::info, true, name_of(fact, state, top.leader) + " takes the lead");
    }
    if (top.fastest_us != 0 && (fastest_before_us_ == 0 || top.fastest_us < fastest_before_us_) &&
        lap.number > 1) {
        say(fact, Tone::good, false, "Fastest lap: " + name + " " + format_lap(top.fastest_us));
    }
    const EntryState* entry = race->find(lap.entry);
    if (entry != nullptr && !entry->laps.empty() && entry->laps.back().suspect) {
        say(fact, Tone::warning, false, name + ": a very long lap. Was a crossing missed?");
    }
}

/// What is said otherwise of a heat, and what only heats have. False: nothing of it.
bool Feed::tell_heat(const Event& fact, const HubState& state) {
    bool told = true;
    auto tell_it = [&](Tone tone, bool spoken, std::string text) {
        say(fact, tone, spoken, std::move(text));
    };
    std::visit(Overloaded{
                   [&](const RaceArmed&) {
                       tell_it(Tone::info, true, heat_name(fact, state) + " is armed");
                   },
                   [&](const RaceStarted&) { tell_it(Tone::good, true, "The start gate opened"); },
                   [&](const RaceFinished&) { tell_it(Tone::good, true, heat_text(fact, state)); },
                   [&](const RaceHeld& d) {
                       tell_it(Tone::bad, true,
                               heat_name(fact, state) +
                                   " is not final: " + std::string(words::hold(d.hold)));
                   },
                   [&told](const auto&) { told = false; },
               },
               fact.data);
    return told;
}

void Feed::tell_session(const Event& fact) {
    auto tell_it = [&](Tone tone, bool spoken, std::string text) {
        say(fact, tone, spoken, std::move(text));
    };
    std::visit(
        Overloaded{
            [&](const SessionPlanned& d) {
                tell_it(
                    Tone::info, true,
                    d.name + ": " +
                        format_count(static_cast<std::int64_t>(d.heats.size()), "heat", "heats") +
                        " planned");
            },
            [&](const SessionReplanned& d) {
                tell_it(Tone::warning, true,
                        "The heats that are left were planned again by " + words::who(d.by) +
                            (d.reason.empty() ? "" : ": " + d.reason));
            },
            [&](const ReportOffered&) {
                tell_it(Tone::warning, false,
                        "A result came while no heat was armed. Take or dismiss it.");
            },
            [&](const ReportsMissed&) {
                tell_it(Tone::bad, true,
                        "Results of the timing device are missing. Compare with its own list.");
            },
            [](const auto&) {},
        },
        fact.data);
}

void Feed::tell(const Event& fact, const HubState& state) {
    if (is_heat(fact, state) && tell_heat(fact, state)) return;
    tell_session(fact);
    auto tell_it = [&](Tone tone, bool spoken, std::string text) {
        say(fact, tone, spoken, std::move(text));
    };
    std::visit(Overloaded{
                   [&](const RaceArmed& d) {
                       tell_it(Tone::info, true, "Race armed: " + words::rules(d.settings));
                   },
                   [&](const StartScheduled&) { tell_it(Tone::info, true, "Start lights"); },
                   [&](const RaceStarted&) { tell_it(Tone::good, true, "Lights out, go!"); },
                   [&](const JumpStartDetected& d) {
                       std::string text = "Jump start: " + name_of(fact, state, d.entry);
                       if (d.early_us > 0) text += ", " + format_lap(d.early_us) + " s early";
                       tell_it(Tone::bad, true, std::move(text));
                   },
                   [&](const LapCompleted& d) { tell_lap(fact, d, state); },
                   [&](const CrossingsMissed& d) {
                       tell_it(Tone::bad, true,
                               std::string(words::gate(d.gate)) + ", lane " +
                                   std::to_string(d.lane) + ": " +
                                   format_count(d.count, "crossing", "crossings") +
                                   " never arrived. Check the sensor.");
                   },
                   [&](const RacePaused& d) {
                       tell_it(Tone::warning, true, "Race paused by " + words::who(d.by));
                   },
                   [&](const RaceResumed& d) {
                       tell_it(Tone::good, true, "Race resumed by " + words::who(d.by));
                   },
                   [&](const RaceAborted& d) {
                       tell_it(Tone::bad, true,
                               "Race aborted by " + words::who(d.by) +
                                   (d.reason.empty() ? "" : ": " + d.reason));
                   },
                   [&](const RaceContinued&) { tell_it(Tone::warning, true, "The race goes on"); },
                   [&](const RaceFinishing&) {
                       tell_it(Tone::info, true, "Distance done: finish your lap");
                   },
                   [&](const EntryFinished& d) {
                       const Race* race = race_of(fact, state);
                       const EntryState* entry = race != nullptr ? race->find(d.entry) : nullptr;
                       if (entry == nullptr) return;
                       std::int32_t place = 1;
                       for (const Standing& row : standings(*race)) {
                           if (row.entry == d.entry) place = row.position;
                       }
                       tell_it(Tone::good, true,
                               words::entry_name(entry->entry) + " finishes, position " +
                                   std::to_string(place));
                   },
                   [&](const RaceFinished& d) {
                       tell_it(Tone::info, true,
                               "Race finished. " + std::string(words::ended(d.reason)) + ".");
                   },
                   [](const auto&) {},
               },
               fact.data);
}

}  // namespace racehub
