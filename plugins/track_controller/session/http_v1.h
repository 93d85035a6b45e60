#pragma once
// Protocol 1.0 over HTTP. What it must get right, because the firmware is what it is:
// - a race is timed only while somebody waits: one wait is outstanding whenever a heat is armed;
// - `after` goes along whenever a race is known, so that one completed in between is handed out;
// - a dead waiter keeps its place of four until the next race: the wait has no time limit, it
//   outlives failing polls, and at 503 the result is looked for in /state instead;
// - nothing disarms the device over HTTP: when a heat is taken back, the wait stays;
// - while cars run nothing is asked.

#include <string>

#include "plugins/track_controller/session/http_session.h"

namespace racehub::track_controller {

class HttpV1 final : public HttpDriver {
  public:
    explicit HttpV1(HttpSession& session) : session_(session) {}

    void begin(std::int64_t now_us) override;
    void end() override;
    void on_reply(std::uint32_t id, const HttpReply& reply, std::int64_t now_us) override;
    void on_failed(std::uint32_t id, const std::string& why, std::int64_t now_us) override;
    void on_order(std::int64_t now_us) override;
    bool look(std::int64_t now_us) override;
    void on_time(std::int64_t now_us) override;
    std::int64_t deadline_us() const override;

  private:
    enum class Ask : std::uint8_t { none, state, snapshot, gate };

    void ask(Ask what);
    void ask_next(std::int64_t now_us);
    void wait_if_wanted(std::int64_t now_us);
    void on_answer(Ask what, const HttpReply& reply, std::int64_t now_us);
    void on_state(const HttpReply& reply, std::int64_t now_us);
    void on_snapshot(const HttpReply& reply, std::int64_t now_us);
    void on_gate(const HttpReply& reply, std::int64_t now_us);
    void on_wait(const HttpReply& reply, std::int64_t now_us);
    void check_wait(Phase phase, std::int64_t now_us);
    void plan_snapshot(Phase phase, std::int64_t now_us);
    bool may_wait() const;
    void answer_failed(const std::string& why, std::int64_t now_us);
    void answered(std::int64_t now_us);
    void be_quiet(std::int64_t now_us);

    HttpSession& session_;
    // At most one short request at a time: the device takes one connection each turn.
    std::uint32_t short_id_ = 0;
    Ask asked_ = Ask::none;
    std::int64_t asked_us_ = 0;
    std::uint32_t wait_id_ = 0;
    std::int64_t wait_sent_us_ = 0;
    std::uint32_t gate_wait_id_ = 0;

    std::int64_t state_at_us_ = kNever;
    std::int64_t snapshot_at_us_ = kNever;
    std::int64_t gate_at_us_ = kNever;
    std::int64_t wait_at_us_ = kNever;

    bool read_once_ = false;  // state and snapshot were answered since begin
    bool state_read_ = false;
    Phase phase_ = Phase::unknown;
    std::string refusal_;         // why the device would not arm
    bool no_place_ = false;       // 503: all four wait places are taken
    std::string no_place_after_;  // …and the newest race then
    int idle_strikes_ = 0;        // checks that found the device idle although we wait
    int failures_ = 0;            // short requests in a row
};

}  // namespace racehub::track_controller
