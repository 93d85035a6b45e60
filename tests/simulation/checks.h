#pragma once
// What must hold of any race after any event, worked out anew and naively from what the race keeps.

#include <map>
#include <set>

#include "tests/support/hub_driver.h"

namespace racehub::test {

/// Follows one run. Every member answers the first thing that is wrong, or nothing.
class Checks {
  public:
    /// After an input has been decided: `facts` are those it gave, `state` is the live one.
    std::string after(const Event& input, const Outcome& outcome, const std::vector<Event>& facts,
                      const HubState& state);

  private:
    std::string detection_counted_once(const Event& input, const std::vector<Event>& facts) const;
    std::string refusal_changed_nothing(const Event& input, const Outcome& outcome,
                                        const std::vector<Event>& facts) const;
    std::string laps_only_grow(const std::vector<Event>& facts, const Race& race);
    std::string figures_follow(const Race& race, const EntryState& entry) const;
    std::string crossings_apart(const Race& race, const EntryState& entry) const;
    std::string table_in_order(const Race& race) const;

    std::map<std::string, std::int32_t> laps_before_;  ///< by race and entry
    std::map<std::string, TimeUs> finishing_before_;   ///< by race
    std::set<std::string> touched_;                    ///< race/entry/lap that a marshal voided
};

/// Encodes and decodes the whole state and compares. Too dear for every event.
std::string survives_snapshot(const HubState& state);
/// Decides all inputs again from nothing and compares the facts.
std::string decides_the_same(const std::vector<Event>& inputs, const std::vector<Event>& facts);

}  // namespace racehub::test
