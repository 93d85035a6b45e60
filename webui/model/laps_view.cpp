#include "webui/model/laps_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/race_view.h"
#include "webui/model/words.h"

namespace racehub {
namespace {

std::string lap_note(const Lap& lap) {
    std::string note;
    if (lap.status != LapStatus::counted) note = words::lap_status(lap.status);
    if (lap.manual) note += note.empty() ? "added" : ", added";
    if (lap.suspect) note += note.empty() ? "missed crossing?" : ", missed crossing?";
    if (lap.number == 0 && lap.status == LapStatus::counted)
        note += note.empty() ? "begins lap 1" : ", begins lap 1";
    return note;
}

void fill_laps(EntryLapsView& view, const Race& race, const EntryState& entry, bool fastest,
               std::size_t most) {
    TimeUs began_us = race.started_us;
    const std::size_t skip = entry.laps.size() > most ? entry.laps.size() - most : 0;
    for (std::size_t i = 0; i < entry.laps.size(); ++i) {
        const Lap& lap = entry.laps[i];
        if (i >= skip) {
            LapView row;
            row.id = lap.id;
            row.crossed_us = lap.crossed_us;
            row.began_us = began_us;
            if (lap.number > 0) row.number = std::to_string(lap.number);
            row.lap = format_lap(lap.lap_us);
            row.at = format_lap(lap.race_us);
            row.status = lap_note(lap);
            row.status_code = lap.status;
            row.best = lap.number > 0 && lap.id == entry.best_lap;
            row.fastest = row.best && fastest;
            row.suspect = lap.suspect;
            row.manual = lap.manual;
            view.laps.push_back(std::move(row));
        }
        if (lap.status != LapStatus::crossing_void) began_us = lap.crossed_us;
    }
}

void fill_penalties(EntryLapsView& view, const EntryState& entry) {
    for (const Penalty& penalty : entry.penalties) {
        PenaltyView row;
        row.id = penalty.id;
        row.withdrawn = penalty.withdrawn;
        row.text = "+" + format_duration(penalty.penalty_us);
        if (!penalty.reason.empty()) row.text += ", " + penalty.reason;
        row.text += ", by " + words::who(penalty.by);
        if (penalty.withdrawn) row.text += " (withdrawn)";
        view.penalties.push_back(std::move(row));
    }
}

EntryLapsView entry_view(const Race& race, const Standing& standing, const EntryState& entry,
                         std::size_t most) {
    EntryLapsView view;
    view.entry = entry.entry.entry;
    view.lane = entry.entry.lane;
    const bool out = standing.status == EntryStatus::dnf || standing.status == EntryStatus::dsq ||
                     standing.status == EntryStatus::dns;
    view.position =
        out ? std::string(words::status(standing.status)) : std::to_string(standing.position);
    view.driver = words::entry_name(entry.entry);
    view.car = entry.entry.car;
    view.color = entry_color(entry.entry);
    view.status_code = standing.status;
    if (standing.status != EntryStatus::running && standing.status != EntryStatus::finished) {
        view.status = words::status(standing.status);
    }
    view.total = standing.laps > 0 ? format_lap(standing.total_us) : std::string(kNothing);
    view.best = format_lap(standing.best_lap_us);
    view.average = format_lap(standing.average_lap_us);
    view.laps_text = format_count(standing.laps, "lap", "laps");
    fill_laps(view, race, entry, standing.fastest, most);
    fill_penalties(view, entry);
    return view;
}

}  // namespace

SummaryView summary_view(const HubState& state, std::string_view track_id, std::size_t most_laps) {
    SummaryView view;
    const Track* track = state.find(track_id);
    if (track == nullptr || !track->race) return view;
    const Race& race = *track->race;
    view.known = true;
    view.race_id = race.race_id;
    view.phase_text = words::phase(race.phase, race.paused());
    view.rules = words::rules(race.settings);
    if (race.ended()) view.end_reason = words::ended(race.end_reason);
    for (const Standing& standing : standings(race)) {
        const EntryState* entry = race.find(standing.entry);
        if (entry == nullptr) continue;
        view.entries.push_back(entry_view(race, standing, *entry, most_laps));
        if (standing.fastest) {
            view.fastest = "Fastest lap: " + words::entry_name(entry->entry) + " " +
                           format_lap(entry->best_lap_us);
            for (const Lap& lap : entry->laps) {
                if (lap.id == entry->best_lap)
                    view.fastest += " (lap " + std::to_string(lap.number) + ")";
            }
        }
    }
    if (race.phase == Phase::finished && !view.entries.empty()) {
        const EntryLapsView& first = view.entries.front();
        const EntryState* entry = race.find(first.entry);
        if (entry != nullptr && entry->laps_counted > 0 && first.status_code != EntryStatus::dsq) {
            view.winner = first.driver + " wins: " + first.laps_text + " in " + first.total;
        }
    }
    return view;
}

}  // namespace racehub
