#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/web/api.h"
#include "hub/web/query.h"

namespace racehub::web {

using nlohmann::json;

namespace {

constexpr std::uint64_t kRacesPerPage = 50;
constexpr std::uint64_t kMaxRacesPerPage = 200;
constexpr std::uint64_t kMaxFactsPerPage = 1000;

const Problem kNoRace{404, "no_race", "This hub has no such race; GET /api/races lists them.",
                      "race_id"};

/// The race as it is on its track now (newer than any store), or as it was stored.
std::optional<StoredRace> find_race(ApiContext& context, const std::string& race_id) {
    std::optional<StoredRace> found;
    context.engine.read_state([&](const HubState& state) {
        for (const auto& track : state.tracks) {
            if (track.race && track.race->race_id == race_id) {
                found = StoredRace{track.id, *track.race};
            }
        }
    });
    return found ? found : context.history.race(race_id);
}

/// A number from the query: `fallback` when it is missing, nothing when it is not one of 1 to
/// `most`.
std::optional<std::uint64_t> limit_of(std::string_view query, std::uint64_t fallback,
                                      std::uint64_t most) {
    const auto text = query_value(query, "limit");
    if (!text) return fallback;
    const auto number = as_number(*text);
    return number && *number >= 1 && *number <= most ? number : std::nullopt;
}

Problem bad_limit(std::uint64_t most) {
    return {400, "bad_limit", "limit is a number from 1 to " + std::to_string(most) + ".",
            "query limit"};
}

json to_json(const RaceSummary& race) {
    json item = {{"race_id", race.race_id},       {"track", race.track},
                 {"phase", name_of(race.phase)},  {"armed_us", race.armed_us},
                 {"started_us", race.started_us}, {"ended_us", race.ended_us},
                 {"entries", race.entries},       {"laps", race.laps}};
    if (race.winner != 0) {
        item["winner"] = {{"entry", race.winner}, {"driver", race.winner_driver}};
    }
    if (race.best_entry != 0) {
        item["best_lap"] = {{"entry", race.best_entry}, {"lap_us", race.best_lap_us}};
    }
    return item;
}

json to_json(const LapRow& row) {
    json item = {{"entry", row.entry},
                 {"lap", row.lap.id},
                 {"number", row.lap.number},
                 {"lap_us", row.lap.lap_us},
                 {"crossed_us", row.lap.crossed_us},
                 {"race_us", row.lap.race_us},
                 {"status", name_of(row.lap.status)}};
    if (row.lap.manual) item["manual"] = true;
    if (row.lap.suspect) item["suspect"] = true;
    return item;
}

void list_races(ApiContext& context, const Call& call, const Reply& reply) {
    const auto& query = call.request.head.query;
    const auto limit = limit_of(query, kRacesPerPage, kMaxRacesPerPage);
    if (!limit) return reply.send(problem_response(bad_limit(kMaxRacesPerPage)));
    const auto track = query_value(query, "track").value_or("");
    const auto before = query_value(query, "before").value_or("");
    if (!before.empty() && !as_number(before)) {
        return reply.send(
            problem_response({400, "bad_before", "before is the race_id of the last race you have.",
                              "query before"}));
    }
    const auto races = context.history.races(track, before, static_cast<std::size_t>(*limit));
    json list = json::array();
    for (const auto& race : races) list.push_back(to_json(race));
    json body = {{"races", std::move(list)}};
    if (races.size() == *limit) body["next_before"] = races.back().race_id;
    reply.send(json_answer(body));
}

void show_race(ApiContext& context, const Call& call, const Reply& reply) {
    const auto race = find_race(context, call.parameters[0]);
    if (!race) return reply.send(problem_response(kNoRace));
    reply.send(json_answer({{"track", race->track}, {"race", racehub::to_json(race->race)}}));
}

void show_laps(ApiContext& context, const Call& call, const Reply& reply) {
    const auto laps = context.history.laps(call.parameters[0]);
    if (!laps) return reply.send(problem_response(kNoRace));
    json list = json::array();
    for (const auto& row : *laps) list.push_back(to_json(row));
    reply.send(json_answer({{"race_id", call.parameters[0]}, {"laps", std::move(list)}}));
}

void show_standings(ApiContext& context, const Call& call, const Reply& reply) {
    const auto race = find_race(context, call.parameters[0]);
    if (!race) return reply.send(problem_response(kNoRace));
    reply.send(json_answer(standings_json(race->track, &race->race)));
}

void show_facts(ApiContext& context, const Call& call, const Reply& reply) {
    const auto& query = call.request.head.query;
    const auto limit = limit_of(query, kMaxFactsPerPage, kMaxFactsPerPage);
    if (!limit) return reply.send(problem_response(bad_limit(kMaxFactsPerPage)));
    const auto after_text = query_value(query, "after");
    const auto after = as_number(after_text.value_or("0"));
    if (!after) {
        return reply.send(problem_response(
            {400, "bad_after", "after is the seq of the last fact you have.", "query after"}));
    }
    const auto facts =
        context.history.facts(call.parameters[0], *after, static_cast<std::size_t>(*limit));
    if (!facts) return reply.send(problem_response(kNoRace));
    // The envelopes are JSON already; parsing them only to write them again would cost most of the
    // time.
    std::string body = R"({"log_id":)" + json(context.identity.log_id).dump() + R"(,"more":)" +
                       (facts->size() == *limit ? "true" : "false") + R"(,"facts":[)";
    for (std::size_t i = 0; i < facts->size(); ++i) {
        if (i > 0) body += ',';
        body += (*facts)[i];
    }
    reply.send(json_response(200, body += "]}"));
}

}  // namespace

void add_race_routes(Router& router, ApiContext& context) {
    using Show = void (*)(ApiContext&, const Call&, const Reply&);
    const auto add = [&](const char* path, Show show) {
        router.add({"GET", path, Access::everybody,
                    [&context, show](const Call& call, const Reply& reply) {
                        show(context, call, reply);
                    }});
    };
    add("/api/races", list_races);
    add("/api/races/{race_id}", show_race);
    add("/api/races/{race_id}/laps", show_laps);
    add("/api/races/{race_id}/standings", show_standings);
    add("/api/races/{race_id}/facts", show_facts);
}

}  // namespace racehub::web
