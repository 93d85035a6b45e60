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

const auto kNothing = [] {};

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
    RaceSettings& settings = track.settings.emplace();
    settings.lights = 0;
    settings.lead_us = 0;
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

/// Everything that is measured works on these.
struct Bench {
    HubState start = running_race();
    std::vector<Event> inputs = crossings();
    std::vector<Event> decided;  ///< facts of the inputs
    HubState full;               ///< state after them
    std::vector<std::string> texts;
    std::string snapshot;
    int undecoded = 0;
    std::size_t bytes = 0;  ///< keeps the compiler from leaving work out

    int count() const { return static_cast<int>(inputs.size()); }

    double decide_us() {
        const auto reset = [this] {
            full = start;
            decided.clear();
            decided.reserve(inputs.size());
        };
        return median_us(count(), reset, [this] {
            for (const Event& event : inputs) decide(full, event, decided);
        });
    }

    double apply_us() {
        HubState state;
        const auto fold = [&] {
            for (const Event& fact : decided) apply(state, fact);
        };
        return median_us(
            count(), [&] { state = start; }, fold);
    }

    double encode_us() {
        const auto encode = [this] {
            for (const Event& fact : decided) texts.push_back(encode_event(fact));
        };
        return median_us(
            count(), [this] { texts.clear(); }, encode);
    }

    double decode_us() {
        return median_us(count(), kNothing, [this] {
            nlohmann::json object;
            std::string error;
            Event event;
            for (const std::string& text : texts) {
                const bool good =
                    parse_object(text, object, error) && decode_event(object, event, error);
                undecoded += good ? 0 : 1;
            }
        });
    }

    double plain_json_us() {
        return median_us(count(), kNothing, [this] {
            for (const std::string& text : texts) {
                bytes += nlohmann::json::parse(text).dump().size();
            }
        });
    }

    double standings_us() {
        return median_us(100, kNothing, [this] {
            for (int i = 0; i < 100; ++i) bytes += standings(*full.tracks[0].race).size();
        });
    }

    double encode_state_us() {
        return median_us(1, kNothing, [this] { snapshot = encode_state(full); });
    }

    double decode_state_us() {
        return median_us(1, kNothing, [this] {
            nlohmann::json object;
            std::string error;
            HubState state;
            const bool good =
                parse_object(snapshot, object, error) && decode_state(object, state, error);
            undecoded += good ? 0 : 1;
        });
    }
};

}  // namespace

int main() {
    Bench bench;
    const double decide_us = bench.decide_us();
    const double apply_us = bench.apply_us();
    const double encode_us = bench.encode_us();
    const double reference_us = bench.plain_json_us();
    std::printf("%d cars, %d laps each, %d events; median of %d rounds\n", kCars, kLaps,
                bench.count(), kRounds);
    std::printf("reference: nlohmann/json parses and writes a %zu byte event in %.3f us\n\n",
                bench.texts[0].size(), reference_us);
    print("decide and apply a crossing (aim: 2 us)", decide_us, reference_us);
    print("apply a fact", apply_us, reference_us);
    print("encode an event", encode_us, reference_us);
    print("parse and decode an event", bench.decode_us(), reference_us);
    print("standings of 30 cars", bench.standings_us(), reference_us);
    print("encode the whole state", bench.encode_state_us(), reference_us);
    print("parse and decode the whole state", bench.decode_state_us(), reference_us);
    std::printf("\nstate as JSON: %zu bytes; %d not decoded; %zu\n", bench.snapshot.size(),
                bench.undecoded, bench.bytes % 10);
    return bench.undecoded == 0 ? 0 : 1;
}
