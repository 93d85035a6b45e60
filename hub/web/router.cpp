#include "hub/web/router.h"

#include "hub/web/director.h"
#include "hub/web/text.h"

namespace racehub::web {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> result;
    for (std::size_t at = 1; at <= path.size();) {
        auto end = path.find('/', at);
        if (end == std::string_view::npos) end = path.size();
        result.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    return result;
}

/// Values of the pattern's {...}; nothing when the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    const auto wanted = segments(pattern);
    const auto given = segments(path);
    if (wanted.size() != given.size()) return std::nullopt;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!wanted[i].empty() && wanted[i].front() == '{') {
            auto value = percent_decoded(given[i]);
            if (!value || value->empty()) return std::nullopt;
            values.push_back(std::move(*value));
        } else if (wanted[i] != given[i]) {
            return std::nullopt;
        }
    }
    return values;
}

bool is_json(std::string_view content_type) {
    return same_letters(trimmed(content_type.substr(0, content_type.find(';'))),
                        "application/json");
}

}  // namespace

Router::Router(const HostRules& rules, const Sessions& sessions, const StaticFiles& files,
               Refusals& refusals)
    : rules_(rules), sessions_(sessions), files_(files), refusals_(refusals) {}

void Router::add(Route route) { routes_.push_back(std::move(route)); }

Router::Match Router::find(const Request& request) const {
    Match result;
    const auto method = request.head.method == "HEAD" ? "GET" : request.head.method;
    for (const auto& route : routes_) {
        auto parameters = match(route.path, request.head.path);
        if (!parameters) continue;
        if (route.method == method) {
            result.route = &route;
            result.parameters = std::move(*parameters);
            return result;
        }
        if (!result.allowed.empty()) result.allowed += ", ";
        result.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
    }
    return result;
}

std::optional<Problem> Router::refusal(const Request& request, const Route& route,
                                       const std::optional<Session>& session) const {
    const auto& head = request.head;
    if (route.method != "GET") {
        if (head.has_header("origin")) {
            if (!rules_.origin_allowed(head.header("origin"), head.header("host"))) {
                return Problem{403, "foreign_origin", "Pages of other sites may not use this hub.",
                               "header origin"};
            }
        } else if (same_letters(head.header("sec-fetch-site"), "cross-site")) {
            return Problem{403, "cross_site", "Pages of other sites may not use this hub.",
                           "header sec-fetch-site"};
        }
    }
    if (route.method == "POST" && !is_json(head.header("content-type"))) {
        return Problem{415, "not_json", "Send JSON, with Content-Type: application/json.",
                       "header content-type"};
    }
    if (route.access == Access::director && !session) {
        return Problem{401, "not_director", "Log in with the race director's PIN.", "session"};
    }
    return std::nullopt;
}

void Router::refuse(const Request& request, const Reply& reply, const Problem& problem,
                    const std::string& allowed) const {
    refusals_.count(problem, request.client.text());
    auto response = problem_response(problem);
    if (!allowed.empty()) response.headers.emplace_back("Allow", allowed);
    reply.send(std::move(response));
}

void Router::handle(const Request& request, const Reply& reply) const {
    auto found = find(request);
    if (found.route == nullptr) {
        const bool api = request.head.path == "/api" || request.head.path.rfind("/api/", 0) == 0;
        if (!found.allowed.empty()) {
            refuse(request, reply,
                   {405, "wrong_method", "This address does not know that method.", "request line"},
                   found.allowed);
        } else if (api) {
            refuse(request, reply,
                   {404, "not_found", "There is no such address; GET /api lists them.",
                    "request line"});
        } else {
            reply.send(files_.serve(request));
        }
        return;
    }
    auto session = sessions_.find(session_of(request.head));
    if (const auto problem = refusal(request, *found.route, session)) {
        refuse(request, reply, *problem);
        return;
    }
    try {
        found.route->handler({request, std::move(found.parameters), std::move(session)}, reply);
    } catch (const std::exception& error) {
        // What went wrong inside is for the log, not for the peer.
        const Problem problem{503, "unavailable",
                              "The hub cannot answer this now; its log tells why.", ""};
        refusals_.count(problem.code, error.what(), request.client.text());
        reply.send(problem_response(problem));
    }
}

}  // namespace racehub::web
