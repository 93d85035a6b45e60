#include <catch2/catch.hpp>

#include "fixture.h"
#include "webui/model/page_json.h"

using namespace racehub;
using namespace racehub::test;

namespace {
const CommandAnswer& only(const std::vector<CommandAnswer>& answers) {
    REQUIRE(answers.size() == 1);
    return answers.front();
}
}  // namespace

TEST_CASE("the page's fold equals the hub's state after every message", "[webui][client]") {
    FakeHub hub;
    Page page(hub);
    hub.set_up();
    page.news();
    hub.start();
    page.news();
    for (int lap = 1; lap <= 5; ++lap) {
        hub.advance(7'100'000);
        hub.cross(1);
        page.news();
        hub.advance(300'000);
        hub.cross(2);
        page.news();
        REQUIRE(encode_state(page.client.state()) == encode_state(hub.state));
    }
    hub.input(LapVoid{1, 2, LapStatus::crossing_void, "ghost"});
    page.news();
    CHECK(encode_state(page.client.state()) == encode_state(hub.state));
    REQUIRE(page.client.feed().corrections().size() == 1);
    CHECK(page.client.feed().corrections()[0].by == "director:Zoë");
    CHECK(page.client.feed().corrections()[0].reason == "ghost");
}

TEST_CASE("after a lost socket it resumes behind what it has", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    CHECK(page.port.paths.back() == "/live");
    page.client.on_closed(page.local_us());
    hub.advance(10 * kSecondUs);
    page.client.tick(page.local_us());
    CHECK(page.port.paths.back() == "/live?log=log-a&after=" + std::to_string(hub.state.seq));
    hub.input(RaceArm{});
    page.client.on_text(page.local_us(), hub.hello());
    page.client.on_text(page.local_us(), hub.news());
    CHECK(encode_state(page.client.state()) == encode_state(hub.state));
    CHECK(page.client.connection().phase() == ConnectionPhase::live);
}

TEST_CASE("another log, or an older copy of it, is not folded onto ours", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    FakeHub other;
    SECTION("another log") { other.log_id = "log-b"; }
    SECTION("a backup of ours") {}
    other.input(TrackConfigure{"Other", 3, {}});
    page.client.reopen(page.local_us());
    page.client.on_text(page.local_us(), other.hello());
    CHECK_FALSE(page.client.has_state());
    page.client.on_text(page.local_us(), other.snapshot());
    CHECK(encode_state(page.client.state()) == encode_state(other.state));
}

TEST_CASE("a hole in the facts is noticed and healed by a snapshot", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    hub.input(RaceArm{});
    SECTION("a fact arrives whose forerunner did not") {
        hub.fresh.clear();
        hub.input(RaceAbort{});
        page.client.on_text(page.local_us(), hub.news());
    }
    SECTION("the hub says twice that it is further") {
        hub.fresh.clear();
        page.client.on_text(page.local_us(), hub.tick());
        CHECK(page.client.connection().phase() == ConnectionPhase::live);
        page.client.on_text(page.local_us(), hub.tick());
    }
    CHECK(page.client.connection().phase() == ConnectionPhase::waiting);
    CHECK_FALSE(page.port.is_open);
    hub.now_us += kSecondUs;
    page.client.tick(page.local_us());
    CHECK(page.port.paths.back() == "/live");
    page.greet();
    CHECK(encode_state(page.client.state()) == encode_state(hub.state));
}

TEST_CASE("nonsense from the hub is counted and leads to a fresh start", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    const char* nonsense[] = {"",
                              "[]",
                              "{",
                              "\xff",
                              R"({"type":"snapshot"})",
                              R"({"type":"facts","facts":[{"seq":"x"}]})",
                              R"({"type":"facts"})",
                              R"({"type":"snapshot","state":{"tracks":7}})"};
    for (const char* text : nonsense) {
        INFO(text);
        const std::uint64_t before = page.client.bad_messages();
        page.client.on_text(page.local_us(), text);
        CHECK(page.client.bad_messages() == before + 1);
        CHECK(page.client.connection().phase() == ConnectionPhase::waiting);
        hub.now_us += 6 * kSecondUs;
        page.client.tick(page.local_us());
        page.greet();
        CHECK(page.client.has_state());
    }
    // Types from a newer hub, and members of odd types, change nothing.
    for (const char* text :
         {R"({"type":"weather","sun":true})", R"({"type":7})",
          R"({"type":"sources","sources":[1,{"source":5}]})", R"({"type":"tick","time_us":"x"})",
          R"({"type":"outcome","id":99,"accepted":true})"}) {
        page.client.on_text(page.local_us(), text);
        CHECK(page.client.connection().phase() == ConnectionPhase::live);
    }
}

TEST_CASE("commands carry their payload and bring one answer each", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    page.client.tick(page.local_us());
    page.port.sent.clear();
    const auto id =
        page.client.command(page.local_us(), PenaltyGive{2, 5 * kSecondUs, "cut"}, "main", "1");
    REQUIRE(page.port.sent.size() == 1);
    auto expected = nlohmann::json::parse(R"({"type":"command","command":"penalty.give",
        "track":"main","race_id":"1","data":{"entry":2,"penalty_us":5000000,"reason":"cut"}})");
    expected["id"] = id;
    CHECK(page.port.sent[0] == expected);
    auto outcome = nlohmann::json::parse(
        R"({"type":"outcome","accepted":false,"code":"no_entry","message":"No entry 2."})");
    outcome["id"] = id;
    page.client.on_text(page.local_us(), outcome.dump());
    const auto answers = page.client.take_answers();
    CHECK(only(answers).id == id);
    CHECK(only(answers).result == CommandAnswer::Result::refused);
    CHECK(only(answers).message == "No entry 2.");
    CHECK(page.client.take_answers().empty());
}

TEST_CASE("no two pages give a command the same id", "[webui][client]") {
    FakePort port;
    HubClient one(port, 1), other(port, 2);
    const auto first = one.command(1, RaceArm{}, "main", "");
    CHECK(first != other.command(1, RaceArm{}, "main", ""));
    CHECK(first != one.command(1, RaceArm{}, "main", ""));
}

TEST_CASE("a command is never kept for later", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    page.client.on_closed(page.local_us());
    page.port.sent.clear();
    page.client.command(page.local_us(), RaceStart{}, "main", "");
    CHECK(page.port.sent.empty());
    CHECK(only(page.client.take_answers()).code == "not_connected");
}

TEST_CASE("a command without an answer is reported", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    page.client.command(page.local_us(), RaceArm{}, "main", "");
    page.client.tick(page.local_us() + HubClient::kAnswerUs - 1);
    CHECK(page.client.take_answers().empty());
    page.client.tick(page.local_us() + HubClient::kAnswerUs);
    CHECK(only(page.client.take_answers()).result == CommandAnswer::Result::unanswered);
}

TEST_CASE("pings measure the hub's clock", "[webui][client]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    page.client.tick(page.local_us());
    REQUIRE(page.port.sent.size() == 1);
    const TimeUs sent_us = page.port.sent[0]["t"];
    hub.now_us += 20'000;  // 10 ms there, 10 ms back
    page.client.on_text(
        page.local_us(),
        nlohmann::json{{"type", "pong"}, {"t", sent_us}, {"time_us", hub.now_us - 10'000}}.dump());
    CHECK(page.client.hub_now_us(page.local_us()) == hub.now_us);
    CHECK(page.client.clock().round_trip_us() == 20'000);
}

TEST_CASE("the line says how old the picture is", "[webui][client]") {
    FakeHub hub;
    FakePort port;
    HubClient client(port, 3);
    client.start(kSecondUs);
    CHECK(connection_view(client, kSecondUs).text == "Connecting");
    CHECK_FALSE(connection_view(client, kSecondUs).fresh);
    client.on_text(kSecondUs, hub.hello());
    client.on_text(kSecondUs, hub.snapshot());
    CHECK(connection_view(client, kSecondUs).fresh);
    client.tick(5 * kSecondUs);
    CHECK(connection_view(client, 5 * kSecondUs).text == "No update for 4 s");
    CHECK_FALSE(connection_view(client, 5 * kSecondUs).fresh);
    client.on_closed(6 * kSecondUs);
    CHECK(connection_view(client, 13 * kSecondUs).text == "No connection for 12 s");
    client.tick(13 * kSecondUs);
    CHECK(connection_view(client, 13 * kSecondUs).text == "Reconnecting. No update for 12 s");
}
