#include "hub/store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hub/store/backup.h"
#include "hub/store/files.h"
#include "hub/store/repair.h"
#include "hub/store/writer.h"

namespace racehub::store {
namespace {

/// What is wrong with the file at `path`; empty: nothing.
std::string damage_of(const std::string& path, const StoreOptions& options) {
    if (size_of(path) == 0) return "it is empty";
    if (size_of(path) > options.check_bytes && !is_suspect(path)) return "";
    try {
        const std::string answer = Writer::check(path, options.vfs);
        if (answer != "ok") return answer;
        clear_suspect(path);
        return "";
    } catch (const sql::Error& error) {
        if (!means_damage(error)) throw;
        return error.message;
    }
}

void create(const std::string& path, const WriterOptions& options) {
    // Under another name first: a file at `path` is always whole, and an empty one is a damaged
    // one.
    const std::string fresh = path + ".new";
    remove_database(fresh);
    Writer::create(fresh, options);
    for (const char* suffix : {"-wal", "-shm"}) remove_if_there(path + suffix);
    rename_durably(fresh, path);
}

}  // namespace

/// Held while the store lives: one hub writes one database. Ends with the process, however that
/// ends.
class Store::Lock {
  public:
    explicit Lock(const std::string& path)
        : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
        if (fd_ < 0) {
            throw Failed{"The file " + path + " cannot be opened: " + std::strerror(errno) +
                         ". Give the hub's user the right to write its folder."};
        }
        if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
        ::close(fd_);
        throw Failed{"Another hub is using this database (it holds " + path +
                     "). Stop it first, or name another file."};
    }
    ~Lock() { ::close(fd_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    int fd_;
};

Store::Store(std::string path, StoreOptions options)
    : path_(std::move(path)), options_(std::move(options)) {}
Store::~Store() = default;

/// Runs an action on the writer, turning what it throws into a sentence.
template <class Action>
bool Store::guarded(std::string& error, Action action) const {
    return guarded(mutex_, error, action);
}

template <class Action>
bool Store::guarded(std::mutex& mutex, std::string& error, Action action) const {
    std::lock_guard lock(mutex);
    try {
        action();
        return true;
    } catch (const sql::Error& thrown) {
        if (means_damage(thrown)) mark_suspect(path_);
        error = sentence_for(thrown, path_);
    } catch (const Damaged& thrown) {
        error = thrown.sentence + " Restart the hub: it then restores what can be read.";
    } catch (const Refused& thrown) {
        error = thrown.sentence;
    } catch (const Failed& thrown) {
        error = thrown.sentence;
    }
    return false;
}

std::unique_ptr<Store> Store::open(const std::string& path, const StoreOptions& options,
                                   OpenReport& report, std::string& error) {
    std::unique_ptr<Store> store(new Store(path, options));
    report = OpenReport{};
    const bool opened = store->guarded(error, [&] {
        make_folder(folder_of(path));
        store->lock_ = std::make_unique<Lock>(path + ".lock");
        store->load(report);
        store->note_files();
    });
    return opened ? std::move(store) : nullptr;
}

void Store::load(OpenReport& report) {
    const WriterOptions writer_options{options_.durability, options_.now_us, options_.vfs};
    if (!options_.existing_only && finish_repair(path_, options_.now_us, report.repair.moved_to)) {
        report.damaged = true;
        report.repair.damage = "its repair had been interrupted";
        report.repair.resumed = true;
    }
    std::string damage;
    if (!exists(path_) && options_.existing_only) {
        throw Failed{"There is no database " + path_ +
                     ": look at the folder in the configuration."};
    }
    if (exists(path_)) {
        damage = damage_of(path_, options_);
    } else if (!backups_in(options_.backup_folder).empty()) {
        damage = "it is not there, though there are backups of it";
    } else {
        create(path_, writer_options);
        report.created = true;
    }
    if (damage.empty()) damage = try_load(writer_options);
    if (!damage.empty() && options_.existing_only) {
        throw Failed{"The database " + path_ + " is damaged (" + damage +
                     "). Start the hub: it restores what can be read."};
    }
    if (!damage.empty()) {
        report.damaged = true;
        repair(path_, damage, RepairOptions{options_.backup_folder, writer_options}, report.repair);
        clear_suspect(path_);
        const std::string still = try_load(writer_options);
        if (!still.empty()) throw Damaged{"The repaired database cannot be used: " + still + "."};
    }
    report.rebuilt = writer_->rebuilt();
    report.schema_before = writer_->version_before();
    report.schema_now = static_cast<int>(migrations().size());
    describe(report);
}

/// Opens the writer and folds the log. Returns what is damaged; empty: all is well.
std::string Store::try_load(const WriterOptions& options) {
    try {
        writer_ = std::make_unique<Writer>(path_, options, options_.progress);
        recovered_ = writer_->recover();
        return "";
    } catch (const Damaged& damaged) {
        writer_.reset();
        return damaged.sentence;
    } catch (const sql::Error& error) {
        writer_.reset();
        if (!means_damage(error)) throw;
        return error.message;
    }
}

void Store::describe(OpenReport& report) const {
    if (report.created) report.messages.push_back("A new database was made: " + path_ + ".");
    if (report.damaged) report.messages.push_back(report.repair.sentence());
    if (report.schema_before < report.schema_now) {
        report.messages.push_back("The database was brought from schema " +
                                  std::to_string(report.schema_before) + " to " +
                                  std::to_string(report.schema_now) + ".");
    }
    if (report.rebuilt)
        report.messages.push_back("The tables of races and laps were made again from the log.");
}

std::optional<Outcome> Store::find(const std::string& source, const std::string& key) {
    std::optional<Outcome> found;
    // A failed look-up cannot lead to a second lap: if the input is in the log, the unique index
    // refuses the append.
    std::string error;
    guarded(error, [&] { found = writer_->find(source, key); });
    return found;
}

std::optional<Race> Store::fold_race(const std::string& race_id, const std::string& track) {
    std::optional<Race> found;
    // Without an answer the correction is refused, and can be given again.
    std::string error;
    guarded(error, [&] { found = writer_->fold_race(race_id, track); });
    return found;
}

bool Store::append(const JournalBatch& batch, std::string& error) {
    return guarded(error, [&] {
        // SQLite would go on writing into a file that has no name any more, and all of it would
        // end with the process.
        if (const std::string reason = gone(); !reason.empty()) throw Failed{reason};
        writer_->append(batch);
        recovered_.reset();
        checkpoint_if_due(batch);
    });
}

void Store::note_files() {
    file_ = id_of(path_);
    wal_ = id_of(path_ + "-wal");
}

std::string Store::gone() const {
    // The write-ahead log is as much of it: the newest commits are only there.
    if (id_of(path_) == file_ && (!wal_ || id_of(path_ + "-wal") == wal_)) return {};
    return "The database " + path_ +
           " was moved, deleted or replaced while the hub runs, so nothing is written any more: "
           "put "
           "the same file back, or restart the hub; it then goes on from what is there.";
}

bool Store::rescue(TimeUs now_us, std::size_t keep, Backup& made, std::string& error) const {
    bool saved = false;
    return guarded(error,
                   [&] {
                       saved = make_backup(
                           path_, options_.backup_folder, now_us, keep, made, error,
                           [&](const std::string& target) { writer_->copy_to(target); });
                   }) &&
           saved;
}

void Store::checkpoint_if_due(const JournalBatch& batch) {
    if (batch.after == nullptr) return;
    const std::uint64_t since = writer_->last_seq() - writer_->last_checkpoint();
    bool due = since >= options_.checkpoint_every;
    if (since >= kCheckpointAtEnd) {
        for (const Event& fact : batch.facts) {
            due |= std::holds_alternative<RaceFinished>(fact.data) ||
                   std::holds_alternative<RaceAborted>(fact.data) ||
                   std::holds_alternative<RaceCleared>(fact.data);
        }
    }
    if (!due) return;
    try {
        writer_->save_checkpoint(*batch.after);
    } catch (const sql::Error&) {
        // The batch is stored; a checkpoint only saves time, and the next one is tried again.
    }
}

bool Store::recover(Recovered& recovered, std::string& error) {
    return guarded(error, [&] { recovered = recovered_ ? *recovered_ : writer_->recover(); });
}

bool Store::save_checkpoint(const HubState& state, std::string& error) {
    return guarded(error, [&] { writer_->save_checkpoint(state); });
}

bool Store::rebuild(const Progress& progress, std::string& error) {
    return guarded(error, [&] { writer_->rebuild(progress); });
}

std::string Store::stale_projections() const {
    std::lock_guard lock(mutex_);
    return writer_->stale();
}

ClockAnchor Store::anchor() const {
    ClockAnchor anchor;
    std::string error;
    guarded(error, [&] {
        anchor.boot_id = writer_->meta("anchor_boot_id");
        const std::string offset = writer_->meta("anchor_offset_us");
        anchor.offset_us = offset.empty() ? 0 : std::strtoll(offset.c_str(), nullptr, 10);
    });
    return anchor;
}

bool Store::save_anchor(const ClockAnchor& anchor, std::string& error) {
    return guarded(error, [&] {
        writer_->set_meta({{"anchor_boot_id", anchor.boot_id},
                           {"anchor_offset_us", std::to_string(anchor.offset_us)}});
    });
}

bool Store::kv_put(const std::string& instance, const std::string& key, const std::string& value,
                   std::string& error) {
    if (key.empty() || key.size() > kMaxKvKey || value.size() > kMaxKvValue) {
        error = "A key has 1 to " + std::to_string(kMaxKvKey) + " bytes and a value at most " +
                std::to_string(kMaxKvValue) + "; \"" + key.substr(0, kMaxKvKey) +
                "\" was not kept.";
        return false;
    }
    return guarded(kv_mutex_, error, [&] { writer_->kv_put(instance, key, value, kMaxKvKeys); });
}

std::string Store::kv_get(const std::string& instance, const std::string& key) const {
    std::string value;
    std::string error;
    guarded(kv_mutex_, error, [&] { value = writer_->kv_get(instance, key); });
    return value;
}

std::map<std::string, std::string> Store::kv_load(const std::string& instance) const {
    std::map<std::string, std::string> all;
    std::string error;
    guarded(kv_mutex_, error, [&] { all = writer_->kv_load(instance); });
    return all;
}

}  // namespace racehub::store
