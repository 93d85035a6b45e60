#include "webui/model/race_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/words.h"

namespace racehub {
namespace {

/// Running clocks show tenths.
constexpr TimeUs kRunningStepUs = 100'000;

Flag flag_of(const Race& race, const LightsView& lights) {
    switch (race.phase) {
        case Phase::idle:
            return Flag::none;
        case Phase::armed:
            return Flag::armed;
        case Phase::lights:
            return lights.go ? Flag::green : Flag::lights;
        case Phase::running:
            return race.paused() ? Flag::yellow : Flag::green;
        case Phase::finishing:
            return race.paused() ? Flag::yellow : Flag::white;
        case Phase::finished:
            return Flag::chequered;
        case Phase::aborted:
            return Flag::black;
        case Phase::held:
            return Flag::yellow;
    }
    return Flag::none;
}

/// A heat's clock runs in tenths until the times are in; then the fastest of them stands.
void fill_heat_clock(RaceView& view, const Race& race, TimeUs now_us) {
    TimeUs best_us = 0;
    for (const EntryState& entry : race.entries) {
        if (entry.heat == HeatStatus::timed && (best_us == 0 || entry.heat_us < best_us))
            best_us = entry.heat_us;
    }
    view.clock_label = race.on() || race.phase == Phase::armed ? "Heat time"
                       : race.phase == Phase::held             ? "Fastest, not final"
                                                               : "Fastest";
    view.clock = race.on()                      ? format_running(race.clock_us(now_us))
                 : race.phase == Phase::armed   ? "0.0"
                 : race.phase != Phase::aborted ? format_lap(best_us)
                                                : std::string(kNothing);
}

void fill_clock(RaceView& view, const Race& race, TimeUs now_us) {
    if (race.settings.discipline == Discipline::heat) return fill_heat_clock(view, race, now_us);
    const bool timed = race.settings.distance == Distance::time;
    if (race.started_us == 0 && !view.lights.go) {
        view.clock_label = timed ? "Time left" : "Race time";
        view.clock = timed ? format_countdown(race.settings.time_us) : format_clock(0);
        return;
    }
    const TimeUs start_us = race.started_us != 0 ? race.started_us : race.go_us;
    TimeUs clock_us = now_us - start_us;
    if (race.started_us != 0) clock_us = race.clock_us(race.ended_us != 0 ? race.ended_us : now_us);
    clock_us = std::max<TimeUs>(clock_us, 0);
    if (race.phase == Phase::finishing && race.deadline_us > now_us && !race.paused()) {
        view.clock_label = "To finish";
        view.clock = format_countdown(race.deadline_us - now_us);
    } else if (timed && !race.ended()) {
        view.clock_label = "Time left";
        view.clock = format_countdown(race.settings.time_us - clock_us);
    } else {
        view.clock_label = "Race time";
        view.clock = format_clock(clock_us);
    }
}

std::string progress_of(const Race& race, std::int32_t leader_laps) {
    if (race.started_us == 0) return {};
    if (race.settings.distance != Distance::laps) {
        return leader_laps > 0 ? format_count(leader_laps, "lap", "laps") : std::string();
    }
    const std::int32_t total = race.settings.laps;
    if (race.ended() || leader_laps >= total)
        return std::to_string(leader_laps) + " of " + std::to_string(total) + " laps";
    return "Lap " + std::to_string(std::min(leader_laps + 1, total)) + " of " +
           std::to_string(total);
}

std::string note_of(const EntryState& entry) {
    std::string note;
    auto add = [&note](const std::string& text) {
        if (!note.empty()) note += " · ";
        note += text;
    };
    if (entry.jumped) add("jump start");
    if (entry.penalty_us > 0) add("+" + format_duration(entry.penalty_us));
    if (entry.in_pit) add("in the pits");
    if (entry.pit_stops > 0) add(format_count(entry.pit_stops, "stop", "stops"));
    return note;
}

/// An entry's figures that need no standings.
RowView bare_row(const Entry& entry) {
    RowView row;
    row.entry = entry.entry;
    row.lane = entry.lane;
    row.driver = words::entry_name(entry);
    row.car = entry.car;
    row.color = entry_color(entry);
    row.position = std::string(kNothing);
    row.laps = "0";
    row.last = row.best = row.average = row.gap = row.interval = row.total = kNothing;
    row.age = kNothing;
    return row;
}

void fill_last_laps(RowView& row, const EntryState& entry) {
    std::size_t found = 0;
    for (std::size_t i = entry.laps.size(); i-- > 0 && found < kLastLaps;) {
        if (entry.laps[i].number > 0) row.last_laps[found++] = format_lap(entry.laps[i].lap_us);
    }
}

/// A heat has one time for each lane instead of laps.
void fill_heat(RowView& row, const Race& race, const Standing& standing, const EntryState& entry,
               TimeUs now_us) {
    row.heat = standing.heat;
    row.by_hand = entry.heat_manual;
    row.color = participant_color(entry.entry);
    row.driver = words::participant(entry.entry);
    row.position =
        standing.heat_place > 0 ? std::to_string(standing.heat_place) : std::string(kNothing);
    row.last = row.total =
        standing.heat == HeatStatus::timed ? format_lap(standing.heat_us) : std::string(kNothing);
    const bool waits = standing.heat == HeatStatus::waiting;
    row.status = standing.heat == HeatStatus::dnf      ? words::status(EntryStatus::dnf)
                 : waits && race.phase == Phase::armed ? words::status(EntryStatus::ready)
                                                       : "";
    row.running = waits && race.on() ? format_running(race.clock_us(now_us)) : std::string();
    row.note = entry.heat_manual ? "set by hand" : "";
    row.gap = row.interval = row.best = row.average = kNothing;
    row.overdue = false;
}

RowView row_view(const Race& race, const Standing& standing, const EntryState& entry,
                 TimeUs now_us) {
    RowView row = bare_row(entry.entry);
    const bool out = standing.status == EntryStatus::dnf || standing.status == EntryStatus::dsq ||
                     standing.status == EntryStatus::dns;
    row.status_code = standing.status;
    if (standing.status != EntryStatus::running) row.status = words::status(standing.status);
    const bool ranked = race.started_us != 0 && !out;
    if (ranked) row.position = std::to_string(standing.position);
    row.laps = std::to_string(standing.laps);
    row.last = format_lap(standing.last_lap_us);
    row.best = format_lap(standing.best_lap_us);
    row.average = format_lap(standing.average_lap_us);
    if (standing.laps > 0) row.total = format_lap(standing.total_us);
    if (standing.position > 1 && standing.has_gap && !out) {
        row.gap = format_gap(standing.laps_behind_leader, standing.gap_us);
        row.interval = format_gap(standing.laps_behind_ahead, standing.interval_us);
    }
    row.fastest = standing.fastest;
    row.last_is_best = standing.last_is_best && standing.laps > 1;
    row.last_is_fastest = standing.fastest && standing.last_is_best;
    row.note = note_of(entry);
    fill_last_laps(row, entry);
    if (standing.lap_began_us != 0 && race.on()) {
        const TimeUs lap_us = race.clock_us(now_us) - race.clock_us(standing.lap_began_us);
        row.running = format_running(lap_us);
        const TimeUs usual_us = standing.average_lap_us;
        row.overdue = (usual_us > 0 && lap_us > 2 * usual_us + kSecondUs) ||
                      (race.settings.max_lap_us > 0 && lap_us > race.settings.max_lap_us);
    }
    if (standing.last_crossing_us != 0) {
        const TimeUs age_us = std::max<TimeUs>(now_us - standing.last_crossing_us, 0);
        row.age = format_age(age_us);
    }
    if (race.on() && !entry.laps.empty()) {
        row.just_crossed = now_us - entry.laps.back().crossed_us < kJustCrossedUs;
    }
    if (race.settings.discipline == Discipline::heat) fill_heat(row, race, standing, entry, now_us);
    return row;
}

void fill_actions(RaceView& view) {
    const Phase phase = view.phase;
    const bool on = phase == Phase::running || phase == Phase::finishing;
    const bool busy = on || phase == Phase::armed || phase == Phase::lights || phase == Phase::held;
    view.can_arm = !busy;
    view.can_start = phase == Phase::armed;
    view.can_stop = on;
    view.can_abort = busy;
    view.can_pause = on && !view.paused;
    view.can_resume = on && view.paused;
    view.can_clear = phase == Phase::finished || phase == Phase::aborted;
    if (view.reported) view.can_start = view.can_pause = view.can_resume = false;
    if (!view.heat) return;
    // Start gate and timing device run a heat; a held one ends by a decision.
    view.can_start = view.can_stop = view.can_pause = view.can_resume = false;
    view.can_abort = busy && phase != Phase::held;
    view.can_rerun = phase == Phase::finished || phase == Phase::held;
    view.can_arm = view.can_arm && (view.next_heat != 0 || !view.has_session);
}

void fill_session(RaceView& view, const Track& track) {
    view.has_session = track.session.has_value();
    if (!view.has_session) return;
    if (const Heat* next = track.session->next()) view.next_heat = next->heat;
    if (view.heat_number > 0) {
        view.progress = "Heat " + std::to_string(view.heat_number) + " of " +
                        std::to_string(track.session->heats.size());
    }
}

/// In a heat rows stand by lane, as the cars do, until the times are final.
void fill_heat_words(RaceView& view, const Track& track) {
    view.phase_text = words::heat_phase(view.phase);
    view.hint = words::heat_hint(view.phase, view.has_session, view.next_heat != 0);
    view.watcher_hint = view.held ? "The race director looks at this result." : "";
    if (view.phase == Phase::armed) view.watcher_hint = "The start gate opens soon.";
    view.lights.shown = false;
    if (track.race && track.race->hold) {
        view.hold_text = words::hold(*track.race->hold);
        if (!track.race->hold_detail.empty()) view.hold_text += " " + track.race->hold_detail;
    }
    if (view.phase == Phase::finished) return;
    std::stable_sort(view.rows.begin(), view.rows.end(),
                     [](const RowView& a, const RowView& b) { return a.lane < b.lane; });
}

void fill_fastest(RaceView& view, const std::vector<Standing>& table, const Race& race) {
    for (const Standing& standing : table) {
        if (!standing.fastest) continue;
        const EntryState* entry = race.find(standing.entry);
        if (entry == nullptr) return;
        view.fastest = words::entry_name(entry->entry) + " " + format_lap(entry->best_lap_us);
        for (const Lap& lap : entry->laps) {
            if (lap.id == entry->best_lap)
                view.fastest += " (lap " + std::to_string(lap.number) + ")";
        }
    }
}

/// The next instant at which the picture changes without a message.
TimeUs next_change(const RaceView& view, const Race& race, TimeUs now_us) {
    if (view.lights.shown && race.phase == Phase::lights) {
        if (view.lights.go) return now_us + kRunningStepUs;
        if (view.lights.lit < race.lights) {
            return race.first_light_us + view.lights.lit * race.light_interval_us;
        }
        return race.go_us;
    }
    if (race.on() && !race.paused()) {
        const TimeUs clock_us = race.clock_us(now_us);
        return now_us + kRunningStepUs - clock_us % kRunningStepUs;
    }
    return 0;
}

void fill_race(RaceView& view, const Race& race, TimeUs now_us) {
    view.race_id = race.race_id;
    view.phase = race.phase;
    view.heat = race.settings.discipline == Discipline::heat;
    view.heat_number = race.heat;
    view.held = race.phase == Phase::held;
    view.reported = race.report.has_value();
    view.paused = race.paused();
    view.lights = lights_view(race, now_us);
    view.flag = flag_of(race, view.lights);
    view.rules = words::rules(race.settings);
    const std::vector<Standing> table = standings(race);
    std::int32_t leader_laps = 0;
    for (const Standing& standing : table) {
        const EntryState* entry = race.find(standing.entry);
        if (entry == nullptr) continue;
        leader_laps = std::max(leader_laps, standing.laps);
        view.rows.push_back(row_view(race, standing, *entry, now_us));
    }
    // The grid is not a ranking yet: by lane, as the cars stand.
    if (race.started_us == 0 && !view.heat) {
        std::stable_sort(view.rows.begin(), view.rows.end(),
                         [](const RowView& a, const RowView& b) { return a.entry < b.entry; });
    }
    fill_clock(view, race, now_us);
    view.progress = view.heat ? std::string() : progress_of(race, leader_laps);
    fill_fastest(view, table, race);
    if (race.ended()) view.end_reason = words::ended(race.end_reason);
    view.running_clocks = race.on() && !view.paused;
    view.next_change_us = next_change(view, race, now_us);
}

/// The next heat of a session, as it will stand on the track.
void fill_line_up(RaceView& view, const Session& session) {
    const Heat* next = session.next();
    if (next == nullptr) return;
    for (const HeatLane& lane : next->lanes) {
        Entry entry{lane.entry, lane.lane, "", "", ""};
        for (const Participant& one : session.participants) {
            if (one.entry.entry == lane.entry) entry = one.entry;
        }
        entry.lane = lane.lane;
        RowView row = bare_row(entry);
        row.driver = words::participant(entry);
        row.color = participant_color(entry);
        view.rows.push_back(std::move(row));
    }
}

void fill_idle(RaceView& view, const Track& track) {
    view.heat = track.settings.discipline == Discipline::heat;
    view.rules = words::rules(track.settings);
    const bool timed = track.settings.distance == Distance::time && !view.heat;
    view.clock_label = timed ? "Time left" : view.heat ? "Heat time" : "Race time";
    view.clock = timed       ? format_countdown(track.settings.time_us)
                 : view.heat ? std::string("0.0")
                             : format_clock(0);
    if (view.heat && track.session) return fill_line_up(view, *track.session);
    for (const Entry& entry : track.roster) view.rows.push_back(bare_row(entry));
    for (std::int32_t lane = 1; track.roster.empty() && lane <= track.lanes; ++lane) {
        view.rows.push_back(bare_row(Entry{lane, lane, "", "", ""}));
    }
}

}  // namespace

LightsView lights_view(const Race& race, TimeUs now_us) {
    LightsView view;
    view.count = race.lights > 0 ? race.lights : race.settings.lights;
    const TimeUs out_us = race.started_us != 0 ? race.started_us : race.go_us;
    if (race.phase == Phase::armed) {
        view.shown = view.count > 0;
    } else if (race.phase == Phase::lights || (race.on() && now_us < out_us + kGoShownUs)) {
        view.shown = true;
        view.go = out_us != 0 && now_us >= out_us;
        if (!view.go && now_us >= race.first_light_us && race.light_interval_us > 0) {
            const TimeUs steps = (now_us - race.first_light_us) / race.light_interval_us;
            view.lit = static_cast<std::int32_t>(std::min<TimeUs>(steps + 1, view.count));
        }
    }
    return view;
}

RaceView race_view(const HubState& state, std::string_view track_id, TimeUs now_us) {
    RaceView view;
    const Track* track = state.find(track_id);
    if (track == nullptr) return view;
    view.known = true;
    view.track_id = track->id;
    view.track_name = track->name.empty() ? track->id : track->name;
    view.lanes = track->lanes;
    if (track->race) {
        fill_race(view, *track->race, now_us);
    } else {
        fill_idle(view, *track);
    }
    view.phase_text = words::phase(view.phase, view.paused);
    if (view.lights.go) view.phase_text = "GO";
    view.hint = words::hint(view.phase, view.paused);
    view.watcher_hint = words::watcher_hint(view.phase, view.paused);
    fill_session(view, *track);
    if (view.heat) fill_heat_words(view, *track);
    fill_actions(view);
    return view;
}

std::uint32_t participant_color(const Entry& entry) {
    Entry anywhere = entry;
    anywhere.lane = 0;
    return entry_color(anywhere);
}

std::uint32_t entry_color(const Entry& entry) {
    constexpr std::array<std::uint32_t, 8> kLaneColors{0x4cc2ff, 0xffb224, 0xff6b9d, 0x5bd66f,
                                                       0xb48cff, 0xff8552, 0x3ddbd9, 0xe3e35b};
    if (entry.color.size() == 7 && entry.color[0] == '#') {
        std::uint32_t color = 0;
        bool good = true;
        for (std::size_t i = 1; i < 7; ++i) {
            const char c = entry.color[i];
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            good = good && digit >= 0;
            color = color * 16 + static_cast<std::uint32_t>(digit & 15);
        }
        if (good) return color;
    }
    const std::int32_t number = entry.lane > 0 ? entry.lane : entry.entry;
    return kLaneColors[static_cast<std::size_t>(std::max(number, 1) - 1) % kLaneColors.size()];
}

}  // namespace racehub
