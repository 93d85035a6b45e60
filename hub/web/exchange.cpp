#include "hub/web/exchange.h"

#include <Poco/Net/HTTPResponse.h>

#include <atomic>
#include <sstream>

namespace racehub::web {

struct Reply::Shared {
    explicit Shared(Deliver deliver_to) : deliver(std::move(deliver_to)) {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() {
        if (sent.exchange(true)) return;
        deliver(
            problem_response({500, "internal", "The hub made a mistake with this request.", ""}));
    }
    Deliver deliver;
    std::atomic<bool> sent{false};
};

Reply::Reply(Deliver deliver) : shared_(std::make_shared<Shared>(std::move(deliver))) {}

void Reply::send(Response response) const {
    if (!shared_->sent.exchange(true)) shared_->deliver(std::move(response));
}

Response json_response(int status, std::string json) {
    return {status,
            {{"Content-Type", "application/json"}},
            std::make_shared<const std::string>(std::move(json))};
}

Response problem_response(const Problem& problem) {
    return json_response(problem.status, to_json(problem));
}

std::string response_head(const Response& response) {
    using Poco::Net::HTTPResponse;
    const auto status = static_cast<HTTPResponse::HTTPStatus>(response.status);
    HTTPResponse head(HTTPResponse::HTTP_1_1, status);
    if (response.status == 421) head.setReason("Misdirected Request");
    if (response.status == 431) head.setReason("Request Header Fields Too Large");
    head.setDate(Poco::Timestamp());
    // 204 and 304 have no body and hence no length of it.
    if (response.status != 204 && response.status != 304) {
        head.setContentLength64(response.body ? static_cast<Poco::Int64>(response.body->size())
                                              : 0);
    }
    head.set("Connection", "close");
    head.set("X-Content-Type-Options", "nosniff");
    head.set("Referrer-Policy", "no-referrer");
    head.set("Cross-Origin-Resource-Policy", "same-origin");
    head.set("Cache-Control", "no-store");
    for (const auto& [name, value] : response.headers) head.set(name, value);
    std::ostringstream out;
    head.write(out);
    return out.str();
}

}  // namespace racehub::web
