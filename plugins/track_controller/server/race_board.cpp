#include "plugins/track_controller/server/race_board.h"

#include <algorithm>

namespace racehub::track_controller {
namespace {

using nlohmann::json;

std::int64_t integer(const json& value) {
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

}  // namespace

RaceBoard::Change RaceBoard::on_fact(const Fact& fact) {
    if (fact.type != "hub.snapshot" && !ours(fact.track)) return {};
    const bool was_ready = gate_ready();
    const std::string before = last_ ? last_->id : std::string();
    const json data = parse_json(fact.data);
    if (data.is_object()) follow(fact, data);
    Change change;
    change.completed = last_ && last_->id != before;
    change.gate_closed = !was_ready && gate_ready();
    return change;
}

bool RaceBoard::ours(std::string_view track) {
    if (track_.empty()) track_ = track;
    return track == track_;
}

void RaceBoard::follow(const Fact& fact, const json& data) {
    if (fact.type == "hub.snapshot") return snapshot(data);
    if (fact.type == "track.configured") return set_lane_count(member(data, "lanes"));
    if (fact.type == "race.armed") return armed(fact, data);
    if (fact.race_id != race_) return;
    if (fact.type == "race.started") {
        phase_ = Phase::racing;
        started_us_ = fact.time_us;
    } else if (fact.type == "heat.timed" && member(data, "results").is_array()) {
        for (const json& result : member(data, "results")) {
            timed(integer(member(result, "entry")), member(result, "status"),
                  integer(member(result, "time_us")));
        }
    } else if (fact.type == "heat.reopened") {
        reopened(data);
    } else if (fact.type == "heat.corrected") {
        corrected(data);
    } else if (fact.type == "lap.completed") {
        lap(data);
    } else if (fact.type == "entry.finished") {
        const auto crossed = crossed_us_.find(integer(member(data, "entry")));
        if (crossed != crossed_us_.end()) time_us_[crossed->first] = crossed->second - started_us_;
    } else if (fact.type == "race.finished") {
        finished();
    } else if (fact.type == "race.held" || fact.type == "race.aborted" ||
               fact.type == "race.cleared") {
        phase_ = Phase::idle;
        active_lanes_.clear();
    }
}

void RaceBoard::set_lane_count(const json& lanes) {
    const std::int64_t count = integer(lanes);
    // A track without lanes has as many as there are digits.
    lane_count_ = count < 1 ? kMaxDeviceLanes
                            : static_cast<int>(std::min<std::int64_t>(count, kMaxDeviceLanes));
}

void RaceBoard::armed(const Fact& fact, const json& data) {
    race_ = coming_id_ = fact.race_id;
    run_ = 1;
    phase_ = Phase::armed;
    active_lanes_.clear();
    lane_of_entry_.clear();
    time_us_.clear();
    crossed_us_.clear();
    if (!member(data, "entries").is_array()) return;
    for (const json& entry : member(data, "entries")) {
        const auto lane = integer(member(entry, "lane"));
        if (lane < 1 || lane > kMaxDeviceLanes) continue;
        lane_of_entry_[integer(member(entry, "entry"))] = static_cast<int>(lane);
        active_lanes_.push_back(static_cast<int>(lane));
    }
    std::sort(active_lanes_.begin(), active_lanes_.end());
}

void RaceBoard::reopened(const json& data) {
    phase_ = Phase::armed;
    coming_id_ = race_ + "-" + std::to_string(++run_);
    active_lanes_.clear();
    if (!member(data, "entries").is_array()) return;
    for (const json& entry : member(data, "entries")) {
        const auto lane = lane_of_entry_.find(integer(entry));
        if (lane == lane_of_entry_.end()) continue;
        time_us_.erase(lane->first);
        active_lanes_.push_back(lane->second);
    }
    std::sort(active_lanes_.begin(), active_lanes_.end());
}

void RaceBoard::timed(std::int64_t entry, const json& status, std::int64_t time_us) {
    if (status == "timed") {
        time_us_[entry] = time_us;
    } else {
        time_us_.erase(entry);
    }
}

void RaceBoard::corrected(const json& data) {
    timed(integer(member(data, "entry")), member(data, "status"), integer(member(data, "time_us")));
    // Of a race that was told already: who asks again hears the corrected one.
    if (last_ && last_->id == coming_id_ && phase_ == Phase::idle)
        last_->times_ms = times_by_lane();
}

void RaceBoard::lap(const json& data) {
    if (integer(member(data, "number")) > 0)
        crossed_us_[integer(member(data, "entry"))] = integer(member(data, "crossed_us"));
}

void RaceBoard::finished() {
    phase_ = Phase::idle;
    active_lanes_.clear();
    last_ = ServedRace{coming_id_, times_by_lane()};
}

std::map<int, std::int64_t> RaceBoard::times_by_lane() const {
    std::map<int, std::int64_t> times;
    for (const auto& [entry, time_us] : time_us_) {
        const auto lane = lane_of_entry_.find(entry);
        if (lane != lane_of_entry_.end() && time_us >= 0)
            times[lane->second] = (time_us + 500) / 1000;
    }
    return times;
}

void RaceBoard::snapshot(const json& data) {
    if (!member(data, "tracks").is_array()) return;
    for (const json& track : member(data, "tracks")) {
        const json& id = member(track, "id");
        if (!id.is_string() || !ours(id.get_ref<const std::string&>())) continue;
        set_lane_count(member(track, "lanes"));
        snapshot_race(member(track, "race"));
    }
}

void RaceBoard::snapshot_race(const json& race) {
    if (!race.is_object()) return;
    const json& phase = member(race, "phase");
    if (text_member(race, "race_id", kMaxRaceIdBytes) != race_) run_ = 1;
    race_ = text_member(race, "race_id", kMaxRaceIdBytes);
    coming_id_ = run_ == 1 ? race_ : race_ + "-" + std::to_string(run_);
    started_us_ = integer(member(race, "started_us"));
    active_lanes_.clear();
    lane_of_entry_.clear();
    time_us_.clear();
    crossed_us_.clear();
    const json& entries = member(race, "entries");
    for (const json& state : entries.is_array() ? entries : json::array()) {
        const json& who = member(state, "entry");
        const auto entry = integer(member(who, "entry"));
        const auto lane = integer(member(who, "lane"));
        if (lane < 1 || lane > kMaxDeviceLanes) continue;
        lane_of_entry_[entry] = static_cast<int>(lane);
        const json& heat = member(state, "heat");
        if (heat == "waiting") active_lanes_.push_back(static_cast<int>(lane));
        if (heat == "timed") time_us_[entry] = integer(member(state, "heat_us"));
        const std::int64_t total_us = integer(member(state, "total_us"));
        if (total_us > 0 && member(state, "status") == "finished") time_us_[entry] = total_us;
        if (total_us > 0) crossed_us_[entry] = started_us_ + total_us;
    }
    std::sort(active_lanes_.begin(), active_lanes_.end());
    const bool on = phase == "running" || phase == "finishing";
    phase_ = on                                      ? Phase::racing
             : phase == "armed" || phase == "lights" ? Phase::armed
                                                     : Phase::idle;
    if (phase_ == Phase::idle) active_lanes_.clear();
    if (phase == "finished") last_ = ServedRace{coming_id_, times_by_lane()};
}

}  // namespace racehub::track_controller
