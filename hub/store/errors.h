#pragma once
// What is thrown inside hub/store, besides sql::Error. No public function lets it out.

#include <string>

#include "hub/store/sqlite.h"

namespace racehub::store {

/// The file is a database, but its content is not what a log holds.
struct Damaged {
    std::string sentence;
};

/// This database is not for this hub, for the reason that the sentence
/// says. Nothing was changed.
struct Refused {
    std::string sentence;
};

/// An operation on a file failed; the sentence says which and why.
struct Failed {
    std::string sentence;
};

/// Whether SQLite's answer means that the file itself is bad, and not the place or the moment.
bool means_damage(const sql::Error& error);

/// One sentence for an error of SQLite at this path: what is wrong and what to do.
std::string sentence_for(const sql::Error& error, const std::string& path);

}  // namespace racehub::store
