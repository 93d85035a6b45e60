#pragma once
// How the store is opened, and what opening found: plain values, free of SQLite.

#include <functional>
#include <string>
#include <vector>

#include "hub/core/types.h"

namespace racehub::store {

/// Progress of something long: rows done, of how many. May be empty.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
inline constexpr std::uint64_t kProgressStep =
    10'000;  ///< rows between two calls: some ten a second

/// When a commit is on the disk. 400 simulated power cuts lost nothing with `full`, and the last
/// races in most cases with `normal`; neither loses anything when only the hub dies.
enum class Durability {
    full,    ///< at the end of every commit
    normal,  ///< some time later; the file is never damaged
    off  ///< whenever the system likes, and a power cut may damage the file: for tests and imports
};

struct RepairReport {
    std::string damage;  ///< what was wrong
    bool resumed =
        false;  ///< the repair of an earlier start was finished; its counts are not known
    std::string moved_to;       ///< the damaged file; empty when there was none
    std::string restored_from;  ///< the backup; empty when there was none
    std::uint64_t facts_of_backup = 0;
    std::uint64_t facts_read = 0;     ///< read from the damaged file, after those of the backup
    std::uint64_t facts_decided = 0;  ///< unreadable, but decided again from readable inputs
    std::uint64_t facts_left =
        0;  ///< readable behind a hole that could not be closed: only in the moved file
    std::string sentence() const;
};

struct StoreOptions {
    Durability durability = Durability::full;
    /// Where backups are, for the case that the database is damaged; empty: nowhere.
    std::string backup_folder{};
    /// Files up to this size are read whole at every start (a quarter of a second for 100 MB on a
    /// laptop). Larger ones are when something was found wrong with them; each backup reads all.
    std::uint64_t check_bytes = 256'000'000;
    /// For tools: a database that is missing or damaged is refused, not made or repaired.
    bool existing_only = false;
    /// Wall clock at the start, for the names of files that are moved aside.
    TimeUs now_us = 0;
    /// Facts between two checkpoints. A start folds at most about as many: 20,000 take a fifth of a
    /// second on a laptop, less than a second on a small board; writing one takes milliseconds.
    std::uint64_t checkpoint_every = 20'000;
    Progress progress{};  ///< of a rebuild at the start; may be empty
    std::string vfs{};    ///< for tests; empty: the system's
};

/// What opening found and did. To be printed, and to be shown as a banner when `damaged`.
struct OpenReport {
    bool created = false;  ///< there was no database, and no backup of one
    bool damaged = false;  ///< the database was damaged or gone; see `repair`
    RepairReport repair;
    bool rebuilt = false;  ///< projections were made again
    int schema_before =
        0;  ///< version of the schema that was found; less than schema_now: brought up to date
    int schema_now = 0;
    std::vector<std::string> messages;  ///< all of this as sentences
};

}  // namespace racehub::store
