#pragma once
// What the hub wants timed, from its facts: a heat that is armed on our track, with its lanes.
// Plugin thread; no I/O.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/track_controller/session/device_book.h"

namespace racehub::track_controller {

class HeatWatch {
  public:
    explicit HeatWatch(std::string track) : track_(std::move(track)) {}

    /// The new order, if this event changes it. `data` is the event's JSON.
    std::optional<HeatOrder> on_event(std::string_view type, std::string_view track,
                                      std::string_view race_id, std::string_view data);

  private:
    std::optional<HeatOrder> on_snapshot(std::string_view data);
    std::optional<HeatOrder> on_armed(std::string_view race_id, std::string_view data);
    std::optional<HeatOrder> on_reopened(std::string_view race_id, std::string_view data);
    std::optional<HeatOrder> change(HeatOrder order);

    std::string track_;
    HeatOrder order_;
    std::string heat_;                           // the race on the track, armed or not
    std::map<std::int64_t, int> lane_of_entry_;  // of that race
    int runs_ = 0;  // grows with each arming: a heat run again is another run
};

}  // namespace racehub::track_controller
