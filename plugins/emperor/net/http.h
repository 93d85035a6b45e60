#pragma once
// As much HTTP as opens a websocket and fetches a small file; no sockets. Pure, but for the random
// key.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/emperor/config.h"

namespace racehub::emperor {

/// An answer's head is not longer.
inline constexpr std::size_t kMaxHeadBytes = 16'384;

/// A fresh Sec-WebSocket-Key.
std::string websocket_key();
std::string upgrade_request(const Config& config, const std::string& key);
/// HTTP/1.0: the answer comes in one piece and ends with the connection.
std::string get_request(const Config& config, const std::string& path);

/// Where the head ends, behind its empty line; nothing: not yet.
std::optional<std::size_t> head_end(std::string_view bytes);

struct Head {
    int status = 0;  ///< 0: it is no HTTP
    std::string location, upgrade, accept;
    std::optional<std::size_t> length;
};
Head read_head(std::string_view head);

/// What is wrong with the answer to upgrade_request, for people; empty: nothing, the websocket is
/// open. `for_good`: asking again changes nothing until somebody changes something.
std::string upgrade_problem(const Head& head, const std::string& key, const Config& config,
                            bool& for_good);

/// A path with what may not stand in one encoded: "/content/tracks/my track" .
std::string encode_path(std::string_view path);

}  // namespace racehub::emperor
