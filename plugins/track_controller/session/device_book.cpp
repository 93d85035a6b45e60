#include "plugins/track_controller/session/device_book.h"

#include <algorithm>
#include <utility>

#include "plugins/track_controller/session/timing.h"

namespace racehub::track_controller {
namespace {

// The device's millisecond counter starts again at 2^30: after 12 days and 10 hours.
constexpr std::int64_t kUptimeWrapMs = std::int64_t{1} << 30;
// Between two answers the counter grows by at least the time from the first one's arrival to the
// second question; clocks differ by less than 0.2 %, and milliseconds are whole.
constexpr std::int64_t kUptimeSlackMs = 50;
constexpr std::int64_t kClockDrift = 500;  // one in so many
// What passes between the device's clock and ours for one race.
constexpr std::int64_t kTimeSlackUs = 100 * kMs;

// The device's result was there before the hub's word about the heat (both were just started).
constexpr int kNextRun = -1;

std::string list(const std::vector<int>& lanes) {
    std::string text = lanes.size() == 1 ? "lane " : "lanes ";
    for (std::size_t i = 0; i < lanes.size(); ++i)
        text += (i == 0 ? "" : i + 1 == lanes.size() ? " and " : ", ") + std::to_string(lanes[i]);
    return text;
}

}  // namespace

DeviceBook::DeviceBook(Options options, LedgerState state, DeviceListener& listener)
    : options_(std::move(options)), ledger_(std::move(state)), listener_(listener) {}

bool DeviceBook::is_armed(const Arming& arming) {
    return !arming.heat.empty() || !arming.lanes.empty() || !arming.device_race_id.empty();
}

void DeviceBook::order(HeatOrder order, std::int64_t) {
    order_ = std::move(order);
    if (order_.armed && order_.heat == done_heat_ && done_run_ == kNextRun) done_run_ = order_.run;
    mismatch_.clear();
    tell_link();
}

bool DeviceBook::heat_open() const {
    return order_.armed && !(order_.heat == done_heat_ && order_.run == done_run_);
}

std::vector<int> DeviceBook::usable_lanes() const {
    const int limit = info_.lane_count > 0 ? info_.lane_count : kMaxDeviceLanes;
    std::vector<int> lanes;
    if (order_.armed && !order_.lanes.empty()) {
        lanes = order_.lanes;
    } else {
        for (int lane = 1; lane <= (options_.lanes > 0 ? options_.lanes : limit); ++lane)
            lanes.push_back(lane);
    }
    std::sort(lanes.begin(), lanes.end());
    lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
    std::erase_if(lanes, [&](int lane) { return lane < 1 || lane > limit; });
    return lanes;
}

bool DeviceBook::wants_armed() const {
    if (usable_lanes().empty() || ledger_.next()) return false;
    if (options_.policy == ArmPolicy::always) return true;
    return heat_open();
}

std::string DeviceBook::wanted_digits() const { return lane_digits(usable_lanes()); }

void DeviceBook::connected(const DeviceInfo& info, std::int64_t) {
    info_ = info;
    link_ = Link::connected;
    link_text_.clear();
    trouble_.clear();
    mismatch_.clear();
    tell_link();
}

void DeviceBook::connecting(const std::string& text) {
    link_ = Link::connecting;
    link_text_ = text;
    tell_link();
}

void DeviceBook::lost(Link link, const std::string& text) {
    link_ = link;
    link_text_ = text;
    outage_ = true;
    gate_ready_.reset();  // told again when the device is back, whatever it is then
    lanes_.clear();
    lane_events_ = false;
    tell_link();
}

void DeviceBook::trouble(const std::string& text) {
    trouble_ = text;
    tell_link();
}

void DeviceBook::tell_link() {
    const bool connected = link_ == Link::connected;
    const std::string& problem = !trouble_.empty() ? trouble_ : mismatch_;
    std::string text = connected ? connected_text() : link_text_;
    bool well = connected;
    if (connected && !problem.empty()) {
        text = problem;
        well = false;
    } else if (connected && heat_open() && usable_lanes().size() < order_.lanes.size()) {
        text = "The heat has lanes that the Track Controller does not (it has " +
               std::to_string(info_.lane_count) + "): change the heat's lanes.";
        well = false;
    }
    if (text == told_) return;
    told_ = text;
    listener_.link_changed(link_, well, text);
}

std::string DeviceBook::connected_text() const {
    std::string text = "Track Controller at " + options_.where + " (firmware " + info_.firmware +
                       ", protocol " + info_.protocol_text;
    if (info_.lane_count > 0) text += ", " + std::to_string(info_.lane_count) + " lanes";
    text += ") is connected";
    const Arming& armed = ledger_.state().armed;
    if (wants_armed() && armed_now()) {
        text += armed.lanes.empty() ? "; armed" : "; armed on " + list(armed.lanes);
    } else {
        text += "; idle";
    }
    return text + ".";
}

// ---- Results -----------------------------------------------------------------------------------

void DeviceBook::state(const std::optional<RaceResult>& race, std::int64_t now_us) {
    if (race) {
        const bool stranger = !contacted_ && !ledger_.knows_device();
        if (stranger && !is_armed(ledger_.state().armed)) {
            // Run before this hub ever met the device: nobody's here.
            ledger_.take_as_baseline(race->id);
            listener_.persist(ledger_.state());
        } else {
            take(*race, now_us);
        }
    } else if (ledger_.knows_device() && !empty_) {
        empty_ = true;  // it had a race when we knew it last
        check_loss_ = is_armed(ledger_.state().armed);
    }
    contacted_ = true;
    outage_ = false;
}

bool DeviceBook::result(const RaceResult& race, std::int64_t now_us) {
    const bool fresh = take(race, now_us);
    contacted_ = true;
    return fresh;
}

bool DeviceBook::is_ours(const RaceResult& race, std::int64_t now_us) const {
    const Arming& armed = ledger_.state().armed;
    if (!is_armed(armed)) return false;
    if (!armed.device_race_id.empty()) return armed.device_race_id == race.id;
    // The id was not known. A race that took longer than it was armed is an older one, handed out
    // because we asked for what came after another.
    std::int64_t longest_us = 0;
    for (const LaneTime& time : race.times) longest_us = std::max(longest_us, time.time_us);
    return longest_us <= now_us - armed_us_ + kTimeSlackUs;
}

bool DeviceBook::take(const RaceResult& race, std::int64_t now_us) {
    if (ledger_.seen(race.id)) return false;
    RaceReport report;
    report.race = race;
    report.recv_us = now_us;
    const Arming armed = ledger_.state().armed;
    const bool ours = is_ours(race, now_us);
    report.missed_reports = gap_pending_ || (outage_ && !ours);
    if (ours) {
        report.heat = armed.heat;
        report.armed_lanes = armed.lanes;
        for (const LaneTime& time : race.times) {
            // It timed what we did not arm: somebody else did, and we do not know what.
            if (!std::count(armed.lanes.begin(), armed.lanes.end(), time.lane))
                report.armed_lanes.clear();
        }
    }
    const std::string heat = report.heat;
    // Nobody here armed it: it is on offer, whatever heat may be armed by now.
    if (heat.empty() && options_.policy == ArmPolicy::heats) report.heat = race.id;
    if (report.missed_reports)
        listener_.log_warning("Races before " + race.id +
                              " may be missing: the Track Controller keeps only its last, and it "
                              "could not be asked in between.");
    if (ledger_.take(std::move(report)) != RaceLedger::Taken::fresh) {
        trouble("The hub's log takes no results; the Track Controller keeps its last one.");
        return false;
    }
    gap_pending_ = empty_ = check_loss_ = false;
    mismatch_.clear();  // what it was armed for is over
    if (ours) {
        if (!heat.empty()) {
            done_heat_ = heat;
            done_run_ = heat == order_.heat ? order_.run : kNextRun;
        }
        // Until the result is stored the arming says whose it is, should we die now.
        set_arming({armed.heat, armed.lanes, race.id});
    }
    listener_.report_waiting();
    tell_link();
    return true;
}

// ---- What it is armed for ----------------------------------------------------------------------

void DeviceBook::set_arming(const Arming& arming) {
    if (ledger_.armed(arming)) listener_.persist(ledger_.state());
}

bool DeviceBook::armed_now() const {
    const Arming& armed = ledger_.state().armed;
    return is_armed(armed) && !ledger_.seen(armed.device_race_id);
}

void DeviceBook::started() {
    const Arming& armed = ledger_.state().armed;
    if (!armed_now() || armed.heat.empty() || armed.device_race_id.empty()) return;
    if (armed.heat != order_.heat) return;  // known from before: what runs now is another
    if (started_id_ == armed.device_race_id) return;
    started_id_ = armed.device_race_id;
    listener_.heat_started(armed.heat, armed.device_race_id);
}

bool DeviceBook::armed_by_us() const {
    const bool ours = !arming().heat.empty() || options_.policy == ArmPolicy::always;
    return ours && armed_now();
}

void DeviceBook::disarmed() {
    if (!armed_now()) return;
    set_arming({});
    mismatch_.clear();
    tell_link();
}

void DeviceBook::waiting(Phase phase, std::int64_t now_us) {
    if (phase == Phase::armed || phase == Phase::racing) return;  // as it was before
    if (check_loss_) memory_lost();
    // It may still be what it was armed for, whoever's wait that was.
    if (phase == Phase::unknown && armed_now()) return;
    armed_us_ = now_us;
    mismatch_.clear();
    set_arming({heat_open() ? order_.heat : std::string(), usable_lanes(), {}});
    tell_link();
}

void DeviceBook::follow_arming(const Snapshot& snapshot) {
    const bool armed = snapshot.phase == Phase::armed;
    if (armed) mismatch_.clear();
    if (snapshot.race_id.empty() || (!armed && snapshot.phase != Phase::racing)) return;
    Arming known = ledger_.state().armed;
    const bool same = known.device_race_id == snapshot.race_id ||
                      (known.device_race_id.empty() && is_armed(known));
    if (!same) known.heat.clear();
    known.device_race_id = snapshot.race_id;
    if (!snapshot.active_lanes.empty()) known.lanes = snapshot.active_lanes;
    // Until the gate opens it is the open heat's race, if the lanes are; from then on it stays
    // whose it was.
    const bool fits = known.lanes == usable_lanes();
    if (armed && fits && heat_open()) known.heat = order_.heat;
    set_arming(known);
    if (!armed || !wants_armed() || fits) return;
    mismatch_ = "The Track Controller is still armed on " + list(known.lanes) +
                ", the heat runs on " + list(usable_lanes()) +
                ": open and close the start gate once with the track empty, or switch the Track "
                "Controller off and on.";
}

std::int64_t DeviceBook::snapshot(const Snapshot& snapshot, std::int64_t asked_us,
                                  std::int64_t now_us) {
    const std::int64_t boot_us = started_anew(snapshot, asked_us, now_us);
    const std::string& coming = ledger_.state().armed.device_race_id;
    const bool still_on = (snapshot.phase == Phase::armed || snapshot.phase == Phase::racing) &&
                          (coming.empty() || coming == snapshot.race_id);
    // What was armed since the start is not lost by it.
    if (boot_us > armed_us_ || (check_loss_ && !still_on)) memory_lost();
    check_loss_ = false;
    follow_arming(snapshot);
    if (snapshot.phase == Phase::racing) started();
    if (snapshot.gate_ready) gate(*snapshot.gate_ready);
    follow_lanes(snapshot);
    if (!snapshot.text.empty()) listener_.measured(snapshot.text);
    tell_link();
    return boot_us;
}

// ---- Lights ------------------------------------------------------------------------------------

void DeviceBook::gate(bool ready) {
    if (gate_ready_ == ready) return;
    gate_ready_ = ready;
    listener_.gate_changed(ready);
}

void DeviceBook::lane(int lane, bool triggered) {
    lane_events_ = true;
    set_lane(lane, triggered);
}

void DeviceBook::set_lane(int lane, bool triggered) {
    LaneSensor& known = lanes_[lane];
    if (known.lane == lane && known.triggered == triggered) return;
    known.lane = lane;
    known.triggered = triggered;
    listener_.lane_changed(lane, triggered);
}

void DeviceBook::follow_lanes(const Snapshot& snapshot) {
    for (const LaneSensor& sensor : snapshot.lanes) {
        const auto known = lanes_.find(sensor.lane);
        // Covered and free again between two looks: the edge's own time shows it.
        const bool blinked = !lane_events_ && known != lanes_.end() &&
                             known->second.last_edge_ms >= 0 &&
                             sensor.last_edge_ms != known->second.last_edge_ms &&
                             known->second.triggered == sensor.triggered;
        if (blinked) set_lane(sensor.lane, !sensor.triggered);
        set_lane(sensor.lane, sensor.triggered);
        lanes_[sensor.lane].last_edge_ms = sensor.last_edge_ms;
    }
}

// ---- Reboots -----------------------------------------------------------------------------------

std::int64_t DeviceBook::started_anew(const Snapshot& snapshot, std::int64_t asked_us,
                                      std::int64_t now_us) {
    if (!snapshot.uptime_ms) return 0;
    bool anew = false;
    const std::int64_t uptime_ms = *snapshot.uptime_ms;
    if (uptime_ms_) {
        const std::int64_t passed_ms = (asked_us - uptime_at_us_) / kMs;
        const std::int64_t expected_ms = *uptime_ms_ + passed_ms;
        const std::int64_t slack_ms =
            kUptimeSlackMs + std::max<std::int64_t>(passed_ms, 0) / kClockDrift;
        const bool on_time = uptime_ms >= expected_ms - slack_ms;
        const bool wrapped = expected_ms >= kUptimeWrapMs - slack_ms &&
                             uptime_ms >= expected_ms - kUptimeWrapMs - slack_ms;
        // …and by what it says it started after the last question: an answer that we read late does
        // not make it younger.
        const bool young = now_us - uptime_ms * kMs > uptime_asked_us_;
        anew = !on_time && !wrapped && young;
    }
    uptime_ms_ = uptime_ms;
    uptime_asked_us_ = asked_us;
    uptime_at_us_ = now_us;
    // It counts whole milliseconds, and may have looked as soon as it was asked.
    return anew ? asked_us - (uptime_ms + 1) * kMs : 0;
}

void DeviceBook::rebooted() {
    uptime_ms_.reset();
    memory_lost();
}

void DeviceBook::memory_lost() {
    empty_ = true;
    check_loss_ = false;
    if (armed_now()) {
        gap_pending_ = true;
        listener_.log_warning(
            "The Track Controller restarted while it was armed: a race run just before is lost. "
            "It is armed again for the open heat.");
        set_arming({});
    }
    mismatch_.clear();
}

}  // namespace racehub::track_controller
