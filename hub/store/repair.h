#pragma once
// What happens when the database is damaged or gone: it is moved aside, never deleted, and the best
// that can be made of the newest good backup and of the rows that can still be read takes its
// place. Loud: the report says it all. A process that is killed meanwhile leaves the damaged file
// in place, or the finished new one.

#include <string>

#include "hub/store/options.h"
#include "hub/store/writer.h"

namespace racehub::store {

struct RepairOptions {
    std::string backup_folder{};
    WriterOptions writer;
};

/// Puts a database at `path` in place of the damaged or missing one. The new log has a new log_id,
/// because its last facts may differ from those that others have seen. Throws sql::Error, Damaged,
/// Refused or Failed.
void repair(const std::string& path, const std::string& damage, const RepairOptions& options,
            RepairReport& report);

/// Remembers, beside the file, that a part of it could not be read: the next start looks at all of
/// it. Says nothing when even that fails.
void mark_suspect(const std::string& path) noexcept;
bool is_suspect(const std::string& path);
void clear_suspect(const std::string& path);

/// Puts a finished repair in place, if there is one: the last step of repair(), and the first of a
/// start, for the case that the hub was killed just then. Returns true if there was one; `moved_to`
/// is the damaged file, empty when there was none.
bool finish_repair(const std::string& path, TimeUs now_us, std::string& moved_to);

}  // namespace racehub::store
