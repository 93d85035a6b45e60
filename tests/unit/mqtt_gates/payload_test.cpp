#include "plugins/mqtt_gates/payload.h"

#include <catch2/catch.hpp>
#include <random>

using namespace racehub::mqtt;

namespace {

const PayloadRules kDefault{{}, {"KEIN_MAGNET"}};

Meaning meaning_of(std::string_view payload, const PayloadRules& rules = kDefault) {
    return read_payload(rules, payload).meaning;
}

}  // namespace

TEST_CASE("plain payloads count unless a rule says otherwise", "[payload]") {
    CHECK(meaning_of("MAGNET_ERKANNT") == Meaning::crossing);
    CHECK(meaning_of("") == Meaning::crossing);
    CHECK(meaning_of("1") == Meaning::crossing);
    CHECK(meaning_of("\xff\xfe anything") == Meaning::crossing);
    CHECK(meaning_of("[1,2]") == Meaning::crossing);
    CHECK(meaning_of("KEIN_MAGNET") == Meaning::ignored);
    CHECK(meaning_of(" KEIN_MAGNET\r\n") == Meaning::ignored);
    CHECK(meaning_of(std::string_view("KEIN_MAGNET\0", 12)) == Meaning::ignored);
    CHECK(meaning_of("kein_magnet") == Meaning::crossing);

    const PayloadRules only_on{{"ON", "1"}, {}};
    CHECK(meaning_of("ON", only_on) == Meaning::crossing);
    CHECK(meaning_of("OFF", only_on) == Meaning::ignored);
    CHECK(meaning_of("", only_on) == Meaning::ignored);
    CHECK(meaning_of(R"({"event":"ON","n":1})", only_on) == Meaning::crossing);
    CHECK(meaning_of(R"({"n":1})", only_on) == Meaning::ignored);
}

TEST_CASE("a JSON payload carries stamp, number and names", "[payload]") {
    const Reading reading =
        read_payload(kDefault, R"({"t_us":1234567,"n":42,"boot":"a7","dev":"pi-1","x":[1]})");
    REQUIRE(reading.meaning == Meaning::crossing);
    CHECK(reading.stamp_us == 1234567);
    CHECK(reading.number == 42);
    CHECK(reading.boot == "a7");
    CHECK(reading.device == "pi-1");

    CHECK(read_payload(kDefault, R"({"t_ms":1234.567})").stamp_us == 1234567);
    CHECK(read_payload(kDefault, R"({"t_s":1.5})").stamp_us == 1500000);
    CHECK(read_payload(kDefault, R"({"t_us":7,"t_ms":9})").stamp_us == 7);
    CHECK(read_payload(kDefault, R"({"boot":17})").boot == "17");
    CHECK(read_payload(kDefault, "{}").meaning == Meaning::crossing);
    CHECK(meaning_of(R"({"event":"KEIN_MAGNET"})") == Meaning::ignored);
}

TEST_CASE("what is wrong in a JSON payload is named", "[payload]") {
    const auto problem_of = [](std::string_view payload) {
        const Reading reading = read_payload(kDefault, payload);
        CHECK(reading.meaning == Meaning::bad);
        return reading.problem;
    };
    CHECK(problem_of("{").find("JSON") != std::string::npos);
    CHECK(problem_of(R"({"t_us":1} trailing)").find("JSON") != std::string::npos);
    CHECK(problem_of(R"({"t_us":1e400})").find("JSON") != std::string::npos);
    CHECK(problem_of(R"({"t_us":"1"})").find("t_us") == 0);
    CHECK(problem_of(R"({"t_us":-1})").find("t_us") == 0);
    CHECK(problem_of(R"({"t_ms":1e300})").find("t_ms") == 0);
    CHECK(problem_of(R"({"t_s":null})").find("t_s") == 0);
    CHECK(problem_of(R"({"n":-1})").find("n ") == 0);
    CHECK(problem_of(R"({"n":1.5})").find("n ") == 0);
    CHECK(problem_of(R"({"n":18446744073709551615})").find("n ") == 0);
    CHECK(problem_of(R"({"n":9007199254740992})").find("n ") == 0);
    CHECK(problem_of(R"({"boot":[]})").find("boot") == 0);
    CHECK(problem_of(R"({"boot":"a b"})").find("boot") == 0);
    CHECK(problem_of(R"({"boot":"aaaaaaaaaaaaaaaaaaaaaaaaa"})").find("boot") == 0);
    CHECK(problem_of(R"({"dev":"a/b"})").find("dev") == 0);
    CHECK(problem_of(R"({"dev":"\u0000"})").find("dev") == 0);
    CHECK(problem_of(R"({"event":1})").find("event") == 0);
    CHECK(problem_of(std::string(kMaxPayloadBytes + 1, 'x')).find("1024") != std::string::npos);
    CHECK(meaning_of(std::string(kMaxPayloadBytes, 'x')) == Meaning::crossing);
}

TEST_CASE("no bytes harm the payload reader", "[payload]") {
    const std::string good = R"({"t_us":1234567,"n":42,"boot":"a7","dev":"pi-1","event":"ON"})";
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK(meaning_of(std::string_view(good).substr(0, size)) ==
              (size == 0 ? Meaning::crossing : Meaning::bad));
    }
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::string text = good;
        for (int change = 0; change < 3; ++change) {
            text[random() % text.size()] = static_cast<char>(random());
        }
        const Reading reading = read_payload(kDefault, text);
        REQUIRE(reading.boot.size() <= kMaxBootBytes);
        if (reading.stamp_us) REQUIRE(*reading.stamp_us >= 0);
    }
    CHECK(meaning_of(std::string(500, '{')) == Meaning::bad);
    std::string deep = "{\"a\":";
    for (int i = 0; i < 400; ++i) deep += "[";
    CHECK(meaning_of(deep) == Meaning::bad);
}
