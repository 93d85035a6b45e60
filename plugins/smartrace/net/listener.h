#pragma once
// The port that sensors connect to. Plugin thread.

#include <cstdint>
#include <racehub/plugin.hpp>
#include <string>

namespace racehub::smartrace {

class Listener {
  public:
    Listener(sdk::Host host, std::string address, int port)
        : host_(host), address_(std::move(address)), port_(port) {}
    ~Listener() { close(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Listens, if it does not yet. On failure `problem` says in one sentence what to do. The usual
    /// port lies among those that outgoing connections are given: it may be taken for minutes by
    /// one that has nothing to do with us, so keep trying.
    bool listen();
    void close();
    bool listening() const { return fd_ >= 0; }
    const std::string& problem() const { return problem_; }
    int fd() const { return fd_; }

    /// The next waiting connection, or -1; `peer` is its address.
    int accept(std::string& peer);

  private:
    int bind_to(int family);

    const sdk::Host host_;
    const std::string address_;
    const int port_;
    int fd_ = -1;
    std::string problem_;
};

}  // namespace racehub::smartrace
