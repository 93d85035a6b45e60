#include "hub/core/state.h"

#include <algorithm>

#include "hub/core/laps.h"
#include "hub/core/reported.h"

namespace racehub {

namespace {

template <class T>
void put_by_entry(std::vector<T>& list, T value, std::int32_t (*number)(const T&)) {
    auto place = std::find_if(list.begin(), list.end(), [&](const T& candidate) {
        return number(candidate) >= number(value);
    });
    if (place != list.end() && number(*place) == number(value)) {
        *place = std::move(value);
    } else {
        list.insert(place, std::move(value));
    }
}

/// Folds one fact. `track` is the fact's track; `race` its race, or null.
class Applier {
  public:
    Applier(HubState& state, const Event& fact)
        : state_(state),
          fact_(fact),
          track_(state.find(fact.track)),
          race_(track_ != nullptr && track_->race && track_->race->race_id == fact.race_id
                    ? &*track_->race
                    : nullptr) {}

    template <class T>
    void operator()(const T& data) {
        if constexpr (requires { this->on(data); }) on(data);
    }

  private:
    void on(const TrackConfigured& data) {
        if (track_ == nullptr) {
            if (state_.tracks.size() >= kMaxTracks) return;
            track_ = &state_.tracks.emplace_back();
            track_->id = fact_.track;
        }
        track_->name = data.name;
        track_->lanes = data.lanes;
        track_->settings = data.settings;
        std::erase_if(track_->roster, [&](const Entry& e) { return e.lane > data.lanes; });
    }

    void on(const EntryAssigned& data) {
        if (track_ == nullptr) return;
        const bool for_race = !fact_.race_id.empty();
        // Who drives in a race that is over, or that others time, may not drive in the next.
        const bool race_only = race_ != nullptr && (race_->ended() || race_->report);
        if (!for_race || (race_ != nullptr && !race_only))
            put_by_entry<Entry>(track_->roster, data.entry, [](const Entry& e) { return e.entry; });
        if (race_ == nullptr) return;
        if (EntryState* entry = race_->find(data.entry.entry)) {
            entry->entry = data.entry;
        } else if (!race_->ended() && race_->entries.size() < kMaxEntries) {
            EntryState late;
            late.entry = data.entry;
            late.status = race_->on() ? EntryStatus::running : EntryStatus::ready;
            put_by_entry<EntryState>(race_->entries, late,
                                     [](const EntryState& e) { return e.entry.entry; });
        }
    }

    void on(const EntryCleared& data) {
        if (track_ == nullptr) return;
        std::erase_if(track_->roster, [&](const Entry& e) { return e.entry == data.entry; });
        if (track_->race && track_->race->phase == Phase::armed) {
            std::erase_if(track_->race->entries,
                          [&](const EntryState& e) { return e.entry.entry == data.entry; });
        }
    }

    void on(const RaceArmed& data) {
        if (track_ == nullptr) return;
        state_.races += 1;
        Race& race = track_->race.emplace();
        race.race_id = fact_.race_id;
        race.settings = data.settings;
        race.armed_us = fact_.time_us;
        race.heat = data.heat;
        race.report = data.report;
        for (const Entry& entry : data.entries) race.entries.emplace_back().entry = entry;
    }

    void on(const StartScheduled& data) {
        if (race_ == nullptr) return;
        race_->phase = Phase::lights;
        race_->lights = data.lights;
        race_->lights_lit = 0;
        race_->first_light_us = data.first_light_us;
        race_->light_interval_us = data.light_interval_us;
        race_->go_us = data.go_us;
    }

    void on(const LightLit& data) {
        if (race_ != nullptr) race_->lights_lit = data.number;
    }

    void on(const RaceStarted&) {
        if (race_ == nullptr) return;
        race_->phase = Phase::running;
        race_->started_us = fact_.time_us;
        race_->lights_lit = 0;
        for (EntryState& entry : race_->entries) {
            if (entry.status == EntryStatus::ready) entry.status = EntryStatus::running;
        }
    }

    void on(const JumpStartDetected& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr) return;
        entry->jumped = true;
        entry->early_us = data.early_us;
        seen(Gate::finish, entry->entry.lane, fact_.time_us);
    }

    void on(const LapCompleted& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr) return;
        if (race_->report) return take_reported_lap(*race_, *entry, data);
        Lap lap;
        lap.id = data.lap;
        lap.crossed_us = data.crossed_us;
        lap.clock = data.clock;
        lap.stamp_us = data.stamp_us;
        insert(*entry, std::move(lap));
        seen(Gate::finish, entry->entry.lane, data.crossed_us);
        corrected();  // heard of late, it may be the crossing at which the flag fell
    }

    void on(const LapAdded& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr) return;
        Lap lap;
        lap.id = data.lap;
        lap.crossed_us = data.crossed_us;
        lap.manual = true;
        insert(*entry, std::move(lap));
        corrected();
    }

    void on(const SplitPassed& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr) return;
        std::vector<Split>* splits = &entry->open_splits;
        for (std::size_t i = entry->laps.size(); i-- > 0;) {
            if (entry->laps[i].crossed_us <= data.crossed_us) break;
            splits = &entry->laps[i].splits;
        }
        if (splits->size() < kMaxSplits) {
            auto place = std::find_if(splits->begin(), splits->end(), [&](const Split& s) {
                return s.crossed_us > data.crossed_us;
            });
            splits->insert(place, Split{data.gate, data.crossed_us});
        }
        if (data.gate == Gate::pit_in) entry->pit_stops += 1;
        const bool pit = data.gate == Gate::pit_in || data.gate == Gate::pit_out;
        if (pit && data.crossed_us >= last_pit_us(*entry)) {
            entry->in_pit = data.gate == Gate::pit_in;
        }
        seen(data.gate, entry->entry.lane, data.crossed_us);
    }

    /// The entry's newest crossing of a pit gate, in the order of time and not of arrival; 0: none.
    static TimeUs last_pit_us(const EntryState& entry) {
        const auto newest = [](const std::vector<Split>& splits) {
            TimeUs at_us = 0;
            for (const Split& split : splits) {
                if (split.gate == Gate::pit_in || split.gate == Gate::pit_out) {
                    at_us = split.crossed_us;
                }
            }
            return at_us;
        };
        TimeUs at_us = newest(entry.open_splits);
        for (std::size_t i = entry.laps.size(); i-- > 0 && at_us == 0;) {
            at_us = newest(entry.laps[i].splits);
        }
        return at_us;
    }

    void on(const CrossingIgnored& data) { seen(data.gate, data.lane, data.crossed_us); }

    void on(const CrossingsMissed& data) {
        if (GateSeen* gate = gate_of(data.gate, data.lane)) gate->missed += data.count;
    }

    void on(const LapVoided& data) { set_status(data.entry, data.lap, data.as); }
    void on(const LapRestored& data) { set_status(data.entry, data.lap, LapStatus::counted); }

    void on(const PenaltyGiven& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr || entry->penalties.size() >= kMaxPenalties) return;
        entry->penalties.push_back(
            Penalty{data.penalty, data.penalty_us, data.by, data.reason, false});
        entry->next_penalty = data.penalty + 1;
        entry->penalty_us += data.penalty_us;
    }

    void on(const PenaltyWithdrawn& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr) return;
        for (Penalty& penalty : entry->penalties) {
            if (penalty.id != data.penalty || penalty.withdrawn) continue;
            penalty.withdrawn = true;
            entry->penalty_us -= penalty.penalty_us;
        }
    }

    void on(const EntryRetired& data) { set_entry_status(data.entry, EntryStatus::dnf); }
    void on(const EntryDisqualified& data) { set_entry_status(data.entry, EntryStatus::dsq); }
    void on(const EntryFinished& data) { set_entry_status(data.entry, EntryStatus::finished); }

    void on(const EntryReinstated& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr) return;
        if (race_->report && race_->phase == Phase::running) {
            entry->status = EntryStatus::running;
        } else if (race_->phase == Phase::finished || reached_end(*race_, *entry)) {
            entry->status = EntryStatus::finished;  // or never drove: corrected() sees to that
        } else if (race_->started_us == 0) {
            entry->status = EntryStatus::ready;
        } else {
            entry->status = EntryStatus::running;
        }
        if (!race_->report) corrected();
        refile_heat();
    }

    void on(const RacePaused&) {
        if (race_ != nullptr) race_->pauses.push_back(Pause{fact_.time_us, 0});
    }

    void on(const RaceResumed&) { close_pause(); }

    void on(const RaceFinishing& data) {
        if (race_ == nullptr) return;
        race_->phase = Phase::finishing;
        race_->deadline_us = data.deadline_us;
        set_finishing(fact_.time_us);
    }

    void on(const RaceContinued&) {
        if (race_ == nullptr) return;
        race_->phase = Phase::running;
        race_->deadline_us = 0;
        set_finishing(0);
        for (EntryState& entry : race_->entries) {
            if (entry.status == EntryStatus::finished) entry.status = EntryStatus::running;
        }
    }

    void on(const RaceFinished& data) {
        if (race_ == nullptr) return;
        end(Phase::finished, data.reason);
        for (EntryState& entry : race_->entries) {
            if (entry.status != EntryStatus::ready && entry.status != EntryStatus::running) {
                continue;
            }
            entry.status = drove(*race_, entry) ? EntryStatus::finished : EntryStatus::dns;
        }
        if (race_->settings.discipline == Discipline::heat) file_heat();
    }

    void on(const RaceAborted&) {
        if (race_ != nullptr) end(Phase::aborted, EndReason::aborted);
    }

    void on(const RaceCleared&) {
        if (track_ != nullptr) track_->race.reset();
    }

    // ---- heats ----

    void on(const SessionPlanned& data) {
        if (track_ == nullptr) return;
        // What the last session's race still gets by a correction is not the new session's.
        if (track_->race) track_->race->heat = 0;
        Session& session = track_->session.emplace();
        session.name = data.name;
        session.lanes = data.lanes;
        session.rounds = data.rounds;
        for (const Entry& entry : data.entries) {
            session.participants.push_back(Participant{entry, false});
        }
        plan(session, data.heats);
    }

    void on(const SessionReplanned& data) {
        if (track_ == nullptr || !track_->session) return;
        Session& session = *track_->session;
        session.lanes = data.lanes;
        for (const Entry& entry : data.added) {
            session.participants.push_back(Participant{entry, false});
        }
        for (Participant& participant : session.participants) {
            const std::int32_t number = participant.entry.entry;
            if (contains(data.withdrawn, number)) participant.withdrawn = true;
            if (contains(data.brought_back, number)) participant.withdrawn = false;
        }
        std::erase_if(session.heats, [](const Heat& heat) { return !heat.done; });
        plan(session, data.heats);
    }

    static void plan(Session& session, const std::vector<PlannedHeat>& heats) {
        for (const PlannedHeat& planned : heats) {
            Heat& heat = session.heats.emplace_back();
            heat.heat = planned.heat;
            heat.lanes = planned.lanes;
        }
    }

    static bool contains(const std::vector<std::int32_t>& list, std::int32_t number) {
        return std::find(list.begin(), list.end(), number) != list.end();
    }

    void on(const HeatTimed& data) {
        if (race_ == nullptr) return;
        race_->report_id = data.report_id;
        for (const HeatResult& result : data.results) {
            EntryState* entry = race_->find(result.entry);
            if (entry == nullptr) continue;
            entry->heat = result.status;
            entry->heat_us = result.time_us;
            entry->heat_manual = false;
        }
    }

    void on(const RaceHeld& data) {
        if (race_ == nullptr) return;
        race_->phase = Phase::held;
        race_->hold = data.hold;
        race_->hold_detail = data.detail;
    }

    void on(const HeatReopened& data) {
        if (race_ == nullptr) return;
        race_->phase = Phase::armed;
        race_->started_us = race_->ended_us = 0;
        race_->hold.reset();
        race_->hold_detail.clear();
        for (EntryState& entry : race_->entries) {
            entry.status = EntryStatus::ready;
            if (!contains(data.entries, entry.entry.entry)) continue;
            entry.heat = HeatStatus::waiting;
            entry.heat_us = 0;
            entry.heat_manual = false;
        }
        if (Heat* heat = planned_heat()) {
            heat->done = false;
            heat->results.clear();
        }
    }

    void on(const HeatCorrected& data) {
        EntryState* entry = find(data.entry);
        if (entry == nullptr) return correct_filed(data.entry, data.status, data.time_us);
        entry->heat = data.status;
        entry->heat_us = data.time_us;
        entry->heat_manual = true;
        if (race_->phase != Phase::finished) return;
        if (entry->status != EntryStatus::dsq) {
            const bool timed = data.status == HeatStatus::timed;
            entry->status = timed ? EntryStatus::finished : EntryStatus::dnf;
        }
        file_heat();
    }

    void on(const ReportOffered& data) {
        if (track_ == nullptr) return;
        if (track_->offers.size() >= kMaxOffers) track_->offers.erase(track_->offers.begin());
        track_->offers.push_back(
            Offer{data.report_id, fact_.time_us, data.results, data.armed_lanes, data.fault});
    }

    void on(const ReportTaken& data) { drop_offer(data.report_id); }
    void on(const ReportDismissed& data) { drop_offer(data.report_id); }

    void on(const ReportsMissed&) {
        if (track_ != nullptr) track_->reports_missed += 1;
    }

    // ---- races that others time ----

    void on(const RaceClocked& data) {
        if (race_ != nullptr) set_reported_clock(*race_, fact_.time_us, data);
    }
    void on(const EntryUpdated& data) {
        if (EntryState* entry = find(data.entry)) update_reported_entry(*entry, data);
    }
    void on(const MessagePosted& data) {
        if (race_ != nullptr) post_message(*race_, data);
    }
    void on(const RaceClassified& data) {
        if (race_ != nullptr) classify_reported(*race_, data);
    }
    void on(const TrackMapped& data) {
        if (track_ != nullptr) track_->map = data.map;
    }

    void drop_offer(const std::string& report_id) {
        if (track_ == nullptr) return;
        std::erase_if(track_->offers,
                      [&](const Offer& offer) { return offer.report_id == report_id; });
    }

    Heat* planned_heat() {
        if (race_ == nullptr || race_->heat == 0 || !track_->session) return nullptr;
        return track_->session->find(race_->heat);
    }

    /// A finished heat's results become the session's.
    void file_heat() {
        for (EntryState& entry : race_->entries) {
            if (entry.heat == HeatStatus::dnf && entry.status != EntryStatus::dsq) {
                entry.status = EntryStatus::dnf;
            }
        }
        Heat* heat = planned_heat();
        if (heat == nullptr) return;
        heat->done = true;
        heat->race_id = race_->race_id;
        heat->results.clear();
        for (const EntryState& entry : race_->entries) {
            const bool counts = heat_counts(entry);
            heat->results.push_back(HeatResult{entry.entry.entry,
                                               counts ? HeatStatus::timed : HeatStatus::dnf,
                                               counts ? entry.heat_us : 0});
        }
    }

    void end(Phase phase, EndReason reason) {
        close_pause();
        race_->phase = phase;
        race_->end_reason = reason;
        race_->ended_us = fact_.time_us;
        race_->lights_lit = 0;
        race_->hold.reset();
    }

    void close_pause() {
        if (race_ == nullptr || !race_->paused()) return;
        Pause& pause = race_->pauses.back();
        pause.to_us = fact_.time_us;
        if (race_->deadline_us != 0) race_->deadline_us += pause.to_us - pause.from_us;
    }

    void insert(EntryState& entry, Lap lap) {
        const std::size_t index =
            figures_for(*race_, entry, lap.crossed_us, lap.clock, lap.stamp_us).index;
        const bool newest = index == entry.laps.size();
        take_splits(newest ? entry.open_splits : entry.laps[index].splits, lap);
        entry.next_lap = std::max(entry.next_lap, lap.id + 1);
        entry.laps.insert(entry.laps.begin() + static_cast<std::ptrdiff_t>(index), std::move(lap));
        if (newest) {
            derive_newest(*race_, entry, index);
        } else {
            derive_laps(*race_, entry);
        }
    }

    /// The splits before the crossing belong to the lap that it ends, the others to the lap that it
    /// begins.
    static void take_splits(std::vector<Split>& from, Lap& lap) {
        auto later = std::find_if(from.begin(), from.end(),
                                  [&](const Split& s) { return s.crossed_us > lap.crossed_us; });
        lap.splits.assign(from.begin(), later);
        from.erase(from.begin(), later);
    }

    void set_status(std::int32_t number, std::int32_t lap_id, LapStatus status) {
        EntryState* entry = find(number);
        if (entry == nullptr) return;
        for (Lap& lap : entry->laps) {
            if (lap.id == lap_id) lap.status = status;
        }
        derive_laps(*race_, *entry);
        corrected();
    }

    /// After a correction: who has finished, and since when the race is finishing, follows from the
    /// laps again.
    void corrected() {
        if (race_->phase == Phase::finishing) {
            const TimeUs done_us = distance_done_us(*race_);
            if (done_us != 0 && done_us != race_->finishing_us) set_finishing(done_us);
            for (EntryState& entry : race_->entries) {
                if (entry.status == EntryStatus::finished && !reached_end(*race_, entry)) {
                    entry.status = EntryStatus::running;
                }
            }
        } else if (race_->phase == Phase::finished) {
            for (EntryState& entry : race_->entries) {
                if (entry.status == EntryStatus::finished || entry.status == EntryStatus::dns) {
                    entry.status = drove(*race_, entry) ? EntryStatus::finished : EntryStatus::dns;
                }
            }
        }
    }

    /// When the flag fell decides which laps after it count.
    void set_finishing(TimeUs finishing_us) {
        race_->finishing_us = finishing_us;
        for (EntryState& entry : race_->entries) derive_laps(*race_, entry);
    }

    void set_entry_status(std::int32_t number, EntryStatus status) {
        EntryState* entry = find(number);
        if (entry == nullptr) return correct_filed(number, HeatStatus::dnf, 0);
        entry->status = status;
        refile_heat();
    }

    /// A correction of a heat whose race is no longer on the track: the session keeps its results.
    void correct_filed(std::int32_t entry, HeatStatus status, TimeUs time_us) {
        if (race_ != nullptr || track_ == nullptr || !track_->session) return;
        for (Heat& heat : track_->session->heats) {
            if (!heat.done || heat.race_id != fact_.race_id) continue;
            for (HeatResult& result : heat.results) {
                if (result.entry == entry) result = HeatResult{entry, status, time_us};
            }
        }
    }

    void refile_heat() {
        const bool heat = race_->settings.discipline == Discipline::heat;
        if (heat && race_->phase == Phase::finished) file_heat();
    }

    EntryState* find(std::int32_t entry) { return race_ != nullptr ? race_->find(entry) : nullptr; }

    GateSeen* gate_of(Gate gate, std::int32_t lane) {
        if (track_ == nullptr || lane < 1 || lane > kMaxLanes) return nullptr;
        for (GateSeen& candidate : track_->gates) {
            if (candidate.gate == gate && candidate.lane == lane) return &candidate;
        }
        GateSeen& added = track_->gates.emplace_back();
        added.gate = gate;
        added.lane = lane;
        return &added;
    }

    void seen(Gate gate, std::int32_t lane, TimeUs at_us) {
        if (GateSeen* found = gate_of(gate, lane)) {
            found->count += 1;
            found->time_us = std::max(found->time_us, at_us);
        }
        if (track_ == nullptr || !track_->race) return;
        for (EntryState& entry : track_->race->entries) {
            if (entry.entry.lane == lane && lane > 0 && !track_->race->ended()) {
                entry.last_crossing_us = std::max(entry.last_crossing_us, at_us);
            }
        }
    }

    HubState& state_;
    const Event& fact_;
    Track* track_;
    Race* race_;
};

}  // namespace

void apply(HubState& state, const Event& fact) {
    std::visit(Applier(state, fact), fact.data);
    state.seq = fact.seq;
}

RaceFold::RaceFold(std::string race_id, std::string track, Race race)
    : race_id_(std::move(race_id)) {
    Track& only = state_.tracks.emplace_back();
    only.id = std::move(track);
    only.race = std::move(race);
}

void RaceFold::take(const Event& fact) {
    if (fact.race_id != race_id_ || std::holds_alternative<RaceCleared>(fact.data)) return;
    if (state_.tracks.empty()) state_.tracks.emplace_back().id = fact.track;
    apply(state_, fact);
}

const std::optional<Race>& RaceFold::race() const {
    return state_.tracks.empty() ? none_.race : state_.tracks.front().race;
}

const std::string& RaceFold::track() const {
    return state_.tracks.empty() ? none_.id : state_.tracks.front().id;
}

}  // namespace racehub
