// Backups while the hub runs, and the proof that a log is what it says.

#include <catch2/catch.hpp>
#include <thread>

#include "hub/core/codec.h"
#include "hub/store/backup.h"
#include "hub/store/verify.h"
#include "tests/unit/store/support.h"

namespace racehub::store::test {

TEST_CASE("backups made during writes are whole", "[backup]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    const std::string place = folder / "backups";
    RaceNight night(20);
    const auto store = open_store(path);
    play(*store, night, 1'000);

    constexpr int kBackups = 10;
    std::vector<Backup> made(kBackups);
    std::vector<std::string> errors(kBackups);
    std::atomic<int> done = 0;
    std::thread other([&] {
        for (int i = 0; i < kBackups; ++i) {
            make_backup(path, place, kEveningUs + i * kSecondUs, 4,
                        made[static_cast<std::size_t>(i)], errors[static_cast<std::size_t>(i)]);
            ++done;
        }
    });
    std::vector<std::uint64_t> batch_ends{night.state().seq};
    while (done < kBackups) {
        append(*store, night.next(5));
        batch_ends.push_back(night.state().seq);
    }
    other.join();
    for (const std::string& error : errors) CHECK(error.empty());
    for (const Backup& backup : made) {
        CHECK(std::find(batch_ends.begin(), batch_ends.end(), backup.seq) != batch_ends.end());
    }

    const std::vector<std::string> kept = backups_in(place);
    REQUIRE(kept.size() == 4);
    CHECK(kept.front() == made.back().path);
    CHECK(TempFolder().names("").empty());
    for (const std::string& backup : kept) {
        INFO(backup);
        CHECK(verify_text(backup) == "");
    }
    // A backup is a database: a hub can be started on it.
    std::filesystem::copy_file(kept.front(), folder / "restored.db");
    const auto restored = open_store(folder / "restored.db");
    CHECK(recover(*restored).state.seq == made.back().seq);
}

TEST_CASE("a backup that cannot be made says why and leaves nothing behind", "[backup]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    Backup made;
    std::string error;
    SECTION("no database") {
        CHECK_FALSE(make_backup(path, folder / "backups", kEveningUs, 3, made, error));
        CHECK_THAT(error, Catch::Contains("backups failed") && Catch::Contains("cannot be opened"));
    }
    SECTION("the folder is a file") {
        open_store(path);
        write_file(folder / "backups", "a file");
        CHECK_FALSE(make_backup(path, folder / "backups", kEveningUs, 3, made, error));
        CHECK_FALSE(error.empty());
    }
    SECTION("a damaged database") {
        {
            const auto store = open_store(path);
            RaceNight night(21);
            play(*store, night, 500);
        }
        std::string bytes = read_file(path);
        for (std::size_t at = bytes.size() / 2; at < bytes.size() / 2 + 9'000; ++at)
            bytes[at] = 'x';
        write_file(path, bytes);
        CHECK_FALSE(make_backup(path, folder / "backups", kEveningUs, 3, made, error));
        CHECK_THAT(error, Catch::Contains("damaged"));
    }
    CHECK(backups_in(folder / "backups").empty());
    for (const std::string& name : folder.names(""))
        CHECK(name.find("unfinished") == std::string::npos);
}

TEST_CASE("only files named as backups are backups, and only they are removed", "[backup]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    const std::string place = folder / "backups";
    open_store(path);
    std::filesystem::create_directory(place);
    for (const char* name : {"notes.txt", "racehub-best.db", "racehub-20200101-000000.db.keep"}) {
        write_file(place + "/" + name, "mine");
    }
    write_file(place + "/racehub-20200101-000000.db.unfinished", "of a backup that was killed");
    Backup made;
    std::string error;
    for (int i = 0; i < 3; ++i)
        REQUIRE(make_backup(path, place, kEveningUs + i * kSecondUs, 0, made, error));
    CHECK(backups_in(place) == std::vector<std::string>{place + "/racehub-20231114-221322.db"});
    CHECK(std::filesystem::exists(place + "/notes.txt"));
    CHECK(std::filesystem::exists(place + "/racehub-best.db"));
    CHECK(std::filesystem::exists(place + "/racehub-20200101-000000.db.keep"));
    CHECK_FALSE(std::filesystem::exists(place + "/racehub-20200101-000000.db.unfinished"));
}

TEST_CASE("verify names the first difference", "[verify]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    RaceNight night(22);
    {
        StoreOptions options;
        options.checkpoint_every = 700;
        const auto store = open_store(path, options);
        play(*store, night, 1'500);
    }
    VerifyReport report;
    std::string error;
    REQUIRE(verify(path, {}, report, error));
    CHECK(report.facts == night.state().seq);
    CHECK(report.inputs == night.last_input());
    CHECK(report.races == night.state().races);

    struct Case {
        const char* change;
        const char* expected;
    };
    const Case one = GENERATE(
        Case{"DROP TRIGGER facts_stay; UPDATE facts SET data = replace(data, '\"lap_us\":', "
             "'\"lap_us\":1') WHERE seq = "
             "(SELECT min(seq) FROM facts WHERE type = 'lap.completed')",
             "decided again"},
        Case{"DROP TRIGGER inputs_remain; DELETE FROM inputs WHERE number = 200",
             "Inputs 200 to 200 are missing"},
        Case{"DROP TRIGGER inputs_stay; UPDATE inputs SET accepted = 0, code = 'no' WHERE number = "
             "300",
             "Input 300 had the outcome refused (no)"},
        Case{"INSERT INTO facts SELECT max(seq) + 1, max(cause), 1, 'race.started', 'main', '1', "
             "'{}' FROM facts",
             "do not follow from its inputs"},
        Case{"UPDATE checkpoint SET state = replace(state, 'Track main', 'Track Main') WHERE seq = "
             "(SELECT max(seq) FROM "
             "checkpoint)",
             "is not the fold of the facts"},
        Case{"UPDATE laps SET lap_us = lap_us + 1 WHERE race = (SELECT max(race) FROM laps)",
             "The table laps does not follow"},
        Case{"DELETE FROM records WHERE driver = (SELECT max(driver) FROM records)",
             "The table records does not follow"},
        Case{"INSERT INTO races SELECT race + 1, race_id || 'x', track, phase, armed_us, "
             "started_us, finishing_us, ended_us, end_reason, "
             "settings, entries, laps, winner, best_entry, best_us, heat, last_seq FROM races "
             "LIMIT 1",
             "The table races does not follow"},
        Case{"UPDATE meta SET value = 'stale' WHERE name = 'projections'", "out of date"});
    INFO(one.change);
    sql::Database(path, sql::Access::read_write, 5'000).run(one.change);
    const std::string before = read_file(path);
    CHECK_FALSE(verify(path, {}, report, error));
    CHECK_THAT(report.difference, Catch::Contains(one.expected));
    CHECK(error.empty());
    CHECK(read_file(path) == before);
}

TEST_CASE("verify of no database is an error, not a difference", "[verify]") {
    const TempFolder folder;
    VerifyReport report;
    std::string error;
    CHECK_FALSE(verify(folder / "none.db", {}, report, error));
    CHECK_THAT(error, Catch::Contains("cannot be opened"));
    CHECK(folder.names("none").empty());
    CHECK(report.difference.empty());
}

}  // namespace racehub::store::test
