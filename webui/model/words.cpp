#include "webui/model/words.h"

#include "webui/model/format.h"

namespace racehub::words {

std::string_view phase(Phase phase, bool paused) {
    switch (phase) {
        case Phase::idle:
            return "Ready for a new race";
        case Phase::armed:
            return "Armed";
        case Phase::lights:
            return "Start lights";
        case Phase::running:
            return paused ? "Paused" : "Racing";
        case Phase::finishing:
            return paused ? "Paused" : "Finish your lap";
        case Phase::finished:
            return "Finished";
        case Phase::aborted:
            return "Aborted";
        case Phase::held:
            return "Under review";
    }
    return "";
}

std::string_view hint(Phase phase, bool paused) {
    if (paused) return "The race clock stands. Crossings are shown, not counted.";
    switch (phase) {
        case Phase::idle:
            return "Check lanes and rules, then arm the race.";
        case Phase::armed:
            return "Cars to the grid. START begins the light sequence.";
        case Phase::lights:
            return "Crossing the line now is a jump start.";
        case Phase::running:
            return "";
        case Phase::finishing:
            return "The distance is done: everyone finishes the lap they are on.";
        case Phase::finished:
            return "The result is stored. Corrections are still possible.";
        case Phase::aborted:
            return "This race does not count.";
        case Phase::held:
            return "This result is not final: accept it, correct it or run it again.";
    }
    return "";
}

std::string_view watcher_hint(Phase phase, bool paused) {
    if (paused) return "The race clock stands.";
    switch (phase) {
        case Phase::idle:
            return "The next race is being prepared.";
        case Phase::armed:
            return "Cars to the grid.";
        case Phase::lights:
        case Phase::running:
        case Phase::finished:
            return "";
        case Phase::finishing:
            return "The distance is done: everyone finishes the lap they are on.";
        case Phase::aborted:
            return "This race does not count.";
        case Phase::held:
            return "The race director looks at this result.";
    }
    return "";
}

std::string_view status(EntryStatus status) {
    switch (status) {
        case EntryStatus::ready:
            return "READY";
        case EntryStatus::running:
            return "RUN";
        case EntryStatus::finished:
            return "FIN";
        case EntryStatus::dnf:
            return "DNF";
        case EntryStatus::dsq:
            return "DSQ";
        case EntryStatus::dns:
            return "DNS";
    }
    return "";
}

std::string_view status_long(EntryStatus status) {
    switch (status) {
        case EntryStatus::ready:
            return "ready";
        case EntryStatus::running:
            return "racing";
        case EntryStatus::finished:
            return "finished";
        case EntryStatus::dnf:
            return "did not finish";
        case EntryStatus::dsq:
            return "disqualified";
        case EntryStatus::dns:
            return "did not start";
    }
    return "";
}

std::string_view gate(Gate gate) {
    switch (gate) {
        case Gate::start:
            return "Start line";
        case Gate::finish:
            return "Finish line";
        case Gate::sector_1:
            return "Sector 1";
        case Gate::sector_2:
            return "Sector 2";
        case Gate::sector_3:
            return "Sector 3";
        case Gate::sector_4:
            return "Sector 4";
        case Gate::pit_in:
            return "Pit entry";
        case Gate::pit_out:
            return "Pit exit";
    }
    return "";
}

std::string_view discipline(Discipline discipline) {
    switch (discipline) {
        case Discipline::circuit:
            return "Races with laps";
        case Discipline::heat:
            return "Heats, one run";
        case Discipline::reported:
            return "Timed by others";
    }
    return "";
}

std::string_view distance(Distance distance) {
    switch (distance) {
        case Distance::laps:
            return "Laps";
        case Distance::time:
            return "Time";
        case Distance::open:
            return "Open";
    }
    return "";
}

std::string_view jump_rule(JumpRule rule) {
    switch (rule) {
        case JumpRule::ignore:
            return "Ignore";
        case JumpRule::warn:
            return "Warn";
        case JumpRule::time_penalty:
            return "Time penalty";
        case JumpRule::disqualify:
            return "Disqualify";
    }
    return "";
}

std::string_view first_lap(FirstLap first_lap) {
    switch (first_lap) {
        case FirstLap::from_start:
            return "Lights out";
        case FirstLap::from_first_crossing:
            return "First crossing";
    }
    return "";
}

std::string_view finish(Finish finish) {
    switch (finish) {
        case Finish::current_lap:
            return "Current lap";
        case Finish::full_distance:
            return "Whole distance";
    }
    return "";
}

std::string_view ignored(IgnoreReason reason) {
    switch (reason) {
        case IgnoreReason::no_race:
            return "no race is on";
        case IgnoreReason::not_started:
            return "the race has not started";
        case IgnoreReason::too_soon:
            return "too soon after the last one";
        case IgnoreReason::paused:
            return "the race is paused";
        case IgnoreReason::no_entry:
            return "nobody races on this lane";
        case IgnoreReason::entry_out:
            return "this entry is out of the race";
        case IgnoreReason::entry_finished:
            return "this entry has finished";
        case IgnoreReason::too_late:
            return "it arrived after the race had ended";
        case IgnoreReason::before_start:
            return "before the start";
    }
    return "";
}

std::string_view ended(EndReason reason) {
    switch (reason) {
        case EndReason::distance:
            return "The distance is done";
        case EndReason::all_finished:
            return "Everyone has finished";
        case EndReason::grace_over:
            return "The time to finish is over";
        case EndReason::stopped:
            return "Stopped by the race director";
        case EndReason::aborted:
            return "Aborted";
        case EndReason::timed:
            return "Timed by the track.";
        case EndReason::accepted:
            return "Accepted by the race director.";
        case EndReason::reported:
            return "Finished, as reported";
    }
    return "";
}

std::string_view lap_status(LapStatus status) {
    switch (status) {
        case LapStatus::counted:
            return "counts";
        case LapStatus::crossing_void:
            return "ghost crossing";
        case LapStatus::lap_void:
            return "void lap";
    }
    return "";
}

std::string_view connection(ConnectionPhase phase) {
    switch (phase) {
        case ConnectionPhase::connecting:
            return "Connecting";
        case ConnectionPhase::live:
            return "Live";
        case ConnectionPhase::stale:
            return "No update";
        case ConnectionPhase::waiting:
            return "No connection";
    }
    return "";
}

std::string_view heat_phase(Phase phase) {
    switch (phase) {
        case Phase::idle:
            return "Ready";
        case Phase::armed:
            return "Armed";
        case Phase::lights:
        case Phase::running:
        case Phase::finishing:
            return "Cars are running";
        case Phase::finished:
            return "Final";
        case Phase::aborted:
            return "Aborted";
        case Phase::held:
            return "Not final";
    }
    return "";
}

std::string_view heat_hint(Phase phase, bool has_session, bool heats_left) {
    switch (phase) {
        case Phase::armed:
            return "Cars to the gate. The heat begins when the start gate opens.";
        case Phase::lights:
        case Phase::running:
        case Phase::finishing:
            return "The timing device reports when all lanes are in.";
        case Phase::held:
            return "Nobody sees this result as final before you decide.";
        case Phase::idle:
        case Phase::finished:
        case Phase::aborted:
            break;
    }
    if (!has_session) return "Plan a session under Heats, or arm the lanes as they are.";
    return heats_left ? "" : "All heats of this session have been run.";
}

std::string_view heat_stage(HeatStage stage) {
    switch (stage) {
        case HeatStage::planned:
            return "";
        case HeatStage::next:
            return "next";
        case HeatStage::armed:
            return "armed";
        case HeatStage::running:
            return "running";
        case HeatStage::held:
            return "not final";
        case HeatStage::done:
            return "done";
    }
    return "";
}

std::string_view hold(HoldReason reason) {
    switch (reason) {
        case HoldReason::all_dnf:
            return "No lane has a time. Was the gate opened by mistake?";
        case HoldReason::identical_times:
            return "All lanes have the very same time. Check the timing device.";
        case HoldReason::under_minimum:
            return "A lane time is shorter than any car can be. Did something else break the beam?";
        case HoldReason::at_timeout:
            return "All times are the device's limit. Did no car reach the finish?";
        case HoldReason::negative:
            return "A lane time is negative. Check the timing device.";
        case HoldReason::lanes_differ:
            return "The device reports other lanes than those that race.";
        case HoldReason::device_fault:
            return "The timing device reported a fault.";
    }
    return "";
}

std::string_view rank_by(RankBy rank_by) {
    switch (rank_by) {
        case RankBy::average:
            return "by average time";
        case RankBy::best:
            return "by best time";
        case RankBy::points:
            return "by points";
    }
    return "";
}

std::string heat_result(HeatStatus status, TimeUs time_us) {
    switch (status) {
        case HeatStatus::waiting:
            return {};
        case HeatStatus::timed:
            return format_lap(time_us);
        case HeatStatus::dnf:
            return "DNF";
    }
    return {};
}

std::string participant(const Entry& entry) {
    return entry.driver.empty() ? "No. " + std::to_string(entry.entry) : entry.driver;
}

std::string rules(const RaceSettings& settings) {
    if (settings.discipline == Discipline::heat) return "Heats, one run on each lane";
    switch (settings.distance) {
        case Distance::laps:
            return format_count(settings.laps, "lap", "laps");
        case Distance::time:
            return format_duration(settings.time_us);
        case Distance::open:
            return "Open, until stopped";
    }
    return {};
}

std::string who(std::string_view by) {
    constexpr std::string_view kDirector = "director:";
    if (by.empty()) return "the hub";
    if (by == "rules") return "the rules";
    if (by.substr(0, kDirector.size()) == kDirector) by.remove_prefix(kDirector.size());
    return by.empty() ? "race director" : std::string(by);
}

std::string entry_name(const Entry& entry) {
    if (!entry.driver.empty()) return entry.driver;
    if (entry.lane > 0) return "Lane " + std::to_string(entry.lane);
    return "No. " + std::to_string(entry.entry);
}

}  // namespace racehub::words
