#include "plugins/track_controller/server/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "plugins/track_controller/session/timing.h"

namespace racehub::track_controller {
namespace {

// Eight waiters and some who ask; the host watches 64 descriptors at most.
constexpr std::size_t kMaxClients = 32;
constexpr int kBacklog = 16;
// The firmware reads a request for so long, then closes without a word.
constexpr std::int64_t kRequestLimitUs = 5 * kSecond;
// What still arrives after the answer is thrown away for so long: closing at once could tear the
// answer from the client's hands.
constexpr std::int64_t kCloseLimitUs = 1 * kSecond;
constexpr std::size_t kMaxRequestBytes = 8192;  // the firmware was seen to take 3 kB of headers
constexpr std::int64_t kUptimeWrapMs = std::int64_t{1} << 30;

Fd listen_on(const std::string& address, int port) {
    addrinfo hints{};
    hints.ai_family = address.empty() ? AF_INET6 : AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const char* name = address.empty() ? nullptr : address.c_str();
    if (::getaddrinfo(name, std::to_string(port).c_str(), &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return {};
    }
    Fd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1, off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (found->ai_family == AF_INET6)
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    const bool done = fd.open() && ::bind(fd.get(), found->ai_addr, found->ai_addrlen) == 0 &&
                      ::listen(fd.get(), kBacklog) == 0;
    const int error = errno;
    ::freeaddrinfo(found);
    if (!done) fd.reset();
    errno = error;
    return fd;
}

std::string why_not(int port, int error) {
    const std::string where = "Port " + std::to_string(port);
    if (error == EADDRINUSE)
        return where + " is used by another program: end that, or set serve_port to another.";
    if (error == EACCES)
        return where + " is not for the hub's user: set serve_port to one above 1023.";
    if (error == EADDRNOTAVAIL)
        return "serve_address is no address of this machine: leave it empty to listen on all.";
    return where + " cannot be listened on (" + std::strerror(error) + ").";
}

}  // namespace

Server::Server(sdk::Host host, std::string track, std::string address, int port)
    : host_(host), address_(std::move(address)), port_(port), board_(std::move(track)) {}

Server::~Server() = default;

void Server::start() {
    started_us_ = host_.now_us();
    listen();
}

void Server::stop() {
    for (const auto& [fd, client] : clients_) host_.watch_fd(fd, 0);
    if (listener_.open()) host_.watch_fd(listener_.get(), 0);
    clients_.clear();
    listener_.reset();
}

void Server::listen() {
    listener_ = listen_on(address_, port_);
    well_ = listener_.open();
    text_ = well_ ? "The track is offered as a Track Controller on port " + std::to_string(port_) +
                        " (protocol 1.0)."
                  : why_not(port_, errno);
    if (well_) host_.watch_fd(listener_.get(), RH_FD_READ);
}

void Server::on_timer() {
    if (!listener_.open()) listen();
    const std::int64_t now_us = host_.now_us();
    for (auto& [fd, client] : clients_) {
        if (client.until_us != 0 && now_us >= client.until_us) hang_up(client);
    }
    close_ended();
}

void Server::on_event(const sdk::Event& event) {
    const auto change =
        board_.on_fact({event.type, event.track, event.race_id, event.data, event.time_us});
    if (change.completed) answer_all(Step::race_wait, race_text(board_));
    if (change.gate_closed) answer_all(Step::gate_wait, gate_text(true));
    close_ended();
}

void Server::answer_all(Step waiting, const std::string& body) {
    for (auto& [fd, client] : clients_) {
        if (client.step == waiting) answer(client, 200, body);
    }
}

// ---- Connections -------------------------------------------------------------------------------

void Server::on_fd(int fd, std::uint32_t ready) {
    if (fd == listener_.get()) return accept();
    const auto found = clients_.find(fd);
    if (found == clients_.end()) return;
    Client& client = found->second;
    if (client.step == Step::sending && (ready & RH_FD_WRITE) != 0) send(client);
    if ((ready & (RH_FD_READ | RH_FD_ERROR)) != 0 && client.fd.open()) receive(client);
    close_ended();
}

void Server::accept() {
    while (clients_.size() < kMaxClients) {
        Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd.open()) return;
        const int number = fd.get();
        if (host_.watch_fd(number, RH_FD_READ) != RH_OK) return;
        Client& client = clients_[number];
        client.fd = std::move(fd);
        client.until_us = host_.now_us() + kRequestLimitUs;
    }
    // The rest waits in the backlog until there is room: level-triggered, so look away meanwhile.
    host_.watch_fd(listener_.get(), 0);
}

void Server::receive(Client& client) {
    std::array<char, 2048> buffer;
    for (int round = 0; round < 8 && client.fd.open(); ++round) {
        const ssize_t got = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (got <= 0) return hang_up(client);        // a waiter that goes away gives its place back
        if (client.step != Step::reading) continue;  // one request a connection; the rest is noise
        client.in.append(buffer.data(), static_cast<std::size_t>(got));
        if (client.in.find("\r\n\r\n") != std::string::npos) {
            handle(client);
        } else if (client.in.size() > kMaxRequestBytes) {
            hang_up(client);
        }
    }
}

void Server::handle(Client& client) {
    const std::string line = client.in.substr(0, client.in.find("\r\n"));
    const std::int64_t uptime_ms = (host_.now_us() - started_us_) / kMs % kUptimeWrapMs;
    const Served served = serve(line, board_, waiters(), uptime_ms);
    client.in.clear();
    client.in.shrink_to_fit();
    client.until_us = 0;
    switch (served.kind) {
        case Served::Kind::answer:
            return answer(client, served.status, served.body);
        case Served::Kind::race_wait:
            client.step = Step::race_wait;
            return;
        case Served::Kind::gate_wait:
            client.step = Step::gate_wait;
            return;
    }
}

void Server::answer(Client& client, int status, std::string_view body) {
    client.out = http_answer(status, body);
    client.step = Step::sending;
    client.until_us = host_.now_us() + kRequestLimitUs;
    send(client);
}

void Server::hang_up(Client& client) {
    host_.watch_fd(client.fd.get(), 0);
    client.fd.reset();
}

void Server::send(Client& client) {
    while (!client.out.empty()) {
        const ssize_t sent =
            ::send(client.fd.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            host_.watch_fd(client.fd.get(), RH_FD_READ | RH_FD_WRITE);
            return;
        }
        if (sent < 0) return hang_up(client);
        client.out.erase(0, static_cast<std::size_t>(sent));
    }
    client.step = Step::closing;
    client.until_us = host_.now_us() + kCloseLimitUs;
    host_.watch_fd(client.fd.get(), RH_FD_READ);
    ::shutdown(client.fd.get(), SHUT_WR);
}

Waiters Server::waiters() const {
    Waiters count;
    for (const auto& [fd, client] : clients_) {
        count.race += client.step == Step::race_wait ? 1 : 0;
        count.gate += client.step == Step::gate_wait ? 1 : 0;
    }
    return count;
}

void Server::close_ended() {
    bool room = false;
    for (auto client = clients_.begin(); client != clients_.end();) {
        if (client->second.fd.open()) {
            ++client;
            continue;
        }
        room = true;
        client = clients_.erase(client);
    }
    if (room && listener_.open()) host_.watch_fd(listener_.get(), RH_FD_READ);
}

}  // namespace racehub::track_controller
