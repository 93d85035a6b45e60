#include "hub/store/log_rows.h"

#include <algorithm>

#include "hub/core/codec.h"

namespace racehub::store {
namespace {

/// A word that a newer hub may have added, and not the rest of a damaged page.
bool is_unknown_type(std::string_view type) {
    if (type.empty() || type.size() > kMaxName) return false;
    const bool word = std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || c == '.' || c == '_';
    });
    if (!word || std::count(type.begin(), type.end(), '.') != 1) return false;
    for (const Kind kind : {Kind::observation, Kind::command, Kind::fact}) {
        const auto known = payload_types(kind);
        if (std::find(known.begin(), known.end(), type) != known.end()) return false;
    }
    return true;
}

Payload payload_of(const sql::Rows& rows, const char* what, std::uint64_t number, int type,
                   int data) {
    Payload payload;
    std::string error;
    if (!decode_payload(rows.text(type), rows.text(data), payload, error)) {
        if (is_unknown_type(rows.text(type))) {
            throw Refused{std::string(what) + " " + std::to_string(number) +
                          " of the log is of type \"" + rows.string(type) +
                          "\", which only a newer RaceHub knows. Install that version."};
        }
        throw Damaged{std::string(what) + " " + std::to_string(number) +
                      " of the log cannot be read: " + error + "."};
    }
    return payload;
}

Event fact_of(const sql::Rows& rows) {
    Event fact;
    fact.seq = rows.as<std::uint64_t>(0);
    fact.cause = rows.as<std::uint64_t>(1);
    fact.time_us = rows.integer(2);
    fact.track = rows.string(4);
    fact.race_id = rows.string(5);
    fact.data = payload_of(rows, "Fact", fact.seq, 3, 6);
    if (kind_of(fact.data) != Kind::fact) {
        throw Damaged{"Fact " + std::to_string(fact.seq) + " of the log is not a fact."};
    }
    return fact;
}

InputRecord input_of(const sql::Rows& rows) {
    InputRecord record;
    record.number = rows.as<std::uint64_t>(0);
    Event& event = record.event;
    event.time_us = rows.integer(2);
    event.recv_us = rows.integer(3);
    event.track = rows.string(4);
    event.race_id = rows.string(5);
    event.source = rows.string(6);
    event.key = rows.string(7);
    event.entropy = rows.as<std::uint32_t>(8);
    event.data = payload_of(rows, "Input", record.number, 1, 9);
    record.outcome = Outcome{rows.integer(10) != 0, rows.string(11), rows.string(12)};
    return record;
}

[[noreturn]] void hole(const char* what, std::uint64_t after, std::uint64_t found) {
    throw Damaged{std::string(what) + " " + std::to_string(after + 1) + " to " +
                  std::to_string(found - 1) + " are missing from the log."};
}

}  // namespace

LogWriter::LogWriter(sql::Database& db)
    : input_(db, R"(
          INSERT INTO inputs (number, kind, type, time_us, recv_us, track, race_id, source, key,
              entropy, data, accepted, code, message)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, ''), ?8, nullif(?9, ''), nullif(?10, 0), ?11,
              ?12, nullif(?13, ''), nullif(?14, '')))"),
      fact_(db, R"(
          INSERT INTO facts (seq, cause, time_us, type, track, race_id, data)
          VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, ''), ?7))") {}

void LogWriter::add(const InputRecord& input) {
    const Event& event = input.event;
    const Outcome& outcome = input.outcome;
    input_.run(input.number, kind_of(event.data), type_of(event.data), event.time_us, event.recv_us,
               event.track, event.race_id, event.source, event.key, event.entropy,
               encode_payload(event.data), outcome.accepted, outcome.code, outcome.message);
}

void LogWriter::add(const Event& fact) {
    fact_.run(fact.seq, fact.cause, fact.time_us, type_of(fact.data), fact.track, fact.race_id,
              encode_payload(fact.data));
}

LogReader::LogReader(sql::Database& db)
    : db_(db),
      facts_(db, R"(
          SELECT seq, cause, time_us, type, track, race_id, data FROM facts
          WHERE seq > ?1 AND seq <= ?2 ORDER BY seq)"),
      race_facts_(db, R"(
          SELECT seq, cause, time_us, type, track, race_id, data FROM facts
          WHERE race_id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq)"),
      inputs_(db, R"(
          SELECT number, type, time_us, recv_us, track, race_id, source, key, entropy, data,
              accepted, code, message
          FROM inputs WHERE number > ?1 AND number <= ?2 ORDER BY number)") {}

void LogReader::facts(std::uint64_t after, std::uint64_t last,
                      const std::function<bool(Event&)>& take) {
    sql::Rows rows(facts_, after, last);
    while (rows.next()) {
        Event fact = fact_of(rows);
        if (fact.seq != after + 1) hole("Facts", after, fact.seq);
        after = fact.seq;
        if (!take(fact)) return;
    }
}

void LogReader::race_facts(const std::string& race_id, std::uint64_t after, std::uint64_t last,
                           const std::function<bool(Event&)>& take) {
    sql::Rows rows(race_facts_, race_id, after, last);
    while (rows.next()) {
        Event fact = fact_of(rows);
        if (!take(fact)) return;
    }
}

void LogReader::inputs(std::uint64_t after, std::uint64_t last,
                       const std::function<bool(InputRecord&)>& take) {
    sql::Rows rows(inputs_, after, last);
    while (rows.next()) {
        InputRecord input = input_of(rows);
        if (input.number != after + 1) hole("Inputs", after, input.number);
        after = input.number;
        if (!take(input)) return;
    }
}

std::optional<Event> LogReader::fact(std::uint64_t seq) {
    sql::Rows rows(facts_, seq - 1, seq);
    return rows.next() ? std::optional(fact_of(rows)) : std::nullopt;
}

std::optional<InputRecord> LogReader::input(std::uint64_t number) {
    sql::Rows rows(inputs_, number - 1, number);
    return rows.next() ? std::optional(input_of(rows)) : std::nullopt;
}

std::uint64_t LogReader::last_fact() {
    return static_cast<std::uint64_t>(db_.integer("SELECT max(seq) FROM facts"));
}

std::uint64_t LogReader::last_input() {
    return static_cast<std::uint64_t>(
        db_.integer("SELECT max(coalesce((SELECT max(number) FROM inputs), 0), "
                    "coalesce((SELECT cause FROM facts ORDER BY seq DESC LIMIT 1), 0))"));
}

TimeUs LogReader::last_time_us() {
    // Inputs come in the order of the hub's clock, except for those that sources stamped while they
    // waited together.
    const TimeUs input_us = db_.integer(
        "SELECT max(recv_us) FROM (SELECT recv_us FROM inputs ORDER BY number DESC LIMIT 1000)");
    return std::max<TimeUs>(input_us,
                            db_.integer("SELECT time_us FROM facts ORDER BY seq DESC LIMIT 1"));
}

}  // namespace racehub::store
