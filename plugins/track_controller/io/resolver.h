#pragma once
// Looks up a host name without blocking: a missing rallylab-….local takes the system five seconds
// and more. Not thread-safe.

#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace racehub::track_controller {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

class Resolver {
  public:
    Resolver(std::string host, int port);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Begins to look up, unless it is looking already.
    void start();
    bool looking() const { return request_ != nullptr; }
    /// Nothing while it is looking; an empty list if there is no such name.
    std::optional<std::vector<Address>> result();

  private:
    struct Request;
    std::string host_;
    std::string port_;
    std::shared_ptr<Request> request_;
};

}  // namespace racehub::track_controller
