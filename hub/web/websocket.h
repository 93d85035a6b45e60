#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hub/web/text.h"

namespace racehub::web {

/// The bytes of one whole websocket frame, made once and shared by everybody who gets it.
using Frame = std::shared_ptr<const std::string>;

/// Close codes of RFC 6455 that we send.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    invalid_text = 1007,
    policy = 1008,
    too_big = 1009,
};

Frame text_frame(std::string_view json);
Frame pong_frame(std::string_view payload);
/// `reason` at most 123 bytes.
Frame close_frame(CloseCode code, std::string_view reason);
/// The answer to a close frame: its own code back, or none where it had none.
Frame close_reply(std::optional<std::uint16_t> code);

/// Sec-WebSocket-Accept for that key; nothing when the key is not the base64 of 16 bytes.
std::optional<std::string> websocket_accept(std::string_view key);

/// What a peer's bytes mean. Called by WebSocketReader; returning false stops the reader at once.
class WebSocketEvents {
  public:
    virtual bool on_text(std::string_view message) = 0;
    virtual bool on_ping(std::string_view payload) = 0;
    /// The peer says goodbye; nothing behind it is read.
    virtual void on_close(std::optional<std::uint16_t> code) = 0;
    /// The peer broke the rules; close with this code. Nothing behind it is read.
    virtual void on_violation(CloseCode code, std::string_view reason) = 0;
    /// A message or a control frame begins (not: goes on); for rate limits.
    virtual bool on_begin() = 0;

  protected:
    ~WebSocketEvents() = default;
};

/// Largest message we take from somebody who may command (a start list), and from everybody else (a
/// ping, a small command).
inline constexpr std::size_t kMaxDirectorMessageBytes = 64 * 1024;
inline constexpr std::size_t kMaxSpectatorMessageBytes = 4 * 1024;
/// A message may come in pieces, but not for ever: empty pieces cost us work and nobody memory.
inline constexpr int kMaxFragments = 1024;

/// Reads the frames of one client on top of wslay's frame interface; keeps the rest of an
/// unfinished frame between calls. Strict: masked frames only, no reserved bits, minimal lengths,
/// control frames whole and short, UTF-8 in text and close reasons. Text messages only (binary:
/// 1003). Memory grows with bytes that arrived, never with lengths that were announced. Cutting the
/// input differently never changes the result.
class WebSocketReader {
  public:
    WebSocketReader();
    ~WebSocketReader();
    WebSocketReader(const WebSocketReader&) = delete;
    WebSocketReader& operator=(const WebSocketReader&) = delete;

    /// Returns false when the connection is over (closed, violated or stopped by a callback); do
    /// not call again then.
    bool read(std::string_view bytes, std::size_t max_message_bytes, WebSocketEvents& events);

    /// True between messages: nothing of the peer is held here, so that the reader can serve
    /// another connection.
    bool at_rest() const;

  private:
    class Codec;
    std::unique_ptr<Codec> codec_;
};

}  // namespace racehub::web
