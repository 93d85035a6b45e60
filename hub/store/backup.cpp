#include "hub/store/backup.h"

#include <algorithm>
#include <regex>

#include "hub/store/files.h"
#include "hub/store/log_rows.h"
#include "hub/store/migrations.h"
#include "hub/store/repair.h"

namespace racehub::store {
namespace {

constexpr int kBusyMs = 5'000;
const char* const kPrefix = "racehub-";

bool is_backup_name(const std::string& name) {
    static const std::regex pattern("racehub-[0-9]{8}-[0-9]{6}\\.db");
    return std::regex_match(name, pattern);
}

}  // namespace

std::vector<std::string> backups_in(const std::string& folder) {
    std::vector<std::string> paths;
    if (folder.empty()) return paths;
    for (const std::string& name : names_in(folder)) {
        if (is_backup_name(name)) paths.push_back(folder + "/" + name);
    }
    std::reverse(paths.begin(), paths.end());
    return paths;
}

bool check_backup(const std::string& path, Backup& found, std::string& error) {
    try {
        if (size_of(path) == 0) throw Failed{"The backup " + path + " is empty or not there."};
        sql::Database db(path, sql::Access::read_only, kBusyMs);
        const std::string answer = db.text("PRAGMA quick_check(1)");
        if (answer != "ok") throw Failed{"The backup " + path + " is damaged: " + answer + "."};
        if (schema_version(db, migrations()) == 0)
            throw Failed{"The backup " + path + " holds nothing."};
        found.path = path;
        found.bytes = size_of(path);
        found.seq = LogReader(db).last_fact();
        return true;
    } catch (const sql::Error& thrown) {
        error = "The backup " + path + " cannot be read: " + thrown.message + ".";
    } catch (const Refused& thrown) {
        error = "The backup " + path + " cannot be used: " + thrown.sentence;
    } catch (const Failed& thrown) {
        error = thrown.sentence;
    }
    return false;
}

bool make_backup(const std::string& path, const std::string& folder, TimeUs now_us,
                 std::size_t keep, Backup& made, std::string& error, const CopyTo& copy) {
    const std::string target = folder + "/" + kPrefix + stamp(now_us) + ".db";
    const std::string unfinished = target + ".unfinished";
    try {
        make_folder(folder);
        for (const std::string& name : names_in(folder)) {
            if (name.ends_with(".db.unfinished")) remove_database(folder + "/" + name);
        }
        if (copy) {
            copy(unfinished);
        } else {
            // Not sqlite3_backup: stepwise, it starts over at every commit and never ends in a
            // race.
            sql::Database db(path, sql::Access::read_only, kBusyMs);
            sql::Statement(db, "VACUUM INTO ?1").run(unfinished);
        }
        flush(unfinished);
        if (!check_backup(unfinished, made, error)) {
            remove_database(unfinished);
            return false;
        }
        rename_durably(unfinished, target);
        made.path = target;
        const std::vector<std::string> all = backups_in(folder);
        for (std::size_t i = std::max<std::size_t>(keep, 1); i < all.size(); ++i)
            remove_if_there(all[i]);
        return true;
    } catch (const sql::Error& thrown) {
        if (means_damage(thrown)) mark_suspect(path);
        error = "The backup to " + folder + " failed. " + sentence_for(thrown, path);
    } catch (const Failed& thrown) {
        error = "The backup to " + folder + " failed. " + thrown.sentence;
    }
    try {
        remove_database(unfinished);
    } catch (const Failed&) {
        // The next backup removes it.
    }
    return false;
}

}  // namespace racehub::store
