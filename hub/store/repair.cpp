#include "hub/store/repair.h"

#include <fstream>

#include "hub/core/codec.h"
#include "hub/store/backup.h"
#include "hub/store/files.h"

namespace racehub::store {
namespace {

/// Numbers tried behind the last readable row before giving up: as many as stand on some hundred
/// damaged pages.
constexpr std::uint64_t kLongestHole = 20'000;
constexpr std::size_t kFactsPerCommit = 1'000;

const char* const kAdvice = "Look at the last races, and make a backup.";

/// A row, or none when it is missing or cannot be read.
template <class Read>
auto readable(Read read) -> decltype(read()) {
    try {
        return read();
    } catch (const sql::Error&) {
    } catch (const Damaged&) {
    }
    return std::nullopt;
}

/// Carries the rows that a damaged log still yields over to a new one, in order and without a hole:
/// facts where they can be read, else decided again from their inputs, which is what they were made
/// of.
class Salvage {
  public:
    Salvage(LogReader& from, Writer& to, RepairReport& report)
        : from_(from), to_(to), report_(report) {
        Recovered begin = to_.recover();
        state_ = std::move(begin.state);
        last_input_ = begin.last_input;
    }

    void run() {
        while (next_group() || decide_next_input()) {
            if (batch_.facts.size() >= kFactsPerCommit) store();
        }
        store();
        count_left();
    }

  private:
    /// Remembers the last one: what ends a group begins the next.
    std::optional<Event> fact(std::uint64_t seq) {
        if (seq != looked_at_) {
            looked_at_ = seq;
            found_ = readable([&] { return from_.fact(seq); });
        }
        return found_;
    }
    std::optional<InputRecord> input(std::uint64_t number) {
        return readable([&] { return from_.input(number); });
    }

    /// All facts of the next cause, if they are readable and surely all: a fact of another cause
    /// follows them, or they are the last and their input is lost, too.
    bool next_group() {
        std::vector<Event> group;
        std::optional<Event> next = fact(state_.seq + 1);
        if (!next || next->cause <= last_input_) return false;
        const std::uint64_t cause = next->cause;
        while (next && next->cause == cause) {
            group.push_back(std::move(*next));
            next = fact(group.back().seq + 1);
        }
        if (!next && input(cause)) return false;
        for (std::uint64_t number = last_input_ + 1; number <= cause; ++number) {
            if (std::optional<InputRecord> found = input(number))
                batch_.inputs.push_back(std::move(*found));
        }
        for (Event& one : group) {
            apply(state_, one);
            batch_.facts.push_back(std::move(one));
        }
        report_.facts_read += group.size();
        last_input_ = cause;
        return true;
    }

    bool decide_next_input() {
        std::optional<InputRecord> found = input(last_input_ + 1);
        if (!found) return false;
        const std::size_t first = batch_.facts.size();
        found->outcome = decide(state_, found->event, batch_.facts,
                                [&](const std::string& race_id, const std::string& track) {
                                    return fold(race_id, track);
                                });
        for (std::size_t i = first; i < batch_.facts.size(); ++i)
            batch_.facts[i].cause = found->number;
        report_.facts_decided += batch_.facts.size() - first;
        last_input_ = found->number;
        batch_.inputs.push_back(std::move(*found));
        return true;
    }

    std::optional<Race> fold(const std::string& race_id, const std::string& track) {
        RaceFold fold(race_id);
        std::optional<Race> stored = to_.fold_race(race_id, track);
        if (stored) fold = RaceFold(race_id, track, std::move(*stored));
        for (const Event& fact : batch_.facts) fold.take(fact);
        return fold.track() == track ? fold.race() : std::nullopt;
    }

    void store() {
        if (batch_.inputs.empty() && batch_.facts.empty()) return;
        batch_.after = &state_;
        to_.append(batch_);
        batch_ = JournalBatch{};
    }

    /// Facts that can be read, but stand behind a hole that nothing closes.
    void count_left() {
        std::uint64_t unread = 0;
        for (std::uint64_t seq = state_.seq + 1; unread < kLongestHole; ++seq) {
            if (fact(seq)) {
                ++report_.facts_left;
                unread = 0;
            } else {
                ++unread;
            }
        }
    }

    LogReader& from_;
    Writer& to_;
    RepairReport& report_;
    HubState state_;
    std::uint64_t last_input_ = 0;
    JournalBatch batch_;
    std::uint64_t looked_at_ = 0;
    std::optional<Event> found_;
};

/// Whether the backup is an earlier stage of the damaged log, as far as that can still be seen.
bool continues(LogReader& damaged, const std::string& backup) {
    sql::Database db(backup, sql::Access::read_only, Writer::kOpenBusyMs);
    LogReader log(db);
    const std::uint64_t last = log.last_fact();
    if (last == 0) return true;
    const std::optional<Event> there = readable([&] { return damaged.fact(last); });
    const std::optional<Event> here = log.fact(last);
    return !there || !here || encode_event(*there) == encode_event(*here);
}

/// The damaged log, opened for reading. SQLite may need to write for that (the -shm file), but the
/// file itself and its write-ahead log stay as they are.
struct Remains {
    sql::Database db;
    std::optional<LogReader> log;

    Remains(const std::string& path, const std::string& vfs)
        : db(path, sql::Access::read_write, Writer::kOpenBusyMs, vfs) {
        sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        log.emplace(db);
    }
};

/// None when not even the file's table of contents can be read.
std::unique_ptr<Remains> open_remains(const std::string& path, const std::string& vfs) {
    try {
        return std::make_unique<Remains>(path, vfs);
    } catch (const sql::Error&) {
        return nullptr;
    }
}

std::string free_name(const std::string& path, TimeUs now_us) {
    const std::string name = path + ".damaged-" + stamp(now_us);
    std::string candidate = name;
    for (int i = 2; exists(candidate) || exists(candidate + "-wal"); ++i)
        candidate = name + "-" + std::to_string(i);
    return candidate;
}

std::string suspect_name(const std::string& path) { return path + ".suspect"; }
std::string finished_name(const std::string& path) { return path + ".repaired"; }

}  // namespace

void repair(const std::string& path, const std::string& damage, const RepairOptions& options,
            RepairReport& report) {
    report = RepairReport{};
    report.damage = damage;
    const std::string made = path + ".repairing";
    remove_database(made);
    for (const std::string& backup : backups_in(options.backup_folder)) {
        Backup found;
        std::string why;
        if (!check_backup(backup, found, why)) continue;
        copy_file(backup, made);
        report.restored_from = backup;
        report.facts_of_backup = found.seq;
        break;
    }
    if (report.restored_from.empty()) Writer::create(made, options.writer);
    {
        Writer writer(made, options.writer);
        const auto remains = size_of(path) > 0 ? open_remains(path, options.writer.vfs) : nullptr;
        if (remains && continues(*remains->log, made)) Salvage(*remains->log, writer, report).run();
        writer.rename_log();
    }
    flush(made);
    rename_durably(made, finished_name(path));
    finish_repair(path, options.writer.now_us, report.moved_to);
}

void mark_suspect(const std::string& path) noexcept { std::ofstream(suspect_name(path)); }
bool is_suspect(const std::string& path) { return exists(suspect_name(path)); }
void clear_suspect(const std::string& path) { remove_if_there(suspect_name(path)); }

bool finish_repair(const std::string& path, TimeUs now_us, std::string& moved_to) {
    const std::string finished = finished_name(path);
    if (!exists(finished)) return false;
    // A write-ahead log that stayed would be applied to the new file.
    const std::string aside = free_name(path, now_us);
    if (exists(path + "-wal")) rename_durably(path + "-wal", aside + "-wal");
    if (exists(path)) {
        rename_durably(path, aside);
        moved_to = aside;
    }
    remove_if_there(path + "-shm");
    remove_if_there(path + "-journal");
    rename_durably(finished, path);
    return true;
}

std::string RepairReport::sentence() const {
    std::string text = "THE DATABASE WAS DAMAGED (" + damage + "). ";
    if (!moved_to.empty()) text += "The damaged file was moved to " + moved_to + ". ";
    if (resumed) return text + "What could be saved took its place. " + kAdvice;
    text += restored_from.empty() ? "There is no good backup. "
                                  : "The backup " + restored_from + " with " +
                                        std::to_string(facts_of_backup) + " facts took its place. ";
    const std::uint64_t saved = facts_read + facts_decided;
    text += std::to_string(saved) + " further facts were saved from the damaged file";
    if (facts_decided > 0)
        text += " (" + std::to_string(facts_decided) + " of them decided again from their inputs)";
    text += ". ";
    if (facts_of_backup + saved == 0) text += "NOTHING COULD BE SAVED: the hub begins empty. ";
    if (facts_left > 0) {
        text += std::to_string(facts_left) +
                " more can be read but stand behind a hole; they are only in the moved file. ";
    }
    return text + kAdvice;
}

}  // namespace racehub::store
