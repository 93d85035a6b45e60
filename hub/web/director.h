#pragma once

#include <optional>
#include <string>

#include "hub/web/http_head.h"
#include "hub/web/sessions.h"

namespace racehub::web {

inline constexpr const char* kSessionCookie = "racehub_session";

/// SHA-256 of the session token that a request shows: `Authorization: Bearer`, or the cookie.
/// Empty: it shows none. Whether the session counts is asked of Sessions, each time.
std::string session_of(const RequestHead& head);

}  // namespace racehub::web
