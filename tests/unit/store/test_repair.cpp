// Damaged files: whatever is done to them, a start has a defined outcome, and nothing is lost
// without a word.

#include <catch2/catch.hpp>

#include "hub/core/codec.h"
#include "hub/store/backup.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/support.h"

namespace racehub::store::test {
namespace {

constexpr std::size_t kPage = 4'096;
constexpr std::uint64_t kFacts = 1'500;

/// A database with a night in it, with its files' bytes, its facts and a backup from half of it.
class Victim {
  public:
    Victim() {
        RaceNight night(900);
        const auto store = open_store(path());
        log_id = recover(*store).log_id;
        while (night.state().seq < kFacts) {
            const JournalBatch& batch = night.next(40);
            append(*store, batch);
            facts.insert(facts.end(), batch.facts.begin(), batch.facts.end());
            if (backup.path.empty() && night.state().seq > kFacts / 2) {
                std::string error;
                REQUIRE(make_backup(path(), backups(), kEveningUs, 3, backup, error));
            }
        }
        state = encode_state(night.state());
    }

    std::string path() const { return folder / "hub.db"; }
    std::string backups() const { return folder / "backups"; }
    StoreOptions options(bool with_backup) const {
        StoreOptions made;
        if (with_backup) made.backup_folder = backups();
        return made;
    }
    /// State after the first facts of the night.
    std::string state_at(std::uint64_t seq) const {
        HubState folded;
        for (std::size_t i = 0; i < seq; ++i) apply(folded, facts[i]);
        return encode_state(folded);
    }

    TempFolder folder;
    std::string log_id;
    std::string state;
    std::vector<Event> facts;
    Backup backup;
};

struct Result {
    OpenReport report;
    std::uint64_t seq = 0;
};

/// Starts on the damaged file and checks what must hold whatever was done to it.
Result start(const Victim& victim, bool with_backup) {
    Result result;
    {
        const auto store = open_store(victim.path(), victim.options(with_backup), result.report);
        const Recovered after = recover(*store);
        result.seq = after.state.seq;
        CHECK(encode_state(after.state) == victim.state_at(after.state.seq));
        if (result.report.damaged) {
            CHECK(after.log_id != victim.log_id);
            CHECK_FALSE(result.report.messages.empty());
            CHECK_THAT(result.report.messages.front(), Catch::Contains("DAMAGED"));
            const RepairReport& repair = result.report.repair;
            if (!repair.resumed) {
                CHECK(repair.facts_of_backup + repair.facts_read + repair.facts_decided ==
                      after.state.seq);
            }
            if (with_backup) CHECK(after.state.seq >= victim.backup.seq);
        } else {
            CHECK(after.state.seq == victim.facts.size());
        }
        // It can be used.
        RaceNight more(901, after);
        append(*store, more.next(20));
        CHECK(state_of(*store) == encode_state(more.state()));
    }
    CHECK(Writer::check(victim.path(), "") == "ok");
    OpenReport again;
    open_store(victim.path(), victim.options(with_backup), again);
    CHECK_FALSE(again.damaged);
    return result;
}

}  // namespace

TEST_CASE("overwritten pages", "[repair]") {
    const Victim victim;
    const std::string whole = read_file(victim.path());
    const bool with_backup = GENERATE(true, false);
    std::mt19937_64 random(11);
    int damaged = 0, complete = 0;
    for (int i = 0; i < 10; ++i) {
        std::string bytes = whole;
        // Page 1 holds the table of contents; that case stands below.
        const std::size_t page = 1 + random() % (bytes.size() / kPage - 1);
        INFO("page " << page + 1 << " of " << bytes.size() / kPage);
        for (std::size_t at = 0; at < kPage; ++at)
            bytes[page * kPage + at] = static_cast<char>(random());
        write_file(victim.path(), bytes);
        const Result result = start(victim, with_backup);
        damaged += result.report.damaged ? 1 : 0;
        complete += result.seq >= victim.facts.size() ? 1 : 0;
        if (result.report.damaged) CHECK(read_file(result.report.repair.moved_to) == bytes);
    }
    CHECK(damaged >= 8);
    // Facts follow from inputs, so that one lost page of either is made good by the other.
    CHECK(complete >= 8);
}

TEST_CASE("many overwritten places", "[repair]") {
    const Victim victim;
    const std::string whole = read_file(victim.path());
    const bool with_backup = GENERATE(true, false);
    std::mt19937_64 random(12);
    for (int i = 0; i < 6; ++i) {
        std::string bytes = whole;
        for (int place = 0; place < 12; ++place) {
            const std::size_t at = kPage + random() % (bytes.size() - 2 * kPage);
            for (std::size_t j = 0; j < 1'000; ++j) bytes[at + j] = static_cast<char>(random());
        }
        write_file(victim.path(), bytes);
        CHECK(start(victim, with_backup).report.damaged);
    }
}

TEST_CASE("truncated, emptied, and other bytes altogether", "[repair]") {
    const Victim victim;
    const std::string whole = read_file(victim.path());
    const bool with_backup = GENERATE(true, false);
    std::vector<std::string> variants = {
        "",
        "not a database\n",
        std::string(whole.size(), '\0'),
        std::string(100, '\0'),
        whole.substr(0, 100),
        whole.substr(0, kPage),
        whole.substr(0, whole.size() / 2),
        whole.substr(0, whole.size() / 3 + 17),
        whole.substr(0, whole.size() - kPage),
        std::string(kPage, 'x') + whole.substr(kPage),  // no table of contents
    };
    for (const std::string& bytes : variants) {
        INFO(bytes.size() << " of " << whole.size() << " bytes");
        write_file(victim.path(), bytes);
        const Result result = start(victim, with_backup);
        CHECK(result.report.damaged);
        if (with_backup) CHECK(result.report.repair.restored_from == victim.backup.path);
        if (!bytes.empty()) CHECK(read_file(result.report.repair.moved_to) == bytes);
    }
}

TEST_CASE("a log with a hole, or with a row that cannot be read, is damaged", "[repair]") {
    const Victim victim;
    const char* const changes[] = {
        "DROP TRIGGER facts_remain; DELETE FROM facts WHERE seq BETWEEN 1200 AND 1210; DELETE FROM "
        "checkpoint",
        "DROP TRIGGER facts_stay; UPDATE facts SET data = '{' WHERE seq = 1300; DELETE FROM "
        "checkpoint",
    };
    const char* const change = GENERATE_REF(values({changes[0], changes[1]}));
    sql::Database(victim.path(), sql::Access::read_write, 5'000).run(change);
    const Result result = start(victim, GENERATE(true, false));
    CHECK(result.report.damaged);
    CHECK(result.report.repair.facts_decided > 0);
    CHECK(result.seq == victim.facts.size());
}

TEST_CASE("facts behind a hole that nothing closes stay in the moved file, and are counted",
          "[repair]") {
    const Victim victim;
    sql::Database(victim.path(), sql::Access::read_write, 5'000)
        .run(
            "DROP TRIGGER facts_remain; DELETE FROM facts WHERE seq BETWEEN 1000 AND 1010; DELETE "
            "FROM checkpoint;"
            "DROP TRIGGER inputs_remain; DELETE FROM inputs WHERE number IN (SELECT cause FROM "
            "facts WHERE seq = 999);"
            "DELETE FROM inputs WHERE number > (SELECT cause FROM facts WHERE seq = 999)");
    const Result result = start(victim, false);
    CHECK(result.report.damaged);
    CHECK(result.seq < 1'000);
    CHECK(result.report.repair.facts_left >= victim.facts.size() - 1'020);
    CHECK_THAT(result.report.messages.front(), Catch::Contains("behind a hole"));
}

TEST_CASE("a bad backup is passed over for an older good one", "[repair]") {
    const Victim victim;
    std::string error;
    Backup newer;
    REQUIRE(make_backup(victim.path(), victim.backups(), kEveningUs + kHourUs, 3, newer, error));
    write_file(newer.path, read_file(newer.path).substr(0, 5'000));
    write_file(victim.path(), "gone");
    const Result result = start(victim, true);
    CHECK(result.report.repair.restored_from == victim.backup.path);
    CHECK(result.seq == victim.backup.seq);
}

TEST_CASE("a large file is looked at whole once something in it could not be read", "[repair]") {
    const Victim victim;
    std::string bytes = read_file(victim.path());
    for (std::size_t at = bytes.size() / 3; at < bytes.size() / 3 + 9'000; ++at) bytes[at] = 'x';
    write_file(victim.path(), bytes);
    StoreOptions large = victim.options(true);
    large.check_bytes = 1'000;
    OpenReport report;
    std::string error;
    {
        const auto store = open_store(victim.path(), large, report);
        CHECK_FALSE(report.damaged);
        if (GENERATE(true, false)) {
            Backup none;
            CHECK_FALSE(
                make_backup(victim.path(), victim.folder / "more", kEveningUs, 1, none, error));
        } else {
            CHECK_FALSE(store->rebuild({}, error));
        }
        CHECK_THAT(error, Catch::Contains("damaged: restart the hub"));
    }
    const auto store = open_store(victim.path(), large, report);
    CHECK(report.damaged);
    CHECK(state_of(*store) == victim.state);
    CHECK(victim.folder.names("suspect").empty());
}

TEST_CASE("a missing file is restored from the backup, with a word", "[repair]") {
    const Victim victim;
    std::filesystem::remove(victim.path());
    const Result result = start(victim, true);
    CHECK(result.report.damaged);
    CHECK(result.seq == victim.backup.seq);
    CHECK(result.report.repair.moved_to.empty());
}

TEST_CASE("a backup of another log gets none of the damaged one's facts", "[repair]") {
    const Victim victim;
    const std::string other = victim.folder / "other.db";
    RaceNight night(950);
    {
        const auto store = open_store(other);
        play(*store, night, 500);
    }
    Backup backup;
    std::string error;
    REQUIRE(make_backup(other, victim.folder / "mixed", kEveningUs, 1, backup, error));
    sql::Database(victim.path(), sql::Access::read_write, 5'000)
        .run(
            "DROP TRIGGER facts_remain; DELETE FROM facts WHERE seq = 1400; DELETE FROM "
            "checkpoint");
    StoreOptions options;
    options.backup_folder = victim.folder / "mixed";
    OpenReport report;
    const auto store = open_store(victim.path(), options, report);
    CHECK(report.damaged);
    CHECK(state_of(*store) == encode_state(night.state()));
}

TEST_CASE("a repair that was killed before its last step is put in place", "[repair]") {
    const Victim victim;
    const std::string whole = read_file(victim.path());
    std::filesystem::rename(victim.path(), victim.path() + ".repaired");
    const bool file_there = GENERATE(true, false);
    if (file_there) write_file(victim.path(), "damaged");
    write_file(victim.path() + "-wal", "of the damaged one");
    OpenReport report;
    const auto store = open_store(victim.path(), {}, report);
    CHECK(state_of(*store) == victim.state);
    CHECK(report.damaged);
    CHECK_THAT(report.messages.front(), Catch::Contains("interrupted"));
    CHECK(report.repair.moved_to.empty() == !file_there);
    CHECK(victim.folder.names("damaged-").size() == (file_there ? 2 : 1));
}

TEST_CASE("a start that is killed in the middle of the repair repairs at the next", "[repair]") {
    const Victim victim;
    std::string bytes = read_file(victim.path());
    for (std::size_t at = bytes.size() / 2; at < bytes.size() / 2 + 9'000; ++at) bytes[at] = 'x';
    std::mt19937_64 random(13);
    for (int i = 0; i < 8; ++i) {
        write_file(victim.path(), bytes);
        std::filesystem::remove(victim.path() + "-wal");
        {
            Child child([&](const auto& report) {
                report(1);
                OpenReport opened;
                std::string error;
                Store::open(victim.path(), victim.options(true), opened, error);
            });
            std::uint64_t number = 0;
            REQUIRE(child.next(number, 20'000));
            child.next(number, static_cast<int>(random() % 60));
            child.kill_now(0);
        }
        const Result result = start(victim, true);
        CHECK(result.seq == victim.facts.size());
    }
}

}  // namespace racehub::store::test
