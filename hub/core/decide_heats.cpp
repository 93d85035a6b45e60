#include <set>

#include "hub/core/decider.h"

namespace racehub {
namespace {

std::set<std::int32_t> waiting_lanes(const Race& race) {
    std::set<std::int32_t> lanes;
    for (const EntryState& entry : race.entries) {
        if (entry.heat == HeatStatus::waiting) lanes.insert(entry.entry.lane);
    }
    return lanes;
}

/// Why a report cannot be believed as it is; `results` are those of the lanes that were waited for.
std::optional<HoldReason> doubt(const Race& race, const HeatReported& report,
                                const std::vector<HeatResult>& results) {
    if (!report.fault.empty()) return HoldReason::device_fault;
    const std::set<std::int32_t> waited = waiting_lanes(race);
    const std::set<std::int32_t> armed(report.armed_lanes.begin(), report.armed_lanes.end());
    if (!armed.empty() && armed != waited) return HoldReason::lanes_differ;
    for (const LaneTime& time : report.results) {
        if (waited.count(time.lane) == 0) return HoldReason::lanes_differ;
        if (time.time_us < 0) return HoldReason::negative;
    }
    std::vector<TimeUs> times;
    for (const HeatResult& result : results) {
        if (result.status == HeatStatus::timed) times.push_back(result.time_us);
    }
    if (times.empty()) return HoldReason::all_dnf;
    const auto [least, most] = std::minmax_element(times.begin(), times.end());
    if (*least < race.settings.min_heat_us) return HoldReason::under_minimum;
    if (*least >= race.settings.heat_timeout_us) return HoldReason::at_timeout;
    if (times.size() > 1 && *least == *most) return HoldReason::identical_times;
    return std::nullopt;
}

}  // namespace

// ---- what the timing device reports ----

void Decider::decide(const HeatStarted&) {
    if (track_ == nullptr) return no_track();
    if (other_race()) return;
    if (track_->phase() != Phase::armed || track_->race->settings.discipline != Discipline::heat) {
        return;  // a gate that opens while nothing is armed is practice
    }
    emit(RaceStarted{}, std::min(input_.time_us, now_us_));
}

void Decider::decide(const HeatReported& data) {
    if (track_ == nullptr) return no_track();
    if (data.missed_reports) emit(ReportsMissed{data.report_id}, now_us_);
    if (known_report(data.report_id)) return;
    // What was armed for another race is for the race director to judge.
    if (waits_for_report() && !other_race()) return take_report(data);
    emit(ReportOffered{data.report_id, data.results, data.armed_lanes, data.fault}, now_us_);
}

bool Decider::other_race() const {
    return !input_.race_id.empty() && track_->race && track_->race->race_id != input_.race_id;
}

bool Decider::waits_for_report() const {
    return track_->race && track_->race->settings.discipline == Discipline::heat &&
           (track_->race->phase == Phase::armed || track_->race->phase == Phase::running);
}

bool Decider::known_report(const std::string& report_id) const {
    if (track_->race && track_->race->report_id == report_id) return true;
    return std::any_of(track_->offers.begin(), track_->offers.end(),
                       [&](const Offer& offer) { return offer.report_id == report_id; });
}

void Decider::take_report(const HeatReported& report) {
    const Race& race = *track_->race;
    HeatTimed timed{report.report_id, {}};
    for (const EntryState& entry : race.entries) {
        if (entry.heat != HeatStatus::waiting) continue;
        HeatResult result{entry.entry.entry, HeatStatus::dnf, 0};
        for (const LaneTime& time : report.results) {
            if (time.lane != entry.entry.lane) continue;
            result.status = HeatStatus::timed;
            result.time_us = time.time_us;
        }
        timed.results.push_back(result);
    }
    const std::optional<HoldReason> hold = doubt(race, report, timed.results);
    emit(std::move(timed), now_us_);
    if (hold) {
        emit(RaceHeld{*hold, report.fault}, now_us_);
    } else {
        emit(RaceFinished{EndReason::timed, std::string(kRules)}, now_us_);
    }
}

// ---- the race director's word on a heat ----

void Decider::decide(const HeatAccept&) {
    if (!known_track() || !same_race()) return;
    if (track_->phase() != Phase::held) {
        return refuse("wrong_phase", "No held heat is waiting to be accepted on this track.");
    }
    emit(RaceFinished{EndReason::accepted, input_.source}, now_us_);
}

void Decider::decide(const HeatRerun& data) {
    if (!known_track() || !same_race() || !heat_done()) return;
    std::vector<std::int32_t> again = data.entries;
    for (const std::int32_t number : again) {
        if (track_->race->find(number) == nullptr) return no_entry(number);
    }
    if (again.empty()) {
        for (const EntryState& entry : track_->race->entries) again.push_back(entry.entry.entry);
    }
    emit(HeatReopened{std::move(again), input_.source, data.reason}, now_us_);
}

void Decider::decide(const HeatCorrect& data) {
    if (entry_in_race(data.entry) == nullptr || !heat_done()) return;
    const HeatStatus status = data.time_us == 0 ? HeatStatus::dnf : HeatStatus::timed;
    emit(HeatCorrected{data.entry, status, data.time_us, input_.source, data.reason}, now_us_);
}

bool Decider::heat_done() {
    const Phase phase = track_->phase();
    const bool heat = track_->race && track_->race->settings.discipline == Discipline::heat;
    if (heat && (phase == Phase::held || phase == Phase::finished)) return true;
    refuse("wrong_phase", "There is no heat with a result on this track.");
    return false;
}

void Decider::decide(const ReportTake& data) {
    if (!known_track() || !same_race()) return;
    const auto offer = std::find_if(track_->offers.begin(), track_->offers.end(),
                                    [&](const Offer& o) { return o.report_id == data.report_id; });
    if (offer == track_->offers.end()) return no_report(data.report_id);
    if (!waits_for_report()) {
        return refuse("wrong_phase", "Arm the heat that this report belongs to first.");
    }
    const HeatReported report{offer->report_id, offer->results, offer->armed_lanes, offer->fault,
                              false};
    emit(ReportTaken{data.report_id, input_.source, data.reason}, now_us_);
    take_report(report);
}

void Decider::decide(const ReportDismiss& data) {
    if (!known_track() || !same_race()) return;
    const bool known = std::any_of(track_->offers.begin(), track_->offers.end(),
                                   [&](const Offer& o) { return o.report_id == data.report_id; });
    if (!known) return no_report(data.report_id);
    emit(ReportDismissed{data.report_id, input_.source, data.reason}, now_us_);
}

void Decider::no_report(const std::string& report_id) {
    refuse("no_report", "No report \"" + report_id + "\" is on offer on this track.");
}

// ---- sessions ----

void Decider::decide(const SessionPlan& data) {
    if (!known_track()) return;
    if (busy()) return refuse_running();
    RotationRequest request;
    request.rounds = data.rounds;
    request.lanes = data.lanes.empty() ? all_lanes() : data.lanes;
    for (const Entry& entry : data.entries) request.entries.push_back(entry.entry);
    if (!good(request)) return;
    SessionPlanned planned{data.name, data.entries, request.lanes, data.rounds, {}};
    planned.heats = numbered(plan_rotation(request), 1);
    if (planned.heats.size() > kMaxHeats) {
        return refuse("too_many_heats", "That makes more than " + std::to_string(kMaxHeats) +
                                            " heats; plan fewer rounds.");
    }
    emit(std::move(planned), now_us_);
}

void Decider::decide(const SessionChange& data) {
    if (!known_track()) return;
    if (busy()) return refuse_running();
    if (!track_->session)
        return refuse("no_session", "There is no session of heats on this track.");
    const Session& session = *track_->session;
    const std::set<std::int32_t> leaving(data.withdraw.begin(), data.withdraw.end());
    const std::set<std::int32_t> back(data.bring_back.begin(), data.bring_back.end());
    RotationRequest request;
    request.rounds = session.rounds;
    request.lanes = data.lanes.empty() ? session.lanes : data.lanes;
    std::set<std::int32_t> known;
    for (const Participant& participant : session.participants) {
        const std::int32_t number = participant.entry.entry;
        known.insert(number);
        const bool out =
            (participant.withdrawn && back.count(number) == 0) || leaving.count(number) != 0;
        if (!out) request.entries.push_back(number);
    }
    for (const std::set<std::int32_t>* named : {&leaving, &back}) {
        for (const std::int32_t number : *named) {
            if (known.count(number) == 0) return no_entry(number);
        }
    }
    for (const Entry& entry : data.add) {
        if (known.count(entry.entry) != 0) {
            return refuse("bad_value", "data.add: entry " + std::to_string(entry.entry) +
                                           " is in this session already. Bring it back instead.");
        }
        request.entries.push_back(entry.entry);
    }
    if (session.participants.size() + data.add.size() > kMaxEntries) {
        return refuse("too_many_entries",
                      "A session holds at most " + std::to_string(kMaxEntries) + " entries.");
    }
    if (!good(request)) return;
    std::int32_t last = 0;
    for (const Heat& heat : session.heats) {
        if (!heat.done) continue;
        request.done.push_back(heat.lanes);
        last = std::max(last, heat.heat);
    }
    emit(SessionReplanned{data.add, data.withdraw, data.bring_back, request.lanes,
                          numbered(plan_rotation(request), last + 1), input_.source, data.reason},
         now_us_);
}

void Decider::decide(const HeatArm& data) {
    if (!known_track()) return;
    if (busy()) return refuse_running();
    if (!track_->session)
        return refuse("no_session", "There is no session of heats on this track.");
    const Session& session = *track_->session;
    const Heat* heat = data.heat == 0 ? session.next() : session.find(data.heat);
    if (heat == nullptr) {
        return refuse("no_heat", data.heat == 0 ? "All heats of this session have been run."
                                                : "This session has no heat " +
                                                      std::to_string(data.heat) + ".");
    }
    RaceArmed armed{track_->settings, {}, heat->heat};
    armed.settings.discipline = Discipline::heat;
    for (const HeatLane& lane : heat->lanes) {
        for (const Participant& participant : session.participants) {
            if (participant.entry.entry != lane.entry || participant.withdrawn) continue;
            armed.entries.push_back(participant.entry);
            armed.entries.back().lane = lane.lane;
        }
    }
    if (armed.entries.empty()) return refuse("no_entries", "Everyone in this heat has withdrawn.");
    emit_for(std::to_string(state_.races + 1), std::move(armed), now_us_);
}

std::vector<std::int32_t> Decider::all_lanes() const {
    std::vector<std::int32_t> lanes;
    for (std::int32_t lane = 1; lane <= track_->lanes; ++lane) lanes.push_back(lane);
    return lanes;
}

bool Decider::good(const RotationRequest& request) {
    const std::set<std::int32_t> entries(request.entries.begin(), request.entries.end());
    const std::set<std::int32_t> lanes(request.lanes.begin(), request.lanes.end());
    if (entries.size() != request.entries.size() || entries.empty()) {
        refuse(
            "bad_value",
            "Each entry of a session needs a number of its own, and there must be one at least.");
    } else if (lanes.size() != request.lanes.size() || lanes.empty() || *lanes.begin() < 1 ||
               *lanes.rbegin() > track_->lanes) {
        refuse("bad_value", "data.lanes: must name lanes of this track, each once: 1 to " +
                                std::to_string(track_->lanes) + ".");
    } else {
        return true;
    }
    return false;
}

std::vector<PlannedHeat> Decider::numbered(std::vector<HeatLanes> heats, std::int32_t first) {
    std::vector<PlannedHeat> planned;
    for (HeatLanes& lanes : heats) planned.push_back(PlannedHeat{first++, std::move(lanes)});
    return planned;
}

}  // namespace racehub
