#include "plugins/openf1/replay.h"

#include <algorithm>

namespace racehub::openf1 {

Replay::Replay(std::shared_ptr<const Session> session, std::int64_t run, Listener& listener)
    : session_(std::move(session)),
      reports_(all_reports(*session_)),
      sampler_(session_),
      listener_(listener),
      run_(run),
      anchor_race_us_(-kLeadUs) {}

std::size_t Replay::index_after(Micros race_us) const {
    const auto after =
        std::upper_bound(reports_.begin(), reports_.end(), race_us,
                         [](Micros at_us, const Report& r) { return at_us < r.race_us; });
    return static_cast<std::size_t>(after - reports_.begin());
}

Micros Replay::race_us(Micros now_us) const {
    const Micros since_us = std::max<Micros>(0, now_us - anchor_us_);
    return std::min(end_us(), anchor_race_us_ + since_us / 1'000 * pace());
}

ReplayStatus Replay::status(Micros now_us) const {
    ReplayStatus status;
    status.race_us = race_us(now_us);
    status.end_us = end_us();
    status.rate = rate_;
    status.playing = playing_;
    status.finished = next_ == reports_.size();
    status.loop = loop_;
    return status;
}

// ---- the clock ----

void Replay::open(Micros now_us, Micros race_us) {
    race_us = std::clamp(race_us, begin_us(), end_us());
    ++run_;  // it may be opened again: all is told anew
    clocks_ = 0;
    const std::string key = "/" + std::to_string(run_);
    listener_.observe("race.reported", race_data(*session_, race_us, pace()), "race" + key);
    if (!session_->layout.path.empty()) {
        listener_.observe("map.reported", map_data(*session_), "map" + key);
    }
    next_ = 0;
    // The hub may know the race from an earlier evening, and more of it than has happened here.
    set_clock(now_us, race_us, true);
    const std::size_t until = index_after(race_us);
    tell_what_counts(0, until);
    next_ = until;
}

void Replay::set_clock(Micros now_us, Micros race_us, bool rewind) {
    anchor_us_ = now_us;
    anchor_race_us_ = race_us;
    listener_.observe("clock.reported", clock_data(race_us, pace(), rewind),
                      "clock/" + std::to_string(run_) + "/" + std::to_string(clocks_++));
    located_us_ = measured_us_ = gaps_us_ = weather_us_ = 0;
}

void Replay::play(Micros now_us) {
    if (playing_) return;
    const Micros at_us = race_us(now_us);
    playing_ = true;
    if (next_ == reports_.size()) return seek(now_us, begin_us());
    set_clock(now_us, at_us, false);
}

void Replay::pause(Micros now_us) {
    if (!playing_) return;
    tick(now_us);
    const Micros at_us = race_us(now_us);
    playing_ = false;
    set_clock(now_us, at_us, false);
}

void Replay::set_rate(Micros now_us, std::int32_t rate) {
    const Micros at_us = race_us(now_us);
    rate_ = std::clamp(rate, kSlowest, kFastest);
    if (playing_) set_clock(now_us, at_us, false);
}

void Replay::seek(Micros now_us, Micros target_us) {
    target_us = std::clamp(target_us, begin_us(), end_us());
    const std::size_t until = index_after(target_us);
    const bool back = target_us < race_us(now_us) || until < next_;
    if (back) {
        ++run_;
        clocks_ = 0;
    }
    if (!back) tell_what_counts(next_, until);
    next_ = until;
    set_clock(now_us, target_us, back);
    if (back) restate(target_us);
    sample(now_us, target_us);
}

bool Replay::seek_lap(Micros now_us, std::int32_t lap) {
    for (const Report& report : reports_) {
        if (report.lap != lap) continue;
        seek(now_us, report.race_us);
        return true;
    }
    return false;
}

bool Replay::seek_event(Micros now_us, const std::string& what, bool forward) {
    const Micros at_us = race_us(now_us);
    const auto fits = [&](const Report& report) {
        if (report.about.empty() || report.about.find(what) == std::string::npos) return false;
        return forward ? report.race_us > at_us : report.race_us < at_us;
    };
    if (forward) {
        const auto found = std::find_if(reports_.begin(), reports_.end(), fits);
        if (found == reports_.end()) return false;
        seek(now_us, found->race_us);
        return true;
    }
    const auto found = std::find_if(reports_.rbegin(), reports_.rend(), fits);
    if (found == reports_.rend()) return false;
    seek(now_us, found->race_us);
    return true;
}

// ---- telling ----

void Replay::tell(std::size_t index) {
    const Report& report = reports_[index];
    listener_.observe(report.type, report.data, std::to_string(index) + "/" + std::to_string(run_));
}

void Replay::tell_until(Micros race_us) {
    while (next_ < reports_.size() && reports_[next_].race_us <= race_us) tell(next_++);
}

void Replay::tell_what_counts(std::size_t from, std::size_t to) {
    std::set<std::string_view> later;  // slots that something after it takes
    std::vector<std::size_t> counting;
    for (std::size_t i = to; i-- > from;) {
        const Report& report = reports_[i];
        if (report.passing || (!report.slot.empty() && !later.insert(report.slot).second)) continue;
        counting.push_back(i);
    }
    for (std::size_t i = counting.size(); i-- > 0;) tell(counting[i]);
}

/// The hub kept laps, stops, stints and messages up to here; positions, who is out and the flag it
/// must hear again.
void Replay::restate(Micros race_us) {
    const std::size_t to = index_after(race_us);
    std::set<std::string_view> later;
    std::vector<std::size_t> holding;
    bool flag = false;
    for (std::size_t i = to; i-- > 0;) {
        const Report& report = reports_[i];
        const bool entry = report.slot.starts_with("position") || report.slot.starts_with("status");
        const bool message = std::string_view(report.type) == "message.reported" &&
                             !report.about.empty() && !std::exchange(flag, true);
        if ((entry && later.insert(report.slot).second) || message) holding.push_back(i);
    }
    for (std::size_t i = holding.size(); i-- > 0;) tell(holding[i]);
}

void Replay::sample(Micros now_us, Micros race_us) {
    const auto due = [&](Micros& last_us, Micros every_us) {
        if (last_us != 0 && now_us - last_us < every_us) return false;
        // On a grid, so that a late tick does not delay the ones after it.
        last_us = last_us != 0 && now_us - last_us < 2 * every_us ? last_us + every_us : now_us;
        return true;
    };
    const auto tell = [&](const char* type, const std::string& data) {
        if (!data.empty()) listener_.sample(type, data);
    };
    if (due(located_us_, kLocatedEveryUs)) tell("car.located", sampler_.located(race_us));
    if (due(measured_us_, kMeasuredEveryUs)) tell("car.measured", sampler_.measured(race_us));
    if (due(gaps_us_, kGapsEveryUs)) tell("gap.measured", sampler_.gaps(race_us));
    if (due(weather_us_, kWeatherEveryUs)) tell("weather.measured", sampler_.weather(race_us));
}

void Replay::tick(Micros now_us) {
    const Micros at_us = race_us(now_us);
    const bool was_finished = next_ == reports_.size();
    if (playing_) tell_until(at_us);
    sample(now_us, at_us);
    if (!playing_ || at_us < end_us()) return;
    if (loop_) return seek(now_us, begin_us());
    if (was_finished && next_ == reports_.size()) return;
    playing_ = false;
    set_clock(now_us, end_us(), false);
}

}  // namespace racehub::openf1
