// The log as the engine sees it: append, find, recover, and who may open it.

#include <catch2/catch.hpp>

#include "hub/core/codec.h"
#include "tests/unit/store/support.h"

namespace racehub::store::test {

TEST_CASE("a new database is made with a name of its own", "[log]") {
    const TempFolder folder;
    OpenReport report;
    const auto store = open_store(folder / "deep/down/hub.db", {}, report);
    CHECK(report.created);
    CHECK_FALSE(report.damaged);
    const Recovered begin = recover(*store);
    CHECK(begin.log_id.size() == 32);
    CHECK(begin.state.seq == 0);
    CHECK(begin.last_input == 0);
    const auto other = open_store(folder / "other.db");
    CHECK(recover(*other).log_id != begin.log_id);
}

TEST_CASE("what was appended is there after a restart", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    RaceNight night(1);
    std::string log_id;
    {
        const auto store = open_store(path);
        log_id = recover(*store).log_id;
        play(*store, night, 2'000, 7);
        CHECK(state_of(*store) == encode_state(night.state()));
    }
    OpenReport report;
    const auto store = open_store(path, {}, report);
    CHECK_FALSE(report.created);
    CHECK(report.messages.empty());
    const Recovered again = recover(*store);
    CHECK(again.log_id == log_id);
    CHECK(encode_state(again.state) == encode_state(night.state()));
    CHECK(again.last_input == night.last_input());
    CHECK(again.last_time_us > kEveningUs);

    RaceNight more(2, again);
    play(*store, more, 2'500);
    CHECK(state_of(*store) == encode_state(more.state()));
    CHECK(verify_text(path) == "");
}

TEST_CASE("recovery needs the facts only: checkpoints may be dropped or spoilt", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    RaceNight night(3);
    {
        StoreOptions options;
        options.checkpoint_every = 300;
        const auto store = open_store(path, options);
        play(*store, night, 2'000);
    }
    REQUIRE(rows_of(path, "SELECT seq FROM checkpoint").size() == Writer::kCheckpointsKept);
    const char* const changes[] = {
        "UPDATE checkpoint SET state = '{\"seq\": 12'",  // not JSON
        "UPDATE checkpoint SET state = '{}'",            // not a state
        "DELETE FROM checkpoint",
        "INSERT INTO checkpoint (seq, state) VALUES (1000000, '{\"seq\":1000000}')",  // of another
                                                                                      // log
    };
    for (const char* change : changes) {
        INFO(change);
        sql::Database(path, sql::Access::read_write, 5'000).run(change);
        OpenReport report;
        const auto store = open_store(path, {}, report);
        CHECK_FALSE(report.damaged);
        CHECK(state_of(*store) == encode_state(night.state()));
    }
}

TEST_CASE("a key is found with its first outcome, and only under its source", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    RaceNight night(4);
    std::vector<InputRecord> inputs;
    {
        const auto store = open_store(path);
        for (int i = 0; i < 20; ++i) {
            const JournalBatch& batch = night.next(25);
            append(*store, batch);
            inputs.insert(inputs.end(), batch.inputs.begin(), batch.inputs.end());
        }
    }
    const auto store = open_store(path);
    int refused = 0;
    for (const InputRecord& input : inputs) {
        if (input.event.key.empty()) continue;
        const auto found = store->find(input.event.source, input.event.key);
        REQUIRE(found);
        CHECK(found->accepted == input.outcome.accepted);
        CHECK(found->code == input.outcome.code);
        CHECK(found->message == input.outcome.message);
        refused += found->accepted ? 0 : 1;
        CHECK_FALSE(store->find("somebody else", input.event.key));
    }
    CHECK(refused > 0);
    CHECK_FALSE(store->find("gates", "never sent"));
    CHECK_FALSE(store->find("gates", ""));
}

TEST_CASE("a key that is in the log already is refused, and nothing of its batch is kept",
          "[log]") {
    const TempFolder folder;
    const auto store = open_store(folder / "hub.db");
    RaceNight night(5);
    append(*store, night.next(30));
    const std::string before = state_of(*store);
    RaceNight twin = night;
    JournalBatch batch = night.next(5);
    batch.inputs.back().event.source = "gates";
    batch.inputs.back().event.key = "same";
    append(*store, batch);

    JournalBatch second = night.next(5);
    second.inputs.back().event.source = "gates";
    second.inputs.back().event.key = "same";
    const std::string kept = state_of(*store);
    std::string error;
    CHECK_FALSE(store->append(second, error));
    CHECK(error.find("restart the hub") != std::string::npos);
    CHECK(state_of(*store) == kept);
    second.inputs.back().event.key = "another";
    append(*store, second);
}

TEST_CASE("a tool neither makes nor repairs a database", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    StoreOptions tool;
    tool.existing_only = true;
    OpenReport report;
    std::string error;
    CHECK(Store::open(path, tool, report, error) == nullptr);
    CHECK_THAT(error, Catch::Contains("There is no database"));
    CHECK_FALSE(std::filesystem::exists(path));
    open_store(path);
    CHECK(Store::open(path, tool, report, error) != nullptr);
    write_file(path, "garbage");
    CHECK(Store::open(path, tool, report, error) == nullptr);
    CHECK_THAT(error, Catch::Contains("is damaged"));
    CHECK(read_file(path) == "garbage");
}

TEST_CASE("one hub at a time", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    auto first = open_store(path);
    OpenReport report;
    std::string error;
    CHECK(Store::open(path, {}, report, error) == nullptr);
    CHECK(error.find("Another hub is using this database") != std::string::npos);
    first.reset();
    CHECK(Store::open(path, {}, report, error) != nullptr);
}

TEST_CASE("a file that goes away under the hub refuses appends until it is back", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    StoreOptions options;
    options.backup_folder = folder / "backups";
    const auto store = open_store(path, options);
    RaceNight night(7);
    append(*store, night.next(5));
    CHECK(store->gone().empty());
    const auto refused = [&](const JournalBatch& batch) {
        std::string error;
        const bool stored = store->append(batch, error);
        return !stored && error == store->gone() && error.find(path) != std::string::npos;
    };
    std::filesystem::rename(path, path + ".moved");
    CHECK(refused(night.next(5)));
    write_file(path, "another");
    CHECK(refused(night.next(0)));
    std::filesystem::rename(path + ".moved", path);
    CHECK(store->gone().empty());
    std::filesystem::remove(path + "-wal");
    CHECK(refused(night.next(0)));

    // What was acknowledged can be had, although no name leads to it.
    std::filesystem::remove(path);
    Backup made;
    std::string error;
    REQUIRE(store->rescue(kEveningUs, 3, made, error));
    CHECK(made.path == backups_in(options.backup_folder).front());
    CHECK(rows_of(made.path, "SELECT count(*) FROM inputs").front() == "5");
}

TEST_CASE("rows of the log cannot be changed or deleted", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    {
        const auto store = open_store(path);
        RaceNight night(6);
        append(*store, night.next(30));
    }
    sql::Database db(path, sql::Access::read_write, 5'000);
    for (const char* change :
         {"UPDATE facts SET time_us = 0 WHERE seq = 1", "DELETE FROM facts WHERE seq = 1",
          "UPDATE inputs SET accepted = 0 WHERE number = 1", "DELETE FROM inputs"}) {
        INFO(change);
        CHECK_THROWS_AS(db.run(change), sql::Error);
    }
}

TEST_CASE("what is no database of ours, or newer than we, is refused and left alone", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    std::string expected;
    SECTION("somebody else's database") {
        sql::Database(path, sql::Access::create, 5'000).run("CREATE TABLE songs (title TEXT)");
        expected = "not one of RaceHub's";
    }
    SECTION("a newer schema") {
        open_store(path);
        sql::Database(path, sql::Access::read_write, 5'000)
            .run("INSERT INTO migrations VALUES (99, '0099_later', 'abc', 0)");
        expected = "newer RaceHub";
    }
    SECTION("another text of a migration") {
        open_store(path);
        sql::Database(path, sql::Access::read_write, 5'000)
            .run("UPDATE migrations SET digest = 'abc'");
        expected = "another text of migration 0001_event_log";
    }
    SECTION("a fact that only a newer hub knows") {
        open_store(path);
        sql::Database(path, sql::Access::read_write, 5'000)
            .run("INSERT INTO facts VALUES (1, 1, 1, 'car.refuelled', 'main', NULL, '{}')");
        expected = "only a newer RaceHub knows";
    }
    SECTION("a folder") {
        std::filesystem::create_directory(path);
        expected = "cannot be opened";
    }
    const bool file = std::filesystem::is_regular_file(path);
    const std::string before = file ? read_file(path) : "";
    OpenReport report;
    std::string error;
    CHECK(Store::open(path, {}, report, error) == nullptr);
    CHECK_THAT(error, Catch::Contains(expected));
    if (file) CHECK(read_file(path) == before);
    CHECK(folder.names("damaged").empty());
}

TEST_CASE("clock anchor and plugin state survive", "[log]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    std::string error;
    {
        StoreOptions options;
        options.durability = Durability::off;  // for a thousand keys
        const auto store = open_store(path, options);
        CHECK(store->anchor().boot_id.empty());
        REQUIRE(store->save_anchor(ClockAnchor{"boot-1", -5}, error));
        REQUIRE(store->save_anchor(ClockAnchor{"boot-2", 123'456'789'012}, error));
        REQUIRE(store->kv_put("gates", "cursor", "17", error));
        REQUIRE(store->kv_put("gates", "cursor", "18", error));
        REQUIRE(store->kv_put("other", "cursor", std::string("a\0b", 3), error));
        CHECK_FALSE(store->kv_put("gates", "", "x", error));
        CHECK_FALSE(store->kv_put("gates", "big", std::string(Store::kMaxKvValue + 1, 'x'), error));
        for (std::size_t i = 0; i + 1 < Store::kMaxKvKeys; ++i) {
            if (!store->kv_put("gates", "k" + std::to_string(i), "x", error)) FAIL(error);
        }
        CHECK_FALSE(store->kv_put("gates", "one more", "x", error));
        CHECK_THAT(error, Catch::Contains("must remove some"));
        CHECK(store->kv_put("gates", "k1", "", error));
        CHECK(store->kv_put("gates", "one more", "x", error));
    }
    const auto store = open_store(path);
    CHECK(store->anchor().boot_id == "boot-2");
    CHECK(store->anchor().offset_us == 123'456'789'012);
    CHECK(store->kv_get("gates", "cursor") == "18");
    CHECK(store->kv_get("gates", "k1").empty());
    CHECK(store->kv_get("other", "cursor") == std::string("a\0b", 3));
    CHECK(store->kv_get("nobody", "cursor").empty());
    CHECK(store->kv_load("other").size() == 1);
    CHECK(store->kv_load("gates").size() == Store::kMaxKvKeys);
    CHECK(store->kv_load("gates")["one more"] == "x");
}

}  // namespace racehub::store::test
