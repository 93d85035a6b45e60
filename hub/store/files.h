#pragma once
// Files and their names, as the store needs them.

#include <optional>
#include <string>
#include <vector>

#include "hub/core/types.h"
#include "hub/store/errors.h"

namespace racehub::store {

bool exists(const std::string& path);
std::uint64_t size_of(const std::string& path);  ///< 0 when there is none

/// Which file a name stands for: another file of this name has another one.
struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool operator==(const FileId&) const = default;
};
std::optional<FileId> id_of(const std::string& path);  ///< none: there is no such file

/// The folder a file is in; "." when its name has none.
std::string folder_of(const std::string& path);
void make_folder(const std::string& folder);
/// Names of the files in a folder, sorted; empty when there is no such folder.
std::vector<std::string> names_in(const std::string& folder);

/// Renames and makes it last: the folder is flushed, too.
void rename_durably(const std::string& from, const std::string& to);
/// Flushes a file that another part wrote.
void flush(const std::string& path);
void copy_file(const std::string& from, const std::string& to);
void remove_if_there(const std::string& path);
/// Removes a database with the files that SQLite keeps beside it.
void remove_database(const std::string& path);

/// "20260314-193005", UTC: for names of files.
std::string stamp(TimeUs at_us);

}  // namespace racehub::store
