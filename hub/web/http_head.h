#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/web/problem.h"

namespace racehub::web {

/// 16 kB hold every head a browser sends; more is an attack or a mistake.
inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;
inline constexpr std::size_t kMaxHeaders = 64;
/// Our longest own target is below 200 bytes.
inline constexpr std::size_t kMaxTargetBytes = 2048;
/// The longest body we take is a command; it must fit into the socket's receive buffer, where it
/// waits.
inline constexpr std::size_t kMaxBodyBytes = 64 * 1024;

/// A request head that passed the grammar. Names are lower case, values trimmed.
struct RequestHead {
    std::string method;  ///< GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.
    std::string target;  ///< As sent: path and query.
    std::string
        path;  ///< As sent (still percent-encoded, every escape well formed), starts with '/'.
    std::string query;  ///< Behind '?', as sent; may be empty.
    bool http_1_0 = false;
    std::vector<std::pair<std::string, std::string>> headers;
    std::size_t head_bytes = 0;  ///< Including the empty line.
    std::size_t body_bytes = 0;  ///< Content-Length, 0 without one.

    /// The value of the first header of that (lower case) name, or an empty view.
    std::string_view header(std::string_view name) const;
    bool has_header(std::string_view name) const;
    /// True when the comma-separated header holds the token, whatever the case of its letters.
    bool header_has_token(std::string_view name, std::string_view token) const;
};

struct HeadResult {
    enum class State { incomplete, complete, refused };
    State state = State::incomplete;
    RequestHead head;  ///< Valid when complete.
    Problem problem;   ///< Valid when refused.
};

/// Reads a head from the beginning of `bytes`, which may hold less or more than a whole head. Pure.
///
/// The grammar is narrower than RFC 9112 where a second reader could disagree with us: CRLF only,
/// origin-form only, HTTP/1.0 and 1.1 only, exactly one Host, Content-Length only and only once, no
/// Transfer-Encoding, no folded lines, no Expect, no RFC 2047 encoded words (POCO would decode line
/// breaks out of them). What is wrong is refused as soon as it is seen, not at the end.
HeadResult read_head(std::string_view bytes);

/// Undoes percent-encoding. Nothing for a bad escape, a control character or a result that is not
/// UTF-8.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace racehub::web
