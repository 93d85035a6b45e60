#include "plugins/mqtt_gates/gate_book.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace racehub::mqtt;
using nlohmann::json;

namespace {

constexpr std::int64_t kNowUs = 1'700'000'000'000'000;
const std::string kTopic = "carrera/track1/finish";

std::vector<GateRule> one_gate() {
    GateRule rule;
    rule.topic = kTopic;
    rule.payload.ignore = {"KEIN_MAGNET"};
    rule.min_pulse_us = 20'000;
    return {rule};
}

// Sends messages to a book one second apart, unless told otherwise.
struct Track {
    GateBook book{one_gate()};
    std::int64_t now_us = kNowUs;

    std::vector<Verdict> send(std::string_view payload, Message message = {}) {
        now_us += 1'000'000;
        if (message.topic.empty()) message.topic = kTopic;
        message.payload = payload;
        message.arrived_us = now_us;
        return book.take(message);
    }
    Fate fate(std::string_view payload, Message message = {}) {
        return send(payload, message).at(0).fate;
    }
    // Numbers that the observations of one message report as missed.
    int missed(std::string_view payload) {
        int count = 0;
        const Verdict verdict = send(payload).at(0);
        for (const Observation& each : verdict.observations) {
            if (each.type == "gate.missed") count += json::parse(each.data)["count"].get<int>();
        }
        return count;
    }
};

std::string numbered(int number, const std::string& boot = "b1") {
    return json({{"n", number}, {"boot", boot}}).dump();
}

}  // namespace

TEST_CASE("a plain message is a crossing at its arrival", "[book]") {
    Track track;
    const Verdict verdict = track.send("MAGNET_ERKANNT").at(0);
    REQUIRE(verdict.fate == Fate::counted);
    REQUIRE(verdict.observations.size() == 1);
    const Observation& crossing = verdict.observations[0];
    CHECK(crossing.type == "gate.crossed");
    CHECK(crossing.time_us == track.now_us);
    CHECK(crossing.recv_us == track.now_us);
    CHECK(json::parse(crossing.data) == json({{"gate", "finish"}, {"lane", 1}}));
    CHECK(track.fate("KEIN_MAGNET") == Fate::filtered);
    CHECK(track.fate("{broken") == Fate::bad_payload);
    CHECK(track.fate("x", {.topic = "elsewhere"}) == Fate::unknown_topic);
    CHECK(track.fate("x", {.retained = true}) == Fate::retained);
    CHECK(track.book.counts()[0].counted == 1);
    CHECK(track.book.counts()[0].dropped == 3);
    const std::string other_key = track.send("MAGNET_ERKANNT").at(0).observations[0].key;
    CHECK(other_key != crossing.key);
}

TEST_CASE("a stamped message names its clock", "[book]") {
    Track track;
    track.send(R"({"t_us":5000000,"n":1,"boot":"b1"})");
    track.now_us += 30'000;  // the network took its time
    const Verdict verdict = track.send(R"({"t_us":6000000,"n":2,"boot":"b1"})").at(0);
    const Observation& crossing = verdict.observations.at(0);
    const json data = json::parse(crossing.data);
    CHECK(data["stamp_us"] == 6000000);
    CHECK(data["clock"] == kTopic + "/b1");
    CHECK(crossing.time_us == track.now_us - 30'000);
    CHECK(crossing.recv_us == track.now_us);
    CHECK(crossing.key == "finish1/" + kTopic + "/b1/2");
}

TEST_CASE("long names stay within the hub's limits and apart", "[book]") {
    std::vector<GateRule> rules = one_gate();
    rules[0].topic = std::string(198, 't') + "1";
    rules[0].gate = "sector_4";
    rules[0].lane = 64;
    rules.push_back(rules[0]);
    rules[1].topic.back() = '2';
    GateBook book(rules);
    std::vector<std::string> clocks;
    for (const GateRule& rule : rules) {
        const std::string payload =
            R"({"t_us":9999999999999999,"n":9007199254740991,"boot":"bbbbbbbbbbbbbbbbbbbbbbbb"})";
        const Verdict verdict =
            book.take({.topic = rule.topic, .payload = payload, .arrived_us = kNowUs}).at(0);
        REQUIRE(verdict.fate == Fate::counted);
        CHECK(verdict.observations.at(0).key.size() + 7 <= 128);
        clocks.push_back(json::parse(verdict.observations.at(0).data)["clock"]);
        CHECK(clocks.back().size() <= 64);
    }
    CHECK(clocks[0] != clocks[1]);
}

TEST_CASE("chatter of a sensor is one crossing", "[book]") {
    Track track;
    CHECK(track.fate("1") == Fate::counted);
    for (int pulse = 0; pulse < 5; ++pulse) {
        track.now_us += 3'000 - 1'000'000;
        CHECK(track.fate("1") == Fate::chatter);
    }
    track.now_us += 10'000 - 1'000'000;  // 25 ms after the first: chatter does not prolong itself
    CHECK(track.fate("1") == Fate::counted);
}

TEST_CASE("numbers: duplicates are dropped, holes raise an alarm", "[book]") {
    Track track;
    CHECK(track.missed(numbered(7)) == 0);  // whoever comes first has missed nothing
    CHECK(track.missed(numbered(8)) == 0);
    CHECK(track.fate(numbered(8)) == Fate::duplicate);
    CHECK(track.fate(numbered(7)) == Fate::duplicate);
    CHECK(track.missed(numbered(11)) == 2);
    CHECK(track.book.counts()[0].missed == 2);
    CHECK(track.fate(numbered(10)) == Fate::counted);  // came late after all
    CHECK(track.missed(numbered(12)) == 0);
    CHECK(track.missed(numbered(1, "b2")) == 0);          // a restarted gate counts from 1 again
    CHECK(track.missed(numbered(4, "b3")) == 3);          // and its first three never came
    CHECK(track.missed(numbered(4'000'000, "b3")) == 0);  // no such race: another count
    CHECK(track.missed(numbered(5, "b3")) == 0);
    CHECK(track.missed(numbered(7, "b3")) == 1);
}

TEST_CASE("numbers without boot names", "[book]") {
    Track track;
    SECTION("alone they say holes and immediate repetition") {
        CHECK(track.fate(R"({"n":1})") == Fate::counted);
        CHECK(track.fate(R"({"n":1})") == Fate::duplicate);
        CHECK(track.missed(R"({"n":4})") == 2);
        CHECK(track.fate(R"({"n":1})") == Fate::counted);  // restarted
        CHECK(track.missed(R"({"n":2})") == 0);
    }
    SECTION("with stamps a crossing is known again") {
        CHECK(track.fate(R"({"n":5,"t_ms":1000})") == Fate::counted);
        CHECK(track.fate(R"({"n":6,"t_ms":2000})") == Fate::counted);
        CHECK(track.fate(R"({"n":5,"t_ms":1000})") == Fate::duplicate);
        CHECK(track.fate(R"({"n":6,"t_ms":2010})") == Fate::chatter);
        CHECK(track.missed(R"({"n":9,"t_ms":5000})") == 2);
        track.now_us += 20'000'000;
        CHECK(track.missed(R"({"n":3,"t_ms":10})") == 0);  // an earlier one, late
    }
    SECTION("a restart begins a new clock and a new count") {
        track.send(R"({"n":5,"t_ms":100000})");
        const Verdict verdict = track.send(R"({"n":3,"t_ms":1000})").at(0);
        REQUIRE(verdict.observations.size() == 2);
        CHECK(json::parse(verdict.observations[0].data)["count"] == 2);
        CHECK(verdict.observations[0].key != verdict.observations[1].key);
    }
}

TEST_CASE("a repeated QoS 1 message without number counts once", "[book]") {
    Track track;
    CHECK(track.fate("1", {.packet_id = 17}) == Fate::counted);
    track.book.reconnected();
    CHECK(track.fate("1", {.packet_id = 17, .repeated = true}) == Fate::duplicate);
    // Not marked as repeated: another crossing, even if the broker reuses its packet ids.
    CHECK(track.fate("1", {.packet_id = 17}) == Fate::counted);
    // Marked, but never seen: it got lost on the way the first time.
    CHECK(track.fate("1", {.packet_id = 18, .repeated = true}) == Fate::counted);
}

TEST_CASE("one topic may feed several gates by its words", "[book]") {
    std::vector<GateRule> rules = one_gate();
    rules[0].payload.accept = {"LANE1"};
    rules.push_back(rules[0]);
    rules[1].lane = 2;
    rules[1].payload.accept = {"LANE2"};
    GateBook book(rules);
    const auto verdicts = book.take({.topic = kTopic, .payload = "LANE2", .arrived_us = kNowUs});
    REQUIRE(verdicts.size() == 2);
    CHECK(verdicts[0].fate == Fate::filtered);
    CHECK(verdicts[1].fate == Fate::counted);
    CHECK(json::parse(verdicts[1].observations.at(0).data)["lane"] == 2);
}

TEST_CASE("the first messages of a gate may have waited together", "[book]") {
    Track track;
    std::vector<std::string> payloads;
    for (const char* boot : {"b1", ""}) {
        std::vector<Message> together;
        payloads.clear();
        for (int number = 1; number <= 5; ++number) {
            json payload = {{"n", number}, {"t_us", number * 7'000'000}};
            if (*boot != 0) payload["boot"] = boot;
            payloads.push_back(payload.dump());
        }
        track.now_us += 3'000'000'000;
        for (const std::string& payload : payloads) {
            together.push_back({.topic = kTopic, .payload = payload, .arrived_us = track.now_us});
        }
        for (const Message& each : together) track.book.foresee(each);
        std::int64_t expected_us = track.now_us - 28'000'000;
        for (const Message& each : together) {
            const Verdict verdict = track.book.take(each).at(0);
            REQUIRE(verdict.observations.size() == 1);
            CHECK(verdict.observations[0].time_us == expected_us);
            expected_us += 7'000'000;
        }
    }
}

TEST_CASE("memory survives a restart of the plugin", "[book]") {
    const auto stamped = [](int number) {
        return json({{"n", number}, {"t_us", number * 1'000'000}, {"boot", "b1"}}).dump();
    };
    Track before;
    for (int number = 1; number <= 5; ++number) before.send(stamped(number));
    Track after;
    after.book.load(0, before.book.save(0));
    after.now_us = before.now_us + 60'000'000;  // the hub was away for a minute
    const Verdict verdict = after.send(stamped(8)).at(0);
    REQUIRE(verdict.observations.size() == 2);
    CHECK(json::parse(verdict.observations[0].data)["count"] == 2);
    CHECK(verdict.observations[1].time_us == before.now_us + 3'000'000);

    CHECK(verdict.remember);
    CHECK_FALSE(after.send("1").at(0).remember);
    const auto only_stamp = [&after](int second) {
        return after.send(json({{"t_us", second * 1'000'000}, {"boot", "b2"}}).dump())
            .at(0)
            .remember;
    };
    CHECK(only_stamp(1));
    CHECK_FALSE(only_stamp(2));
    after.now_us += 60'000'000;
    CHECK(only_stamp(63));

    Track foreign;
    for (const char* text :
         {"", "{}", "[]", "{\"gate\":\"finish1 other\",\"n\":3}", "\xff",
          "{\"gate\":\"finish1 carrera/track1/finish\",\"n\":\"x\",\"clock\":7}"}) {
        foreign.book.load(0, text);
    }
    CHECK(foreign.missed(stamped(8)) == 0);
}
