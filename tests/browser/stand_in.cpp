// The race core behind the stand-in server of the browser tests: one JSON object a line in, one a
// line out. So the pages are tested against real decisions, with a server whose every silence,
// crash and delay the test controls.
//   {"input":{"type":..,"data":{..},"track":..,"race_id":..,"source":..},"now_us":..} ->
//   {"outcome":{..},"facts":[..],"due_us":..}
//   {"snapshot":true}                                                                 ->
//   {"seq":..,"state":{..}}

#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/core/decide.h"

namespace {

using nlohmann::json;
using namespace racehub;

json answer(HubState& state, const json& request) {
    if (request.contains("snapshot"))
        return {{"seq", state.seq}, {"state", json::parse(encode_state(state))}};
    const json& input = request["input"];
    Event event;
    event.time_us = event.recv_us = request["now_us"];
    event.track = input.value("track", "main");
    event.race_id = input.value("race_id", "");
    event.source = input.value("source", "director:Zoë");
    event.entropy = input.value("entropy", 0U);
    std::string error;
    if (!decode_payload(input["type"].get<std::string>(), input.value("data", json::object()),
                        event.data, error)) {
        return {{"outcome", {{"accepted", false}, {"code", "bad_data"}, {"message", error}}},
                {"facts", json::array()}};
    }
    std::vector<Event> facts;
    const Outcome outcome = decide(state, event, facts);
    json list = json::array();
    for (const Event& fact : facts) list.push_back(json::parse(encode_event(fact)));
    const auto due = next_deadline(state);
    return {
        {"outcome",
         {{"accepted", outcome.accepted}, {"code", outcome.code}, {"message", outcome.message}}},
        {"facts", list},
        {"seq", state.seq},
        {"due_us", due ? due->time_us : 0}};
}

}  // namespace

int main() {
    HubState state;
    std::string line;
    while (std::getline(std::cin, line))
        std::cout << answer(state, json::parse(line)).dump() << std::endl;
}
