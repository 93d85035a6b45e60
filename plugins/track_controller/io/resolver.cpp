#include "plugins/track_controller/io/resolver.h"

#include <cstring>
#include <utility>

namespace racehub::track_controller {

struct Resolver::Request {
    std::string host;
    std::string port;
    addrinfo hints{};
    gaicb lookup{};
    ~Request() {
        if (lookup.ar_result) freeaddrinfo(lookup.ar_result);
    }
};

Resolver::Resolver(std::string host, int port)
    : host_(std::move(host)), port_(std::to_string(port)) {}

Resolver::~Resolver() {
    if (!request_ || gai_cancel(&request_->lookup) != EAI_NOTCANCELED) return;
    // The C library is still at it and writes into the request when it is done: it keeps it.
    new std::shared_ptr<Request>(request_);
}

void Resolver::start() {
    if (request_) return;
    auto request = std::make_shared<Request>();
    request->host = host_;
    request->port = port_;
    request->hints.ai_family = AF_UNSPEC;
    request->hints.ai_socktype = SOCK_STREAM;
    request->hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
    request->lookup.ar_name = request->host.c_str();
    request->lookup.ar_service = request->port.c_str();
    request->lookup.ar_request = &request->hints;
    gaicb* list[] = {&request->lookup};
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr) == 0) request_ = std::move(request);
}

std::optional<std::vector<Address>> Resolver::result() {
    if (!request_) return std::vector<Address>{};
    const int state = gai_error(&request_->lookup);
    if (state == EAI_INPROGRESS) return std::nullopt;
    std::vector<Address> found;
    if (state == 0) {
        for (const addrinfo* a = request_->lookup.ar_result; a; a = a->ai_next) {
            Address address;
            if (a->ai_addrlen > sizeof(address.storage)) continue;
            std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
            address.size = a->ai_addrlen;
            found.push_back(address);
        }
    }
    request_.reset();
    return found;
}

}  // namespace racehub::track_controller
