#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hub/web/address.h"
#include "hub/web/http_head.h"

namespace racehub::web {

/// One request, whole: the head passed the grammar, the body is here.
struct Request {
    RequestHead head;
    std::string body;
    Address client;       ///< behind a trusted proxy: the address that the proxy names
    bool secure = false;  ///< the client's side is TLS (a trusted proxy says so)
};

struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;  ///< Content-Type and what is special
    std::shared_ptr<const std::string> body;  ///< shared, never copied; null: empty
};

Response json_response(int status, std::string json);
Response problem_response(const Problem& problem);
/// The bytes before the body. Adds what every answer has: length, `Connection: close`, `nosniff`,
/// no referrer, and `no-store` unless the response has a Cache-Control of its own.
std::string response_head(const Response& response);

/// The right to answer one request, once, from any thread, now or later (up to the front's
/// deadline). Copies share that right; the first answer wins. If nobody answers, the last copy's
/// end answers 500.
class Reply {
  public:
    using Deliver = std::function<void(Response)>;
    explicit Reply(Deliver deliver);
    void send(Response response) const;

  private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

/// [worker thread] Answers a request by `reply`, at once or later. Must not wait for other threads
/// for long: there are few workers.
using RequestHandler = std::function<void(const Request&, Reply)>;

}  // namespace racehub::web
