#pragma once
// What the store's tests share: temporary folders, and race nights that use every kind of input.

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "hub/store/log_rows.h"
#include "hub/store/migrations.h"
#include "hub/store/store.h"
#include "hub/store/writer.h"

namespace racehub::store::test {

inline constexpr TimeUs kEveningUs = 1'700'000'000 * kSecondUs;

class TempFolder {
  public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    std::string path() const { return path_.string(); }
    /// Names of the files whose names contain `part`.
    std::vector<std::string> names(const std::string& part) const;

  private:
    std::filesystem::path path_;
};

/// Seeded races on three tracks: crossings on time and late, keyed and not, starts, corrections of
/// every kind, and commands that are refused. The same seed and beginning give the same night.
class RaceNight {
  public:
    explicit RaceNight(std::uint64_t seed, Recovered begin = {});

    /// The next inputs with what is decided from them; valid until the next call.
    const JournalBatch& next(std::size_t inputs);
    /// A whole race without corrections: `laps` laps of each of `entries` entries. Grouped as one
    /// batch.
    const JournalBatch& plain_race(int entries, int laps);

    const HubState& state() const { return state_; }
    std::uint64_t last_input() const { return last_input_; }

  private:
    std::uint64_t draw(std::uint64_t below) { return random_() % below; }
    void submit(Payload data, const std::string& track, TimeUs happened_us = 0);
    void anything();
    void make_track(const std::string& name);
    Payload any_command(const Track& track);
    Payload any_heat_input(const Track& track);

    std::mt19937_64 random_;
    HubState state_;
    std::uint64_t last_input_ = 0;
    TimeUs now_us_ = kEveningUs;
    JournalBatch batch_;
    std::map<std::string, RaceFold> races_;  ///< of this night
};

/// Opens, or fails the test with the reason.
std::unique_ptr<Store> open_store(const std::string& path, StoreOptions options = {});
std::unique_ptr<Store> open_store(const std::string& path, StoreOptions options,
                                  OpenReport& report);
void append(Store& store, const JournalBatch& batch);
Recovered recover(Store& store);
std::string state_of(Store& store);  ///< as JSON

/// Plays until the log holds at least so many facts.
void play(Store& store, RaceNight& night, std::uint64_t facts, std::size_t batch = 50);

/// Empty when verify() finds nothing wrong.
std::string verify_text(const std::string& path);

/// Rows of a table as text, in the order of their columns.
std::vector<std::string> rows_of(const std::string& path, const char* query);

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

}  // namespace racehub::store::test
