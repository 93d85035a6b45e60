#include "hub/web/carrera_socket.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/web/director.h"

namespace racehub::web {

using nlohmann::ordered_json;

namespace {

/// The original's page knows two lanes and expects their keys always.
constexpr std::int32_t kLeastLanes = 2;

Frame frame_of(const ordered_json& message) {
    return text_frame(message.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

double seconds(TimeUs us) { return static_cast<double>(us) / 1e6; }

/// The original's "track" number of an entry.
std::int32_t lane_of(const Entry& entry) { return entry.lane > 0 ? entry.lane : entry.entry; }

/// Counted lap times by lane, 1-based; index 0 is unused.
std::vector<std::vector<TimeUs>> laps_by_lane(const Track& track) {
    auto lanes = std::max(kLeastLanes, track.lanes);
    if (track.race) {
        for (const auto& entry : track.race->entries) lanes = std::max(lanes, lane_of(entry.entry));
    }
    std::vector<std::vector<TimeUs>> laps(static_cast<std::size_t>(lanes) + 1);
    if (!track.race) return laps;
    for (const auto& entry : track.race->entries) {
        for (const auto& lap : entry.laps) {
            if (lap.number > 0) {
                laps[static_cast<std::size_t>(lane_of(entry.entry))].push_back(lap.lap_us);
            }
        }
    }
    return laps;
}

ordered_json in_seconds(const std::vector<TimeUs>& laps) {
    auto list = ordered_json::array();
    for (const auto lap_us : laps) list.push_back(seconds(lap_us));
    return list;
}

std::string key(std::size_t lane, const char* what) {
    return "track_" + std::to_string(lane) + "_" + what;
}

const char* status_of(const Track& track) {
    switch (track.phase()) {
        case Phase::idle:
        case Phase::armed:
            return "idle";
        case Phase::lights:
        case Phase::running:
        case Phase::finishing:
        case Phase::held:  // not final: the race director has yet to say so
            return "running";
        case Phase::finished:
        case Phase::aborted:
            return "finished";
    }
    return "idle";
}

}  // namespace

CarreraSocket::CarreraSocket(std::shared_ptr<EventLoop> loop, Commander& commander,
                             const Sessions& sessions, CarreraSettings settings,
                             WebCounters& counters, Refusals& refusals)
    : loop_(std::move(loop)),
      commander_(commander),
      sessions_(sessions),
      settings_(std::move(settings)),
      refusals_(refusals),
      audience_(*loop_, *this, counters, refusals) {}

const Track* CarreraSocket::track() const {
    if (!settings_.track.empty()) return state_->find(settings_.track);
    return state_->tracks.empty() ? nullptr : &state_->tracks.front();
}

void CarreraSocket::say(const ordered_json& message) {
    audience_.push(Topic::facts, frame_of(message));
}

Frame CarreraSocket::full_state() const {
    const auto* now = track();
    const Track none;
    const auto laps = laps_by_lane(now != nullptr ? *now : none);
    ordered_json message = {{"type", "full_state"},
                            {"status", status_of(now != nullptr ? *now : none)}};
    for (std::size_t lane = 1; lane < laps.size(); ++lane) {
        message[key(lane, "laps")] = in_seconds(laps[lane]);
    }
    for (std::size_t lane = 1; lane < laps.size(); ++lane) {
        const auto& mine = laps[lane];
        // The number 0 where there is none, not 0.0: the original's own choice.
        message[key(lane, "last_lap")] =
            mine.empty() ? ordered_json(0) : ordered_json(seconds(mine.back()));
    }
    return frame_of(message);
}

Frame CarreraSocket::race_finished(const Track& track) const {
    const auto laps = laps_by_lane(track);
    ordered_json message = {{"type", "race_finished"}};
    for (std::size_t lane = 1; lane < laps.size(); ++lane) {
        message[key(lane, "laps")] = in_seconds(laps[lane]);
    }
    for (std::size_t lane = 1; lane < laps.size(); ++lane) {
        const auto& mine = laps[lane];
        message[key(lane, "fastest")] =
            mine.empty() ? ordered_json(0)
                         : ordered_json(seconds(*std::min_element(mine.begin(), mine.end())));
    }
    return frame_of(message);
}

void CarreraSocket::say_lap(const Event& fact, const LapCompleted& lap) {
    const auto* now = track();
    // Number 0 only begins the first lap (rolling start): the original has no such thing.
    if (lap.number == 0 || !now->race || now->race->race_id != fact.race_id) return;
    const auto* entry = now->race->find(lap.entry);
    if (entry == nullptr) return;
    say({{"type", "lap_finish"},
         {"track", lane_of(entry->entry)},
         {"lap_time_sec", seconds(lap.lap_us)}});
}

void CarreraSocket::on_fact(const Event& fact) {
    const auto* now = track();
    if (now == nullptr || fact.track != now->id) return;
    const auto& data = fact.data;
    if (std::holds_alternative<RaceArmed>(data) || std::holds_alternative<RaceCleared>(data)) {
        say({{"type", "reset"}});
    } else if (const auto* light = std::get_if<LightLit>(&data)) {
        say({{"type", "light"}, {"light_id", light->number}, {"state", "on"}});
    } else if (std::holds_alternative<RaceStarted>(data)) {
        say({{"type", "lights_out"}});
        say({{"type", "start_race"}});
    } else if (const auto* lap = std::get_if<LapCompleted>(&data)) {
        say_lap(fact, *lap);
    } else if (std::holds_alternative<RaceFinished>(data)) {
        audience_.push(Topic::facts, race_finished(*now));
    } else if (std::holds_alternative<RaceAborted>(data)) {
        // Cancelled before lights out, the page is back at its start; afterwards it has laps to
        // show.
        if (now->race && now->race->started_us != 0) {
            audience_.push(Topic::facts, race_finished(*now));
        } else {
            say({{"type", "reset"}});
        }
    } else if (std::holds_alternative<LapVoided>(data) ||
               std::holds_alternative<LapRestored>(data) ||
               std::holds_alternative<LapAdded>(data)) {
        audience_.push(Topic::facts, full_state());
    }
}

void CarreraSocket::on_join(Spectator& spectator, const RequestHead& head) {
    spectator.set_session(session_of(head));
    if (!sessions_.find(spectator.session())) spectator.set_session({});
    spectator.send(full_state());
    spectator.follow(Topic::facts, audience_.channel(Topic::facts).end());
}

void CarreraSocket::on_overrun(Spectator& spectator) {
    spectator.send(full_state());
    spectator.follow(Topic::facts, audience_.channel(Topic::facts).end());
}

void CarreraSocket::on_text(Spectator& spectator, std::string_view word) {
    if (word != "start" && word != "stop" && word != "reset") return;  // ignored, as ever
    const auto session = sessions_.find(spectator.session());
    if (!session && !settings_.open_commands) {
        refuse(spectator, {401, "not_director",
                           "Error: log in with the race director's PIN, or set "
                           "carrera_ws.open_commands in the hub's configuration.",
                           "session"});
        return;
    }
    const auto* now = track();
    if (now == nullptr) {
        refuse(spectator, {409, "no_track", "Error: this hub has no such track yet.", "track"});
        return;
    }
    const auto director = session ? session->name : std::string("carrera_ws");
    if (word == "start") {
        order(spectator, now->id, RaceStart{}, director);
    } else if (word == "stop") {
        order(spectator, now->id, RaceStop{}, director);
    } else {
        // "reset" works from any state: what is on is aborted first.
        if (now->race && !now->race->ended()) order(spectator, now->id, RaceAbort{}, director);
        order(spectator, now->id, RaceClear{}, director);
    }
}

void CarreraSocket::order(Spectator& spectator, const std::string& track, Payload command,
                          const std::string& director) {
    Event event;
    event.track = track;
    event.source = "director:" + director;
    event.data = std::move(command);
    const auto who = spectator.id();
    const auto loop = loop_;
    const auto problem =
        commander_.submit(std::move(event), [this, loop, who](const Receipt& receipt) {
            if (receipt.logged && receipt.outcome.accepted) return;
            loop->post([this, who, outcome = receipt.outcome] {
                if (auto* asker = audience_.find(who)) {
                    refuse(*asker, {409, outcome.code, "Error: " + outcome.message, ""});
                    if (!asker->blocked()) asker->flush();
                }
            });
        });
    if (problem) refuse(spectator, *problem);
}

void CarreraSocket::refuse(Spectator& spectator, const Problem& problem) {
    refusals_.count("carrera_" + problem.code, problem.message, spectator.address());
    spectator.send(frame_of({{"type", "status"}, {"message", problem.message}}));
}

}  // namespace racehub::web
