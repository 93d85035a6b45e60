#include "hub/web/director.h"

#include "hub/web/text.h"

namespace racehub::web {

std::string session_of(const RequestHead& head) {
    const auto authorization = head.header("authorization");
    constexpr std::string_view kBearer = "Bearer ";
    if (authorization.size() > kBearer.size() &&
        same_letters(authorization.substr(0, kBearer.size()), kBearer)) {
        return Sessions::hash_of(trimmed(authorization.substr(kBearer.size())));
    }
    auto cookies = head.header("cookie");
    const auto name = std::string(kSessionCookie) + "=";
    while (!cookies.empty()) {
        const auto semicolon = cookies.find(';');
        const auto cookie = trimmed(cookies.substr(0, semicolon));
        if (cookie.substr(0, name.size()) == name) {
            return Sessions::hash_of(cookie.substr(name.size()));
        }
        cookies = semicolon == std::string_view::npos ? std::string_view()
                                                      : cookies.substr(semicolon + 1);
    }
    return {};
}

}  // namespace racehub::web
