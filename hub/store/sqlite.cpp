#include "hub/store/sqlite.h"

namespace racehub::sql {
namespace {

[[noreturn]] void raise(sqlite3* db, int code) {
    if (db == nullptr) throw Error{code, sqlite3_errstr(code)};
    throw Error{sqlite3_extended_errcode(db), sqlite3_errmsg(db)};
}

}  // namespace

Database::Database(const std::string& path, Access access, int busy_ms, const std::string& vfs) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    switch (access) {
        case Access::read_only:
            flags |= SQLITE_OPEN_READONLY;
            break;
        case Access::read_write:
            flags |= SQLITE_OPEN_READWRITE;
            break;
        case Access::create:
            flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
            break;
    }
    // A database of its own in a temporary file is where others are attached, read-only, by their
    // URI.
    if (path.empty()) flags |= SQLITE_OPEN_URI;
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &opened, flags, vfs.empty() ? nullptr : vfs.c_str());
    handle_.reset(opened);
    if (code != SQLITE_OK) raise(opened, code);
    set_busy_ms(busy_ms);
}

void Database::run(const char* sql) {
    const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) raise(handle(), code);
}

std::int64_t Database::integer(const char* sql) {
    Statement statement(*this, sql);
    Rows rows(statement);
    return rows.next() ? rows.integer(0) : 0;
}

std::string Database::text(const char* sql) {
    Statement statement(*this, sql);
    Rows rows(statement);
    return rows.next() ? rows.string(0) : std::string();
}

void Database::roll_back() noexcept {
    sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Statement::Statement(Database& db, std::string_view sql) {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (code != SQLITE_OK) raise(db.handle(), code);
    handle_.reset(prepared);
}

void Statement::bind(int index, std::string_view value) {
    // An empty view may point nowhere, which SQLite would take for NULL.
    const char* data = value.data() == nullptr ? "" : value.data();
    if (sqlite3_bind_text64(handle_.get(), index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8) !=
        SQLITE_OK)
        fail();
}

void Statement::bind(int index, Null) {
    if (sqlite3_bind_null(handle_.get(), index) != SQLITE_OK) fail();
}

void Statement::bind_integer(int index, std::int64_t value) {
    if (sqlite3_bind_int64(handle_.get(), index, value) != SQLITE_OK) fail();
}

bool Statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail();
    return false;
}

void Statement::finish() {
    while (step()) {
    }
    reset();
}

void Statement::fail() {
    sqlite3* db = sqlite3_db_handle(handle_.get());
    const Error error{sqlite3_extended_errcode(db), sqlite3_errmsg(db)};
    reset();
    throw error;
}

std::string_view Rows::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle(), column))};
}

}  // namespace racehub::sql
