#include "hub/core/decider.h"
#include "hub/core/laps.h"

namespace racehub {

void Decider::decide(const TrackConfigure& data) {
    if (!valid_id(input_.track)) {
        return refuse("bad_track", "A track's id has 1 to 64 letters, digits, '-' or '_'; \"" +
                                       input_.track + "\" does not.");
    }
    if (track_ == nullptr && state_.tracks.size() >= kMaxTracks) {
        return refuse("too_many_tracks", "This hub already has " + std::to_string(kMaxTracks) +
                                             " tracks, the most it runs at once.");
    }
    if (data.name.empty()) return refuse("bad_value", "data.name: a track needs a name.");
    const RaceSettings settings =
        data.settings.value_or(track_ != nullptr ? track_->settings : RaceSettings{});
    if (!good(settings)) return;
    if (busy() && data.lanes != track_->lanes) {
        return refuse("wrong_phase",
                      "The number of lanes cannot change during a race. Stop it first.");
    }
    emit(TrackConfigured{data.name, data.lanes, settings}, now_us_);
    track_ = state_.find(input_.track);
}

void Decider::decide(const EntryAssign& data) {
    if (!known_track() || !same_race()) return;
    if (busy() && !timed_here()) return;
    if (track_->race && track_->race->ended() && !input_.race_id.empty()) return rename(data.entry);
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
    // A race that is over, or that others time, keeps its drivers: this one is for the next.
    const bool now = busy() && !track_->race->report;
    emit_for(now ? track_->race->race_id : std::string(), EntryAssigned{std::move(entry)}, now_us_);
}

/// The race is over and named: its own entry was wrong. The lane stays what it was.
void Decider::rename(Entry entry) {
    const EntryState* before = track_->race->find(entry.entry);
    if (before == nullptr) return no_entry(entry.entry);
    entry.lane = before->entry.lane;
    emit(EntryAssigned{std::move(entry)}, now_us_);
}

void Decider::decide(const EntryClear& data) {
    if (!known_track() || !same_race()) return;
    if (busy() && !timed_here()) return;
    if (busy() && track_->phase() != Phase::armed) {
        return refuse("wrong_phase", "An entry cannot leave during a race; retire it instead.");
    }
    if (!in_roster(data.entry)) return no_entry(data.entry);
    emit(EntryCleared{data.entry}, now_us_);
}

void Decider::decide(const RaceArm& data) {
    if (!known_track() || !same_race()) return;
    if (track_->phase() == Phase::armed) {
        return refuse("wrong_phase",
                      "A race is armed on this track already. Start it, or abort it first.");
    }
    if (busy()) return refuse_running();
    arm(data.settings.value_or(track_->settings));
}

bool Decider::arm(const RaceSettings& settings) {
    if (!good(settings)) return false;
    RaceArmed armed{settings, track_->roster};
    if (armed.entries.empty()) {
        for (std::int32_t lane = 1; lane <= track_->lanes; ++lane) {
            armed.entries.push_back(Entry{lane, lane, "", "", ""});
        }
    }
    if (armed.entries.empty()) {
        refuse_empty();
        return false;
    }
    emit_for(std::to_string(state_.races + 1), std::move(armed), now_us_);
    return true;
}

void Decider::decide(const RaceStart&) {
    if (!known_track() || !same_race()) return;
    if (busy() && !timed_here()) return;
    if (busy() && track_->phase() != Phase::armed) return refuse_running();
    if (heat_track()) {
        return refuse("wrong_phase",
                      "A heat starts when its start gate opens. Arm it and open the gate.");
    }
    if (track_->phase() != Phase::armed && !arm(track_->settings)) return;
    if (track_->race->entries.empty()) return refuse_empty();
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

void Decider::decide(const RaceStop& data) {
    if (!known_track() || !same_race()) return;
    const Phase phase = track_->phase();
    if (phase == Phase::armed || phase == Phase::lights || (busy() && heat_track())) {
        return emit(RaceAborted{input_.source, data.reason}, now_us_);
    }
    if (!running()) return;
    emit(RaceFinished{EndReason::stopped, input_.source}, now_us_);
}

void Decider::decide(const RaceAbort& data) {
    if (!known_track() || !same_race()) return;
    if (!busy()) return refuse("wrong_phase", "There is no race to abort on this track.");
    emit(RaceAborted{input_.source, data.reason}, now_us_);
}

void Decider::decide(const RacePause& data) {
    if (!known_track() || !same_race() || !running() || !timed_here()) return;
    if (heat_track()) return refuse("wrong_phase", "A heat cannot be paused; run it again.");
    if (track_->race->paused()) return refuse("wrong_phase", "The race is paused already.");
    if (track_->race->pauses.size() >= kMaxPauses) {
        return refuse("too_many_pauses", "This race has been paused too often; stop it instead.");
    }
    emit(RacePaused{input_.source, data.reason}, now_us_);
}

void Decider::decide(const RaceResume& data) {
    if (!known_track() || !same_race() || !running()) return;
    if (!track_->race->paused()) return refuse("wrong_phase", "The race is not paused.");
    emit(RaceResumed{input_.source, data.reason}, now_us_);
}

void Decider::decide(const RaceClear& data) {
    if (!known_track() || !same_race()) return;
    if (busy()) return refuse("wrong_phase", "Stop or abort the race before you make a new one.");
    if (!track_->race) return;  // idle already: what was asked for is so
    emit(RaceCleared{input_.source, data.reason}, now_us_);
}

}  // namespace racehub
