// Projections follow from the facts: as they come, rebuilt, and compared with the state itself.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/core/standings.h"
#include "hub/store/history.h"
#include "tests/unit/store/support.h"

namespace racehub::store::test {
namespace {

const char* const kTables[] = {
    "SELECT * FROM races ORDER BY race", "SELECT * FROM entries ORDER BY race, entry",
    "SELECT * FROM laps ORDER BY race, entry, lap", "SELECT * FROM records ORDER BY track, driver"};

std::vector<std::vector<std::string>> tables_of(const std::string& path) {
    std::vector<std::vector<std::string>> tables;
    for (const char* table : kTables) tables.push_back(rows_of(path, table));
    return tables;
}

/// What history says of a race that is on a track is what the state says.
void compare(const History& history, const Race& race) {
    std::string error;
    RaceRow row;
    REQUIRE(history.race(race.race_id, row, error));
    CHECK(row.phase == name_of(race.phase));
    CHECK(row.started_us == race.started_us);
    CHECK(row.ended_us == race.ended_us);
    Race folded;
    REQUIRE(history.fold(race.race_id, folded, error));
    CHECK(to_json(folded) == to_json(race));
    std::vector<EntryRow> entries;
    REQUIRE(history.entries(race.race_id, entries, error));
    REQUIRE(entries.size() == race.entries.size());
    if (race.phase == Phase::finished) {
        const std::vector<Standing> table = standings(race);
        for (std::size_t i = 0; i < table.size(); ++i) {
            const bool heat = race.settings.discipline == Discipline::heat;
            CHECK(entries[i].entry.entry == table[i].entry);
            CHECK(entries[i].position ==
                  (table[i].heat_place > 0 ? table[i].heat_place : table[i].position));
            CHECK(entries[i].best_us == (heat ? table[i].heat_us : table[i].best_lap_us));
            CHECK(entries[i].heat == (heat ? name_of(table[i].heat) : ""));
            CHECK(entries[i].total_us == table[i].total_us);
            CHECK(entries[i].average_lap_us == table[i].average_lap_us);
        }
    }
    for (const EntryState& entry : race.entries) {
        std::vector<LapRow> laps;
        REQUIRE(
            history.laps(race.race_id, entry.entry.entry, 0, 0, History::kMaxPage, laps, error));
        REQUIRE(laps.size() == entry.laps.size());
        for (const LapRow& row_of_lap : laps) {
            const auto lap =
                std::find_if(entry.laps.begin(), entry.laps.end(),
                             [&](const Lap& candidate) { return candidate.id == row_of_lap.lap; });
            REQUIRE(lap != entry.laps.end());
            CHECK(row_of_lap.number == lap->number);
            CHECK(row_of_lap.lap_us == lap->lap_us);
            CHECK(row_of_lap.race_us == lap->race_us);
            CHECK(row_of_lap.crossed_us == lap->crossed_us);
            CHECK(row_of_lap.status == lap->status);
            CHECK(row_of_lap.manual == lap->manual);
            CHECK(row_of_lap.suspect == lap->suspect);
        }
    }
}

}  // namespace

TEST_CASE("projections equal the state after every batch", "[projections]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    const auto store = open_store(path, StoreOptions{.durability = Durability::off});
    std::string error;
    const auto history = History::open(path, error);
    REQUIRE(history);
    const std::uint64_t seed = GENERATE(range(100, 102));
    INFO("seed " << seed);
    RaceNight night(seed);
    for (int i = 0; i < 150; ++i) {
        append(*store, night.next(1 + static_cast<std::size_t>(i) % 40));
        for (const Track& track : night.state().tracks) {
            if (track.race) compare(*history, *track.race);
        }
    }
    CHECK(store->stale_projections().empty());
    CHECK(rows_of(path, "SELECT race_id FROM races WHERE phase = 'finished'").size() > 5);
    CHECK(rows_of(path, "SELECT driver FROM records").size() > 5);
}

TEST_CASE("a rebuild gives the same rows as following along", "[projections]") {
    // Large groups hold races that begin and are gone within one of them.
    const std::size_t group = GENERATE(std::size_t{1}, std::size_t{30}, std::size_t{1'000});
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    const auto store = open_store(path, StoreOptions{.durability = Durability::off});
    RaceNight night(200 + group);
    play(*store, night, 3'000, group);
    const auto followed = tables_of(path);
    for (const auto& table : followed) CHECK(table.size() > 3);
    CHECK(verify_text(path) == "");
    std::string error;
    std::uint64_t told = 0;
    REQUIRE(store->rebuild([&](std::uint64_t done, std::uint64_t) { told = done; }, error));
    CHECK(told == night.state().seq);
    CHECK(tables_of(path) == followed);
}

TEST_CASE("projections that were dropped or are of another version are made again at the start",
          "[projections]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    RaceNight night(300);
    {
        const auto store = open_store(path);
        play(*store, night, 1'500);
    }
    const auto before = tables_of(path);
    const char* const changes[] = {
        "UPDATE meta SET value = 'older' WHERE name = 'projections'; DROP TABLE laps; DELETE FROM "
        "races",
        "DROP TABLE races; DROP TABLE entries; DROP TABLE laps; DROP TABLE records",
    };
    for (const char* change : changes) {
        INFO(change);
        sql::Database(path, sql::Access::read_write, 5'000).run(change);
        OpenReport report;
        open_store(path, {}, report);
        CHECK(report.rebuilt);
        CHECK_FALSE(report.damaged);
        CHECK(tables_of(path) == before);
    }
}

TEST_CASE("a fault in the projections does not stop the log", "[projections]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    RaceNight night(400);
    {
        const auto store = open_store(path);
        play(*store, night, 500);
        sql::Database(path, sql::Access::read_write, 5'000).run("DROP TABLE laps");
        play(*store, night, 1'500);
        CHECK_FALSE(store->stale_projections().empty());
    }
    OpenReport report;
    const auto store = open_store(path, {}, report);
    CHECK(report.rebuilt);
    CHECK(store->stale_projections().empty());
    CHECK(verify_text(path) == "");
}

}  // namespace racehub::store::test
