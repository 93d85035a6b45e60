#pragma once
// Protocol 2.0 over serial: frames with ids, a subscription for lights, phases and results, and a
// wait that is answered when the race ends (firmware 0.2.1 forgets to; the event tells it too).
// The device's session outlives ours, so ids begin at a random base, and `reset` clears what an
// earlier process left.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plugins/track_controller/session/serial_session.h"
#include "plugins/track_controller/session/v2_events.h"

namespace racehub::track_controller {

class SerialV2 final : public SerialDriver {
  public:
    explicit SerialV2(SerialSession& session);

    void begin(std::int64_t now_us) override;
    void on_value(std::string_view json, std::int64_t now_us) override;
    void on_cut(std::int64_t now_us) override;
    void on_order(std::int64_t now_us) override;
    bool look(std::int64_t now_us) override;
    void on_time(std::int64_t now_us) override;
    std::int64_t deadline_us() const override;

  private:
    enum class Ask : std::uint8_t { reset, subscribe, state, snapshot, wait, cancel };
    struct Pending {
        Ask ask = Ask::reset;
        std::int64_t sent_us = 0;
    };

    std::int64_t send(Ask ask, std::string_view cmd, std::int64_t now_us,
                      const std::vector<std::pair<std::string, std::string>>& fields = {});
    void check_wait(std::int64_t asked_id, std::int64_t now_us);
    void arm_or_disarm(std::int64_t now_us);
    void on_ok(const Frame& frame, std::int64_t now_us);
    void on_error(const Frame& frame, std::int64_t now_us);
    void on_event(const Frame& frame, std::int64_t now_us);

    SerialSession& session_;
    std::int64_t next_id_;
    std::map<std::int64_t, Pending> pending_;
    std::int64_t wait_id_ = 0;  // 0: no wait outstanding
    bool cancelling_ = false;   // of that wait
    std::int64_t sub_ = 0;      // 0: not subscribed yet
    bool read_once_ = false;
    Phase phase_ = Phase::unknown;
    std::int64_t snapshot_at_us_ = kNever;
    std::int64_t wait_at_us_ = kNever;
    bool wait_after_state_ = false;  // the next wait is sent when state was answered
};

}  // namespace racehub::track_controller
