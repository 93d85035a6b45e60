#include "hub/store/verify.h"

#include <map>

#include "hub/core/codec.h"
#include "hub/store/migrations.h"
#include "hub/store/projections.h"

namespace racehub::store {
namespace {

constexpr int kBusyMs = 5'000;

/// Thrown at the first difference.
struct Difference {
    std::string sentence;
};

class Verification {
  public:
    Verification(sql::Database& db, VerifyReport& report) : log_(db), facts_(db), report_(report) {
        sql::Statement statement(db, "SELECT seq, state FROM checkpoint");
        sql::Rows rows(statement);
        while (rows.next()) checkpoints_[rows.as<std::uint64_t>(0)] = rows.string(1);
    }

    void run(const Progress& progress) {
        const std::uint64_t total = log_.last_input();
        log_.inputs(0, total, [&](const InputRecord& input) {
            decide_again(input);
            report_.inputs = input.number;
            if (progress && input.number % kProgressStep == 0) progress(input.number, total);
            return true;
        });
        report_.facts = state_.seq;
        report_.races = state_.races;
        const std::uint64_t last = log_.last_fact();
        if (last != state_.seq) {
            throw Difference{"The log has facts " + std::to_string(state_.seq + 1) + " to " +
                             std::to_string(last) + ", which do not follow from its inputs."};
        }
    }

  private:
    void decide_again(const InputRecord& input) {
        std::vector<Event> decided;
        const Outcome outcome = decide(state_, input.event, decided,
                                       [&](const std::string& race_id, const std::string& track) {
                                           return fold_race(facts_, race_id, track, state_.seq);
                                       });
        if (outcome.accepted != input.outcome.accepted || outcome.code != input.outcome.code) {
            throw Difference{"Input " + std::to_string(input.number) + " had the outcome " +
                             word(input.outcome) + "; decided again it has " + word(outcome) + "."};
        }
        for (Event& fact : decided) {
            fact.cause = input.number;
            const std::string again = encode_event(fact);
            const std::optional<Event> logged = facts_.fact(fact.seq);
            const std::string there = logged ? encode_event(*logged) : "nothing";
            if (again == there) continue;
            throw Difference{"Fact " + std::to_string(fact.seq) + " of the log is " + there +
                             "; decided again from input " + std::to_string(input.number) +
                             " it is " + again + "."};
        }
        const auto checkpoint = checkpoints_.find(state_.seq);
        if (checkpoint == checkpoints_.end()) return;
        if (checkpoint->second != encode_state(state_)) {
            throw Difference{"The checkpoint at fact " + std::to_string(state_.seq) +
                             " is not the fold of the facts."};
        }
        checkpoints_.erase(checkpoint);
    }

    static std::string word(const Outcome& outcome) {
        return outcome.accepted ? "accepted" : "refused (" + outcome.code + ")";
    }

    LogReader log_;
    LogReader facts_;
    VerifyReport& report_;
    HubState state_;
    std::map<std::uint64_t, std::string> checkpoints_;  // not compared yet, by seq
};

/// Rows of one table that only one side has. `main` is made again, `hub` is the database's.
struct Comparison {
    const char* table;
    const char* missing;
    const char* extra;
};
constexpr Comparison kComparisons[] = {
    {"races", "SELECT * FROM main.races EXCEPT SELECT * FROM hub.races LIMIT 1",
     "SELECT * FROM hub.races EXCEPT SELECT * FROM main.races LIMIT 1"},
    {"entries", "SELECT * FROM main.entries EXCEPT SELECT * FROM hub.entries LIMIT 1",
     "SELECT * FROM hub.entries EXCEPT SELECT * FROM main.entries LIMIT 1"},
    {"laps", "SELECT * FROM main.laps EXCEPT SELECT * FROM hub.laps LIMIT 1",
     "SELECT * FROM hub.laps EXCEPT SELECT * FROM main.laps LIMIT 1"},
    {"records", "SELECT * FROM main.records EXCEPT SELECT * FROM hub.records LIMIT 1",
     "SELECT * FROM hub.records EXCEPT SELECT * FROM main.records LIMIT 1"},
};

/// The first row as text; empty when there is none.
std::string first_row(sql::Database& db, const char* query) {
    sql::Statement statement(db, query);
    sql::Rows rows(statement);
    if (!rows.next()) return "";
    std::string text = "(";
    for (int column = 0; column < rows.columns(); ++column) {
        text += (column == 0 ? "" : ", ") + rows.string(column);
    }
    return text + ")";
}

void compare_projections(sql::Database& db, const Progress& progress) {
    sql::Statement meta(db, "SELECT value FROM meta WHERE name = 'projections'");
    {
        sql::Rows rows(meta);
        if (!rows.next() || rows.text(0) != projections_digest()) {
            throw Difference{
                "The tables of races and laps are out of date. A start of the hub, or a rebuild, "
                "mends it."};
        }
    }
    db.run(projections_sql());
    Projector(db).rebuild(progress);
    for (const Comparison& comparison : kComparisons) {
        const std::string missing = first_row(db, comparison.missing);
        const std::string extra = first_row(db, comparison.extra);
        if (missing.empty() && extra.empty()) continue;
        throw Difference{"The table " + std::string(comparison.table) +
                         " does not follow from the facts: it has " +
                         (extra.empty() ? "nothing" : extra) + " where it should have " +
                         (missing.empty() ? "nothing" : missing) + ". A rebuild mends it."};
    }
}

/// So that no statement can touch the hub's tables by mistake.
std::string read_only_uri(const std::string& path) {
    std::string uri = "file:";
    for (const char c : path) {
        switch (c) {
            case '%':
                uri += "%25";
                break;
            case '?':
                uri += "%3f";
                break;
            case '#':
                uri += "%23";
                break;
            default:
                uri += c;
        }
    }
    return uri + "?mode=ro";
}

}  // namespace

bool verify(const std::string& path, const Progress& progress, VerifyReport& report,
            std::string& error) {
    report = VerifyReport{};
    try {
        // An empty database of our own takes the projections made again; names that it lacks are
        // the hub's.
        sql::Database db("", sql::Access::create, kBusyMs);
        {
            sql::Database exists(path, sql::Access::read_only, kBusyMs);
            if (schema_version(exists, migrations()) == 0)
                throw Refused{"The database " + path + " is empty."};
        }
        sql::Statement(db, "ATTACH ?1 AS hub").run(read_only_uri(path));
        db.run("BEGIN");
        Verification(db, report).run(progress);
        compare_projections(db, progress);
        return true;
    } catch (const Difference& thrown) {
        report.difference = thrown.sentence;
    } catch (const Damaged& thrown) {
        report.difference = thrown.sentence;
    } catch (const Refused& thrown) {
        error = thrown.sentence;
    } catch (const sql::Error& thrown) {
        error = sentence_for(thrown, path);
    }
    return false;
}

}  // namespace racehub::store
