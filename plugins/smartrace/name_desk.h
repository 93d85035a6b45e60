#pragma once
// Takes the app's drivers and cars over into the hub. Plugin thread.

#include <racehub/plugin.hpp>
#include <set>
#include <string>

#include "plugins/smartrace/protocol/names.h"
#include "plugins/smartrace/protocol/roster.h"

namespace racehub::smartrace {

class NameDesk {
  public:
    NameDesk(sdk::Host host, bool wanted) : host_(host), wanted_(wanted) {}

    void start();
    /// A message of the app's.
    void told(const AppMessage& message);
    /// Facts and notices: entries as they are, and what became of our commands.
    void on_event(const sdk::Event& event, const Roster& roster);

    /// What keeps names from being taken over; empty: nothing.
    const std::string& problem() const { return problem_; }

  private:
    void take_over(const Roster& roster);
    void on_outcome(const sdk::Event& event);

    const sdk::Host host_;
    const bool wanted_;
    Names names_;
    const Roster* roster_ = nullptr;  // once the hub told its state
    std::vector<Slot> waiting_;       // told before that
    std::uint64_t orders_ = 0;
    std::string problem_;
};

}  // namespace racehub::smartrace
