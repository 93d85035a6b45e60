// JSON from outside: whatever is wrong, the answer names the key and says what would be right;
// nothing else happens.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "tests/support/field_list.h"
#include "tests/support/sample.h"

using namespace racehub;
using namespace racehub::test;
using nlohmann::json;

namespace {

std::string error_of(const std::string& type, const json& data) {
    Payload payload;
    std::string error;
    if (decode_payload(type, data, payload, error)) return {};
    REQUIRE_FALSE(error.empty());
    return error;
}

/// Goes wrong at one key in every way its description allows, and hands each try to `check`.
template <class Check>
void spoil(const Field& field, const Check& check) {
    switch (field.type) {
        case Field::Type::boolean:
            check(json(1));
            check(json("true"));
            break;
        case Field::Type::integer:
            check(json(field.low - 1));
            check(json(field.high + 1));
            check(json("5"));
            check(json(1.5));
            check(json(true));
            check(json(18'446'744'073'709'551'615u));
            break;
        case Field::Type::text:
            check(json(std::string(field.most + 1, 'x')));
            check(json(7));
            break;
        case Field::Type::word:
            check(json("no-such-word"));
            check(json(""));
            check(json(1));
            break;
        case Field::Type::list:
            check(json::object());
            check(json::array({"x"}));
            check(json(std::vector<json>(field.most + 1, json::object())));
            break;
        case Field::Type::object:
            check(json::array());
            check(json("x"));
            break;
    }
}

void spoil_each(const std::string& type, const json& good, const std::vector<Field>& fields,
                const json::json_pointer& at, const std::string& path) {
    for (const Field& field : fields) {
        const json::json_pointer here = at / field.name;
        const std::string key = path + "." + field.name;
        spoil(field, [&](const json& bad) {
            json data = good;
            data[here] = bad;
            const std::string error = error_of(type, data);
            INFO(type << " " << key << " = " << bad.dump().substr(0, 60) << " -> " << error);
            REQUIRE(error.find(key) != std::string::npos);
            if (field.type == Field::Type::word) {
                for (const std::string& word : field.words) {
                    REQUIRE(error.find(word) != std::string::npos);
                }
            }
        });
        json without = good;
        without[at].erase(field.name);
        const std::string error = error_of(type, without);
        INFO(type << " without " << key << " -> " << error);
        REQUIRE(error.empty() == !field.required);
        if (field.required) REQUIRE(error.find(key) != std::string::npos);
        if (field.type == Field::Type::object && good.contains(here)) {
            spoil_each(type, good, field.members, here, key);
        }
        if (field.type == Field::Type::list && good.contains(here) && !good[here].empty()) {
            spoil_each(type, good, field.item[0].members, here / 0, key + "[0]");
        }
    }
}

}  // namespace

TEST_CASE("Whatever is wrong in a payload, the message names the key", "[codec][border]") {
    const std::vector<PayloadFields> all = all_payload_fields();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Payload payload = Sampler(Sampler::Mode::highest).payload(i);
        json good = json::parse(encode_payload(payload));
        INFO(all[i].type);
        REQUIRE(error_of(all[i].type, good).empty());
        spoil_each(all[i].type, good, all[i].fields, json::json_pointer(), "data");
    }
}

TEST_CASE("Unknown keys are skipped, so that newer peers may add some", "[codec][border]") {
    CHECK(
        error_of("gate.crossed", json::parse(R"({"gate":"finish","lane":1,"rssi":-60})")).empty());
    CHECK(error_of("race.start", json::parse(R"({"mood":{"a":[1,2]}})")).empty());
}

TEST_CASE("An unknown type is named", "[codec][border]") {
    CHECK(error_of("gate.opened", json::object()).find("gate.opened") != std::string::npos);
    CHECK(error_of(std::string(10'000, 'x'), json::object()).size() < 200);
    CHECK_FALSE(error_of("", json::object()).empty());
}

TEST_CASE("What is no object is no payload", "[codec][border]") {
    for (const char* text : {"[]", "1", "\"x\"", "null", "true"}) {
        INFO(text);
        CHECK_FALSE(error_of("race.start", json::parse(text)).empty());
    }
}

TEST_CASE("What is wrong in the envelope is named", "[codec][border]") {
    const json good = json::parse(
        R"({"v":1,"kind":"command","type":"race.start","time_us":5,"track":"main","data":{}})");
    Event event;
    std::string error;
    REQUIRE(decode_event(good, event, error));
    struct Row {
        const char* key;
        json value;
    };
    const std::vector<Row> rows = {{"v", 2},
                                   {"v", "1"},
                                   {"v", nullptr},
                                   {"kind", "fact"},
                                   {"kind", 7},
                                   {"type", 3},
                                   {"type", "x.y"},
                                   {"time_us", -1},
                                   {"time_us", "now"},
                                   {"time_us", 1.5},
                                   {"recv_us", -1},
                                   {"track", 4},
                                   {"track", std::string(65, 'a')},
                                   {"race_id", 9},
                                   {"race_id", std::string(65, 'a')},
                                   {"source", std::string(65, 'a')},
                                   {"key", std::string(129, 'a')},
                                   {"seq", -1},
                                   {"cause", -1},
                                   {"entropy", -1},
                                   {"entropy", 4'294'967'296},
                                   {"data", 5}};
    for (const Row& row : rows) {
        json bad = good;
        bad[row.key] = row.value;
        INFO(row.key << " = " << row.value.dump().substr(0, 40));
        REQUIRE_FALSE(decode_event(bad, event, error));
        CHECK(error.find(row.key) != std::string::npos);
    }
    for (const char* key : {"time_us", "type"}) {
        json bad = good;
        bad.erase(key);
        INFO(key);
        REQUIRE_FALSE(decode_event(bad, event, error));
        CHECK(error.find(key) != std::string::npos);
    }
    json bare = json::parse(R"({"type":"race.start","time_us":5})");
    CHECK(decode_event(bare, event, error));
    CHECK_FALSE(decode_event(json::array(), event, error));
}

TEST_CASE("Text that is no JSON object is refused with a sentence", "[codec][border]") {
    json object;
    std::string error;
    for (const char* text : {"", " ", "{", "}", "[1]", "nul", "{\"a\":}", "{'a':1}", "{\"a\":1}x",
                             "{\"a\":\"\xff\"}", "\"\\ud800\"", "{\"a\":NaN}", "{\"a\":01}"}) {
        INFO(text);
        error.clear();
        CHECK_FALSE(parse_object(text, object, error));
        CHECK_FALSE(error.empty());
    }
    CHECK(parse_object("{}", object, error));
}

TEST_CASE("Deep nesting is refused before it is parsed; brackets in text do not count",
          "[codec][border]") {
    json object;
    std::string error;
    const auto nested = [](int depth) {
        std::string text;
        for (int i = 1; i < depth; ++i) text += "{\"a\":";
        text += "{}";
        for (int i = 1; i < depth; ++i) text += "}";
        return text;
    };
    CHECK(parse_object(nested(kMaxJsonDepth), object, error));
    CHECK_FALSE(parse_object(nested(kMaxJsonDepth + 1), object, error));
    CHECK(error.find("32") != std::string::npos);
    CHECK_FALSE(parse_object(std::string(1'000'000, '['), object, error));
    CHECK(parse_object("{\"a\":\"" + std::string(1'000, '[') + "\\\"{{{\"}", object, error));
}

TEST_CASE("Zero, null and absent are three things", "[codec][border]") {
    Payload payload;
    std::string error;
    REQUIRE(decode_payload("lap.add", json::parse(R"({"entry":1})"), payload, error));
    CHECK(std::get<LapAdd>(payload).crossed_us == 0);
    // null where a value must be is an error, not zero.
    CHECK(error_of("gate.crossed", json::parse(R"({"gate":"finish","lane":null})"))
              .find("data.lane") != std::string::npos);
    // Zero where one must be at least one is an error, not absence.
    CHECK(
        error_of("gate.crossed", json::parse(R"({"gate":"finish","lane":0})")).find("data.lane") !=
        std::string::npos);
    // An explicit zero switches a limit off; absence keeps the default.
    RaceSettings settings;
    REQUIRE(decode_settings(json::parse(R"({"min_lap_us":0})"), settings, error));
    CHECK(settings.min_lap_us == 0);
    CHECK(settings.max_lap_us == RaceSettings{}.max_lap_us);
}

TEST_CASE("Settings out of range name their key", "[codec][border][settings]") {
    RaceSettings settings;
    std::string error;
    for (const Field& field : fields_of<RaceSettings>()) {
        spoil(field, [&](const json& bad) {
            INFO(field.name << " = " << bad.dump());
            REQUIRE_FALSE(decode_settings(json{{field.name, bad}}, settings, error));
            CHECK(error.find("settings." + field.name) != std::string::npos);
        });
    }
}

TEST_CASE("A broken state is refused whole", "[codec][border][state]") {
    HubState state;
    std::string error;
    CHECK_FALSE(decode_state(json::parse("{}"), state, error));
    CHECK(error.find("seq") != std::string::npos);
    CHECK_FALSE(
        decode_state(json::parse(R"({"seq":1,"races":0,"tracks":[{"id":7}]})"), state, error));
    CHECK(error.find("tracks[0].id") != std::string::npos);
    json many = json::parse(R"({"seq":1,"races":0,"tracks":[]})");
    for (std::size_t i = 0; i <= kMaxTracks; ++i) many["tracks"].push_back(json::object());
    CHECK_FALSE(decode_state(many, state, error));
    CHECK(error.find("tracks") != std::string::npos);
}
