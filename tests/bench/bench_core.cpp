// What one event costs in the core, with 30 cars on the track. The reference in the same run is
// parsing and writing a plain JSON event with nlohmann/json: quote ratios, because machines differ.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/core/decide.h"

using namespace racehub;

namespace {

constexpr int kCars = 30;
constexpr int kLaps = 300;  // a club's race; the cost of an event must not grow with it
constexpr int kRounds = 5;
constexpr TimeUs kStartUs = 1'700'000'000 * kSecondUs;

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Median microseconds of one of `count` operations.
double median_us(int count, const std::function<void()>& prepare,
                 const std::function<void()>& work) {
    std::vector<double> rounds;
    for (int round = 0; round < kRounds; ++round) {
        prepare();
        rounds.push_back(seconds_of(work) * 1e6 / count);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[kRounds / 2];
}

Event input(TimeUs at_us, Payload data) {
    Event event;
    event.time_us = event.recv_us = at_us;
    event.track = "main";
    event.source = "gates";
    event.data = std::move(data);
    return event;
}

HubState running_race() {
    HubState state;
    std::vector<Event> facts;
    TrackConfigure track;
    track.name = "Main";
    track.lanes = kCars;
    track.settings.lights = 0;
    track.settings.lead_us = 0;
    decide(state, input(kStartUs, track), facts);
    decide(state, input(kStartUs, RaceStart{}), facts);
    return state;
}

std::vector<Event> crossings() {
    std::vector<Event> list;
    for (int lap = 1; lap <= kLaps; ++lap) {
        for (int car = 1; car <= kCars; ++car) {
            const TimeUs at_us = kStartUs + lap * 8 * kSecondUs + car * 100'000;
            Event event =
                input(at_us, GateCrossed{Gate::finish, car, "gate-1/boot-7", at_us - kStartUs});
            event.key = "7:" + std::to_string(list.size());
            list.push_back(std::move(event));
        }
    }
    return list;
}

void print(const char* what, double us, double reference_us) {
    std::printf("%-46s %9.3f us %8.2f x\n", what, us, us / reference_us);
}

}  // namespace

int main() {
    const HubState start = running_race();
    const std::vector<Event> inputs = crossings();
    const int count = static_cast<int>(inputs.size());
    HubState state;
    std::vector<Event> facts;
    const auto reset = [&] {
        state = start;
        facts.clear();
        facts.reserve(inputs.size());
    };
    std::vector<std::string> texts;
    std::size_t bytes = 0;
    const auto no_preparation = [] {};

    const double decide_us = median_us(count, reset, [&] {
        for (const Event& event : inputs) decide(state, event, facts);
    });
    const std::vector<Event> decided = facts;
    const HubState full = state;
    const double apply_us = median_us(count, reset, [&] {
        for (const Event& fact : decided) apply(state, fact);
    });
    const double encode_us = median_us(
        count, [&] { texts.clear(); },
        [&] {
            for (const Event& fact : decided) texts.push_back(encode_event(fact));
        });
    int undecoded = 0;
    const double decode_us = median_us(count, no_preparation, [&] {
        nlohmann::json object;
        std::string error;
        Event event;
        for (const std::string& text : texts) {
            if (!parse_object(text, object, error) || !decode_event(object, event, error))
                ++undecoded;
        }
    });
    std::vector<nlohmann::json> objects;
    const double parse_us = median_us(
        count, [&] { objects.clear(); },
        [&] {
            for (const std::string& text : texts) objects.push_back(nlohmann::json::parse(text));
        });
    const double dump_us = median_us(count, no_preparation, [&] {
        for (const auto& object : objects) bytes += object.dump().size();
    });
    const double standings_us = median_us(100, no_preparation, [&] {
        for (int i = 0; i < 100; ++i) bytes += standings(*full.tracks[0].race).size();
    });
    std::string snapshot;
    const double state_us = median_us(3, no_preparation, [&] {
        for (int i = 0; i < 3; ++i) snapshot = encode_state(full);
    });
    HubState read;
    const double read_us = median_us(3, no_preparation, [&] {
        for (int i = 0; i < 3; ++i) {
            nlohmann::json object;
            std::string error;
            if (!parse_object(snapshot, object, error) || !decode_state(object, read, error))
                ++undecoded;
        }
    });

    std::printf("%d cars, %d laps each, %d events; median of %d rounds\n", kCars, kLaps, count,
                kRounds);
    std::printf("reference: nlohmann/json parses and writes a %zu byte event in %.3f us\n\n",
                texts[0].size(), parse_us + dump_us);
    const double reference_us = parse_us + dump_us;
    print("decide and apply a crossing (aim: 2 us)", decide_us, reference_us);
    print("apply a fact", apply_us, reference_us);
    print("encode an event", encode_us, reference_us);
    print("parse and decode an event", decode_us, reference_us);
    print("standings of 30 cars", standings_us, reference_us);
    print("encode the whole state", state_us, reference_us);
    print("parse and decode the whole state", read_us, reference_us);
    std::printf("\nstate as JSON: %zu bytes; %d not decoded; %zu\n", snapshot.size(), undecoded,
                bytes % 10);
    return undecoded == 0 ? 0 : 1;
}
