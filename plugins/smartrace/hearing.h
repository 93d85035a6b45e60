#pragma once
// What the hub hears of sensors: every message goes through the LapBook, and what becomes of it to
// the hub's log. Plugin thread, and the committer's own.

#include <array>
#include <racehub/worker.hpp>

#include "plugins/smartrace/committer.h"
#include "plugins/smartrace/protocol/lap_book.h"

namespace racehub::smartrace {

class Hearing {
  public:
    Hearing(sdk::Host host, BookRules rules);

    void start();
    void stop();

    void opened(LineId line, const std::string& device) {
        book_.opened(line, device, host_.now_us());
    }
    void closed(LineId line) { book_.closed(line); }
    /// Messages that came in one go.
    void hear(LineId line, const std::vector<SensorMessage>& messages, std::int64_t arrived_us);

    /// The hub takes crossings more slowly than they come: sensors should wait.
    bool crowded() const { return committer_.crowded(); }
    bool stalled() const { return committer_.stalled(); }
    std::int64_t last_us() const { return last_us_; }  ///< of the last lap or pit; 0: none
    /// Counts for the source's line, "12 laps, 2 pit messages. Not counted: …".
    std::string summary() const;

  private:
    const sdk::Host host_;
    LapBook book_;
    Committer committer_;
    std::uint64_t laps_ = 0, pits_ = 0;
    std::array<std::uint64_t, kFates> fates_ = {};
    std::int64_t last_us_ = 0;
    sdk::BlockingWorker storing_;  // last: its thread ends before what it uses
};

}  // namespace racehub::smartrace
