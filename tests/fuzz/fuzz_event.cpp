// A whole event as JSON, from the wire, a plugin or the log: what is taken survives its own text,
// and the core can decide it in the middle of a race without harm. seeds: schema/events/fixtures

#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/core/decide.h"
#include "tests/fuzz/fuzz.h"

using namespace racehub;

namespace {

constexpr TimeUs kNowUs = 1'700'000'000 * kSecondUs;
constexpr TimeUs kSaneUs = 100 * 365 * 24 * kHourUs;  // clocks up to the year 2070

Event input(TimeUs at_us, Payload data) {
    Event event;
    event.time_us = event.recv_us = at_us;
    event.track = "main";
    event.source = "gates";
    event.data = std::move(data);
    return event;
}

/// A race that runs, with laps, a penalty, a pause that is over and somebody out.
HubState running_race() {
    HubState state;
    std::vector<Event> facts;
    TrackConfigure track;
    track.name = "Main";
    track.lanes = 4;
    RaceSettings& settings = track.settings.emplace();
    settings.lights = 0;
    settings.distance = Distance::laps;
    TimeUs at_us = kNowUs - 60 * kSecondUs;
    for (Payload data : std::initializer_list<Payload>{
             track, RaceStart{}, GateCrossed{Gate::finish, 1, "g", 5},
             GateCrossed{Gate::finish, 2, "", 0}, GateCrossed{Gate::sector_1, 2, "", 0},
             RacePause{}, RaceResume{}, PenaltyGive{1, 1, ""}, EntryRetire{3, ""},
             LapVoid{1, 1, LapStatus::lap_void, ""}}) {
        decide(state, input(at_us, std::move(data)), facts);
        at_us += 5 * kSecondUs;
    }
    return state;
}

void decide_it(Event event) {
    static const HubState start = running_race();
    if (kind_of(event.data) == Kind::fact) return;
    // The race thread sets recv_us; it never lies in another age.
    if (event.recv_us < kNowUs || event.recv_us > kSaneUs) event.recv_us = kNowUs;
    event.track = "main";
    HubState state = start, fold = start;
    std::vector<Event> facts;
    const Outcome outcome = decide(state, event, facts);
    RH_ASSERT(outcome.accepted || (!outcome.code.empty() && !outcome.message.empty()));
    for (const Event& fact : facts) apply(fold, fact);
    const std::string text = encode_state(state);
    RH_ASSERT(encode_state(fold) == text);
    nlohmann::json object;
    std::string error;
    HubState back;
    RH_ASSERT(parse_object(text, object, error) && decode_state(object, back, error));
    RH_ASSERT(encode_state(back) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    nlohmann::json object;
    std::string error;
    Event event;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (!parse_object(text, object, error) || !decode_event(object, event, error)) {
        RH_ASSERT(!error.empty());
        return 0;
    }
    const std::string once = encode_event(event);
    Event again;
    RH_ASSERT(parse_object(once, object, error) && decode_event(object, again, error));
    RH_ASSERT(encode_event(again) == once);
    decide_it(std::move(event));
    return 0;
}
