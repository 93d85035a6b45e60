#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/web/counters.h"
#include "hub/web/exchange.h"
#include "hub/web/host_rules.h"
#include "hub/web/sessions.h"
#include "hub/web/static_files.h"

namespace racehub::web {

/// Who may use a route.
enum class Access { everybody, director };

/// What a handler gets besides the request.
struct Call {
    const Request& request;
    std::vector<std::string> parameters;  ///< decoded values of the path's {...}, in order
    std::optional<Session> session;  ///< of a director; always there where the route asks for one
};

/// Answers by `reply`, at once or later. A std::exception becomes a 503 of code "unavailable".
using RouteHandler = std::function<void(const Call&, Reply)>;

struct Route {
    std::string method;
    std::string path;  ///< `/api/races/{race_id}/laps`
    Access access = Access::everybody;
    RouteHandler handler;
};

/// Finds the route of a request and keeps strangers off: foreign pages, wrong content types,
/// callers without a session. Everything that is no route is a file of the dashboard, or 404.
/// Routes are added before the first request; then [any thread].
class Router {
  public:
    Router(const HostRules& rules, const Sessions& sessions, const StaticFiles& files,
           Refusals& refusals);

    void add(Route route);
    const std::vector<Route>& routes() const { return routes_; }
    void handle(const Request& request, const Reply& reply) const;

  private:
    struct Match {
        const Route* route = nullptr;
        std::vector<std::string> parameters;
        std::string allowed;  // methods of that path, when only the method is wrong
    };

    Match find(const Request& request) const;
    std::optional<Problem> refusal(const Request& request, const Route& route,
                                   const std::optional<Session>& session) const;
    void refuse(const Request& request, const Reply& reply, const Problem& problem,
                const std::string& allowed = {}) const;

    const HostRules& rules_;
    const Sessions& sessions_;
    const StaticFiles& files_;
    Refusals& refusals_;
    std::vector<Route> routes_;
};

}  // namespace racehub::web
