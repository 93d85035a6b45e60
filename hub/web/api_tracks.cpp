#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/web/api.h"

namespace racehub::web {

using nlohmann::json;

namespace {

const Problem kNoTrack{404, "no_track", "This hub has no such track; GET /api/tracks lists them.",
                       "track"};

std::optional<Track> copy_of(const Engine& engine, const std::string& id) {
    std::optional<Track> copy;
    engine.read_state([&](const HubState& state) {
        if (const auto* track = state.find(id)) copy = *track;
    });
    return copy;
}

void list_tracks(const Engine& engine, const Reply& reply) {
    json list = json::array();
    engine.read_state([&list](const HubState& state) {
        for (const auto& track : state.tracks) {
            json item = {{"id", track.id},
                         {"name", track.name},
                         {"lanes", track.lanes},
                         {"phase", name_of(track.phase())}};
            if (track.race) item["race_id"] = track.race->race_id;
            list.push_back(std::move(item));
        }
    });
    reply.send(json_answer({{"tracks", std::move(list)}}));
}

void show_track(const Engine& engine, const Call& call, const Reply& reply) {
    const auto track = copy_of(engine, call.parameters[0]);
    if (!track) return reply.send(problem_response(kNoTrack));
    auto body = to_json(*track);
    body["phase"] = name_of(track->phase());
    reply.send(json_answer(body));
}

void show_standings(const Engine& engine, const Call& call, const Reply& reply) {
    const auto track = copy_of(engine, call.parameters[0]);
    if (!track) return reply.send(problem_response(kNoTrack));
    reply.send(json_answer(standings_json(track->id, track->race ? &*track->race : nullptr)));
}

void take_command(ApiContext& context, const Call& call, const Reply& reply) {
    json object;
    std::string error;
    const auto refuse = [&](const Problem& problem) {
        context.refusals.count(problem, call.request.client.text());
        reply.send(problem_response(problem));
    };
    if (!parse_object(call.request.body, object, error)) {
        return refuse({400, "not_json", "The body is one JSON object.", "body"});
    }
    if (!copy_of(context.engine, call.parameters[0])) return refuse(kNoTrack);
    Event command;
    if (auto problem = Commander::read(object, call.parameters[0], call.session->name, command)) {
        return refuse(*problem);
    }
    const auto problem = context.commander.submit(std::move(command), [reply](const Receipt& r) {
        // A refusal by the rules of racing is an answer, not an error of the request.
        const bool accepted = r.logged && r.outcome.accepted;
        if (accepted) return reply.send(json_answer(outcome_json(r)));
        const int status = r.logged ? 409 : 503;
        reply.send(problem_response({status, r.outcome.code, r.outcome.message, "command"}));
    });
    if (problem) refuse(*problem);
}

}  // namespace

Response json_answer(const json& body, int status) {
    return json_response(status, body.dump(-1, ' ', false, json::error_handler_t::replace));
}

json standings_json(const std::string& track, const Race* race) {
    json body = {{"track", track}, {"phase", name_of(race ? race->phase : Phase::idle)}};
    body["standings"] = json::array();
    if (race == nullptr) return body;
    body["race_id"] = race->race_id;
    body["standings"] = to_json(standings(*race));
    for (auto& row : body["standings"]) {
        const auto* entry = race->find(row.at("entry").get<std::int32_t>());
        if (entry == nullptr) continue;
        row["driver"] = entry->entry.driver;
        row["car"] = entry->entry.car;
    }
    return body;
}

void add_track_routes(Router& router, ApiContext& context) {
    router.add(
        {"GET", "/api/tracks", Access::everybody,
         [&context](const Call&, const Reply& reply) { list_tracks(context.engine, reply); }});
    router.add({"GET", "/api/tracks/{track}", Access::everybody,
                [&context](const Call& call, const Reply& reply) {
                    show_track(context.engine, call, reply);
                }});
    router.add({"GET", "/api/tracks/{track}/standings", Access::everybody,
                [&context](const Call& call, const Reply& reply) {
                    show_standings(context.engine, call, reply);
                }});
    router.add(
        {"POST", "/api/tracks/{track}/commands", Access::director,
         [&context](const Call& call, const Reply& reply) { take_command(context, call, reply); }});
}

}  // namespace racehub::web
