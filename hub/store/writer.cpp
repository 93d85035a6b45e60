#include "hub/store/writer.h"

#include <nlohmann/json.hpp>

#include "hub/core/assert.h"
#include "hub/core/codec.h"

namespace racehub::store {
namespace {

const char* pragmas_for(Durability durability) {
    switch (durability) {
        case Durability::full:
            return "PRAGMA synchronous = FULL";
        case Durability::normal:
            return "PRAGMA synchronous = NORMAL";
        case Durability::off:
            return "PRAGMA synchronous = OFF";
    }
    return "";
}

/// Errors of the disk, the lock or the file, which concern the log too. Others are the projections'
/// own.
bool concerns_log(const sql::Error& error) {
    switch (error.primary()) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
        case SQLITE_READONLY:
        case SQLITE_IOERR:
        case SQLITE_CORRUPT:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
        case SQLITE_NOTADB:
            return true;
        default:
            return false;
    }
}

}  // namespace

void Writer::create(const std::string& path, const WriterOptions& options) {
    sql::Database db(path, sql::Access::create, kOpenBusyMs, options.vfs);
    migrate(db, migrations(), options.now_us);
    sql::Transaction transaction(db);
    db.run("INSERT INTO meta (name, value) VALUES ('log_id', lower(hex(randomblob(16))))");
    db.run(projections_sql());
    sql::Statement(db, "INSERT INTO meta (name, value) VALUES ('projections', ?1)")
        .run(projections_digest());
    transaction.commit();
}

std::string Writer::check(const std::string& path, const std::string& vfs) {
    sql::Database db(path, sql::Access::read_write, kOpenBusyMs, vfs);
    return db.text("PRAGMA quick_check(1)");
}

Writer::Writer(const std::string& path, const WriterOptions& options, const Progress& progress)
    : db_(path, sql::Access::read_write, kOpenBusyMs, options.vfs) {
    version_before_ = schema_version(db_, migrations());
    db_.run(
        "PRAGMA journal_mode = WAL;"
        "PRAGMA cache_size = -8000;"             // 8 MB hold the open ends of all tables
        "PRAGMA journal_size_limit = 67108864;"  // what a rebuild leaves behind is given back
        "PRAGMA cell_size_check = ON");          // damage is noticed when a page is read
    db_.run(pragmas_for(options.durability));
    migrate(db_, migrations(), options.now_us);
    small_ =
        std::make_unique<sql::Database>(path, sql::Access::read_write, kOpenBusyMs, options.vfs);
    small_->run("PRAGMA synchronous = NORMAL");
    log_writer_ = std::make_unique<LogWriter>(db_);
    log_ = std::make_unique<LogReader>(db_);
    find_ = std::make_unique<sql::Statement>(db_,
                                             "SELECT accepted, code, message FROM inputs WHERE "
                                             "source = ?1 AND key = ?2 AND key IS NOT NULL");
    get_meta_ = std::make_unique<sql::Statement>(db_, "SELECT value FROM meta WHERE name = ?1");
    put_meta_ =
        std::make_unique<sql::Statement>(db_,
                                         "INSERT INTO meta (name, value) VALUES (?1, ?2) ON "
                                         "CONFLICT (name) DO UPDATE SET value = excluded.value");
    last_seq_ = log_->last_fact();
    last_input_ = log_->last_input();
    last_checkpoint_ = static_cast<std::uint64_t>(db_.integer("SELECT max(seq) FROM checkpoint"));
    if (!use_projections()) {
        rebuild(progress);
        rebuilt_ = true;
    }
    db_.set_busy_ms(kAppendBusyMs);
}

/// False when they are of another version, or not there.
bool Writer::use_projections() {
    if (meta("projections") != projections_digest()) return false;
    try {
        projector_ = std::make_unique<Projector>(db_);
        return true;
    } catch (const sql::Error& error) {
        if (concerns_log(error)) throw;
        return false;
    }
}

Writer::~Writer() = default;

void Writer::append(const JournalBatch& batch) {
    // The caller's numbers come from what recover() said; a hole in the log could never be mended.
    if (!batch.inputs.empty()) RH_ASSERT(batch.inputs.front().number > last_input_);
    if (!batch.facts.empty()) RH_ASSERT(batch.facts.front().seq == last_seq_ + 1);
    sql::Transaction transaction(db_);
    for (const InputRecord& input : batch.inputs) log_writer_->add(input);
    for (const Event& fact : batch.facts) log_writer_->add(fact);
    if (projector_ && !batch.facts.empty() && batch.after != nullptr) follow(batch);
    transaction.commit();
    if (!batch.facts.empty()) {
        last_seq_ = batch.facts.back().seq;
        last_input_ = std::max(last_input_, batch.facts.back().cause);
    }
    if (!batch.inputs.empty()) last_input_ = std::max(last_input_, batch.inputs.back().number);
}

/// A fault in the projections must not stop the log: they are given up until they are made again.
void Writer::follow(const JournalBatch& batch) {
    std::string reason;
    try {
        projector_->follow(batch.facts, *batch.after);
        return;
    } catch (const sql::Error& error) {
        if (concerns_log(error) || !db_.in_transaction()) throw;
        reason = error.message;
    } catch (const Damaged& damaged) {
        reason = damaged.sentence;
    }
    put_meta("projections", "stale");
    projector_.reset();
    stale_ = reason;
}

std::optional<Race> Writer::fold_race(const std::string& race_id, const std::string& track) {
    return store::fold_race(*log_, race_id, track, last_seq_);
}

std::optional<Outcome> Writer::find(const std::string& source, const std::string& key) {
    sql::Rows rows(*find_, source, key);
    if (!rows.next()) return std::nullopt;
    return Outcome{rows.integer(0) != 0, rows.string(1), rows.string(2)};
}

Recovered Writer::recover() {
    Recovered recovered;
    recovered.log_id = meta("log_id");
    recovered.last_input = last_input_;
    recovered.last_time_us = log_->last_time_us();
    {
        sql::Statement newest(db_,
                              "SELECT state FROM checkpoint WHERE seq <= ?1 ORDER BY seq DESC");
        sql::Rows rows(newest, last_seq_);
        nlohmann::json object;
        std::string error;
        while (rows.next()) {
            if (parse_object(rows.text(0), object, error) &&
                decode_state(object, recovered.state, error))
                break;
            recovered.state = HubState{};
        }
    }
    log_->facts(recovered.state.seq, last_seq_, [&](const Event& fact) {
        apply(recovered.state, fact);
        return true;
    });
    if (recovered.state.seq != last_seq_)
        throw Damaged{"The newest checkpoint is not of this log."};
    return recovered;
}

void Writer::save_checkpoint(const HubState& state) {
    if (state.seq == 0 || state.seq != last_seq_ || state.seq == last_checkpoint_) return;
    sql::Transaction transaction(db_);
    sql::Statement(db_, "INSERT OR REPLACE INTO checkpoint (seq, state) VALUES (?1, ?2)")
        .run(state.seq, encode_state(state));
    sql::Statement(db_,
                   "DELETE FROM checkpoint WHERE seq NOT IN (SELECT seq FROM checkpoint ORDER BY "
                   "seq DESC LIMIT ?1)")
        .run(kCheckpointsKept);
    transaction.commit();
    last_checkpoint_ = state.seq;
}

void Writer::rebuild(const Progress& progress) {
    projector_.reset();  // its statements hold the old tables
    sql::Transaction transaction(db_);
    Projector::drop(db_);
    db_.run(projections_sql());
    auto projector = std::make_unique<Projector>(db_);
    projector->rebuild(progress);
    put_meta("projections", projections_digest());
    transaction.commit();
    projector_ = std::move(projector);
    stale_.clear();
}

void Writer::copy_to(const std::string& target) {
    sql::Statement(db_, "VACUUM INTO ?1").run(target);
}

std::string Writer::meta(const std::string& name) {
    sql::Rows rows(*get_meta_, name);
    return rows.next() ? rows.string(0) : std::string();
}

void Writer::put_meta(const std::string& name, const std::string& value) {
    put_meta_->run(name, value);
}

void Writer::set_meta(const std::map<std::string, std::string>& values) {
    sql::Transaction transaction(db_);
    for (const auto& [name, value] : values) put_meta(name, value);
    transaction.commit();
}

void Writer::kv_put(const std::string& instance, const std::string& key, const std::string& value,
                    std::size_t most) {
    sql::Transaction transaction(*small_);
    if (value.empty()) {
        sql::Statement(*small_, "DELETE FROM kv WHERE instance = ?1 AND key = ?2")
            .run(instance, key);
    } else {
        sql::Statement(*small_,
                       "INSERT INTO kv (instance, key, value) VALUES (?1, ?2, ?3) "
                       "ON CONFLICT (instance, key) DO UPDATE SET value = excluded.value")
            .run(instance, key, value);
        sql::Statement count(*small_, "SELECT count(*) FROM kv WHERE instance = ?1");
        sql::Rows rows(count, instance);
        if (rows.next() && rows.as<std::size_t>(0) > most) {
            throw Refused{"Plugin instance " + instance + " keeps " + std::to_string(most) +
                          " keys, the most it may: it must remove some before it adds \"" + key +
                          "\"."};
        }
    }
    transaction.commit();
}

std::string Writer::kv_get(const std::string& instance, const std::string& key) {
    sql::Statement statement(*small_, "SELECT value FROM kv WHERE instance = ?1 AND key = ?2");
    sql::Rows rows(statement, instance, key);
    return rows.next() ? rows.string(0) : std::string();
}

std::map<std::string, std::string> Writer::kv_load(const std::string& instance) {
    sql::Statement statement(*small_, "SELECT key, value FROM kv WHERE instance = ?1");
    sql::Rows rows(statement, instance);
    std::map<std::string, std::string> all;
    while (rows.next()) all[rows.string(0)] = rows.string(1);
    return all;
}

void Writer::rename_log() {
    sql::Transaction transaction(db_);
    db_.run(
        "UPDATE meta SET value = (SELECT group_concat(value, ' ') FROM meta WHERE name IN "
        "('log_id', 'log_ids_before')) "
        "WHERE name = 'log_ids_before';"
        "INSERT OR IGNORE INTO meta (name, value) SELECT 'log_ids_before', value FROM meta WHERE "
        "name = 'log_id';"
        "UPDATE meta SET value = lower(hex(randomblob(16))) WHERE name = 'log_id'");
    transaction.commit();
}

}  // namespace racehub::store
