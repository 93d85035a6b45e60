// The file's tracks against the log's: who changed something last is right. Decided by the real
// core.

#include <catch2/catch.hpp>
#include <map>

#include "hub/app/track_setup.h"

using namespace racehub;
using racehub::app::HubConfig;
using racehub::app::TrackSetup;

namespace {

/// A hub that is started again and again.
struct Hub {
    HubState state;
    std::map<std::string, std::string> memory;
    std::vector<std::string> said;
    int commands = 0;

    Outcome command(const std::string& track, Payload data) {
        Event input;
        input.track = track;
        input.time_us = input.recv_us = 1'000 * kSecondUs;
        input.data = std::move(data);
        std::vector<Event> facts;
        ++commands;
        return decide(state, input, facts);
    }

    void start(const std::string& tracks) {
        HubConfig config;
        std::string error;
        const bool good =
            app::parse_config(R"({"tracks": [)" + tracks + "]}", "club.json", config, error);
        INFO(error);
        REQUIRE(good);
        said.clear();
        commands = 0;
        TrackSetup({[this](const auto& track, Payload data) { return command(track, data); },
                    [this](const auto& track) { return memory[track]; },
                    [this](const auto& track, const auto& text) { memory[track] = text; },
                    [this](bool, const auto& text) { said.push_back(text); }})
            .apply(HubState(state), config.tracks);
    }

    const Track& track(const std::string& id = "a") const { return *state.find(id); }
    std::string driver(std::size_t i) const { return track().roster.at(i).driver; }
    bool says(const std::string& part) const {
        return said.size() == 1 && said[0].find(part) != std::string::npos;
    }
};

std::string club(const std::string& rules, const std::string& entries,
                 const std::string& more = R"("lanes": 2)") {
    return R"({"id": "a", )" + more + R"(, "settings": {)" + rules + R"(}, "entries": [)" +
           entries + "]}";
}

const std::string kAda = R"({"lane": 1, "driver": "Ada"})";
const std::string kBen = R"({"lane": 2, "driver": "Ben"})";

}  // namespace

TEST_CASE("The first start makes the file's tracks, the second nothing", "[tracks]") {
    Hub hub;
    hub.start(club(R"("laps": 5)", kAda));
    CHECK(hub.track().settings.laps == 5);
    CHECK(hub.driver(0) == "Ada");
    hub.start(club(R"("laps": 5)", kAda));
    CHECK(hub.commands == 0);
    CHECK(hub.said.empty());
}

TEST_CASE("What the file says anew is taken over, what it repeats is not", "[tracks]") {
    Hub hub;
    hub.start(club(R"("laps": 5)", kAda));
    RaceSettings rules = hub.track().settings;
    rules.lights = 3;
    hub.command("a", TrackConfigure{"Theirs", 2, rules});
    hub.command("a", EntryAssign{Entry{1, 1, "Zoe", "", ""}});

    hub.start(club(R"("laps": 6)", kAda + "," + kBen));
    CHECK(hub.track().settings.laps == 6);
    CHECK(hub.track().settings.lights == 3);
    CHECK(hub.track().name == "Theirs");
    CHECK(hub.driver(0) == "Zoe");
    CHECK(hub.driver(1) == "Ben");
    CHECK(hub.says("track a: changed as in the file: settings.laps, entry 2"));

    hub.start(club(R"("laps": 6)", kBen, R"("lanes": 2, "name": "New")"));
    CHECK(hub.track().name == "New");
    REQUIRE(hub.track().roster.size() == 1);
    CHECK(hub.driver(0) == "Ben");
    CHECK(hub.says("name, entry 1 (removed)"));

    // Fewer lanes take their entries along.
    hub.start(club(R"("laps": 6)", kAda, R"("lanes": 1, "name": "New")"));
    REQUIRE(hub.track().roster.size() == 1);
    CHECK(hub.driver(0) == "Ada");
    hub.start(club(R"("laps": 6)", kAda, R"("lanes": 1, "name": "New")"));
    CHECK(hub.commands == 0);
}

TEST_CASE("A race that is on is left alone, and the change waits for the next start", "[tracks]") {
    Hub hub;
    hub.start(club("", kAda));
    REQUIRE(hub.command("a", RaceArm{}).accepted);
    for (int i = 0; i < 2; ++i) {
        hub.start(club(R"("laps": 6)", R"({"lane": 1, "driver": "Ben"})"));
        CHECK(hub.driver(0) == "Ada");
        CHECK(hub.commands == 0);
        CHECK(hub.says("(settings.laps, entry 1) wait, because a race is on"));
    }
    REQUIRE(hub.command("a", RaceAbort{}).accepted);
    REQUIRE(hub.track().race);
    hub.start(club(R"("laps": 6)", R"({"lane": 1, "driver": "Ben"})"));
    CHECK(hub.driver(0) == "Ben");
    CHECK(hub.track().settings.laps == 6);
    REQUIRE(hub.track().race);  // the one that is over keeps its drivers
    CHECK(hub.track().race->entries.at(0).entry.driver == "Ada");
}

TEST_CASE("A log that remembers no file keeps its rules and entries", "[tracks]") {
    Hub hub;
    hub.start(club(R"("laps": 5)", kAda));
    hub.memory.clear();
    hub.start(club(R"("laps": 6)", kBen, R"("lanes": 2, "name": "New")"));
    CHECK(hub.track().name == "New");
    CHECK(hub.track().settings.laps == 5);
    CHECK(hub.driver(0) == "Ada");
    hub.memory["a"] = "{\"name\": 5}";
    hub.start(club(R"("laps": 6)", kBen, R"("lanes": 2, "name": "New")"));
    CHECK(hub.commands == 0);
    hub.start(club(R"("laps": 7)", kBen, R"("lanes": 2, "name": "New")"));
    CHECK(hub.track().settings.laps == 7);
}

TEST_CASE("A track that the file no longer names is said", "[tracks]") {
    Hub hub;
    hub.start(club("", kAda) + R"(, {"id": "b"})");
    hub.start(R"({"id": "b"})");
    CHECK(hub.says("configuration file: a."));
    CHECK(hub.commands == 0);
}
