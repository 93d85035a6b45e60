// Questions about past races: pages without holes or doubles, laps, records, facts; beside a
// running race.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "hub/core/codec.h"
#include "hub/store/history.h"
#include "tests/unit/store/support.h"

namespace racehub::store::test {
namespace {

struct Fixture {
    Fixture() {
        StoreOptions options;
        options.durability = Durability::off;
        store = open_store(path, options);
        play(*store, night, 3'000, 60);
        history = History::open(path, error);
        REQUIRE(history);
    }

    TempFolder folder;
    std::string path = folder / "hub.db";
    RaceNight night{30};
    std::unique_ptr<Store> store;
    std::unique_ptr<History> history;
    std::string error;
};

}  // namespace

TEST_CASE("races come in pages, newest first", "[history]") {
    Fixture f;
    for (const std::string track : {"", "main", "oval", "drag"}) {
        std::vector<RaceRow> all, page;
        std::uint64_t before = 0;
        do {
            REQUIRE(f.history->races(track, before, 3, page, f.error));
            for (const RaceRow& race : page) {
                if (!track.empty()) CHECK(race.track == track);
                if (!all.empty()) CHECK(race.first_seq < all.back().first_seq);
                all.push_back(race);
            }
            if (!page.empty()) before = page.back().first_seq;
        } while (!page.empty());
        const auto expected =
            rows_of(f.path, track.empty() ? "SELECT 1 FROM races"
                                          : "SELECT 1 FROM races WHERE track <> ''");
        if (track.empty()) CHECK(all.size() == f.night.state().races);
        CHECK(all.size() <= expected.size());
        CHECK(all.size() > 3);
    }
    std::vector<RaceRow> page;
    REQUIRE(f.history->races("nowhere", 0, 10, page, f.error));
    CHECK(page.empty());
}

TEST_CASE("a race, its classification and its laps", "[history]") {
    Fixture f;
    std::vector<RaceRow> races;
    REQUIRE(f.history->races("", 0, 1'000, races, f.error));
    int finished = 0, heats = 0;
    for (const RaceRow& race : races) {
        RaceRow same;
        REQUIRE(f.history->race(race.race_id, same, f.error));
        CHECK(same.first_seq == race.first_seq);
        std::vector<EntryRow> entries;
        REQUIRE(f.history->entries(race.race_id, entries, f.error));
        CHECK(entries.size() == static_cast<std::size_t>(race.entries));
        std::vector<LapRow> laps, page;
        std::int32_t entry = 0, lap = 0;
        do {
            REQUIRE(f.history->laps(race.race_id, 0, entry, lap, 7, page, f.error));
            laps.insert(laps.end(), page.begin(), page.end());
            if (!page.empty()) entry = page.back().entry, lap = page.back().lap;
        } while (!page.empty());
        std::int32_t counted = 0;
        std::set<std::pair<int, int>> seen;
        for (const LapRow& row : laps) {
            counted += row.number > 0 ? 1 : 0;
            CHECK(seen.emplace(row.entry, row.lap).second);
        }
        CHECK(counted == race.laps);
        std::vector<LapRow> of_first;
        REQUIRE(f.history->laps(race.race_id, 1, 0, 0, 1'000, of_first, f.error));
        CHECK(of_first.size() ==
              static_cast<std::size_t>(std::count_if(
                  laps.begin(), laps.end(), [](const LapRow& row) { return row.entry == 1; })));
        heats += entries.front().heat.empty() ? 0 : 1;
        if (race.phase != "finished") continue;
        ++finished;
        CHECK(entries.front().position == 1);
        if (race.winner != 0) CHECK(race.winner_driver == entries.front().entry.driver);
    }
    CHECK(finished > 5);
    CHECK(heats > 2);

    RaceRow none;
    std::vector<EntryRow> entries;
    std::vector<LapRow> laps;
    FactPage facts;
    CHECK_FALSE(f.history->race("no such race", none, f.error));
    CHECK(f.error.empty());
    CHECK_FALSE(f.history->entries("no such race", entries, f.error));
    CHECK_FALSE(f.history->laps("no such race", 0, 0, 0, 10, laps, f.error));
    CHECK_FALSE(f.history->race_facts("no such race", 0, 10, facts, f.error));
    CHECK(f.error.empty());
}

TEST_CASE("facts after a seq, and facts of a race, in pages", "[history]") {
    Fixture f;
    HubState folded;
    std::map<std::string, std::vector<std::string>> by_race;
    FactPage page;
    std::uint64_t after = 0;
    do {
        REQUIRE(f.history->facts(after, 123, page, f.error));
        for (const std::string& text : page.facts) {
            nlohmann::json object;
            Event fact;
            std::string error;
            REQUIRE(parse_object(text, object, error));
            REQUIRE(decode_event(object, fact, error));
            apply(folded, fact);
            if (!fact.race_id.empty()) by_race[fact.race_id].push_back(text);
        }
        after = page.next_after;
    } while (page.more);
    CHECK(encode_state(folded) == encode_state(f.night.state()));

    for (const auto& [race_id, expected] : by_race) {
        std::vector<std::string> found;
        after = 0;
        do {
            REQUIRE(f.history->race_facts(race_id, after, 10, page, f.error));
            found.insert(found.end(), page.facts.begin(), page.facts.end());
            after = page.next_after;
        } while (page.more);
        CHECK(found == expected);
    }
    REQUIRE(f.history->facts(f.night.state().seq, 10, page, f.error));
    CHECK(page.facts.empty());
    CHECK_FALSE(page.more);
}

TEST_CASE("records are the best over finished races, and follow corrections", "[history]") {
    Fixture f;
    for (const std::string track : {"main", "oval", "drag"}) {
        std::vector<RecordRow> records;
        REQUIRE(f.history->records(track, 50, records, f.error));
        std::map<std::string, TimeUs> best;
        std::vector<RaceRow> races;
        REQUIRE(f.history->races(track, 0, 1'000, races, f.error));
        for (const RaceRow& race : races) {
            if (race.phase != "finished") continue;
            std::vector<EntryRow> entries;
            REQUIRE(f.history->entries(race.race_id, entries, f.error));
            for (const EntryRow& entry : entries) {
                if (entry.entry.driver.empty() || entry.best_us == 0) continue;
                auto [known, first] = best.emplace(entry.entry.driver, entry.best_us);
                if (!first) known->second = std::min(known->second, entry.best_us);
            }
        }
        CHECK(records.size() == best.size());
        for (std::size_t i = 0; i < records.size(); ++i) {
            CHECK(records[i].best_us == best[records[i].driver]);
            if (i > 0) CHECK(records[i].best_us >= records[i - 1].best_us);
        }
        CHECK(!records.empty());
    }
}

TEST_CASE("a driver's laps, newest first", "[history]") {
    Fixture f;
    std::vector<DriverLapRow> laps, fewer;
    REQUIRE(f.history->driver_laps("driver 3", 1'000, laps, f.error));
    REQUIRE(laps.size() > 20);
    REQUIRE(f.history->driver_laps("driver 3", 10, fewer, f.error));
    REQUIRE(fewer.size() == 10);
    for (std::size_t i = 0; i < fewer.size(); ++i)
        CHECK(fewer[i].lap.crossed_us == laps[i].lap.crossed_us);
    REQUIRE(f.history->driver_laps("nobody", 10, fewer, f.error));
    CHECK(fewer.empty());
}

TEST_CASE("many readers beside a running race", "[history]") {
    Fixture f;
    std::atomic<bool> stop = false;
    std::atomic<int> answers = 0, failures = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 8; ++i) {
        readers.emplace_back([&] {
            while (!stop) {
                std::string error;
                std::vector<RaceRow> races;
                std::vector<LapRow> laps;
                const bool found =
                    f.history->races("", 0, 20, races, error) &&
                    f.history->laps(races.front().race_id, 0, 0, 0, 100, laps, error);
                (found ? answers : failures) += 1;
            }
        });
    }
    while (answers < 500) append(*f.store, f.night.next(20));
    std::string error;
    CHECK(f.store->rebuild({}, error));
    while (answers < 700) append(*f.store, f.night.next(20));
    stop = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(failures == 0);
}

TEST_CASE("history of a database that is not there is an error", "[history]") {
    const TempFolder folder;
    std::string error;
    CHECK(History::open(folder / "none.db", error) == nullptr);
    CHECK_THAT(error, Catch::Contains("cannot be opened"));
}

}  // namespace racehub::store::test
