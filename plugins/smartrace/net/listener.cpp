#include "plugins/smartrace/net/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace racehub::smartrace {
namespace {

// Sensors that all come back after a power cut.
constexpr int kBacklog = 32;

std::string text_of(const sockaddr_storage& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                  sizeof text);
    } else {
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
                  sizeof text);
    }
    const std::string result = text;
    const std::string mapped = "::ffff:";  // IPv4 on a socket for both
    return result.rfind(mapped, 0) == 0 ? result.substr(mapped.size()) : result;
}

}  // namespace

int Listener::bind_to(int family) {
    sockaddr_in6 v6{};
    sockaddr_in v4{};
    v6.sin6_family = AF_INET6;
    v4.sin_family = AF_INET;
    v6.sin6_port = v4.sin_port = htons(static_cast<std::uint16_t>(port_));
    const bool any = address_.empty();
    if (!any && inet_pton(family, address_.c_str(),
                          family == AF_INET ? static_cast<void*>(&v4.sin_addr)
                                            : static_cast<void*>(&v6.sin6_addr)) != 1) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    const auto* address = family == AF_INET ? reinterpret_cast<const sockaddr*>(&v4)
                                            : reinterpret_cast<const sockaddr*>(&v6);
    const socklen_t size = family == AF_INET ? sizeof v4 : sizeof v6;
    if (bind(fd, address, size) == 0 && ::listen(fd, kBacklog) == 0) return fd;
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
}

bool Listener::listen() {
    if (fd_ >= 0) return true;
    const bool v4_only = !address_.empty() && address_.find(':') == address_.npos;
    if (!v4_only) fd_ = bind_to(AF_INET6);
    // A machine without IPv6 has no socket of that kind.
    if (fd_ < 0 && (v4_only || (address_.empty() && errno != EADDRINUSE))) fd_ = bind_to(AF_INET);
    if (fd_ >= 0) {
        problem_.clear();
        host_.watch_fd(fd_, RH_FD_READ);
        return true;
    }
    const std::string port = std::to_string(port_);
    if (errno == EADDRINUSE) {
        problem_ = "Port " + port +
                   " is taken on this machine, by another program or by an outgoing connection; "
                   "choose another port, or keep it free with sysctl "
                   "net.ipv4.ip_local_reserved_ports=" +
                   port + ".";
    } else {
        problem_ = "Cannot listen on " + (address_.empty() ? "port " : address_ + " port ") + port +
                   ": " + std::strerror(errno) + ". Check address and port.";
    }
    return false;
}

void Listener::close() {
    if (fd_ < 0) return;
    host_.watch_fd(fd_, 0);
    ::close(fd_);
    fd_ = -1;
}

int Listener::accept(std::string& peer) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd =
        accept4(fd_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) peer = text_of(address);
    return fd;
}

}  // namespace racehub::smartrace
