// The fold of snapshots: laps, people, sessions.

#include <catch2/catch.hpp>

#include "tests/unit/emperor/frames.h"

using namespace racehub::emperor;
using namespace racehub::emperor::test;

namespace {

/// Two drivers in a practice that has begun.
struct Ring {
    World world;
    Listener hub;

    explicit Ring(std::vector<TeamRule> teams = {}) : hub(std::move(teams)) {
        world.join("A", "Ada L.", 0);
        world.join("Z", "Zoe A.", 1);
        hub.hear(world);
    }
    std::vector<Observation> go(double seconds) {
        world.now_s += seconds;
        return hub.hear(world);
    }
    void lap(const std::string& guid, double seconds, bool cut = false) {
        world.now_s += 1;
        world.lap(guid, seconds, cut);
        hub.hear(world);
    }
    json last(const std::string& type) const {
        const auto all = hub.all(type);
        return all.empty() ? json() : all.back();
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> found;
        for (const json& each : hub.all("message.reported")) found.push_back(each["text"]);
        return found;
    }
    /// The statuses told of an entry, in order.
    std::vector<std::string> statuses(int entry) const {
        std::vector<std::string> found;
        for (const json& each : hub.all("entry.reported")) {
            if (each["entry"] == entry && each.contains("status")) found.push_back(each["status"]);
        }
        return found;
    }
};

}  // namespace

TEST_CASE("Nothing is told before somebody is there", "[emperor]") {
    World world;
    Listener hub;
    CHECK(hub.hear("", world.now_us()).empty());  // the first frame of a fresh server
    CHECK(hub.hear(world).empty());
    world.join("A", "Ada");
    const auto told = hub.hear(world);
    REQUIRE(told.size() == 2);
    CHECK(told[0].type == "race.reported");
    CHECK(told[0].opens);
    const json race = json::parse(told[0].data);
    CHECK(race["name"] == "The Ring: Practice");
    CHECK(race["session"] == "practice");
    CHECK(race["time_us"] == 3'600 * kSecondUs);
    CHECK(race["race_us"] == kSecondUs);
    CHECK(race["entries"] == json::parse(R"([{"entry":1,"driver":"Ada","car":"The car"}])"));
    CHECK(told[1].type == "entry.reported");
    CHECK(hub.hear(world).empty());  // the same again is no news
}

TEST_CASE("Each lap is told once", "[emperor]") {
    Ring ring;
    ring.lap("A", 60.5);
    ring.lap("Z", 61);
    ring.lap("A", 59.5);
    ring.hub.hear(ring.world);
    CHECK(ring.hub.laps() == Laps{{1, {60'500, 59'500}}, {2, {61'000}}});
    // Practice: where the server's clock says that they ended.
    CHECK(ring.hub.all("lap.reported")[0]["race_us"] == 2 * kSecondUs);
    for (const Observation& each : ring.hub.told) {
        if (each.type == "lap.reported") CHECK_FALSE(each.key.empty());
    }
}

TEST_CASE("Missed frames lose no lap", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    for (int i = 0; i < 3; ++i) {
        ring.world.now_s += 60;
        ring.world.lap("A", 61 + i);
    }
    ring.hub.follower.connected();
    ring.hub.hear(ring.world);
    CHECK(ring.hub.laps() == Laps{{1, {60'000, 0, 0, 63'000}}});
    ring.lap("A", 70);
    CHECK(ring.hub.laps().at(1).size() == 5);
}

TEST_CASE("An old picture after a reconnect changes nothing", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    const std::string old = ring.world.snapshot();
    ring.lap("A", 61);
    ring.lap("A", 62);
    ring.hub.follower.connected();
    ring.hub.hear(old, ring.world.now_us());
    ring.lap("A", 63);
    CHECK(ring.hub.laps() == Laps{{1, {60'000, 61'000, 62'000, 63'000}}});
}

TEST_CASE("Laps cut are told as cut", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    ring.lap("A", 50, true);
    ring.world.lap("Z", 70);
    ring.hub.hear(ring.world.event(73, {{"CarID", 1}, {"LapTime", 70'000}, {"Cuts", 2}}),
                  ring.world.now_us());
    ring.go(1);
    const auto laps = ring.hub.all("lap.reported");
    REQUIRE(laps.size() == 3);
    CHECK_FALSE(laps[0].contains("cut"));
    CHECK(laps[1]["cut"] == true);
    CHECK(laps[2]["cut"] == true);
}

TEST_CASE("A driver who changes cars goes on counting", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    ring.world.driver("A")["CarInfo"]["CarModel"] = "truck";
    ring.world.car("A", "truck");
    ring.go(1);
    ring.world.now_s += 1;
    ring.world.lap("A", 90, false, "truck");
    ring.hub.hear(ring.world);
    CHECK(ring.hub.laps() == Laps{{1, {60'000, 90'000}}});
}

TEST_CASE("Another driver in the same car is another entry", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    ring.world.leave("A");
    ring.world.join("G", "Grace", 0);
    ring.go(1);
    ring.lap("G", 65);
    ring.world.leave("G");
    ring.world.connected["A"] = ring.world.gone["A"];
    ring.world.gone.erase("A");
    ring.go(1);
    ring.lap("A", 61);
    CHECK(ring.hub.laps() == Laps{{1, {60'000, 61'000}}, {3, {65'000}}});
    CHECK(ring.texts() == std::vector<std::string>{"Ada L. left.", "Grace joined.",
                                                   "Ada L. joined.", "Grace left."});
}

TEST_CASE("A new session is a new race, and the old one gets its result", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    ring.lap("Z", 59);
    const auto before = ring.hub.told.size();
    ring.world.now_s += 5;
    ring.world.session(2, 1);
    ring.hub.hear(ring.world);
    REQUIRE(ring.hub.told.size() == before + 2);
    const json result = json::parse(ring.hub.told[before].data);
    CHECK(ring.hub.told[before].type == "result.reported");
    CHECK(result["results"] ==
          json::parse(R"([{"entry":2,"position":1,"status":"finished","laps":1},
                          {"entry":1,"position":2,"status":"finished","laps":1}])"));
    CHECK(ring.hub.told[before + 1].opens);
    ring.lap("A", 58);
    CHECK(ring.last("lap.reported")["number"] == 1);
}

TEST_CASE("Restarts of a session without anybody leave no trace", "[emperor]") {
    World world;
    Listener hub;
    for (int i = 0; i < 5; ++i) {
        world.now_s += 1;
        world.session(2, 0);
        hub.hear(world.event(50, world.info), world.now_us());
        hub.hear(world);
    }
    CHECK(hub.told.empty());
}

TEST_CASE("A practice that loops goes on", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    const auto looped = ring.world.connected;
    ring.world.now_s += 100;
    ring.world.start = at(ring.world.now_s);  // everybody's laps stay
    ring.hub.hear(ring.world);
    ring.lap("A", 61);
    CHECK(ring.hub.all("race.reported").size() == 1);
    CHECK(ring.hub.laps() == Laps{{1, {60'000, 61'000}}});
    SECTION("but not over a time when nobody was there") {
        ring.world.leave("Z");
        ring.world.leave("A");
        ring.go(1);
        ring.world.now_s += 100;
        ring.world.start = at(ring.world.now_s);
        ring.go(1);
        CHECK(ring.hub.all("result.reported").size() == 1);
        ring.world.connected["A"] = ring.world.gone["A"];
        ring.world.gone.erase("A");
        ring.go(1);
        ring.lap("A", 62);
        CHECK(ring.hub.all("race.reported").size() == 2);
        CHECK(ring.last("lap.reported")["number"] == 1);  // of this race
        CHECK(ring.last("lap.reported")["lap_us"] == 62 * kSecondUs);
    }
}

TEST_CASE("Races: the clock waits, laps add up, leaving is a dnf", "[emperor]") {
    Ring ring;
    ring.world.now_s = 10;
    ring.world.info["WaitTime"] = 60'000;
    ring.world.info["Laps"] = 2;
    ring.world.info["Time"] = 0;
    ring.world.session(3, 1);
    ring.hub.hear(ring.world);
    CHECK(ring.last("race.reported")["race_us"] == -60 * kSecondUs);
    CHECK(ring.last("race.reported")["laps"] == 2);
    ring.lap("A", 58);
    ring.lap("Z", 58.25);
    CHECK(ring.last("lap.reported")["race_us"] == 58'250'000);
    ring.world.leave("Z");
    ring.go(1);
    CHECK(ring.statuses(2) == std::vector<std::string>{"dnf"});
    ring.world.connected["Z"] = ring.world.gone["Z"];
    ring.world.gone.erase("Z");
    ring.go(1);
    CHECK(ring.statuses(2) == std::vector<std::string>{"dnf", "running"});
    ring.lap("A", 60);
    CHECK(ring.statuses(1) == std::vector<std::string>{"finished"});
    ring.world.leave("A");
    ring.go(1);
    CHECK(ring.statuses(1) == std::vector<std::string>{"finished"});  // it did not give up
    ring.world.now_s += 1;
    ring.world.session(1, 0);
    ring.hub.hear(ring.world);
    const json results = ring.last("result.reported")["results"];
    CHECK(results[0] == json::parse(R"({"entry":1,"position":1,"status":"finished","laps":2,
                                        "total_us":118000000})"));
    CHECK(results[1]["entry"] == 2);
}

TEST_CASE("Who left keeps a place in the one table", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    ring.lap("Z", 61);
    ring.world.join("G", "Grace", 2);
    ring.world.driver("A")["Position"] = 1;
    ring.world.driver("Z")["Position"] = 2;
    ring.world.driver("G")["Position"] = 3;
    ring.go(1);
    ring.world.leave("A");  // the fastest; the server ranks those who are there anew
    ring.world.driver("Z")["Position"] = 1;
    ring.world.driver("G")["Position"] = 2;
    const auto news = ring.go(1);
    for (const Observation& each : news) CHECK(each.type != "entry.reported");  // nobody moved
}

TEST_CASE("Names become whole, and teams are marked by them", "[emperor]") {
    Ring ring({{"*-YORK", "York", "#1cedaf"}});
    CHECK(ring.last("race.reported")["entries"][0]["driver"] == "Ada L.");
    ring.hub.hear(ring.world.event(
                      52, {{"CarID", 0}, {"DriverGUID", "A"}, {"DriverName", "Ada Lovelace-YORK"}}),
                  ring.world.now_us());
    const json entry = ring.last("race.reported")["entries"][0];
    CHECK(entry["driver"] == "Ada Lovelace-YORK");
    CHECK(entry["team"] == "York");
    CHECK(entry["color"] == "#1cedaf");
    const auto count = ring.hub.all("race.reported").size();
    ring.go(1);  // the snapshot has the short one again
    CHECK(ring.hub.all("race.reported").size() == count);
    CHECK_FALSE(ring.hub.told.back().opens);
}

TEST_CASE("Chat and collisions are told once", "[emperor]") {
    Ring ring;
    ring.world.now_s = 20;
    ring.world.chats.push_back(
        {{"Message", "hi"}, {"DriverGUID", "A"}, {"DriverName", "Ada"}, {"Time", at(20)}});
    ring.hub.hear(ring.world);
    ring.world.chats.push_back(
        {{"Message", "hi"}, {"DriverGUID", ""}, {"DriverName", "Server"}, {"Time", at(20)}});
    ring.hub.follower.connected();
    ring.hub.hear(ring.world);
    ring.hub.hear(ring.world.event(57, ring.world.chats[0]), ring.world.now_us());
    ring.hub.hear(ring.world);
    CHECK(ring.hub.all("message.reported").size() == 2);
    CHECK(ring.last("message.reported")["from"] == "Server");

    const json hit = {{"ID", "x"},
                      {"Type", "with other car"},
                      {"Time", at(21)},
                      {"OtherDriverName", "Zoe A."},
                      {"Speed", 18}};
    ring.hub.hear(ring.world.event(10, {{"CarID", 0}, {"OtherCarID", 1}, {"ImpactSpeed", 5}}),
                  ring.world.now_us());
    ring.world.driver("A")["Collisions"] = json::array({hit});
    ring.go(1);
    CHECK(ring.texts().back() == "Ada L. hit Zoe A. at 18 km/h.");
    CHECK(ring.texts().size() == 3);
    ring.world.driver("A")["Collisions"].push_back({{"Type", "with environment"}, {"Speed", 44}});
    ring.hub.follower.connected();  // the message was missed, the picture has it
    ring.go(1);
    CHECK(ring.texts().back() == "Ada L. hit the surroundings at 44 km/h.");
    CHECK(ring.texts().size() == 4);
}

TEST_CASE("Newer servers: pits, tyres, sectors, flags", "[emperor]") {
    Ring ring;
    json& ada = ring.world.driver("A");
    ada["CarInfo"]["Tyres"] = "SM";
    ada["IsInPits"] = true;
    ring.go(1);
    ada["IsInPits"] = false;
    ring.world.car("A")["CurrentLapSplits"] = {{"0", {{"SplitTime", 20'000'000'000}}}};
    ring.go(1);
    ring.world.car("A")["CurrentLapSplits"]["1"] = {{"SplitTime", 21'000'000'000}};
    ada["BlueFlag"] = true;
    ring.go(1);
    ring.go(1);
    ring.world.car("A")["CurrentLapSplits"] = json::object();
    ring.lap("A", 61);
    ada["NumPits"] = 1;
    ring.go(1);
    std::vector<std::string> gates;
    std::vector<int> stints;
    for (const json& each : ring.hub.all("entry.reported")) {
        if (each.contains("gate")) gates.push_back(each["gate"]);
        if (each.contains("stint")) stints.push_back(each["stint"]);
    }
    CHECK(gates == std::vector<std::string>{"pit_in", "pit_out", "sector_1", "sector_2"});
    CHECK(stints == std::vector<int>{1, 2});
    CHECK(ring.last("lap.reported")["sectors_us"] == json::parse("[20000000, 21000000, 20000000]"));
    CHECK(ring.last("message.reported")["flag"] == "blue");
    CHECK(ring.hub.all("message.reported").size() == 1);
}

TEST_CASE("A server that stands is not put on the screens", "[emperor]") {
    World world;
    world.join("A", "Ada");
    Listener hub;
    const std::int64_t hour_later = world.now_us() + 3'600 * kSecondUs;
    CHECK(hub.hear(world.snapshot(), hour_later).empty());
    CHECK(hub.follower.stale());
    SECTION("until something happens on it") {
        CHECK(hub.hear(world.event(58, 0), hour_later).front().opens);
    }
    SECTION("chat of before is nothing that happens") {
        CHECK(hub.hear(world.event(57, {{"Message", "old"}, {"Time", at(0)}}), hour_later).empty());
    }
    SECTION("a second picture is") { CHECK(hub.hear(world.snapshot(), hour_later).front().opens); }
}

TEST_CASE("A restart of the plugin forgets nothing", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    ring.lap("A", 61);
    std::map<std::string, std::string> kept;
    const auto keep = [&](Follower& follower) {
        for (const auto& [name, piece] : follower.changed_pieces()) {
            CHECK(piece.size() <= Follower::kMaxPiece);
            kept[name] = piece;
        }
    };
    keep(ring.hub.follower);
    Listener after;
    after.follower.load([&](const std::string& name) { return kept[name]; });
    ring.world.now_s += 200;
    ring.world.lap("A", 62);
    ring.world.lap("Z", 70);
    after.hear(ring.world);
    CHECK(after.told.front().opens);
    std::vector<std::string> keys;
    for (const Observation& each : after.told) {
        if (each.type == "lap.reported") keys.push_back(each.key);
    }
    const std::string id = ring.hub.follower.report_id();
    CHECK(keys == std::vector<std::string>{"lap/" + id + "/1/3", "lap/" + id + "/2/1"});
    SECTION("not even the result of a race that ended meanwhile") {
        keep(after.follower);
        Listener later;
        later.follower.load([&](const std::string& name) { return kept[name]; });
        ring.world.session(2, 1);
        later.hear(ring.world);
        CHECK(later.all("result.reported")[0]["results"][0]["laps"] == 3);
    }
    SECTION("and damaged memory is none") {
        for (auto& [name, piece] : kept) piece = piece.substr(0, piece.size() / 2);
        Listener later;
        later.follower.load([&](const std::string& name) { return kept[name]; });
        later.hear(ring.world);
        CHECK(later.laps().at(1).size() == 3);
    }
}

TEST_CASE("All of a session can be told again", "[emperor]") {
    Ring ring;
    ring.lap("A", 60);
    ring.lap("Z", 61);
    ring.lap("A", 62);
    const auto again = ring.hub.follower.tell_all(ring.world.now_us());
    CHECK(again.front().opens);
    std::set<std::string> keys;
    for (const Observation& each : again) {
        if (each.type == "lap.reported") keys.insert(each.key);
    }
    CHECK(keys.size() == 3);
}

TEST_CASE("More drivers than a race holds are not told", "[emperor]") {
    World world;
    Listener hub;
    for (int i = 0; i < 200; ++i) world.join("G" + std::to_string(i), "D", i % 50);
    hub.hear(world);
    const json entries = hub.all("race.reported")[0]["entries"];
    CHECK(entries.size() == kMaxDrivers);
    std::set<int> numbers;
    for (const json& entry : entries) numbers.insert(entry["entry"].get<int>());
    CHECK(numbers.size() == kMaxDrivers);
}
