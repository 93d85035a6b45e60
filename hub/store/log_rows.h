#pragma once
// Events as rows of the log, and back.

#include <functional>
#include <optional>

#include "hub/engine/journal.h"
#include "hub/store/errors.h"

namespace racehub::store {

class LogWriter {
  public:
    explicit LogWriter(sql::Database& db);
    void add(const InputRecord& input);
    void add(const Event& fact);

  private:
    sql::Statement input_;
    sql::Statement fact_;
};

/// Throws Damaged for a row that cannot be decoded, or for a hole in the numbers; Refused for a
/// type that only a newer hub knows.
class LogReader {
  public:
    explicit LogReader(sql::Database& db);
    /// Facts after..last in order, until `take` returns false.
    void facts(std::uint64_t after, std::uint64_t last, const std::function<bool(Event&)>& take);
    /// The same for the facts of one race.
    void race_facts(const std::string& race_id, std::uint64_t after, std::uint64_t last,
                    const std::function<bool(Event&)>& take);
    /// Inputs after..last in order, until `take` returns false.
    void inputs(std::uint64_t after, std::uint64_t last,
                const std::function<bool(InputRecord&)>& take);
    /// One row by its number; none when there is no such row.
    std::optional<Event> fact(std::uint64_t seq);
    std::optional<InputRecord> input(std::uint64_t number);

    std::uint64_t last_fact();
    /// Highest number of an input, or that a fact names as its cause (a salvaged log may lack the
    /// input itself).
    std::uint64_t last_input();
    /// Latest instant of any fact or input; 0 when the log is empty.
    TimeUs last_time_us();

  private:
    sql::Database& db_;
    sql::Statement facts_;
    sql::Statement race_facts_;
    sql::Statement inputs_;
};

}  // namespace racehub::store
