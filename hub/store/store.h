#pragma once
// The hub's database: one SQLite file. The event log in it is the truth; all else follows from the
// log and can be made again.
//
// Promise: what append() said yes to is in the log after a crash of the hub, and, with
// Durability::full on a disk that honours fsync, after a power cut. A batch is stored whole or not
// at all.
//
// The race thread calls find() and append(); every other function may be called by any thread, and
// waits for at most one append. No function throws. `error` is one sentence for people: what is
// wrong and what to do.

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "hub/engine/clock.h"
#include "hub/engine/journal.h"
#include "hub/store/backup.h"
#include "hub/store/files.h"
#include "hub/store/options.h"

namespace racehub::store {

class Writer;
struct WriterOptions;

class Store final : public Journal {
  public:
    static constexpr std::size_t kMaxKvKey = 128;
    static constexpr std::size_t kMaxKvValue =
        64 * 1024;  ///< a plugin keeps a cursor or a race id, not data
    static constexpr std::size_t kMaxKvKeys = 1'000;  ///< for one plugin instance
    /// At a race's end a checkpoint is worth its milliseconds when at least this many facts have
    /// come since the last.
    static constexpr std::uint64_t kCheckpointAtEnd = 1'000;

    /// Opens or creates the database and holds it until the store goes: a second hub is refused. A
    /// damaged file is moved aside, and the newest good backup plus all that can still be read
    /// takes its place (see repair.h). Null: `error` says why.
    static std::unique_ptr<Store> open(const std::string& path, const StoreOptions& options,
                                       OpenReport& report, std::string& error);
    ~Store() override;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Journal. [race thread]
    std::optional<Outcome> find(const std::string& source, const std::string& key) override;
    std::optional<Race> fold_race(const std::string& race_id, const std::string& track) override;
    bool append(const JournalBatch& batch, std::string& error) override;

    /// What the engine begins with: the fold of the log as it is now.
    bool recover(Recovered& recovered, std::string& error);
    /// Keeps the fold, so that the next start is quick; worth calling with the last state when the
    /// hub stops.
    bool save_checkpoint(const HubState& state, std::string& error);
    /// Makes all projections again from the log, in one transaction. Appends wait meanwhile: not
    /// during a race.
    bool rebuild(const Progress& progress, std::string& error);
    /// Projections no longer follow the log, for this reason; the next start mends it. Empty: all
    /// is well.
    std::string stale_projections() const;

    ClockAnchor anchor() const;
    bool save_anchor(const ClockAnchor& anchor, std::string& error);

    /// Small state of plugin instances. An empty value removes the key.
    bool kv_put(const std::string& instance, const std::string& key, const std::string& value,
                std::string& error);
    std::string kv_get(const std::string& instance, const std::string& key) const;
    /// All keys of an instance.
    std::map<std::string, std::string> kv_load(const std::string& instance) const;

    const std::string& path() const { return path_; }
    /// The file was moved, deleted or replaced under the running hub: appends are refused, for this
    /// reason, until it is back. Empty: all is well. [any-thread]
    std::string gone() const;
    /// Writes a backup out of the file that is open, which works while it is gone; made as in
    /// backup.h. Appends wait meanwhile: for the end.
    bool rescue(TimeUs now_us, std::size_t keep, Backup& made, std::string& error) const;

  private:
    class Lock;
    Store(std::string path, StoreOptions options);
    template <class Action>
    bool guarded(std::string& error, Action action) const;
    template <class Action>
    bool guarded(std::mutex& mutex, std::string& error, Action action) const;
    void load(OpenReport& report);
    std::string try_load(const WriterOptions& options);
    void describe(OpenReport& report) const;
    void checkpoint_if_due(const JournalBatch& batch);

    void note_files();

    const std::string path_;
    const StoreOptions options_;
    std::optional<FileId> file_, wal_;  // constant after open
    std::unique_ptr<Lock> lock_;        // constant after open
    mutable std::mutex mutex_;
    mutable std::mutex kv_mutex_;     // kv has a connection of its own, and waits of its own
    std::unique_ptr<Writer> writer_;  // constant after open; used under mutex_, or kv_mutex_ for kv
    std::optional<Recovered> recovered_;  // mutex_; from open, until the first append
};

}  // namespace racehub::store
