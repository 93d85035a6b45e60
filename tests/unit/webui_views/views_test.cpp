// Every view with every kind of race, drawn without a screen: nothing may stick out, be too small
// for a finger, or be missing; and what is pressed must reach the hub.

#include "tests/unit/webui_views/deck.h"

namespace racehub::test {
namespace {

RaceSettings short_race() {
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = 5;
    settings.jump_rule = JumpRule::time_penalty;
    return settings;
}

/// Brings the hub into one kind of situation after the other.
const Situations kSituations{
    {"nothing at all", [](FakeHub&) {}},
    {"idle", [](FakeHub& hub) { hub.set_up(short_race()); }},
    {"armed",
     [](FakeHub& hub) {
         hub.set_up(short_race());
         hub.input(RaceArm{});
     }},
    {"lights, with a jump start",
     [](FakeHub& hub) {
         hub.set_up(short_race());
         hub.input(RaceStart{});
         hub.advance(2'500'000);
         hub.cross(1);
     }},
    {"racing",
     [](FakeHub& hub) {
         hub.set_up(short_race());
         hub.start();
         for (int lap = 0; lap < 3; ++lap) {
             hub.advance(7 * kSecondUs);
             hub.cross(1);
             hub.advance(kSecondUs / 2);
             hub.cross(2);
         }
     }},
    {"paused and corrected",
     [](FakeHub& hub) {
         hub.set_up(short_race());
         hub.start();
         hub.advance(130 * kSecondUs);
         hub.cross(1);
         hub.advance(7 * kSecondUs);
         hub.cross(1);
         hub.input(LapVoid{1, 2, LapStatus::crossing_void, "ghost"});
         hub.input(PenaltyGive{1, 5 * kSecondUs, std::string(300, 'x')});
         hub.input(EntryRetire{2, "engine"});
         hub.input(RacePause{});
     }},
    {"finished",
     [](FakeHub& hub) {
         hub.set_up(short_race());
         hub.start();
         for (int lap = 0; lap < 5; ++lap) {
             hub.advance(7 * kSecondUs);
             hub.cross(1);
             hub.advance(kSecondUs / 2);
             hub.cross(2);
         }
     }},
    {"aborted",
     [](FakeHub& hub) {
         hub.set_up(short_race());
         hub.input(RaceStart{});
         hub.input(RaceAbort{});
     }},
    {"a full grid with long names in many scripts",
     [](FakeHub& hub) {
         hub.input(TrackConfigure{std::string(64, 'W'), 24, short_race()});
         for (std::int32_t lane = 1; lane <= 24; ++lane) {
             hub.input(EntryAssign{Entry{lane, lane, "Ολυμπία Папандопуло-Żółć 山",
                                         "Мерседес W 196 \"Silberpfeil\"", ""}});
         }
         hub.start();
         hub.advance(9 * kSecondUs);
         for (std::int32_t lane = 24; lane >= 1; --lane) hub.cross(lane);
     }},
};

}  // namespace

TEST_CASE("every view draws every situation at every size", "[webui][views]") {
    draw_everywhere(kSituations);
}

TEST_CASE("a race director's buttons run a race", "[webui][views]") {
    Deck deck("race");
    deck.hub.set_up(short_race());
    deck.news();
    REQUIRE(deck.deck.press("ARM"));
    deck.exchange();
    CHECK(deck.deck.says("Armed"));
    REQUIRE(deck.deck.press("START"));
    deck.exchange();
    CHECK(deck.last["race_id"] == "1");
    CHECK(deck.race().phase == Phase::lights);
    CHECK(deck.deck.says("Start lights"));
    deck.hub.advance(deck.race().go_us - deck.hub.now_us);
    deck.news();
    CHECK(deck.deck.find("Hold to STOP") == nullptr);
    deck.deck.settle();
    REQUIRE(deck.deck.press("Hold to STOP"));
    CHECK(deck.page.port.sent.empty());
    REQUIRE(deck.deck.hold("Hold to STOP", ui::Ui::kHoldUs + 200'000));
    deck.exchange();
    CHECK(deck.race().phase == Phase::finished);
    REQUIRE(deck.deck.press("NEW RACE"));
    deck.exchange();
    CHECK_FALSE(deck.hub.state.find(kTrack)->race);
}

TEST_CASE("who only watches has no buttons to run races", "[webui][views]") {
    Deck deck("race");
    deck.hub.director = false;
    deck.hub.set_up();
    deck.page.greet();
    deck.deck.settle();
    CHECK(deck.deck.find("ARM") == nullptr);
    CHECK(deck.deck.says("You are watching"));
    CHECK(deck.deck.find("Log in") != nullptr);
}

TEST_CASE("names are typed, sent and shown", "[webui][views]") {
    Deck deck("lanes");
    deck.hub.set_up();
    deck.news();
    REQUIRE(deck.deck.type("Lane 2, driver", "Łukasz"));
    deck.exchange();
    CHECK(deck.hub.state.find(kTrack)->roster[1].driver == "Łukasz");
    CHECK(deck.hub.state.find(kTrack)->roster[1].car == "McLaren");
}

TEST_CASE("rules are checked before they are sent", "[webui][views]") {
    Deck deck("rules");
    deck.hub.set_up(short_race());
    deck.news();
    REQUIRE(deck.deck.type("From light to light", "0.5"));
    REQUIRE(deck.deck.type("All lights on, at least", "99:99"));
    CHECK(deck.deck.says("All lights on, at least: a time from 0 s to 1 min, please."));
    REQUIRE(deck.deck.press("Save for the next race"));
    deck.exchange();
    CHECK(deck.hub.state.find(kTrack)->settings.light_interval_us == 500'000);
    CHECK(deck.hub.state.find(kTrack)->settings.hold_min_us == kSecondUs);
    CHECK(deck.deck.find("Save for the next race") == nullptr);
}

TEST_CASE("corrections carry the reason", "[webui][views]") {
    Deck deck("laps");
    kSituations.at("racing")(deck.hub);
    deck.page.greet();
    REQUIRE(deck.deck.type("Reason", "cut the corner"));
    REQUIRE(deck.deck.press("Void"));
    deck.exchange();
    CHECK(deck.last["data"]["reason"] == "cut the corner");
    CHECK(deck.deck.says("void lap"));
    REQUIRE(deck.deck.press("Restore"));
    deck.exchange();
    CHECK(deck.deck.says("lap 3 restored, by Zoë: cut the corner"));
    REQUIRE(deck.deck.press("DNF"));
    deck.exchange();
    CHECK(deck.deck.says("Anna (DNF)"));
    CHECK(deck.deck.host.paths == std::vector<std::string>{"/api/races/1/facts"});
}

TEST_CASE("a missed crossing is put back into the middle of its long lap", "[webui][views]") {
    Deck deck("laps");
    RaceSettings settings = short_race();
    settings.max_lap_us = 10 * kSecondUs;
    deck.hub.set_up(settings);
    deck.hub.start();
    deck.hub.advance(7 * kSecondUs);
    deck.hub.cross(1);
    deck.hub.advance(14 * kSecondUs);
    deck.hub.cross(1);
    deck.page.greet();
    REQUIRE(deck.deck.press("Split"));
    deck.exchange();
    const EntryState& entry = *deck.race().find(1);
    REQUIRE(entry.laps_counted == 3);
    CHECK(entry.laps[1].lap_us == 7 * kSecondUs);
}

TEST_CASE("logging in asks the hub and says why not", "[webui][views]") {
    Deck deck("race");
    deck.hub.director = false;
    deck.hub.set_up();
    deck.page.greet();
    REQUIRE(deck.deck.press("Log in"));
    REQUIRE(deck.deck.type("PIN", "11112222"));
    REQUIRE(deck.deck.type("Your name", "Zoë"));
    REQUIRE(deck.deck.press("Log in as race director"));
    CHECK(deck.deck.host.sessions == std::vector<std::string>{"11112222/Zoë"});
    deck.deck.stage.app().on_session(deck.local_us, 401,
                                     R"({"error":{"code":"wrong_pin","message":"Wrong PIN."}})");
    deck.deck.settle();
    CHECK(deck.deck.says("Wrong PIN."));
    const std::size_t sockets = deck.page.port.paths.size();
    deck.deck.stage.app().on_session(deck.local_us, 201, "{}");
    CHECK(deck.page.port.paths.size() ==
          sockets + 1);  // the socket is opened again, with the session
}

TEST_CASE("an old picture says so and offers no commands", "[webui][views]") {
    Deck deck("race");
    deck.hub.set_up();
    deck.page.greet();
    deck.page.client.on_closed(deck.local_us);
    deck.local_us += 20 * kSecondUs;
    deck.deck.settle();
    CHECK(deck.deck.says("⚠ No connection for 20 s"));
    CHECK(deck.deck.find("ARM") == nullptr);
    deck.page.client.tick(deck.local_us);
    deck.page.greet();
    deck.deck.settle();
    CHECK_FALSE(deck.deck.says("⚠"));
}

TEST_CASE("an idle picture is not drawn again; a running one ten times a second",
          "[webui][views]") {
    Deck deck("race");
    deck.hub.set_up(short_race());
    deck.page.greet();
    CHECK(deck.deck.settle().next_us == 0);
    CHECK_FALSE(deck.deck.stage.stale(deck.local_us));
    deck.hub.start();
    deck.hub.advance(4 * kSecondUs);
    deck.local_us = deck.page.local_us();
    deck.page.greet();
    CHECK(deck.deck.stage.stale(deck.local_us));
    const TimeUs next_us = deck.deck.settle().next_us;
    CHECK(next_us > 1);
    CHECK(next_us <= 100'000);
}

TEST_CASE("a finger that drags scrolls and presses nothing", "[webui][views]") {
    Deck deck("lanes", kPhone);
    deck.hub.input(TrackConfigure{"Long", 12, {}});
    deck.page.greet();
    deck.deck.settle();
    const float before = deck.deck.find("Lane 1, colour")->rect.y;
    using Touch = platform::Stage::Touch;
    auto touch = [&](Touch kind, float y) {
        const bool ours = deck.deck.stage.touch(kind, 30, y, deck.local_us);
        deck.deck.settle(1);
        return ours;
    };
    touch(Touch::began, before + 20);
    for (int step = 1; step <= 5; ++step)
        CHECK(touch(Touch::moved, before + 20 - 15 * static_cast<float>(step)));
    touch(Touch::ended, before - 55);
    deck.deck.settle(400);
    CHECK(deck.deck.find("Lane 1, colour")->rect.y < before - 70);
    CHECK(deck.deck.find(" ") == nullptr);  // no palette was opened
    // A tap does press; on a text field it is left to the browser, which opens the keyboard.
    deck.deck.stage.wheel(0, -10'000);
    deck.deck.settle();
    touch(Touch::began, before + 20);
    touch(Touch::ended, before + 20);
    deck.deck.settle();
    CHECK(deck.deck.find(" ") != nullptr);
    const ui::Rect field = deck.deck.find("Lane 1, driver")->rect;
    CHECK_FALSE(deck.deck.stage.touch(Touch::began, field.x + 50, field.y + 20, deck.local_us));
    CHECK_FALSE(deck.deck.stage.touch(Touch::ended, field.x + 50, field.y + 20, deck.local_us));
}

TEST_CASE("hotkeys press buttons, but not while a name is typed", "[webui][views]") {
    Deck deck("race");
    deck.hub.set_up();
    deck.page.greet();
    deck.deck.settle();
    deck.deck.stage.key("KeyA", true);
    deck.deck.settle();
    deck.deck.stage.key("KeyA", false);
    deck.exchange();
    CHECK(deck.race().phase == Phase::armed);
    deck.deck.stage.ui().fields["typed"].focused = true;
    deck.deck.stage.key("KeyS", true);
    deck.deck.settle();
    CHECK(deck.page.port.sent.empty());
}

TEST_CASE("the wall shows all rows of a usual race in letters that can be read from afar",
          "[webui][views]") {
    Deck deck("wall", kWall);
    deck.hub.input(TrackConfigure{"Club", 8, short_race()});
    for (std::int32_t lane = 1; lane <= 8; ++lane)
        deck.hub.input(EntryAssign{Entry{lane, lane, "Driver " + std::to_string(lane), "", ""}});
    deck.hub.start();
    deck.hub.advance(9 * kSecondUs);
    deck.local_us = deck.page.local_us();
    deck.page.greet();
    deck.deck.settle();
    for (int lane = 1; lane <= 8; ++lane) CHECK(deck.deck.says("Driver " + std::to_string(lane)));
    CHECK(deck.deck.stage.ui().items.empty());
}

TEST_CASE("what happens is spoken once, and not what was before", "[webui][views]") {
    Deck deck("race");
    kSituations.at("racing")(deck.hub);
    deck.news();
    deck.deck.settle();
    CHECK(deck.deck.host.spoken.empty());
    deck.hub.input(RacePause{});
    deck.news();
    deck.deck.settle();
    deck.deck.settle();
    CHECK(deck.deck.host.spoken == std::vector<std::string>{"Race paused by Zoë"});
}

}  // namespace racehub::test
