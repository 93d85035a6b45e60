#pragma once
// What the hub says about the race on this instance's track. Pure.

#include <string>
#include <string_view>

namespace racehub::emperor {

class TrackView {
  public:
    TrackView(std::string instance, std::string track)
        : instance_(std::move(instance)), track_(std::move(track)) {}

    /// Each gives true if a race that was refused may be taken now.
    bool snapshot(std::string_view json_text);
    bool fact(std::string_view type, std::string_view race_id, std::string_view json_text);

    /// The race of ours that a race director aborted; empty: none. It is over, whatever the server
    /// says.
    const std::string& aborted() const { return aborted_; }

  private:
    const std::string instance_, track_;
    std::string race_id_, report_id_;  // of our race
    std::string aborted_;
};

}  // namespace racehub::emperor
