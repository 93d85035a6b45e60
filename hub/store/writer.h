#pragma once
// The one connection that writes: opens a database that is whole, brings it up to date, appends to
// the log. Store adds to it what happens when something is wrong. Used by one thread at a time;
// throws sql::Error, Damaged and Refused.

#include <map>
#include <memory>
#include <optional>

#include "hub/engine/journal.h"
#include "hub/store/log_rows.h"
#include "hub/store/migrations.h"
#include "hub/store/options.h"
#include "hub/store/projections.h"

namespace racehub::store {

struct WriterOptions {
    Durability durability = Durability::full;
    TimeUs now_us = 0;  ///< noted with migrations
    std::string vfs{};  ///< for tests; empty: the system's
};

class Writer {
  public:
    /// Waiting for a lock that another program holds: at start, nobody waits yet; in a race, the
    /// race thread does, and the screens should say "storage is waiting" within a quarter of a
    /// second.
    static constexpr int kOpenBusyMs = 5'000;
    static constexpr int kAppendBusyMs = 200;
    static constexpr std::size_t kCheckpointsKept = 2;

    /// Makes a new, empty database with a log_id of its own, at a path where there is none.
    static void create(const std::string& path, const WriterOptions& options);
    /// "ok", or what SQLite finds wrong with the file.
    static std::string check(const std::string& path, const std::string& vfs);

    Writer(const std::string& path, const WriterOptions& options, const Progress& progress = {});
    ~Writer();

    /// Inputs, facts and projections in one transaction. On an exception nothing is stored and the
    /// writer can be used again.
    void append(const JournalBatch& batch);
    std::optional<Outcome> find(const std::string& source, const std::string& key);
    std::optional<Race> fold_race(const std::string& race_id, const std::string& track);
    /// The fold of the newest good checkpoint and the facts after it.
    Recovered recover();
    void save_checkpoint(const HubState& state);
    std::uint64_t last_checkpoint() const { return last_checkpoint_; }
    std::uint64_t last_seq() const { return last_seq_; }
    void rebuild(const Progress& progress);

    /// A whole copy, in a file that is not there yet.
    void copy_to(const std::string& target);

    std::string meta(const std::string& name);
    void set_meta(const std::map<std::string, std::string>& values);
    /// Gives the log a new name: what follows may differ from what others have seen under the old
    /// one.
    void rename_log();

    /// Plugins' state. An empty value removes the key; over `most` keys of one instance Refused is
    /// thrown.
    void kv_put(const std::string& instance, const std::string& key, const std::string& value,
                std::size_t most);
    std::string kv_get(const std::string& instance, const std::string& key);
    std::map<std::string, std::string> kv_load(const std::string& instance);

    /// Projections no longer follow the facts, for this reason; empty: they do. A restart makes
    /// them again.
    const std::string& stale() const { return stale_; }
    /// Version of the schema before this writer brought it up to date, and whether projections were
    /// made again.
    int version_before() const { return version_before_; }
    bool rebuilt() const { return rebuilt_; }

  private:
    bool use_projections();
    void follow(const JournalBatch& batch);
    void put_meta(const std::string& name, const std::string& value);

    sql::Database db_;
    /// Small state of plugins. They note something with almost every crossing, which must not cost
    /// a second wait for the disk: this connection's commits are written but not synced. So they
    /// survive a crash of the hub, and the log's next commit makes them survive a power cut.
    std::unique_ptr<sql::Database> small_;
    int version_before_ = 0;
    bool rebuilt_ = false;
    std::string stale_;
    std::uint64_t last_seq_ = 0;
    std::uint64_t last_input_ = 0;
    std::uint64_t last_checkpoint_ = 0;
    // After the schema is there:
    std::unique_ptr<LogWriter> log_writer_;
    std::unique_ptr<LogReader> log_;
    std::unique_ptr<Projector> projector_;
    std::unique_ptr<sql::Statement> find_, get_meta_, put_meta_;
};

}  // namespace racehub::store
