#include "plugins/track_controller/protocol/json_framer.h"

#include <catch2/catch.hpp>

#include "plugins/track_controller/protocol/messages.h"
#include "tests/unit/track_controller/test_support.h"

using namespace racehub::track_controller;
using namespace racehub::track_controller::test;

namespace {

struct Framed {
    std::vector<std::string> values;
    std::vector<std::string> noise;
    std::uint64_t broken = 0;
    bool operator==(const Framed&) const = default;
};

struct Framing {
    Framed out;
    JsonFramer framer{{[this](std::string_view v) { out.values.emplace_back(v); },
                       [this](std::string_view n) { out.noise.emplace_back(n); }}};
    Framed take() {
        out.broken = framer.broken();
        return out;
    }
};

Framed frame(std::string_view text) {
    Framing framing;
    framing.framer.feed(text);
    return framing.take();
}

const std::string kRace =
    "{\r\n  \"race_id\": \"89aead5d-73e5\",\r\n  \"times_ms\": {\r\n    \"1\": 300\r\n  }\r\n}\r\n";

}  // namespace

TEST_CASE("a pretty object over many lines is one value", "[framer]") {
    const Framed framed = frame(kRace);
    REQUIRE(framed.values.size() == 1);
    CHECK(read_race(framed.values[0])->times == std::vector<LaneTime>{{1, 300'000}});
    CHECK(framed.noise.empty());
}

TEST_CASE("bare null and an empty list are values", "[framer]") {
    CHECK(frame("null\r\n[]\r\n").values == std::vector<std::string>{"null", "[]"});
    CHECK(frame("null").values.empty());  // not yet: it may be "nullable"
    CHECK(frame("nullable\n").noise == std::vector<std::string>{"nullable"});
    CHECK(frame("nul\n").noise == std::vector<std::string>{"nul"});
}

TEST_CASE("braces and quotes in strings do not count", "[framer]") {
    const std::string text = R"({"ssid": "a\"}{][\\"})";
    CHECK(frame(text + "\n").values == std::vector<std::string>{text});
}

TEST_CASE("boot messages, tracebacks and prompts are noise", "[framer]") {
    const Framed framed = frame(
        "WiFi connected: 10.0.0.7 (rallylab-a1b2c3.local)\r\nRallyLab Track Controller ready\r\n"
        "Traceback (most recent call last):\r\n  File \"main.py\", line 3, in {x}\r\n>>> null\r\n" +
        kRace);
    CHECK(framed.values.size() == 2);  // what stands right behind a prompt is an answer
    REQUIRE(framed.noise.size() == 5);
    CHECK(framed.noise[1] == "RallyLab Track Controller ready");
    CHECK(framed.noise[4] == ">>> ");
}

TEST_CASE("two values without a line end between them are two", "[framer]") {
    CHECK(frame("{}{\"a\":1}\n").values == std::vector<std::string>{"{}", "{\"a\":1}"});
}

TEST_CASE("a value cut at any byte does not cost the next one", "[framer]") {
    const std::string next = "{\r\n  \"gate_ready\": true\r\n}\r\n";
    for (std::size_t cut = 0; cut < kRace.size(); ++cut) {
        // Unplugged and plugged in: a new boot writes its messages, then an answer comes.
        const Framed framed =
            frame(kRace.substr(0, cut) + "\r\nRallyLab Track Controller ready\r\n" + next);
        CAPTURE(cut);
        REQUIRE_FALSE(framed.values.empty());
        CHECK(read_gate(framed.values.back()) == true);
        for (const std::string& value : framed.values)
            CHECK((read_gate(value) || value == kRace.substr(0, kRace.size() - 2)));
        // Without any message between them, a `{` in column 0 begins anew.
        const Framed bare = frame(kRace.substr(0, cut) + "\r\n" + next);
        REQUIRE_FALSE(bare.values.empty());
        CHECK(read_gate(bare.values.back()) == true);
    }
}

TEST_CASE("endless and too deep values are given up, and what follows is read", "[framer]") {
    const std::string gate = "\n{\"gate_ready\": true}\n";
    const Framed endless = frame("{\"a\": \"" + std::string(20'000, 'x') + gate);
    CHECK(endless.values == std::vector<std::string>{"{\"gate_ready\": true}"});
    CHECK(endless.broken == 1);
    CHECK(endless.noise.at(0).size() <= JsonFramer::kMaxNoiseBytes);
    const Framed numbers = frame("{\"a\": " + std::string(20'000, '1') + gate);
    CHECK(numbers.values.size() == 1);
    const Framed deep = frame(std::string(40, '[') + gate);
    CHECK(deep.values.size() == 1);
    CHECK(deep.broken == 1);
}

TEST_CASE("a reset forgets what is half read", "[framer]") {
    Framing framing;
    framing.framer.feed("{\"a\": {");
    framing.framer.reset();
    framing.framer.feed("{\"b\": 1}\n");
    CHECK(framing.take().values == std::vector<std::string>{"{\"b\": 1}"});
}

TEST_CASE("cutting the input differently changes nothing", "[framer]") {
    std::string text = "boot\r\n" + kRace + "null\r\n{\"a\": {\"b\r\nnoise{\r\n" + kRace +
                       ">>> {}\n" + "{\"x\": [1, 2, \"\\\"\"]}\n\x01\x7f\xff" +
                       std::string(300, 'z') + "\n" + kRace;
    text += serial_output(recording("serial-v1.txt")) + serial_output(recording("serial-v2.txt"));
    const Framed whole = frame(text);
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        Framing framing;
        in_pieces(text, seed, [&](std::string_view piece) { framing.framer.feed(piece); });
        REQUIRE(framing.take() == whole);
    }
}

TEST_CASE("random bytes never break the framer's limits", "[framer]") {
    std::mt19937 random(7);
    constexpr std::string_view kAlphabet = "{}[]\"\\,:nul01 \r\n>x";
    for (int round = 0; round < 300; ++round) {
        std::string text;
        for (int i = 0; i < 400; ++i) text.push_back(kAlphabet[random() % kAlphabet.size()]);
        const Framed framed = frame(text);
        for (const std::string& value : framed.values)
            REQUIRE(value.size() <= JsonFramer::kMaxValueBytes);
        for (const std::string& line : framed.noise)
            REQUIRE(line.size() <= JsonFramer::kMaxNoiseBytes);
    }
}

TEST_CASE("the recorded serial sessions of a real device", "[framer][recording]") {
    const std::string v1 = serial_output(recording("serial-v1.txt"));
    if (v1.empty()) {
        WARN("skipped: no recordings at ../shared/data/track-controller");
        return;
    }
    const Framed framed = frame(v1);
    CHECK(framed.noise.empty());
    CHECK(framed.broken == 0);
    REQUIRE(framed.values.size() == 9);
    CHECK(read_info(framed.values[0])->lane_count == 6);
    CHECK(is_no_race(framed.values[1]));
    CHECK(read_snapshot(framed.values[3])->uptime_ms == 4703440);
    CHECK(read_race(framed.values[4])->times == std::vector<LaneTime>{{1, 300'000}, {3, 520'000}});
    CHECK(read_error(framed.values[6]) == "lane 9 out of range 1..6");

    const Framed second = frame(serial_output(recording("serial-v2.txt")));
    REQUIRE(second.values.size() == 9);
    CHECK(read_info_or_frame(second.values[0])->protocol == Protocol::v2);
    CHECK(is_no_race(read_frame(second.values[1])->body));
    CHECK(read_race(read_frame(second.values[4])->body)->times.size() == 2);
}
