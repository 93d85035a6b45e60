#pragma once
// Protocol 2.0 over HTTP: one stream of server-sent events, and commands beside it. A wait cannot
// wait over HTTP: `wait_race` answers 202 and has armed the device all the same; the result comes
// as the event race.completed. Missed events are not told again: after every break `state` is
// asked.

#include <string>

#include "plugins/track_controller/protocol/sse_parser.h"
#include "plugins/track_controller/session/http_session.h"
#include "plugins/track_controller/session/v2_events.h"

namespace racehub::track_controller {

class HttpV2 final : public HttpDriver {
  public:
    explicit HttpV2(HttpSession& session);

    void begin(std::int64_t now_us) override;
    void end() override;
    void on_reply(std::uint32_t id, const HttpReply& reply, std::int64_t now_us) override;
    void on_failed(std::uint32_t id, const std::string& why, std::int64_t now_us) override;
    void on_stream(std::uint32_t id, std::string_view bytes, std::int64_t now_us) override;
    void on_order(std::int64_t now_us) override;
    bool look(std::int64_t now_us) override;
    void on_time(std::int64_t now_us) override;
    std::int64_t deadline_us() const override;

  private:
    enum class Ask : std::uint8_t { none, state, snapshot, arm, disarm };

    void ask(Ask what, std::int64_t now_us);
    Ask next_ask(std::int64_t now_us) const;
    bool must_disarm() const;
    bool must_arm(std::int64_t now_us) const;
    void on_frame(std::string_view text, std::int64_t now_us);
    void on_event(const Frame& event, std::int64_t now_us);
    void on_answer(Ask what, const HttpReply& reply, std::int64_t now_us);
    void on_arm(const HttpReply& reply, std::int64_t now_us);
    void answer_failed(const std::string& why, std::int64_t now_us);

    HttpSession& session_;
    SseParser parser_;
    std::uint32_t stream_id_ = 0;
    bool subscribed_ = false;
    std::int64_t opened_us_ = 0;
    std::int64_t heard_us_ = 0;  // last byte of the stream
    std::int64_t now_us_ = 0;    // of the bytes being parsed
    std::uint32_t short_id_ = 0;
    Ask asked_ = Ask::none;
    std::int64_t asked_us_ = 0;
    std::int64_t state_at_us_ = kNever;
    std::int64_t snapshot_at_us_ = kNever;
    std::int64_t arm_at_us_ = kNever;
    bool read_once_ = false;
    Phase phase_ = Phase::unknown;
    std::string refusal_;
    int failures_ = 0;
    std::int64_t next_frame_id_ = 1;
};

}  // namespace racehub::track_controller
