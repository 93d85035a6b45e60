#pragma once
// Every word that both faces show, the canvas and the plain pages: one place, so that they never
// say it differently.

#include <string>
#include <string_view>

#include "hub/core/leaderboard.h"
#include "webui/model/connection.h"
#include "webui/model/heats_view.h"

namespace racehub::words {

std::string_view phase(Phase phase, bool paused);
/// What the race director can do or should expect now; one sentence.
std::string_view hint(Phase phase, bool paused);
/// The same for those who watch.
std::string_view watcher_hint(Phase phase, bool paused);
std::string_view status(EntryStatus status);       ///< short, for a table: "RUN", "FIN", "DNF"
std::string_view status_long(EntryStatus status);  ///< for reading aloud
std::string_view gate(Gate gate);
std::string_view discipline(Discipline discipline);
std::string_view distance(Distance distance);
std::string_view jump_rule(JumpRule rule);
std::string_view first_lap(FirstLap first_lap);
std::string_view finish(Finish finish);
std::string_view ignored(IgnoreReason reason);
std::string_view ended(EndReason reason);
std::string_view lap_status(LapStatus status);
std::string_view connection(ConnectionPhase phase);
/// "20 laps", "5 min", "open": the distance with its figure.
std::string rules(const RaceSettings& settings);
/// Who: "director:Anna" is Anna, "rules" is the rules; empty is the hub.
std::string who(std::string_view by);
/// Heats: what the track does, and what the race director can do or should expect.
std::string_view heat_phase(Phase phase);
std::string_view heat_hint(Phase phase, bool has_session, bool heats_left);
std::string_view heat_stage(HeatStage stage);
/// Why a result is not believed, and what to look at; one sentence.
std::string_view hold(HoldReason reason);
std::string_view rank_by(RankBy rank_by);  ///< "by average time"
/// "3.123", "DNF", or nothing yet.
std::string heat_result(HeatStatus status, TimeUs time_us);
/// The driver of a session, or "No. 17": its lane changes from heat to heat.
std::string participant(const Entry& entry);
/// The driver, or "Lane 2", or "No. 17".
std::string entry_name(const Entry& entry);

}  // namespace racehub::words
