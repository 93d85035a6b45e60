#include "webui/model/race_view.h"

#include <catch2/catch.hpp>

#include "fixture.h"
#include "webui/model/laps_view.h"
#include "webui/model/page_json.h"

using namespace racehub;
using namespace racehub::test;

namespace {
RaceView view_at(const FakeHub& hub, TimeUs at_us) { return race_view(hub.state, kTrack, at_us); }
RaceView view_now(const FakeHub& hub) { return view_at(hub, hub.now_us); }
}  // namespace

TEST_CASE("an idle track shows its lanes and offers to arm", "[webui][race_view]") {
    FakeHub hub;
    CHECK_FALSE(view_now(hub).known);
    hub.set_up();
    const RaceView view = view_now(hub);
    CHECK(view.track_name == "Club track");
    REQUIRE(view.rows.size() == 2);
    CHECK(view.rows[0].driver == "Anna");
    CHECK(view.rows[0].color == 0xff2020);
    CHECK(view.rows[1].color == entry_color(Entry{2, 2, "", "", "red"}));
    CHECK(view.can_arm);
    CHECK_FALSE(view.can_start);
    CHECK_FALSE(view.can_stop);
    CHECK(view.next_change_us == 0);
}

TEST_CASE("lights follow the announced schedule, not the arrival of messages",
          "[webui][race_view]") {
    FakeHub hub;
    hub.set_up();
    hub.input(RaceArm{});
    CHECK(view_now(hub).lights.shown);
    CHECK(view_now(hub).lights.lit == 0);
    CHECK(view_now(hub).can_start);
    hub.input(RaceStart{});
    const Race& race = *hub.state.find(kTrack)->race;
    // The state stays as it was announced; only the instant moves.
    CHECK(view_at(hub, race.first_light_us - 1).lights.lit == 0);
    CHECK(view_at(hub, race.first_light_us - 1).next_change_us == race.first_light_us);
    for (int light = 0; light < 5; ++light) {
        const TimeUs at_us = race.first_light_us + light * kSecondUs;
        CHECK(view_at(hub, at_us).lights.lit == light + 1);
        CHECK(view_at(hub, at_us + kSecondUs - 1).lights.lit == light + 1);
    }
    CHECK(view_at(hub, race.go_us - 1).lights.lit == 5);
    CHECK(view_at(hub, race.go_us - 1).next_change_us == race.go_us);
    const RaceView out = view_at(hub, race.go_us);
    CHECK(out.lights.lit == 0);
    CHECK(out.lights.go);
    CHECK(out.flag == Flag::green);
    CHECK(out.phase_text == "GO");
    CHECK(out.clock == "0:00");
}

TEST_CASE("rows carry running laps, last three laps, gaps and marks", "[webui][race_view]") {
    FakeHub hub;
    hub.set_up();
    hub.start();
    for (const TimeUs lap_us :
         {TimeUs{8'000'000}, TimeUs{7'000'000}, TimeUs{7'500'000}, TimeUs{6'900'000}}) {
        hub.advance(lap_us);
        hub.cross(1);
        hub.advance(200'000);
        hub.cross(2);
        hub.now_us -= 200'000;
    }
    hub.now_us += 2'345'678;
    const RaceView view = view_now(hub);
    REQUIRE(view.rows.size() == 2);
    const RowView& anna = view.rows[0];
    CHECK(anna.position == "1");
    CHECK(anna.laps == "4");
    CHECK(anna.last == "6.900");
    CHECK(anna.best == "6.900");
    CHECK(anna.running == "2.3");
    CHECK(anna.last_laps == std::array<std::string, kLastLaps>{"6.900", "7.500", "7.000"});
    CHECK(anna.gap == "–");
    CHECK(anna.last_is_best);
    CHECK(anna.status.empty());
    CHECK(view.rows[1].gap == "+0.200");
    CHECK(view.fastest == "Anna 6.900 (lap 4)");
    CHECK(view.running_clocks);
    CHECK(view.next_change_us > hub.now_us);
    CHECK(view.next_change_us <= hub.now_us + 100'000);
    hub.now_us += 60 * kSecondUs;
    CHECK(view_now(hub).rows[0].overdue);
}

TEST_CASE("a paused race stands still on the screen", "[webui][race_view]") {
    FakeHub hub;
    hub.set_up();
    hub.start();
    hub.advance(3 * kSecondUs);
    hub.input(RacePause{});
    const RaceView at_once = view_now(hub);
    const RaceView later = view_at(hub, hub.now_us + 100 * kSecondUs);
    CHECK(at_once.clock == "0:03");
    CHECK(later.clock == "0:03");
    CHECK(later.rows[0].running == "3.0");
    CHECK(later.flag == Flag::yellow);
    CHECK(later.can_resume);
    CHECK_FALSE(later.can_pause);
    CHECK(later.next_change_us == 0);
}

TEST_CASE("the clock counts down a timed race, then the time to finish", "[webui][race_view]") {
    FakeHub hub;
    RaceSettings settings;
    settings.distance = Distance::time;
    settings.time_us = 60 * kSecondUs;
    hub.set_up(settings);
    hub.start();
    hub.advance(10 * kSecondUs);
    hub.cross(1);
    CHECK(view_now(hub).clock == "0:50");
    CHECK(view_now(hub).clock_label == "Time left");
    hub.advance(55 * kSecondUs);
    CHECK(view_now(hub).phase == Phase::finishing);
    CHECK(view_now(hub).clock_label == "To finish");
    CHECK(view_now(hub).clock == "0:55");
    CHECK(view_now(hub).flag == Flag::white);
    hub.cross(1);
    hub.advance(kSecondUs);
    CHECK(view_now(hub).phase == Phase::finished);
    CHECK(view_now(hub).clock == view_at(hub, hub.now_us + kHourUs).clock);
    CHECK(view_now(hub).can_clear);
}

TEST_CASE("who is out has no position, and says why", "[webui][race_view]") {
    FakeHub hub;
    RaceSettings settings;
    settings.jump_rule = JumpRule::time_penalty;
    hub.set_up(settings);
    hub.input(RaceStart{});
    hub.advance(1'500'000);
    hub.cross(2);
    hub.advance(hub.state.find(kTrack)->race->go_us - hub.now_us);
    hub.advance(9 * kSecondUs);
    hub.cross(1);
    hub.cross(2);
    CHECK(view_now(hub).rows[1].note == "jump start · +5 s");
    hub.input(EntryDisqualify{1, "drove backwards"});
    const RaceView view = view_now(hub);
    CHECK(view.rows[0].driver == "Zoë");
    CHECK(view.rows[1].position == "–");
    CHECK(view.rows[1].status == "DSQ");
}

TEST_CASE("the summary has every lap, the fastest marked, voids named", "[webui][race_view]") {
    FakeHub hub;
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = 3;
    hub.set_up(settings);
    hub.start();
    for (int lap = 0; lap < 3; ++lap) {
        hub.advance(7'000'000 - lap * 100'000);
        hub.cross(1);
        hub.advance(500'000);
        hub.cross(2);
    }
    const SummaryView view = summary_view(hub.state, kTrack, 100);
    CHECK(view.winner == "Anna wins: 3 laps in 21.700");
    CHECK(view.end_reason == "Everyone has finished");
    REQUIRE(view.entries.size() == 2);
    REQUIRE(view.entries[0].laps.size() == 3);
    CHECK(view.entries[0].laps[0].lap == "7.000");
    CHECK(view.entries[0].laps[0].fastest);
    CHECK(view.entries[1].laps[2].best);
    CHECK_FALSE(view.entries[1].laps[2].fastest);
    CHECK(summary_view(hub.state, kTrack, 2).entries[0].laps.size() == 2);
    CHECK(summary_view(hub.state, kTrack, 2).entries[0].laps[0].number == "2");

    hub.input(LapVoid{1, 1, LapStatus::lap_void, "cut"});
    const SummaryView corrected = summary_view(hub.state, kTrack, 100);
    CHECK(corrected.entries[0].driver == "Zoë");
    CHECK(corrected.entries[1].laps[0].status == "void lap");
    CHECK(corrected.entries[1].laps[0].number.empty());
}

TEST_CASE("the feed tells what a listener wants to know", "[webui][feed]") {
    FakeHub hub;
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = 2;
    hub.set_up(settings);
    Page page(hub);
    hub.start();
    hub.advance(7 * kSecondUs);
    hub.cross(1);
    hub.advance(kSecondUs);
    hub.cross(2);
    hub.advance(5 * kSecondUs);
    hub.cross(2);
    hub.advance(kSecondUs);
    hub.cross(1);
    page.news();
    std::vector<std::string> spoken;
    for (const Notice& notice : page.client.feed().notices()) {
        if (notice.spoken) spoken.push_back(notice.text);
    }
    CHECK(spoken ==
          std::vector<std::string>{"Race armed: 2 laps", "Start lights", "Lights out, go!",
                                   "Zoë takes the lead", "Distance done: finish your lap",
                                   "Zoë finishes, position 1", "Anna finishes, position 2",
                                   "Race finished. Everyone has finished."});
}

TEST_CASE("the page's JSON has what the plain pages show", "[webui][page_json]") {
    FakeHub hub;
    hub.set_up();
    Page page(hub);
    hub.start();
    hub.advance(7 * kSecondUs);
    hub.cross(2);
    page.news();
    const auto json =
        nlohmann::json::parse(page_json(page.client, "no such track", page.local_us(), 0));
    CHECK(json["race"]["track"] == "main");
    CHECK(json["race"]["rows"][0]["driver"] == "Zoë");
    CHECK(json["race"]["rows"][0]["color"] == "#ffb224");
    CHECK(json["race"]["running"] == true);
    CHECK(json["connection"]["fresh"] == true);
    CHECK(json["tracks"][0]["name"] == "Club track");
    const std::uint64_t seen = json["notices"].back()["seq"];
    CHECK(nlohmann::json::parse(page_json(page.client, "", page.local_us(), seen))["notices"]
              .empty());
    CHECK_FALSE(json.contains("summary"));
    hub.input(RaceStop{});
    page.news();
    const auto ended = nlohmann::json::parse(page_json(page.client, "main", page.local_us(), seen));
    CHECK(ended["summary"]["entries"][0]["laps"][0]["lap"] == "7.000");
}
