#include "plugins/emperor/fold/follower.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace racehub::emperor {
namespace {

using nlohmann::json;

/// After so long without a word the server itself gives a driver up.
constexpr std::int64_t kLiveUs = 5LL * 60 * 1'000'000;

/// The newest stamp in a snapshot.
std::int64_t newest_us(const Snapshot& snapshot) {
    std::int64_t newest = snapshot.start_us;
    for (const Driver& driver : snapshot.drivers) {
        newest = std::max({newest, driver.connected_us, driver.loaded_us, driver.seen_us});
        for (const CarRecord& car : driver.cars) newest = std::max(newest, car.completed_us);
    }
    for (const Chat& chat : snapshot.chats) newest = std::max(newest, chat.at_us);
    return newest;
}

bool says_that_it_lives(const Frame& frame) {
    if (!frame.known()) return false;
    // The chat is told again to each newcomer.
    return !frame.is(EventType::snapshot) && !frame.is(EventType::chat);
}

}  // namespace

void Follower::connected() {
    first_ = true;
    fresh_ = false;
    held_.reset();
    completed_us_.clear();
    if (session_) session_->reopen();
}

std::string Follower::report_id() const { return session_ ? session_->report_id() : ""; }

std::vector<Observation> Follower::take(const Frame& frame, std::int64_t now_us) {
    std::vector<Observation> told;
    if (says_that_it_lives(frame)) {
        fresh_ = true;
        if (held_) {
            const Snapshot held = std::move(*held_);
            held_.reset();
            take_snapshot(held, now_us, told);
        }
    }
    if (const auto* snapshot = std::get_if<Snapshot>(&frame.message)) {
        watch_clock(*snapshot, now_us);
        const bool second = !first_;
        first_ = false;
        fresh_ = fresh_ || second || looks_live(*snapshot, now_us);
        const bool known =
            session_ && session_->id() == SessionId{snapshot->start_us, snapshot->session.index};
        if (!fresh_ && !known) {
            held_ = *snapshot;
        } else {
            held_.reset();
            take_snapshot(*snapshot, now_us, told);
        }
    } else if (const auto* info = std::get_if<CarInfo>(&frame.message)) {
        names_.learn(info->guid, info->driver);
        if (session_) session_->rename(names_, now_us, told);
    } else if (const auto* update = std::get_if<CarUpdate>(&frame.message)) {
        cars_.take(*update, now_us);
        line_.take(*update);
        if (session_) gaps_.take(*update, *session_, now_us);
    } else if (const auto* hit = std::get_if<Hit>(&frame.message)) {
        if (session_) session_->take(*hit, now_us, told);
    } else if (const auto* lap = std::get_if<LapTold>(&frame.message)) {
        if (session_) session_->take(*lap);
    } else if (const auto* told_info = std::get_if<SessionInfo>(&frame.message)) {
        cars_.take_weather(*told_info);
    }
    return told;
}

void Follower::take_snapshot(const Snapshot& snapshot, std::int64_t now_us,
                             std::vector<Observation>& told) {
    const SessionId id{snapshot.start_us, snapshot.session.index};
    if (!session_ || session_->id() != id) {
        const bool anybody = std::any_of(snapshot.drivers.begin(), snapshot.drivers.end(),
                                         [](const Driver& driver) { return driver.connected; });
        const bool looped = session_ && session_->continues_as(snapshot);
        if (looped && anybody) {
            session_->continue_as(snapshot);
        } else {
            if (session_) session_->finish(now_us, told);
            session_.emplace(snapshot, now_us, clock_, teams_);
            if (looped) session_->ignore_laps_before(snapshot);
            cars_.forget();
            gaps_.forget();
        }
    }
    const std::string track = snapshot.session.track + "/" + snapshot.session.layout;
    if (track != track_) line_.forget();
    track_ = track;
    session_->take(snapshot, now_us, clock_, names_, told);
    cars_.take(snapshot, *session_, now_us);
    cars_.take_weather(snapshot.session);
    latest_ = snapshot;
}

// Stamps that are new since the last snapshot of this connection tell the server's clock.
void Follower::watch_clock(const Snapshot& snapshot, std::int64_t now_us) {
    clock_.seen(newest_us(snapshot), now_us);
    for (const Driver& driver : snapshot.drivers) {
        std::int64_t completed_us = 0;
        for (const CarRecord& car : driver.cars) {
            if (car.laps > 0) completed_us = std::max(completed_us, car.completed_us);
        }
        const auto [known, added] = completed_us_.emplace(driver.info.guid, completed_us);
        if (!added && completed_us > known->second) clock_.happened(completed_us, now_us);
        known->second = std::max(known->second, completed_us);
    }
    while (completed_us_.size() > 4 * kMaxDrivers) completed_us_.erase(completed_us_.begin());
}

bool Follower::looks_live(const Snapshot& snapshot, std::int64_t now_us) const {
    const std::int64_t age_us = clock_.to_server_us(now_us) - newest_us(snapshot);
    return age_us < kLiveUs && age_us > -kLiveUs;
}

std::vector<Sample> Follower::samples(std::int64_t now_us) {
    if (!session_ || !session_->opened()) return {};
    std::vector<Sample> samples = cars_.changed(*session_, now_us);
    std::string gaps = gaps_.changed(*session_, now_us);
    if (!gaps.empty()) samples.push_back({"gap.measured", std::move(gaps)});
    return samples;
}

std::vector<Observation> Follower::tell_all(std::int64_t now_us) {
    std::vector<Observation> told;
    if (session_) session_->tell_all(now_us, told);
    return told;
}

// ---- over a restart ----

std::vector<std::pair<std::string, std::string>> Follower::changed_pieces() {
    std::vector<std::string> pieces;
    if (session_) {
        // In ASCII, so that a piece may end anywhere.
        const std::string all =
            session_->save().dump(-1, ' ', true, json::error_handler_t::replace);
        for (std::size_t at = 0; at < all.size(); at += kMaxPiece) {
            pieces.push_back(all.substr(at, kMaxPiece));
        }
    }
    if (pieces.size() > kMaxPieces) pieces.clear();
    std::vector<std::pair<std::string, std::string>> changed;
    for (std::size_t i = 0; i < std::max(pieces.size(), pieces_.size()); ++i) {
        const std::string now = i < pieces.size() ? pieces[i] : "";
        if (i >= pieces_.size() || pieces_[i] != now) changed.emplace_back(piece_name(i), now);
    }
    pieces_ = std::move(pieces);
    return changed;
}

void Follower::load_pieces(const std::vector<std::string>& pieces) {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    const json saved = json::parse(all, nullptr, false);
    if (!saved.is_object()) return;
    session_ = Session::load(saved, teams_);
    if (!session_) return;
    for (const Entrant& each : session_->entrants()) names_.learn(each.guid, each.names.driver);
}

}  // namespace racehub::emperor
