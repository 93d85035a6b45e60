#pragma once
// Protocol 1.0 over serial: one command, one answer, nothing in between, because answers carry no
// ids. A wait is answered when the race ends; any line before that cancels it, disarms the device,
// and gets no answer for the wait. So:
// - while a wait is outstanding nothing is sent;
// - to take a wait back, `gate` is sent and its answer ends the wait; the result may cross it, so
//   answers are told apart by what they look like, not by their order;
// - a race that runs when the wait is taken back goes on: it is waited for, and is whose it was.

#include "plugins/track_controller/session/serial_session.h"

namespace racehub::track_controller {

class SerialV1 final : public SerialDriver {
  public:
    explicit SerialV1(SerialSession& session) : session_(session) {}

    void begin(std::int64_t now_us) override;
    void on_value(std::string_view json, std::int64_t now_us) override;
    void on_cut(std::int64_t now_us) override;
    void on_order(std::int64_t now_us) override;
    bool look(std::int64_t now_us) override;
    void on_time(std::int64_t now_us) override;
    std::int64_t deadline_us() const override;

  private:
    enum class Command : std::uint8_t { none, state, snapshot, wait, cancel };

    void send(Command command, std::int64_t now_us);
    void next(std::int64_t now_us);
    void on_race(const RaceResult& race, std::int64_t now_us);
    void on_state_answered();
    bool answers(std::string_view json, std::int64_t now_us);

    SerialSession& session_;
    Command sent_ = Command::none;
    std::int64_t sent_us_ = 0;
    bool state_known_ = false;
    bool recheck_ = true;          // state is to be asked again after the next snapshot
    bool snapshot_fresh_ = false;  // nothing happened since the last one
    Phase phase_ = Phase::unknown;
    std::int64_t snapshot_at_us_ = 0;
    std::int64_t wait_at_us_ = 0;
};

}  // namespace racehub::track_controller
