#include "hub/core/reported.h"

#include <algorithm>

namespace racehub {
namespace {

/// Sums and bests anew from the laps as they were reported.
void sum_up(EntryState& entry) {
    entry.laps_counted = 0;
    entry.last_lap_us = entry.best_lap_us = entry.total_us = entry.lap_times_us = 0;
    entry.best_lap = 0;
    for (const Lap& lap : entry.laps) {
        entry.laps_counted = lap.number;
        entry.last_lap_us = lap.lap_us;
        entry.total_us = lap.race_us;
        entry.lap_times_us += lap.lap_us;
        const bool counts = lap.lap_us > 0 && !lap.cut;
        if (counts && (entry.best_lap_us == 0 || lap.lap_us < entry.best_lap_us)) {
            entry.best_lap_us = lap.lap_us;
            entry.best_lap = lap.id;
        }
    }
    entry.next_lap = entry.laps_counted + 1;
}

/// Splits up to the crossing belong to the lap that it ends.
void take_splits(std::vector<Split>& from, Lap& lap) {
    const auto later = std::find_if(from.begin(), from.end(),
                                    [&](const Split& s) { return s.crossed_us > lap.crossed_us; });
    lap.splits.insert(lap.splits.end(), from.begin(), later);
    if (lap.splits.size() > kMaxSplits) lap.splits.resize(kMaxSplits);
    from.erase(from.begin(), later);
}

/// The entry as it was at that instant; what is not kept by instant (position, status) is for the
/// source to say again.
void rewind_entry(const Race& race, EntryState& entry, TimeUs race_us) {
    const TimeUs at_us = race.started_us + race_us;
    std::vector<Split> open;
    while (!entry.laps.empty() && entry.laps.back().race_us > race_us) {
        open.insert(open.begin(), entry.laps.back().splits.begin(), entry.laps.back().splits.end());
        entry.laps.pop_back();
    }
    open.insert(open.end(), entry.open_splits.begin(), entry.open_splits.end());
    std::erase_if(open, [&](const Split& split) { return split.crossed_us > at_us; });
    if (open.size() > kMaxSplits) open.resize(kMaxSplits);
    entry.open_splits = std::move(open);
    std::erase_if(entry.stints, [&](const Stint& stint) { return stint.race_us > race_us; });
    sum_up(entry);
    entry.position = 0;
    entry.status = race.started_us != 0 ? EntryStatus::running : EntryStatus::ready;
    entry.pit_stops = 0;
    entry.in_pit = false;
    entry.last_crossing_us = 0;
    const auto pass = [&](const Split& split) {
        if (split.gate == Gate::pit_in) entry.pit_stops += 1;
        if (split.gate == Gate::pit_in) entry.in_pit = true;
        if (split.gate == Gate::pit_out) entry.in_pit = false;
        entry.last_crossing_us = std::max(entry.last_crossing_us, split.crossed_us);
    };
    for (const Lap& lap : entry.laps) {
        std::for_each(lap.splits.begin(), lap.splits.end(), pass);
        entry.last_crossing_us = std::max(entry.last_crossing_us, lap.crossed_us);
    }
    std::for_each(entry.open_splits.begin(), entry.open_splits.end(), pass);
}

bool for_all(const Message& message) {
    return message.flag != RaceFlag::none && message.sector == 0 && message.entry == 0;
}

void rewind(Race& race, TimeUs race_us) {
    if (race.phase == Phase::finished) {
        race.phase = race.started_us != 0 ? Phase::running : Phase::armed;
        race.ended_us = 0;
        race.end_reason = EndReason::stopped;
    }
    for (EntryState& entry : race.entries) rewind_entry(race, entry, race_us);
    std::erase_if(race.messages, [&](const Message& m) { return m.race_us > race_us; });
    const auto last = std::find_if(race.messages.rbegin(), race.messages.rend(), for_all);
    race.flag = last == race.messages.rend() ? RaceFlag::none : last->flag;
}

}  // namespace

void take_reported_lap(Race& race, EntryState& entry, const LapCompleted& data) {
    auto place =
        std::lower_bound(entry.laps.begin(), entry.laps.end(), data.lap,
                         [](const Lap& lap, std::int32_t number) { return lap.id < number; });
    if (place == entry.laps.end() || place->id != data.lap) {
        if (entry.laps.size() >= kMaxLapsPerEntry) return;
        place = entry.laps.insert(place, Lap{});
    }
    Lap& lap = *place;
    lap.id = lap.number = data.lap;
    lap.crossed_us = data.crossed_us;
    lap.race_us = data.crossed_us - race.started_us;
    lap.lap_us = data.lap_us;
    lap.sectors_us = data.sectors_us;
    lap.cut = data.cut;
    if (place + 1 == entry.laps.end()) take_splits(entry.open_splits, lap);
    entry.last_crossing_us = std::max(entry.last_crossing_us, data.crossed_us);
    sum_up(entry);
}

void set_reported_clock(Race& race, TimeUs at_us, const RaceClocked& data) {
    race.pace = Pace{at_us, data.race_us, data.rate};
    if (data.rewind) rewind(race, data.race_us);
}

void update_reported_entry(EntryState& entry, const EntryUpdated& data) {
    if (data.position > 0) entry.position = data.position;
    if (data.stint == 0) return;
    const auto place = std::find_if(entry.stints.begin(), entry.stints.end(),
                                    [&](const Stint& stint) { return stint.stint >= data.stint; });
    const Stint stint{data.stint, data.race_us, data.tyre, data.tyre_age};
    if (place != entry.stints.end() && place->stint == data.stint) {
        *place = stint;
    } else if (entry.stints.size() < kMaxStints) {
        entry.stints.insert(place, stint);
    }
}

void post_message(Race& race, const MessagePosted& data) {
    if (race.messages.size() >= kMaxMessages) race.messages.erase(race.messages.begin());
    const Message message{data.race_us, data.about,  data.text, data.from,
                          data.flag,    data.sector, data.entry};
    if (for_all(message)) race.flag = message.flag;
    race.messages.push_back(message);
}

void classify_reported(Race& race, const RaceClassified& data) {
    for (const ReportedResult& result : data.results) {
        EntryState* entry = race.find(result.entry);
        if (entry == nullptr) continue;
        entry->position = result.position;
        entry->status = result.status;
        if (result.laps > 0) entry->laps_counted = result.laps;
        if (result.total_us > 0) entry->total_us = result.total_us;
    }
}

}  // namespace racehub
