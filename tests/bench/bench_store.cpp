// link: racehub::store
// What the store costs on this disk: durable crossings a second beside plain SQLite in the same
// run, bytes a lap, questions about the past, and how long start, rebuild, verify, backup and
// repair take. bench_store [laps] [folder]; quote ratios.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "hub/core/decide.h"
#include "hub/store/backup.h"
#include "hub/store/history.h"
#include "hub/store/sqlite.h"
#include "hub/store/store.h"
#include "hub/store/verify.h"

using namespace racehub;

namespace {

constexpr int kRounds = 3;
constexpr int kEntries = 8;
constexpr int kLapsEach =
    25;  // 200 laps a race, as in the reference: 10 million laps in 50,000 races
constexpr int kDrivers = 500;
constexpr TimeUs kStartUs = 1'600'000'000 * kSecondUs;

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void must(bool done, const std::string& error) {
    if (done) return;
    std::fprintf(stderr, "bench_store: %s\n", error.c_str());
    std::exit(1);
}

/// Races without end.
class Night {
  public:
    explicit Night(Recovered begin = {})
        : state_(std::move(begin.state)), last_input_(begin.last_input) {}

    /// The next `count` crossings, with the commands between races, as one batch.
    const JournalBatch& next(int count) {
        batch_ = JournalBatch{};
        for (; count > 0; --count) {
            if (lap_ == 0 && lane_ == 0) begin_race();
            now_us_ += 900'000 + static_cast<TimeUs>(random_() % 200'000);
            submit(GateCrossed{Gate::finish, lane_ + 1, "", 0});
            if (++lane_ < kEntries) continue;
            lane_ = 0;
            if (++lap_ == kLapsEach) lap_ = 0;
        }
        batch_.after = &state_;
        return batch_;
    }

  private:
    void begin_race() {
        if (state_.tracks.empty()) {
            TrackConfigure track;
            track.name = "Main";
            track.lanes = kEntries;
            RaceSettings& settings = track.settings.emplace();
            settings.distance = Distance::laps;
            settings.laps = kLapsEach;
            settings.finish = Finish::full_distance;
            settings.lights = 0;
            settings.lead_us = 0;
            submit(track);
        }
        for (int lane = 1; lane <= kEntries; ++lane) {
            const std::string driver = "driver " + std::to_string(random_() % kDrivers);
            submit(EntryAssign{Entry{lane, lane, driver, "Porsche 911", "#e10600"}});
        }
        submit(RaceStart{});
        now_us_ += kSecondUs;
    }

    void submit(Payload data) {
        InputRecord record;
        record.number = ++last_input_;
        record.event.time_us = record.event.recv_us = now_us_;
        record.event.track = "main";
        record.event.source = "gates";
        record.event.key = "g" + std::to_string(record.number);
        record.event.data = std::move(data);
        const std::size_t first = batch_.facts.size();
        record.outcome = decide(state_, record.event, batch_.facts);
        for (std::size_t i = first; i < batch_.facts.size(); ++i) {
            batch_.facts[i].cause = record.number;
        }
        batch_.inputs.push_back(std::move(record));
    }

    std::mt19937_64 random_{1};
    HubState state_;
    std::uint64_t last_input_ = 0;
    TimeUs now_us_ = kStartUs;
    int lap_ = 0, lane_ = 0;
    JournalBatch batch_;
};

std::unique_ptr<store::Store> open(const std::string& path, store::Durability durability,
                                   store::OpenReport& report, const std::string& backups = {}) {
    store::StoreOptions options;
    options.durability = durability;
    options.backup_folder = backups;
    options.now_us = kStartUs;
    std::string error;
    auto opened = store::Store::open(path, options, report, error);
    must(opened != nullptr, error);
    return opened;
}

void remove(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
}

/// Crossings a second, each commit flushed, `group` to a commit.
double ours(const std::string& path, int group, int count) {
    remove(path);
    store::OpenReport report;
    const auto opened = open(path, store::Durability::full, report);
    Night night;
    std::string error;
    double spent = 0;
    for (int done = 0; done < count; done += group) {
        const JournalBatch& batch = night.next(group);  // deciding is not the store's work
        spent += seconds_of([&] { must(opened->append(batch, error), error); });
    }
    return count / spent;
}

/// The smallest program that keeps a lap: one row in one table, with a record that it may improve.
double plain(const std::string& path, int group, int count) {
    remove(path);
    sql::Database db(path, sql::Access::create, 5'000);
    db.run(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE laps (id INTEGER PRIMARY KEY, race INTEGER, entry INTEGER, lap INTEGER,"
        " lap_us INTEGER, at_us INTEGER);"
        "CREATE TABLE records (driver INTEGER PRIMARY KEY, best_us INTEGER)");
    sql::Statement lap(
        db, "INSERT INTO laps (race, entry, lap, lap_us, at_us) VALUES (?1, ?2, ?3, ?4, ?5)");
    sql::Statement record(db,
                          "INSERT INTO records VALUES (?1, ?2) ON CONFLICT (driver) DO UPDATE SET "
                          "best_us = min(best_us, excluded.best_us)");
    double spent = 0;
    for (int done = 0; done < count; done += group) {
        spent += seconds_of([&] {
            sql::Transaction transaction(db);
            for (int i = 0; i < group; ++i) {
                lap.run(done / 200, i % 8, i / 8, 8'000'000 + i, kStartUs + done);
                record.run(i % kDrivers, 8'000'000 + i);
            }
            transaction.commit();
        });
    }
    return count / spent;
}

void writes(const std::string& folder) {
    std::printf(
        "\nDurable crossings a second (input, fact, lap, entry, race), beside plain SQLite (lap, "
        "record):\n");
    for (const auto& [group, count] :
         {std::pair{1, 1'000}, {10, 5'000}, {100, 20'000}, {1'000, 50'000}}) {
        std::vector<double> a, b;
        for (int round = 0; round < kRounds; ++round) {
            a.push_back(ours(folder + "/write.db", group, count));
            b.push_back(plain(folder + "/plain.db", group, count));
        }
        std::printf("  %4d to a commit: %9.0f/s   plain %9.0f/s   ratio %.2f\n", group, median(a),
                    median(b), median(b) / median(a));
    }
}

void generate(const std::string& path, int laps) {
    store::OpenReport report;
    const auto opened = open(path, store::Durability::off, report);
    Night night;
    std::string error;
    for (int done = 0; done < laps; done += 2'000) {
        must(opened->append(night.next(2'000), error), error);
    }
}

void sizes(const std::string& path) {
    sql::Database db(path, sql::Access::read_only, 5'000);
    const double laps = static_cast<double>(db.integer("SELECT count(*) FROM laps"));
    std::printf("\nBytes a lap, %.0f laps in %lld races:\n", laps,
                static_cast<long long>(db.integer("SELECT count(*) FROM races")));
    sql::Statement statement(db,
                             "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC");
    sql::Rows rows(statement);
    double log = 0, projections = 0;
    while (rows.next()) {
        const std::string name = rows.string(0);
        const double bytes = static_cast<double>(rows.integer(1)) / laps;
        if (bytes > 0.5) std::printf("  %-24s %6.1f\n", name.c_str(), bytes);
        const bool of_log = name == "facts" || name.starts_with("inputs") || name == "checkpoint";
        (of_log ? log : projections) += bytes;
    }
    std::printf("  log %.1f, projections %.1f\n", log, projections);
}

void ask(const char* what, int count, const std::function<void(int)>& question) {
    std::vector<double> times;
    for (int i = 0; i < count; ++i) times.push_back(seconds_of([&] { question(i); }) * 1e3);
    std::sort(times.begin(), times.end());
    std::printf("  %-40s p50 %7.3f ms   p99 %7.3f ms\n", what, times[times.size() / 2],
                times[times.size() * 99 / 100]);
}

void questions(const std::string& path) {
    std::string e;
    const auto history = store::History::open(path, e);
    must(history != nullptr, e);
    std::vector<store::RaceRow> races;
    must(history->races("main", 0, 1, races, e), e);
    const auto newest = static_cast<unsigned>(std::atoi(races.front().race_id.c_str()));
    const std::uint64_t newest_seq = races.front().first_seq;
    std::mt19937_64 random(2);
    const auto any_race = [&] { return std::to_string(1 + random() % (newest - 1)); };
    std::vector<store::RecordRow> records;
    std::vector<store::EntryRow> entries;
    std::vector<store::LapRow> laps;
    std::vector<store::DriverLapRow> drives;
    store::FactPage page;
    Race race;
    std::printf("\nQuestions, one client:\n");
    ask("best lap per driver on a track, top 20", 500,
        [&](int) { must(history->records("main", 20, records, e), e); });
    ask("a page of 50 races", 500,
        [&](int) { must(history->races("main", 1 + random() % newest_seq, 50, races, e), e); });
    ask("one race's classification", 500,
        [&](int) { must(history->entries(any_race(), entries, e), e); });
    ask("all 200 laps of a race", 500,
        [&](int) { must(history->laps(any_race(), 0, 0, 0, 1'000, laps, e), e); });
    ask("last 100 laps of a driver", 500, [&](int i) {
        const std::string driver = "driver " + std::to_string(i % kDrivers);
        must(history->driver_laps(driver, 100, drives, e), e);
    });
    ask("200 facts of a race as JSON", 200,
        [&](int) { must(history->race_facts(any_race(), 0, 200, page, e), e); });
    ask("a whole race, folded from its facts", 200,
        [&](int) { must(history->fold(any_race(), race, e), e); });
}

/// A backup beside a race that appends without pause.
void back_up(const std::string& path, const std::string& folder, store::Store& opened) {
    std::string error;
    Recovered begin;
    must(opened.recover(begin, error), error);
    Night night(begin);
    std::atomic<bool> done = false;
    double spent = 0;
    std::thread other([&] {
        store::Backup made;
        std::string why;
        spent = seconds_of([&] {
            must(store::make_backup(path, folder + "/backups", kStartUs, 1, made, why), why);
        });
        done = true;
    });
    double longest = 0;
    int appends = 0;
    for (; !done; ++appends) {
        const JournalBatch& batch = night.next(1);
        longest = std::max(longest, seconds_of([&] { must(opened.append(batch, error), error); }));
    }
    other.join();
    std::printf("  backup            %7.3f s, beside %d appends, the longest of %.1f ms\n", spent,
                appends, longest * 1e3);
}

void lifetime(const std::string& path, const std::string& folder) {
    std::printf("\nOn the same database (%.0f MB):\n",
                static_cast<double>(std::filesystem::file_size(path)) / 1e6);
    std::string error;
    store::OpenReport report;
    std::unique_ptr<store::Store> opened;
    std::printf("  start             %7.3f s\n",
                seconds_of([&] { opened = open(path, store::Durability::full, report); }));
    store::VerifyReport verified;
    std::printf("  verify            %7.3f s\n", seconds_of([&] {
                    must(store::verify(path, {}, verified, error), verified.difference + error);
                }));
    std::printf("  rebuild           %7.3f s\n",
                seconds_of([&] { must(opened->rebuild({}, error), error); }));
    back_up(path, folder, *opened);
    opened.reset();
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 8192 * 4096));
        file << std::string(4096, 'x');
    }
    for (const bool with_backup : {true, false}) {
        const std::string damaged = folder + "/damaged.db";
        std::filesystem::copy_file(path, damaged,
                                   std::filesystem::copy_options::overwrite_existing);
        const double spent = seconds_of([&] {
            open(damaged, store::Durability::full, report, with_backup ? folder + "/backups" : "");
        });
        const store::RepairReport& repair = report.repair;
        const std::uint64_t saved =
            repair.facts_of_backup + repair.facts_read + repair.facts_decided;
        std::printf("  start on a damaged file, %-17s %7.3f s: %llu facts saved, %llu left\n",
                    with_backup ? "with a backup:" : "without a backup:", spent,
                    static_cast<unsigned long long>(saved),
                    static_cast<unsigned long long>(repair.facts_left));
    }
}

}  // namespace

int main(int count, char** arguments) {
    const int laps = count > 1 ? std::atoi(arguments[1]) : 200'000;
    const std::filesystem::path place =
        count > 2 ? std::filesystem::path(arguments[2]) : std::filesystem::temp_directory_path();
    std::string folder = (place / "racehub-bench-XXXXXX").string();
    must(::mkdtemp(folder.data()) != nullptr, "cannot make a folder in " + place.string());
    writes(folder);
    const std::string path = folder + "/history.db";
    generate(path, laps);
    sizes(path);
    questions(path);
    lifetime(path, folder);
    std::filesystem::remove_all(folder);
    return 0;
}
