#pragma once
// Whole copies of the database, made while the hub runs. [any-thread] Nothing here throws.

#include <functional>
#include <string>
#include <vector>

#include "hub/core/types.h"

namespace racehub::store {

struct Backup {
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t seq = 0;  ///< last fact in it
};

/// Writes a copy of the database into a new file; may throw as the inside of the store does.
using CopyTo = std::function<void(const std::string& target)>;

/// Writes `folder`/racehub-YYYYMMDD-HHMMSS.db (UTC) and removes all but the newest `keep` (at least
/// one) of such files. The copy is checked before it gets its name, so that a file with such a name
/// is whole. Uses a connection of its own: appends go on meanwhile (30 ms longest wait for 100 MB),
/// and the write-ahead log grows until it is done. `copy`: instead of that connection.
bool make_backup(const std::string& path, const std::string& folder, TimeUs now_us,
                 std::size_t keep, Backup& made, std::string& error, const CopyTo& copy = {});

/// Paths of the backups in a folder, newest first.
std::vector<std::string> backups_in(const std::string& folder);

/// Reads the whole file. False: `error` says why it cannot be used by this hub.
bool check_backup(const std::string& path, Backup& found, std::string& error);

}  // namespace racehub::store
