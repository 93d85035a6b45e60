// A session of heats by the race director's hand: planned, armed, held, decided, changed.

#include "tests/unit/webui_views/deck.h"

namespace racehub::test {
namespace {

const Session& session_of(const Deck& deck) { return *deck.hub.state.find(kTrack)->session; }

const Situations kSituations{
    {"heats planned", [](FakeHub& hub) { hub.plan_heats(); }},
    {"a heat armed, with a report nobody waited for",
     [](FakeHub& hub) {
         hub.plan_heats();
         hub.report({3'100'000, 3'200'000});
         hub.run_heat({3'100'000, 3'200'000, 3'300'000});
         hub.input(HeatArm{0});
     }},
    {"a heat running",
     [](FakeHub& hub) {
         hub.plan_heats();
         hub.input(HeatArm{0});
         hub.input(HeatStarted{}, "timer");
         hub.advance(kSecondUs);
     }},
    {"a heat held",
     [](FakeHub& hub) {
         hub.plan_heats();
         hub.run_heat({3'100'000, 3'100'000, 3'100'000});
     }},
    {"a heat finished, and somebody withdrawn",
     [](FakeHub& hub) {
         hub.plan_heats();
         hub.run_heat({3'100'000, 3'100'000, 0});
         SessionChange change;
         change.withdraw.push_back(4);
         change.add.push_back(Entry{17, 0, std::string(60, 'W'), std::string(60, 'm'), ""});
         hub.input(std::move(change));
     }},
    {"all heats run",
     [](FakeHub& hub) {
         hub.plan_heats();
         while (hub.state.find(kTrack)->session->next() != nullptr)
             hub.run_heat({3'100'000, 3'200'000, 3'300'000});
     }},
};

}  // namespace

TEST_CASE("every view draws every situation of a session of heats", "[webui][views][heats]") {
    draw_everywhere(kSituations);
}

TEST_CASE("a session is planned from typed names", "[webui][views][heats]") {
    Deck deck("heats");
    deck.hub.input(TrackConfigure{"Derby hill", 3, {}});
    deck.page.greet();
    REQUIRE(deck.deck.press("Plan a session"));
    for (const char* text : {"17 Ada, Red Baron", "Björn", "Chiara, Blitz", "Dev"}) {
        REQUIRE(deck.deck.type("Add a driver: 17 Ada, Red Baron", text));
    }
    CHECK(deck.deck.says("4 drivers"));
    CHECK(deck.deck.says("4 heats. Everybody runs 1 time on each lane"));
    REQUIRE(deck.deck.type("Add a driver: 17 Ada, Red Baron", "17 Again"));
    CHECK(deck.deck.says("Number 17 is taken."));
    REQUIRE(deck.deck.press("Remove Dev"));
    REQUIRE(deck.deck.press("Use lane 3"));
    CHECK(deck.deck.says("3 heats."));
    REQUIRE(deck.deck.press("PLAN"));
    deck.exchange();
    const Session& session = session_of(deck);
    REQUIRE(session.participants.size() == 3);
    CHECK(session.participants[0].entry.entry == 17);
    CHECK(session.participants[0].entry.car == "Red Baron");
    CHECK(session.participants[1].entry.entry == 18);
    CHECK(session.lanes == std::vector<std::int32_t>{1, 2});
    CHECK(deck.hub.state.find(kTrack)->settings.discipline == Discipline::heat);
    CHECK(deck.deck.says("0 of 3 heats run"));
}

TEST_CASE("a plausible heat is final, and the next one is a button away", "[webui][views][heats]") {
    Deck deck("race");
    deck.hub.plan_heats();
    deck.page.greet();
    REQUIRE(deck.deck.press("ARM HEAT 1"));
    deck.exchange();
    CHECK(deck.race().heat == 1);
    CHECK(deck.deck.says("Armed"));
    CHECK(deck.deck.says("READY"));
    CHECK(deck.deck.find("START") == nullptr);
    deck.hub.report({3'100'000, 3'000'000, 0});
    deck.news();
    deck.deck.settle();
    CHECK(deck.deck.says("Final"));
    CHECK(deck.deck.says("3.000"));
    CHECK(deck.deck.says("DNF"));
    CHECK(deck.deck.find("ARM HEAT 2") != nullptr);
}

TEST_CASE("a held heat is never shown as final, and is decided by the race director",
          "[webui][views][heats]") {
    Deck deck("race");
    deck.hub.plan_heats();
    deck.hub.run_heat({3'100'000, 3'100'000, 3'100'000});
    deck.page.greet();
    deck.deck.settle();
    CHECK(deck.deck.says("Not final"));
    CHECK(deck.deck.says("All lanes have the very same time."));
    CHECK_FALSE(deck.deck.says("Final"));
    CHECK(deck.deck.find("ARM HEAT 2") == nullptr);
    SECTION("accepted, with a held button and a reason") {
        REQUIRE(deck.deck.type("Reason", "seen by three marshals"));
        REQUIRE(deck.deck.press("Hold to ACCEPT"));
        CHECK(deck.page.port.sent.empty());
        REQUIRE(deck.deck.hold("Hold to ACCEPT", ui::Ui::kHoldUs + 200'000));
        deck.exchange();
        CHECK(deck.race().phase == Phase::finished);
        CHECK(deck.last["data"]["reason"] == "seen by three marshals");
    }
    SECTION("run again by all") {
        REQUIRE(deck.deck.press("RUN AGAIN, all lanes"));
        deck.exchange();
        CHECK(deck.race().phase == Phase::armed);
        CHECK(deck.deck.says("Heat 1 again for "));
    }
    SECTION("run again by one lane") {
        REQUIRE(deck.deck.press("Choose lane 2"));
        REQUIRE(deck.deck.press("RUN AGAIN, 1 lane"));
        deck.exchange();
        CHECK(deck.race().phase == Phase::armed);
        int waiting = 0;
        for (const EntryState& entry : deck.race().entries) {
            const bool waits = entry.heat == HeatStatus::waiting;
            waiting += waits ? 1 : 0;
            CHECK(waits == (entry.entry.lane == 2));
        }
        CHECK(waiting == 1);
    }
    SECTION("a time set by hand") {
        REQUIRE(deck.deck.type("Time, lane 3", "3.456"));
        REQUIRE(deck.deck.press("Set"));
        deck.exchange();
        CHECK(deck.last["command"] == "heat.correct");
        CHECK(deck.last["data"]["time_us"] == 3'456'000);
        CHECK(deck.deck.says("set by hand"));
    }
}

TEST_CASE("a result that nobody waited for is taken or dismissed", "[webui][views][heats]") {
    Deck deck("race");
    deck.hub.plan_heats();
    deck.hub.report({3'100'000, 3'200'000, 3'300'000});
    deck.page.greet();
    deck.deck.settle();
    CHECK(deck.deck.says("Lane 1 3.100 · lane 2 3.200 · lane 3 3.300"));
    CHECK(deck.deck.find("Take it") == nullptr);  // for which heat?
    SECTION("dismissed") {
        REQUIRE(deck.deck.press("Dismiss"));
        deck.exchange();
        CHECK(deck.hub.state.find(kTrack)->offers.empty());
    }
    SECTION("taken for the armed heat") {
        REQUIRE(deck.deck.press("ARM HEAT 1"));
        deck.exchange();
        REQUIRE(deck.deck.press("Take it"));
        deck.exchange();
        CHECK(deck.race().phase == Phase::finished);
        CHECK(deck.deck.says("Final"));
    }
}

TEST_CASE("late arrivals and withdrawals plan the rest again", "[webui][views][heats]") {
    Deck deck("heats");
    deck.hub.plan_heats();
    deck.hub.run_heat({3'100'000, 3'200'000, 3'300'000});
    deck.page.greet();
    deck.deck.settle();
    REQUIRE(deck.deck.type("Late arrival: name, car", "Emil, Comet"));
    deck.exchange();
    CHECK(session_of(deck).participants.size() == 5);
    CHECK(session_of(deck).participants.back().entry.entry == 5);
    CHECK(deck.deck.says("Emil"));
    deck.deck.stage.resize(1280, 3'000, 1);
    deck.deck.settle();
    REQUIRE(deck.deck.press("Withdraw Dev"));
    deck.exchange();
    CHECK(session_of(deck).participants[3].withdrawn);
    CHECK(deck.deck.find("Bring back Dev") != nullptr);
}

TEST_CASE("the leaderboard ranks by average, best and points, and says when it is final",
          "[webui][views][heats]") {
    Deck deck("board");
    deck.hub.plan_heats();
    deck.hub.run_heat({3'000'000, 3'200'000, 3'300'000});
    deck.page.greet();
    deck.deck.settle();
    CHECK(deck.deck.says("1 of 4 heats run, so this is not final"));
    while (deck.hub.state.find(kTrack)->session->next() != nullptr)
        deck.hub.run_heat({3'000'000, 3'200'000, 3'300'000});
    deck.page.greet();
    deck.deck.settle();
    CHECK(deck.deck.says("wins") != deck.deck.says("share the win"));
    REQUIRE(deck.deck.press("Points"));
    CHECK(deck.deck.says("3.000"));
    CHECK(deck.deck.says("6"));
}

TEST_CASE("lights of gate and lanes follow the timing device", "[webui][views][heats]") {
    Deck deck("race");
    deck.hub.plan_heats();
    deck.page.greet();
    deck.deck.settle();
    CHECK_FALSE(deck.deck.says("Start gate"));
    deck.page.client.on_text(deck.local_us, R"({"type":"sources","sources":[{"id":"timer",
        "state":"ok","text":"","track":"main","sensed":{"gate":"closed","lanes":[],"text":""}}]})");
    deck.deck.settle();
    CHECK(deck.deck.says("Start gate closed and ready"));
    deck.page.client.on_text(deck.local_us,
                             R"({"type":"sample","sample":{"type":"device.sensed","source":"timer",
        "track":"main","data":{"gate":"open","lanes":[{"lane":2,"state":"blocked"}],"text":""}}})");
    deck.deck.settle();
    CHECK(deck.deck.says("Start gate open"));
    CHECK(deck.page.client.lights("main").lanes.at(2));
}

}  // namespace racehub::test
