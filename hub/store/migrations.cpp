#include "hub/store/migrations.h"

namespace racehub::store {
namespace {

constexpr std::int64_t kApplicationId = 0x52484442;  // "RHDB", as the first migration sets it

bool has_table(sql::Database& db, const char* name) {
    sql::Statement statement(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1");
    sql::Rows rows(statement, name);
    return rows.next();
}

}  // namespace

int schema_version(sql::Database& db, std::span<const Migration> known) {
    const bool empty = db.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (empty) return 0;
    if (db.integer("PRAGMA application_id") != kApplicationId || !has_table(db, "migrations")) {
        throw Refused{
            "This is a SQLite database, but not one of RaceHub's. Name another file in the "
            "configuration."};
    }
    sql::Statement statement(db, "SELECT number, name, digest FROM migrations ORDER BY number");
    sql::Rows rows(statement);
    int version = 0;
    while (rows.next()) {
        version = rows.as<int>(0);
        if (static_cast<std::size_t>(version) > known.size()) {
            throw Refused{
                "The database was written by a newer RaceHub (it ran migration " + rows.string(1) +
                "). Install that version, or start with a backup from before the update."};
        }
        const Migration& own = known[static_cast<std::size_t>(version) - 1];
        if (rows.text(2) != own.digest) {
            throw Refused{"The database ran another text of migration " + rows.string(1) +
                          " than this RaceHub knows. Install the version that wrote it."};
        }
    }
    return version;
}

void migrate(sql::Database& db, std::span<const Migration> known, TimeUs now_us) {
    for (int version = schema_version(db, known); static_cast<std::size_t>(version) < known.size();
         ++version) {
        const Migration& next = known[static_cast<std::size_t>(version)];
        sql::Transaction transaction(db);
        if (version == 0) {
            db.run(
                "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest "
                "TEXT NOT NULL, "
                "applied_us INTEGER NOT NULL) STRICT");
        }
        db.run(next.text);
        sql::Statement(
            db, "INSERT INTO migrations (number, name, digest, applied_us) VALUES (?1, ?2, ?3, ?4)")
            .run(next.number, next.name, next.digest, now_us);
        transaction.commit();
    }
}

}  // namespace racehub::store
