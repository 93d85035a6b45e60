#pragma once
// Drivers and cars as the app tells them → commands for the hub. Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/smartrace/protocol/messages.h"

namespace racehub::smartrace {

struct Order {
    int controller = 0;
    std::string type;  ///< entry.assign or entry.clear
    std::string data;  ///< JSON
};

/// Only what changed in the app is taken over: the app says everything again at each connection,
/// and what the race director put right in the hub meanwhile stays.
class Names {
  public:
    /// `entries`: as the hub has them; `lanes` of the track, 0 if it has none.
    std::vector<Order> take(const std::vector<Slot>& told, const std::vector<Slot>& entries,
                            int lanes);
    /// The hub said no to the last order for that controller: it is due again when the app says it
    /// again.
    void refused(int controller);

    /// What must survive a restart; load takes it (and nothing else) back.
    std::string save() const;
    void load(std::string_view saved);

  private:
    std::map<int, Slot> told_;    // by controller: what the app said last
    std::map<int, Slot> before_;  // and before the last order
};

}  // namespace racehub::smartrace
