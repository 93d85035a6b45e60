// The disk fails: errors at every write and flush, no space, power cuts, and another program that
// holds the lock.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>

#include "hub/core/codec.h"
#include "tests/unit/store/fault_vfs.h"
#include "tests/unit/store/support.h"

namespace racehub::store::test {
namespace {

StoreOptions options_for(const FaultVfs& disk, Durability durability = Durability::full) {
    StoreOptions options;
    options.durability = durability;
    options.vfs = disk.name();
    options.checkpoint_every = 40;  // so that faults hit checkpoints, too
    options.now_us = kEveningUs;
    return options;
}

/// Appends a night while the n-th operation fails; each batch is tried again until it is stored.
/// True if the fault was met.
bool survives(FaultVfs::Operation operation, int n, int times, int code) {
    INFO("n " << n << " times " << times << " code " << code);
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    FaultVfs disk;
    RaceNight night(500);
    std::uint64_t told = 0;
    {
        const auto store = open_store(path, options_for(disk));
        disk.fail(operation, n, times, code);
        for (int i = 0; i < 10; ++i) {
            const JournalBatch& batch = night.next(6);
            std::string error;
            bool stored = false;
            for (int attempt = 0; !stored && attempt <= times; ++attempt) {
                error.clear();
                stored = store->append(batch, error);
                if (!stored) {
                    REQUIRE_FALSE(error.empty());
                    // Not stored means not there, for readers too.
                    REQUIRE(rows_of(path, "SELECT coalesce(max(seq), 0) FROM facts").front() ==
                            std::to_string(told));
                }
            }
            INFO(error);
            REQUIRE(stored);
            told = night.state().seq;
        }
    }
    const bool met = disk.has_failed();
    disk.heal();
    OpenReport report;
    const auto store = open_store(path, options_for(disk), report);
    REQUIRE_FALSE(report.damaged);
    REQUIRE(state_of(*store) == encode_state(night.state()));
    REQUIRE(verify_text(path) == "");
    return met;
}

/// One night that ends with a power cut at the n-th operation. Counts the acknowledged facts that
/// are gone afterwards.
std::uint64_t lost_in_cut(int n, Durability durability) {
    INFO("cut at operation " << n);
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    FaultVfs disk;
    RaceNight night(600 + static_cast<std::uint64_t>(n));
    std::map<std::uint64_t, std::string> states{{0, encode_state(HubState{})}};
    std::uint64_t told = 0;
    {
        const auto store = open_store(path, options_for(disk, durability));
        disk.cut_power_at(n);
        for (int i = 0; i < 200 && !disk.is_cut(); ++i) {
            const JournalBatch& batch = night.next(4);
            std::string error;
            const bool stored = store->append(batch, error);
            states[night.state().seq] = encode_state(night.state());
            if (!stored) break;
            told = night.state().seq;
        }
        REQUIRE(disk.is_cut());
    }
    disk.come_back(static_cast<std::uint64_t>(n));
    std::filesystem::remove(path + "-shm");  // memory does not survive
    OpenReport report;
    const auto store = open_store(path, options_for(disk), report);
    if (durability == Durability::full) REQUIRE_FALSE(report.damaged);
    const Recovered after = recover(*store);
    if (durability != Durability::off) {
        // Whole batches only, and no others than those that were sent.
        REQUIRE(states.contains(after.state.seq));
        REQUIRE(encode_state(after.state) == states[after.state.seq]);
        REQUIRE(verify_text(path) == "");
    }
    return told > after.state.seq ? told - after.state.seq : 0;
}

std::uint64_t lost_in_cuts(int cuts, Durability durability) {
    std::uint64_t lost = 0;
    for (int i = 0; i < cuts; ++i) lost += lost_in_cut(3 + i * 7, durability) > 0 ? 1 : 0;
    return lost;
}

}  // namespace

TEST_CASE("an error at any write or flush loses nothing and stops nothing", "[disk]") {
    struct Case {
        FaultVfs::Operation operation;
        int times;
        int code;
    };
    const Case one = GENERATE(Case{FaultVfs::Operation::write, 1, SQLITE_IOERR_WRITE},
                              Case{FaultVfs::Operation::write, 3, SQLITE_FULL},
                              Case{FaultVfs::Operation::sync, 1, SQLITE_IOERR_FSYNC},
                              Case{FaultVfs::Operation::sync, 3, SQLITE_IOERR_FSYNC});
    int n = 1;
    while (survives(one.operation, n, one.times, one.code)) n += n < 20 ? 1 : 5;
    CHECK(n > 10);  // all operations of the night were reached
}

TEST_CASE(
    "an error while the database is made or opened is a sentence, and the next start is whole",
    "[disk]") {
    for (const auto operation : {FaultVfs::Operation::write, FaultVfs::Operation::sync}) {
        bool met = true;
        for (int n = 1; met; n += 2) {
            INFO("n " << n);
            const TempFolder folder;
            const std::string path = folder / "hub.db";
            FaultVfs disk;
            disk.fail(operation, n, 1,
                      operation == FaultVfs::Operation::write ? SQLITE_FULL : SQLITE_IOERR_FSYNC);
            OpenReport report;
            std::string error;
            auto store = Store::open(path, options_for(disk), report, error);
            met = disk.has_failed();
            disk.heal();
            if (store == nullptr) CHECK_FALSE(error.empty());
            store.reset();
            store = open_store(path, options_for(disk), report);
            CHECK_FALSE(report.damaged);
            RaceNight night(7);
            append(*store, night.next(20));
        }
    }
}

TEST_CASE("a power cut loses nothing that was acknowledged", "[disk]") {
    CHECK(lost_in_cuts(40, Durability::full) == 0);
}

TEST_CASE("canary: the power cut does lose what was not flushed", "[disk]") {
    CHECK(lost_in_cuts(8, Durability::normal) > 0);
    CHECK(lost_in_cuts(8, Durability::off) > 0);
}

TEST_CASE("another program that holds the lock makes appends wait, not fail for good", "[disk]") {
    const TempFolder folder;
    const std::string path = folder / "hub.db";
    RaceNight night(8);
    const auto store = open_store(path);
    append(*store, night.next(10));

    int ready[2], release[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(release) == 0);
    const pid_t other = ::fork();
    if (other == 0) {
        ::close(release[1]);
        char byte = 'x';
        try {
            sql::Database db(path, sql::Access::read_write, 5'000);
            db.run("BEGIN IMMEDIATE");
            if (::write(ready[1], &byte, 1) == 1 && ::read(release[0], &byte, 1) >= 0)
                db.roll_back();
        } catch (const sql::Error&) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    const JournalBatch& batch = night.next(10);
    std::string error;
    CHECK_FALSE(store->append(batch, error));
    CHECK_THAT(error, Catch::Contains("Another program holds the database"));
    REQUIRE(::write(release[1], "x", 1) == 1);
    int status = 0;
    REQUIRE(::waitpid(other, &status, 0) == other);
    CHECK(status == 0);
    append(*store, batch);
    CHECK(state_of(*store) == encode_state(night.state()));
    for (const int fd : {ready[0], ready[1], release[0], release[1]}) ::close(fd);
}

}  // namespace racehub::store::test
