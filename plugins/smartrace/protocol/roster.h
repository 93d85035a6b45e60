#pragma once
// Who drives on the track: folds the hub's snapshot and the facts after it. Pure; plugin thread.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/smartrace/protocol/messages.h"

namespace racehub::smartrace {

class Roster {
  public:
    explicit Roster(std::string track) : track_(std::move(track)) {}

    void snapshot(std::string_view json_text);
    void fact(std::string_view type, std::string_view track, std::string_view data);

    /// The entries as controllers, by lane: those of the race that is on, else of the next one.
    /// Lanes without a driver and a car are nobody's.
    std::vector<Slot> slots() const;
    bool racing() const { return racing_; }  ///< cars should cross: running or finishing
    int lanes() const { return lanes_; }     ///< of the track; 0: unknown, or it has none

  private:
    using Entries = std::map<int, Slot>;  // by entry
    static void put(Entries& entries, const nlohmann::json& entry);
    void race_fact(std::string_view type, const nlohmann::json& data);

    const std::string track_;
    Entries next_, race_;
    bool in_race_ = false, racing_ = false;
    int lanes_ = 0;
};

}  // namespace racehub::smartrace
