// kill -9 at any moment: while appending, while migrating.

#include <catch2/catch.hpp>

#include "hub/core/codec.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/support.h"

namespace racehub::store::test {
namespace {

constexpr int kKills = 20;
constexpr int kPatienceMs = 20'000;  // for a machine that is busy with other things

/// Appends for ever; a number is reported only after append() said yes.
void write_on(const std::string& path, Durability durability, std::uint64_t seed,
              const std::function<void(std::uint64_t)>& report) {
    StoreOptions options;
    options.durability = durability;
    options.checkpoint_every = 100;
    OpenReport opened;
    std::string error;
    const auto store = Store::open(path, options, opened, error);
    Recovered begin;
    if (store == nullptr || !store->recover(begin, error)) return;
    RaceNight night(seed, begin);
    for (;;) {
        if (!store->append(night.next(1 + seed % 7), error)) return;
        report(night.state().seq);
    }
}

}  // namespace

TEST_CASE("nothing acknowledged is lost or doubled when the hub is killed", "[kill]") {
    const Durability durability = GENERATE(Durability::full, Durability::normal);
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    open_store(path);
    std::mt19937_64 random(9);
    std::uint64_t told = 0;
    for (int kill = 0; kill < kKills; ++kill) {
        Child child([&](const auto& report) {
            write_on(path, durability, 700 + static_cast<std::uint64_t>(kill), report);
        });
        const std::uint64_t acknowledged = random() % 30;
        for (std::uint64_t i = 0; i <= acknowledged; ++i) REQUIRE(child.next(told, kPatienceMs));
        // Some more or less far into what it is doing now.
        for (std::uint64_t more = random() % 3, number = 0; more > 0 && child.next(number, 1);
             --more)
            told = number;
        told = child.kill_now(told);
        OpenReport report;
        const auto store = open_store(path, {}, report);
        REQUIRE_FALSE(report.damaged);
        REQUIRE(recover(*store).state.seq >= told);
    }
    // Deciding all inputs again gives all facts: no gap, no double, nothing half.
    CHECK(verify_text(path) == "");
    CHECK(told > 500);
    CHECK(rows_of(path,
                  "SELECT source, key FROM inputs WHERE key IS NOT NULL GROUP BY source, key "
                  "HAVING count(*) > 1")
              .empty());
}

TEST_CASE("a migration that is killed was not begun, or is done", "[kill]") {
    const std::vector<Migration> steps = {
        migrations()[0],
        migrations()[1],
        {3, "0003_large", "three",
         "CREATE TABLE large (n INTEGER PRIMARY KEY, text TEXT);"
         "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) "
         "INSERT INTO large SELECT n, hex(n) FROM c;"
         "CREATE INDEX large_by_text ON large (text);"},
        {4, "0004_more", "four",
         "ALTER TABLE facts ADD COLUMN note TEXT; DELETE FROM large WHERE n > 100;"},
    };
    const TempFolder folder;
    const std::string original = folder / "original.db";
    {
        RaceNight night(800);
        const auto store = open_store(original);
        play(*store, night, 300);
    }
    std::mt19937_64 random(10);
    std::map<int, int> outcomes;
    for (int kill = 0; kill < kKills; ++kill) {
        const std::string path = folder / ("hub" + std::to_string(kill) + ".db");
        std::filesystem::copy_file(original, path);
        {
            Child child([&](const auto& report) {
                sql::Database db(path, sql::Access::read_write, 5'000);
                db.run("PRAGMA journal_mode = WAL");
                report(1);
                migrate(db, steps, kEveningUs);
            });
            std::uint64_t number = 0;
            REQUIRE(child.next(number, kPatienceMs));
            child.next(number, static_cast<int>(random() % 40));  // until it ends, or we end it
            child.kill_now(0);
        }
        sql::Database db(path, sql::Access::read_write, 5'000);
        REQUIRE(db.text("PRAGMA quick_check") == "ok");
        const int version = schema_version(db, steps);
        ++outcomes[version];
        const auto large =
            db.integer("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'large%'");
        const auto note =
            db.integer("SELECT count(*) FROM pragma_table_info('facts') WHERE name = 'note'");
        CHECK(large == (version >= 3 ? 2 : 0));
        CHECK(note == (version >= 4 ? 1 : 0));
        if (version >= 3)
            CHECK(db.integer("SELECT count(*) FROM large") == (version == 3 ? 20'000 : 100));
        migrate(db, steps, kEveningUs);
        CHECK(schema_version(db, steps) == 4);
        CHECK(db.integer("SELECT count(*) FROM facts") >= 300);
    }
    CHECK(outcomes[2] > 0);  // else the kills came too late to prove anything
}

}  // namespace racehub::store::test
