#pragma once
// Gaps between the lines, measured as drivers feel them: how long ago was the car ahead where I am
// now? Only in races; elsewhere a gap is a difference of best laps. Pure.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/emperor/protocol/message.h"

namespace racehub::emperor {

class Session;

class Gaps {
  public:
    void take(const CarUpdate& update, const Session& session, std::int64_t now_us);
    /// Data of gap.measured, at most twice a second; empty: nothing to tell.
    std::string changed(const Session& session, std::int64_t now_us);
    void forget();

  private:
    struct Moment {
        double progress = 0;  // laps
        std::int64_t at_us = 0;
    };
    struct Runner {
        int laps =
            0;  // of `spline`: a lap that the server counts a moment later counts here at once
        double spline = -1;  // below 0: not seen yet
        std::deque<Moment> trail;
        double progress() const { return laps + spline; }
        /// When it was there; nothing: longer ago than the trail is long.
        std::optional<std::int64_t> passed_us(double progress) const;
    };
    std::map<int, Runner> runners_;  // by entry
    std::int64_t told_us_ = 0;
    bool moved_ = false;
};

}  // namespace racehub::emperor
