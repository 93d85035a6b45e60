// JSON of events: everything that may be said survives the round trip.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/hub_driver.h"
#include "tests/support/sample.h"

using namespace racehub;
using namespace racehub::test;
using nlohmann::json;

namespace {

constexpr std::size_t kTypes = std::variant_size_v<AnyPayload>;

Payload decoded(const Payload& payload) {
    Payload back;
    std::string error;
    const std::string text = encode_payload(payload);
    INFO(std::string(type_of(payload)) << " " << text);
    const bool ok = decode_payload(type_of(payload), std::string_view(text), back, error);
    INFO(error);
    REQUIRE(ok);
    return back;
}

}  // namespace

TEST_CASE("Every payload survives its JSON, at its limits and within", "[codec]") {
    for (std::size_t type = 0; type < kTypes; ++type) {
        for (const auto mode : {Sampler::Mode::lowest, Sampler::Mode::highest}) {
            const Payload payload = Sampler(mode).payload(type);
            REQUIRE((digest(decoded(payload)) == digest(payload)));
        }
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            const Payload payload = Sampler(Sampler::Mode::random, seed).payload(type);
            REQUIRE((digest(decoded(payload)) == digest(payload)));
        }
    }
}

TEST_CASE("Every event survives with its envelope", "[codec]") {
    for (std::size_t type = 0; type < kTypes; ++type) {
        Event event;
        event.data = Sampler(Sampler::Mode::random, type).payload(type);
        event.seq = kind_of(event.data) == Kind::fact ? 4'711 : 0;
        event.time_us = kMorningUs + 1;
        event.recv_us = kMorningUs + 2;
        event.track = "main";
        event.race_id = "17";
        event.source = "gates-1";
        event.key = "boot7:\"123\"";
        event.cause = 99;
        event.entropy = 4'294'967'295u;
        json object;
        std::string error;
        REQUIRE(parse_object(encode_event(event), object, error));
        CHECK(object["v"] == 1);
        CHECK(object["type"] == std::string(type_of(event.data)));
        CHECK(object["kind"] == std::string(name_of(kind_of(event.data))));
        CHECK(object["data"].is_object());
        Event back;
        const bool ok = decode_event(object, back, error);
        INFO(error);
        REQUIRE(ok);
        CHECK(encode_event(back) == encode_event(event));
        CHECK(back.seq == event.seq);
        CHECK(back.time_us == event.time_us);
        CHECK(back.recv_us == event.recv_us);
        CHECK(back.track == event.track);
        CHECK(back.race_id == event.race_id);
        CHECK(back.source == event.source);
        CHECK(back.key == event.key);
        CHECK(back.cause == event.cause);
        CHECK(back.entropy == event.entropy);
        CHECK((digest(back.data) == digest(event.data)));
    }
}

TEST_CASE("Empty members of the envelope are left out", "[codec]") {
    Event event;
    event.time_us = 5;
    event.data = RaceStarted{};
    json object = json::parse(encode_event(event));
    for (const char* name : {"seq", "recv_us", "track", "race_id", "source", "key", "cause"}) {
        CHECK_FALSE(object.contains(name));
    }
}

TEST_CASE("Payload types are listed once, by kind", "[codec]") {
    std::set<std::string_view> all;
    std::size_t listed = 0;
    for (Kind kind : {Kind::observation, Kind::command, Kind::fact}) {
        for (std::string_view type : payload_types(kind)) {
            all.insert(type);
            ++listed;
        }
    }
    CHECK(listed == kTypes);
    CHECK(all.size() == kTypes);
    CHECK(payload_types(Kind::sample).empty());
    CHECK(payload_types(Kind::observation).front() == "gate.crossed");
    // Facts are "noun.past_participle", commands "noun.verb": no name is both.
    for (std::string_view type : all) CHECK(type.find('.') != std::string_view::npos);
}

TEST_CASE("A hub's state survives its JSON in the middle of everything", "[codec][state]") {
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = 9;
    settings.jump_rule = JumpRule::time_penalty;
    HubDriver hub{settings, 4};
    const auto survives = [&] {
        json object;
        std::string error;
        REQUIRE(parse_object(encode_state(hub.state), object, error));
        HubState back;
        const bool ok = decode_state(object, back, error);
        INFO(error);
        REQUIRE(ok);
        CHECK((digest(back) == digest(hub.state)));
        CHECK(encode_state(back) == encode_state(hub.state));
    };
    survives();
    hub.command(RaceStart{});
    survives();
    hub.cross_at(hub.race().go_us - 10, 2);
    survives();
    hub.run_to(hub.race().go_us);
    const TimeUs go_us = hub.race().started_us;
    hub.cross_stamped(go_us + 10_s, 1, "g/1", 55);
    hub.cross_at(go_us + 12_s, 2, Gate::sector_1);
    hub.cross_at(go_us + 13_s, 2);
    hub.command(LapVoid{1, 1, LapStatus::lap_void, "\"cut\" \xe2\x98\x85"});
    hub.command(PenaltyGive{2, 3_s, ""});
    hub.command(PenaltyWithdraw{2, 1, ""});
    hub.command(RacePause{});
    survives();
    hub.run_for(5_s);
    hub.command(RaceResume{});
    hub.command(EntryRetire{3, ""});
    hub.command(LapAdd{4, go_us + 11_s, ""});
    survives();
    hub.command(RaceStop{});
    survives();
    hub.command(RaceClear{});
    survives();
}

TEST_CASE("Settings survive, and what is not said keeps its default", "[codec][settings]") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        RaceSettings settings;
        Sampler sampler(Sampler::Mode::random, seed);
        RaceSettings::fields(settings, sampler);
        RaceSettings back;
        std::string error;
        REQUIRE(decode_settings(json::parse(encode_settings(settings)), back, error));
        REQUIRE(back == settings);
    }
    RaceSettings some;
    std::string error;
    REQUIRE(decode_settings(json::parse(R"({"distance":"laps","laps":3})"), some, error));
    RaceSettings expected;
    expected.distance = Distance::laps;
    expected.laps = 3;
    CHECK(some == expected);
}

TEST_CASE("Standings and parts of the state are JSON for REST", "[codec]") {
    HubDriver hub{RaceSettings{}, 2};
    const TimeUs go_us = hub.start_race();
    hub.cross_at(go_us + 10_s, 2);
    const json rows = to_json(standings(hub.race()));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0]["entry"] == 2);
    CHECK(rows[0]["position"] == 1);
    CHECK(rows[0]["last_lap_us"] == 10'000'000);
    CHECK(rows[0]["status"] == "running");
    CHECK(to_json(hub.race())["entries"].size() == 2);
    CHECK(to_json(hub.state.tracks[0])["name"] == "Main track");
    CHECK(to_json(RaceSettings{})["lights"] == 5);
    CHECK(to_json(Entry{1, 1, "Ann", "", ""})["driver"] == "Ann");
}
