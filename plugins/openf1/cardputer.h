#pragma once
// What a Pocket Pitwall hand-held asks for and gets, as bytes. It was written against one server
// and forgives nothing; README.md says what it cannot bear.

#include "plugins/openf1/samples.h"

namespace racehub::openf1 {

/// Answers of at most this size: the hand-held keeps each in its memory twice.
inline constexpr std::size_t kMaxHandHeldAnswer = 20'000;

/// A session's files, by name ("drivers", "track_layout", "race_metadata"); null: no such file.
class HandHeldFiles {
  public:
    explicit HandHeldFiles(const Session& session);
    const std::string* find(std::string_view name) const;

  private:
    std::string drivers_, layout_, metadata_;
};

/// A request's head as far as it matters here.
struct HandHeldRequest {
    std::string method, path;
    std::string websocket_key;  ///< of an upgrade; empty: a plain request
};

/// False: not HTTP.
bool read_request(std::string_view head, HandHeldRequest& request);

struct HandHeldPath {
    std::int64_t session = 0;
    std::string file;  ///< without ".json"; empty: the websocket
};
/// "/session/9523/drivers", "/session/9523/drivers.json", "/ws/9523".
std::optional<HandHeldPath> read_path(std::string_view path);

std::string http_answer(int status, std::string_view body);
/// The only form of the handshake that the hand-held's library takes.
std::string websocket_handshake(std::string_view key);
/// A server's frame; opcode 1 is text, 8 close, 10 pong.
std::string websocket_frame(int opcode, std::string_view payload);

}  // namespace racehub::openf1
