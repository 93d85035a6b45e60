// Races that others time: what is reported becomes facts once, the table is the source's, and its
// clock may go fast, stand still, or go back.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/hub_driver.h"
#include "tests/support/sample.h"

using namespace racehub;
using namespace racehub::test;

namespace {

constexpr const char* kSource = "replay";

RaceReported race_of(const std::string& report_id, std::vector<std::int32_t> numbers,
                     TimeUs race_us = 0) {
    RaceReported race;
    race.report_id = report_id;
    race.name = "Grand Prix";
    race.race_us = race_us;
    for (const std::int32_t number : numbers) {
        Entry entry;
        entry.entry = number;
        entry.driver = "Driver " + std::to_string(number);
        entry.team = "Team";
        race.entries.push_back(entry);
    }
    return race;
}

LapReported lap_of(std::int32_t entry, std::int32_t number, TimeUs race_us, TimeUs lap_us,
                   std::vector<TimeUs> sectors_us = {}) {
    LapReported lap;
    lap.entry = entry;
    lap.number = number;
    lap.race_us = race_us;
    lap.lap_us = lap_us;
    lap.sectors_us = std::move(sectors_us);
    return lap;
}

EntryReported entry_of(std::int32_t entry, TimeUs race_us) {
    EntryReported report;
    report.entry = entry;
    report.race_us = race_us;
    return report;
}

struct Follower {
    HubDriver hub;

    Follower() {
        TrackConfigure track;
        track.name = "Wall";
        hub.command(track);
    }
    Outcome report(Payload data, const std::string& source = kSource) {
        Event input;
        input.track = "main";
        input.source = source;
        input.time_us = input.recv_us = hub.now_us;
        input.data = std::move(data);
        return hub.send(input);
    }
    /// Entries 1, 2 and 3 with three laps each, 1 ahead of 2 by 1 s a lap, 3 a lap behind.
    void open_with_laps() {
        report(race_of("gp", {1, 2, 3}));
        for (std::int32_t lap = 1; lap <= 3; ++lap) {
            report(lap_of(1, lap, lap * 80_s, 80_s));
            report(lap_of(2, lap, lap * 81_s, 81_s, {27_s, 27_s, 27_s}));
        }
        report(lap_of(3, 1, 130_s, 130_s));
        report(lap_of(3, 2, 230_s, 100_s));
    }
    const EntryState& entry(std::int32_t number) const { return hub.entry(number); }
};

}  // namespace

TEST_CASE("A reported race opens, runs and is told like any other", "[reported]") {
    Follower f;
    f.open_with_laps();
    CHECK(f.hub.phase() == Phase::running);
    CHECK(f.hub.race().report->source == kSource);
    CHECK(f.hub.race().settings.discipline == Discipline::reported);
    CHECK(f.hub.order() == std::vector<std::int32_t>{1, 2, 3});
    CHECK(f.hub.standing(2).gap_us == 3_s);
    CHECK(f.hub.standing(2).best_lap_us == 81_s);
    CHECK(f.hub.standing(3).laps_behind_leader == 0);  // it crossed before the leader's third
    CHECK(f.entry(2).laps[0].sectors_us == std::vector<TimeUs>{27_s, 27_s, 27_s});
    CHECK(f.entry(1).laps_counted == 3);
    f.report(ResultReported{250_s,
                            {{2, 1, EntryStatus::finished, 3, 0},
                             {1, 0, EntryStatus::dsq, 3, 0},
                             {3, 2, EntryStatus::finished, 2, 0}}});
    CHECK(f.hub.phase() == Phase::finished);
    CHECK(f.hub.race().end_reason == EndReason::reported);
    CHECK(f.hub.order() == std::vector<std::int32_t>{2, 3, 1});
    CHECK(f.entry(1).status == EntryStatus::dsq);
}

TEST_CASE("What is reported twice counts once, and a later version corrects", "[reported]") {
    Follower f;
    f.open_with_laps();
    const std::size_t facts = f.hub.facts.size();
    f.report(lap_of(2, 3, 243_s, 81_s, {27_s, 27_s, 27_s}));
    f.report(race_of("gp", {1, 2, 3}));
    CHECK(f.hub.facts.size() == facts);
    f.report(lap_of(2, 3, 242_s, 80_s, {27_s, 27_s, 26_s}));
    CHECK(f.entry(2).laps.size() == 3);
    CHECK(f.entry(2).last_lap_us == 80_s);
    CHECK(f.hub.standing(2).gap_us == 2_s);
    // A lap that arrives after its successor takes its place.
    f.report(lap_of(3, 4, 420_s, 95_s));
    f.report(lap_of(3, 3, 325_s, 95_s));
    CHECK(f.entry(3).laps[2].number == 3);
    CHECK(f.entry(3).laps_counted == 4);
}

TEST_CASE("Who joins late knows only later laps, and numbers stay the source's", "[reported]") {
    Follower f;
    f.report(race_of("gp", {5}, 1'000_s));
    f.report(lap_of(5, 23, 1'020_s, 0));
    CHECK(f.entry(5).laps_counted == 23);
    CHECK(f.entry(5).best_lap_us == 0);
    CHECK(f.hub.standing(5).average_lap_us == 0);
    f.report(lap_of(5, 24, 1'100_s, 80_s));
    CHECK(f.hub.standing(5).average_lap_us == 80_s);
    LapReported cut = lap_of(5, 25, 1'170_s, 70_s);
    cut.cut = true;
    f.report(cut);
    CHECK(f.entry(5).best_lap_us == 80_s);
    CHECK(f.entry(5).last_lap_us == 70_s);
}

TEST_CASE("Reported positions are the table, ties and holes included", "[reported]") {
    Follower f;
    f.open_with_laps();
    for (const auto& [number, position] : {std::pair{1, 17}, {2, 4}, {3, 4}}) {
        EntryReported report = entry_of(number, 231_s);
        report.position = position;
        f.report(report);
    }
    CHECK(f.hub.order() == std::vector<std::int32_t>{2, 3, 1});
    CHECK(f.hub.standing(1).position == 17);
    CHECK(f.hub.standing(3).position == 4);
}

TEST_CASE("Practice is told by best laps", "[reported]") {
    Follower f;
    RaceReported race = race_of("p1", {1, 2, 3});
    race.session = SessionKind::practice;
    f.report(race);
    f.report(lap_of(1, 1, 90_s, 90_s));
    f.report(lap_of(1, 2, 185_s, 95_s));
    f.report(lap_of(2, 1, 300_s, 88_s));
    CHECK(f.hub.order() == std::vector<std::int32_t>{2, 1, 3});
    CHECK(f.hub.standing(1).gap_us == 2_s);
    CHECK_FALSE(f.hub.standing(3).has_gap);
}

TEST_CASE("Pits, stints and retirements are said as often as the source likes", "[reported]") {
    Follower f;
    f.open_with_laps();
    EntryReported in = entry_of(2, 250_s);
    in.gate = Gate::pit_in;
    in.stint = 2;
    in.tyre = "HARD";
    in.tyre_age = 3;
    for (int i = 0; i < 3; ++i) f.report(in);
    in.race_us = 251_s;  // still there
    f.report(in);
    CHECK(f.entry(2).in_pit);
    CHECK(f.entry(2).pit_stops == 1);
    REQUIRE(f.entry(2).stints.size() == 1);
    CHECK(f.entry(2).stints[0].tyre == "HARD");
    EntryReported out = entry_of(2, 275_s);
    out.gate = Gate::pit_out;
    f.report(out);
    CHECK_FALSE(f.entry(2).in_pit);
    EntryReported dnf = entry_of(3, 280_s);
    dnf.status = EntryStatus::dnf;
    dnf.reason = "gearbox";
    f.report(dnf);
    f.report(dnf);
    CHECK(f.hub.count<EntryRetired>() == 1);
    dnf.status = EntryStatus::running;
    f.report(dnf);
    CHECK(f.entry(3).status == EntryStatus::running);
}

TEST_CASE("Messages are kept to a number, and flags for all are the race's", "[reported]") {
    Follower f;
    f.open_with_laps();
    f.report(MessageReported{250_s, About::flag, "RED FLAG", "", RaceFlag::red, 0, 0});
    f.report(MessageReported{250_s, About::flag, "RED FLAG", "", RaceFlag::red, 0, 0});
    CHECK(f.hub.race().messages.size() == 1);
    f.report(MessageReported{251_s, About::flag, "BLUE FOR 3", "", RaceFlag::blue, 0, 3});
    f.report(MessageReported{251_s, About::flag, "YELLOW IN 7", "", RaceFlag::yellow, 7, 0});
    CHECK(f.hub.race().flag == RaceFlag::red);
    for (int i = 0; i < 100; ++i) {
        f.report(MessageReported{252_s + i, About::chat, "hello", "x", RaceFlag::none, 0, 0});
    }
    CHECK(f.hub.race().messages.size() == kMaxMessages);
    CHECK(f.hub.race().flag == RaceFlag::red);
}

TEST_CASE("The race's clock goes fast, stands still, and goes back", "[reported]") {
    Follower f;
    f.report(race_of("gp", {1, 2}));
    f.hub.now_us += 10_s;
    CHECK(f.hub.race().clock_us(f.hub.now_us) == 10_s);
    f.report(ClockReported{10_s, 64'000, false});
    f.hub.now_us += 10_s;
    CHECK(f.hub.race().clock_us(f.hub.now_us) == 650_s);
    f.report(ClockReported{650_s, 0, false});
    f.hub.now_us += 10_s;
    CHECK(f.hub.race().clock_us(f.hub.now_us) == 650_s);
    for (std::int32_t lap = 1; lap <= 8; ++lap) f.report(lap_of(1, lap, lap * 80_s, 80_s));
    EntryReported pit = entry_of(1, 100_s);
    pit.gate = Gate::pit_in;
    f.report(pit);
    f.report(MessageReported{600_s, About::flag, "SC", "", RaceFlag::safety_car, 0, 0});
    f.report(ResultReported{650_s, {}});
    CHECK(f.hub.phase() == Phase::finished);

    f.report(ClockReported{161_s, 1'000, true});
    CHECK(f.hub.phase() == Phase::running);
    CHECK(f.entry(1).laps_counted == 2);
    CHECK(f.entry(1).total_us == 160_s);
    CHECK(f.entry(1).in_pit);
    CHECK(f.hub.race().flag == RaceFlag::none);
    CHECK(f.hub.race().messages.empty());
    CHECK(f.hub.race().clock_us(f.hub.now_us) == 161_s);
    f.report(lap_of(1, 3, 240_s, 80_s));
    CHECK(f.entry(1).laps_counted == 3);
}

TEST_CASE("A race may be opened before its start", "[reported]") {
    Follower f;
    f.report(race_of("gp", {1}, -60_s));
    CHECK(f.hub.phase() == Phase::armed);
    f.hub.now_us += 60_s;
    f.report(ClockReported{0, 1'000, false});
    CHECK(f.hub.phase() == Phase::running);
    CHECK(f.hub.race().started_us == f.hub.now_us);
}

TEST_CASE("Another report id is the next race; the last one is finished", "[reported]") {
    Follower f;
    f.open_with_laps();
    f.report(race_of("gp-2", {1, 2}));
    CHECK(f.hub.count<RaceFinished>() == 1);
    CHECK(f.hub.race().race_id == "2");
    CHECK(f.hub.race().entries.size() == 2);
    // Who joins is in the race, not in the roster of the track's own next race.
    f.report(race_of("gp-2", {1, 2, 9}));
    CHECK(f.hub.race().entries.size() == 3);
    CHECK(f.entry(9).status == EntryStatus::running);
    CHECK(f.hub.state.find("main")->roster.empty());
}

TEST_CASE("Only its source times a race, and nobody corrects it here", "[reported]") {
    Follower f;
    CHECK(f.report(lap_of(1, 1, 80_s, 80_s)).code == "no_race");
    f.open_with_laps();
    CHECK(f.report(lap_of(1, 4, 320_s, 80_s), "other").code == "other_source");
    CHECK(f.report(race_of("x", {1}), "other").code == "wrong_phase");
    CHECK(f.report(lap_of(44, 1, 80_s, 80_s)).code == "no_entry");
    CHECK(f.report(race_of("x", {1, 1})).code == "bad_value");
    const std::size_t facts = f.hub.facts.size();
    const Payload corrections[] = {LapVoid{1, 1, LapStatus::lap_void, ""},
                                   LapAdd{1, 0, ""},
                                   PenaltyGive{1, 5_s, ""},
                                   RacePause{""},
                                   RaceStart{""},
                                   EntryAssign{{7, 0, "x", "", ""}}};
    for (const Payload& correction : corrections) {
        CHECK(f.hub.command(correction).code == "timed_elsewhere");
    }
    CHECK(f.hub.facts.size() == facts);
    CHECK(f.hub.command(RaceStop{}).accepted);
    CHECK(f.hub.phase() == Phase::finished);
    RaceSettings settings;
    settings.discipline = Discipline::reported;
    CHECK(f.hub.command(RaceArm{settings}).code == "bad_settings");
}

TEST_CASE("A reported race does not touch a race that the hub times", "[reported]") {
    HubDriver hub{RaceSettings{}, 2};
    hub.command(RaceArm{});
    Event input;
    input.track = "main";
    input.source = kSource;
    input.time_us = input.recv_us = hub.now_us;
    input.data = race_of("gp", {1});
    CHECK(hub.send(input).code == "wrong_phase");
    CHECK_FALSE(hub.race().report);
}

TEST_CASE("A track's map is kept, and said once", "[reported]") {
    Follower f;
    MapReported map;
    map.map.path = {{0, 0}, {100'000, 0}, {100'000, 50'000}};
    map.map.image = MapImage{"http://server/map.png", 640, 480, -5, 10, 250'000};
    f.report(map);
    f.report(map);
    CHECK(f.hub.count<TrackMapped>() == 1);
    CHECK(f.hub.state.find("main")->map == map.map);
}

TEST_CASE("Every sample survives its JSON", "[reported][codec]") {
    const auto check = [](auto sample) {
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            Sampler sampler(Sampler::Mode::random, seed);
            decltype(sample)::fields(sample, sampler);
            Sample back;
            std::string error;
            const auto data = nlohmann::json::parse(encode_sample(sample));
            REQUIRE(decode_sample(sample.kType, data, back, error));
            REQUIRE(digest(std::get<decltype(sample)>(back)) == digest(sample));
        }
    };
    check(CarsLocated{});
    check(CarsMeasured{});
    check(GapsMeasured{});
    check(WeatherMeasured{});
    Sample back;
    std::string error;
    CHECK_FALSE(decode_sample("tyre.measured", nlohmann::json::object(), back, error));
    CHECK(error.empty());
    CHECK_FALSE(decode_sample("car.located", nlohmann::json::object(), back, error));
    CHECK(error == "data.race_us: is missing");
}
