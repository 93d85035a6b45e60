#include "plugins/track_controller/protocol/race_ledger.h"

#include <algorithm>
#include <utility>

#include "plugins/track_controller/protocol/json_text.h"

namespace racehub::track_controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxHeatIdBytes = 128;  // RH_MAX_NAME_BYTES: the hub's ids

}  // namespace

std::string LedgerState::to_json() const {
    return json{{"last_id", last_id},
                {"armed",
                 {{"heat", armed.heat},
                  {"lanes", lane_digits(armed.lanes)},
                  {"race_id", armed.device_race_id}}}}
        .dump();
}

LedgerState LedgerState::from_json(std::string_view text) {
    const json value = parse_json(text);
    const json& armed = member(value, "armed");
    LedgerState state;
    state.last_id = text_member(value, "last_id", kMaxRaceIdBytes);
    state.armed.heat = text_member(armed, "heat", kMaxHeatIdBytes);
    state.armed.device_race_id = text_member(armed, "race_id", kMaxRaceIdBytes);
    for (const char c : text_member(armed, "lanes", kMaxDeviceLanes))
        if (c >= '1' && c <= '9') state.armed.lanes.push_back(c - '0');
    return state;
}

RaceLedger::RaceLedger(LedgerState state) : state_(std::move(state)), newest_id_(state_.last_id) {
    if (!newest_id_.empty()) remember(newest_id_);
}

bool RaceLedger::seen(std::string_view id) const {
    return std::find(seen_.begin(), seen_.end(), id) != seen_.end();
}

void RaceLedger::remember(const std::string& id) {
    seen_.push_back(id);
    if (seen_.size() > kMaxSeen) seen_.pop_front();
}

RaceLedger::Taken RaceLedger::take(RaceReport report) {
    if (seen(report.race.id)) return Taken::repeated;
    if (waiting_.size() >= kMaxWaiting) return Taken::full;
    remember(report.race.id);
    newest_id_ = report.race.id;
    waiting_.push_back(std::move(report));
    return Taken::fresh;
}

void RaceLedger::take_as_baseline(const std::string& id) {
    if (!seen(id)) remember(id);
    newest_id_ = id;
    state_.last_id = id;
}

const LedgerState& RaceLedger::stored() {
    const RaceReport& report = waiting_.front();
    state_.last_id = report.race.id;
    // An arming without a known race id is spent by the first result after it.
    const std::string& coming = state_.armed.device_race_id;
    if (coming.empty() || coming == report.race.id) state_.armed = {};
    waiting_.pop_front();
    return state_;
}

void RaceLedger::drop() { waiting_.pop_front(); }

bool RaceLedger::armed(const Arming& arming) {
    if (state_.armed == arming) return false;
    state_.armed = arming;
    return true;
}

std::string heat_reported_data(const RaceReport& report) {
    json results = json::array();
    for (const LaneTime& time : report.race.times)
        results.push_back({{"lane", time.lane}, {"time_us", time.time_us}});
    json data = {{"report_id", report.race.id},
                 {"results", std::move(results)},
                 {"fault", report.race.fault},
                 {"missed_reports", report.missed_reports}};
    if (!report.armed_lanes.empty()) data["armed_lanes"] = report.armed_lanes;
    return data.dump();
}

}  // namespace racehub::track_controller
