#pragma once
// Brings a database to the schema of this hub: forward only, each step whole or not at all.

#include <span>
#include <string>

#include "hub/store/log_rows.h"

namespace racehub::store {

struct Migration {
    int number = 0;  ///< from 1 without holes: the version the database has after it
    const char* name = "";
    const char* digest = "";  ///< SHA-256 of the text
    const char* text = "";
};

/// schema/migrations/*.sql, in order.
std::span<const Migration> migrations();
/// hub/store/projections.sql: makes the projections, empty. The digest tells one version of it from
/// another.
const char* projections_sql();
const char* projections_digest();

/// Version of an open database; 0 when it is empty. Throws Refused when it is not a RaceHub
/// database, is newer than `known`, or ran other migrations than these.
int schema_version(sql::Database& db, std::span<const Migration> known);

/// Runs what is missing. A process that is killed meanwhile leaves the database as it was before or
/// after one of the steps.
void migrate(sql::Database& db, std::span<const Migration> known, TimeUs now_us);

}  // namespace racehub::store
