#pragma once
// The HTTP that opens a websocket, both sides of it. Pure: text in, text out.

#include <optional>
#include <string>
#include <string_view>

namespace racehub::smartrace {

/// Longest head of a request or an answer; theirs have some 300 bytes.
inline constexpr std::size_t kMaxHeadBytes = 8 * 1024;

/// Where the head ends (behind its empty line); nothing when it is not complete yet.
std::optional<std::size_t> head_end(std::string_view bytes);

/// Reads a sensor's request: its Sec-WebSocket-Key, or nothing and in `answer` the HTTP answer to
/// refuse it with. Any path, host and origin will do.
std::optional<std::string> read_request(std::string_view head, std::string& answer);

/// "HTTP/1.1 101 …": sensors look for exactly this beginning. Without extensions.
std::string accept_answer(std::string_view key);

/// Our own request to an app. `key` is 16 random bytes in base64.
std::string request_text(std::string_view host, int port, std::string_view key);

/// Whether the answer opens the websocket; if not, `problem` says what came instead.
bool read_answer(std::string_view head, std::string_view key, std::string& problem);

std::string base64(std::string_view bytes);

}  // namespace racehub::smartrace
