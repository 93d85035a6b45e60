#pragma once
// SQLite's C interface with lifetimes. The only file with sqlite3.h. Errors are exceptions here,
// because a transaction is left at its first error whatever it was doing; they never leave
// hub/store. A connection and its statements are used by one thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace racehub::sql {

/// What SQLite answered, with its extended code.
struct Error {
    int code = 0;
    std::string message;
    int primary() const { return code & 0xff; }
};

enum class Access { read_only, read_write, create };

class Database {
  public:
    /// Opens a connection that waits up to `busy_ms` for locks. `vfs` is for tests; empty: the
    /// system's. Throws Error.
    Database(const std::string& path, Access access, int busy_ms, const std::string& vfs = {});

    /// Runs one or more statements that take no values and whose rows nobody wants.
    void run(const char* sql);
    void run(const std::string& sql) { run(sql.c_str()); }
    /// First column of the first row; 0 when there is none.
    std::int64_t integer(const char* sql);
    std::string text(const char* sql);

    bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
    void set_busy_ms(int busy_ms) { sqlite3_busy_timeout(handle_.get(), busy_ms); }
    /// Ends a transaction without keeping it; says nothing, as the reason for it has been said.
    void roll_back() noexcept;
    sqlite3* handle() const { return handle_.get(); }

  private:
    struct Close {
        void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

/// NULL, bound or read.
struct Null {};

class Statement {
  public:
    Statement(Database& db, std::string_view sql);

    /// Binds the values to ?1, ?2.. and runs to the end. Text is not copied.
    template <class... Values>
    void run(const Values&... values) {
        bind_all(values...);
        finish();
    }

  private:
    friend class Rows;
    template <class... Values>
    void bind_all(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
    }
    template <class T>
    requires std::is_integral_v<T>
    void bind(int index, T value) { bind_integer(index, static_cast<std::int64_t>(value)); }
    template <class T>
    requires std::is_enum_v<T>
    void bind(int index, T value) { bind_integer(index, static_cast<std::int64_t>(value)); }
    void bind(int index, std::string_view value);
    void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
    void bind(int index, const char* value) { bind(index, std::string_view(value)); }
    void bind(int index, Null);
    void bind_integer(int index, std::int64_t value);
    bool step();
    void finish();
    void reset() noexcept { sqlite3_reset(handle_.get()); }
    [[noreturn]] void fail();

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// The rows of a statement; leaves it ready for its next use, and the snapshot it read, when it
/// goes.
///     Rows rows(statement, race, entry);
///     while (rows.next()) use(rows.integer(0), rows.text(1));
class Rows {
  public:
    /// The values must live as long as the rows.
    template <class... Values>
    explicit Rows(Statement& statement, const Values&... values) : statement_(statement) {
        statement_.bind_all(values...);
    }
    ~Rows() { statement_.reset(); }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    bool next() { return statement_.step(); }
    std::int64_t integer(int column) const { return sqlite3_column_int64(handle(), column); }
    template <class T>
    T as(int column) const {
        return static_cast<T>(integer(column));
    }
    /// Valid until next(). Empty when NULL.
    std::string_view text(int column) const;
    std::string string(int column) const { return std::string(text(column)); }
    bool is_null(int column) const { return sqlite3_column_type(handle(), column) == SQLITE_NULL; }
    int columns() const { return sqlite3_column_count(handle()); }

  private:
    sqlite3_stmt* handle() const { return statement_.handle_.get(); }
    Statement& statement_;
};

/// A write transaction. BEGIN IMMEDIATE, because a deferred one that reads first fails at once when
/// another writes meanwhile, whatever the busy timeout. Rolled back unless committed.
class Transaction {
  public:
    explicit Transaction(Database& db) : db_(db) { db_.run("BEGIN IMMEDIATE"); }
    ~Transaction() {
        if (db_.in_transaction()) db_.roll_back();
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() { db_.run("COMMIT"); }

  private:
    Database& db_;
};

}  // namespace racehub::sql
