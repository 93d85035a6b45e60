#include "hub/web/front.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "hub/web/connection.h"

namespace racehub::web {
namespace {

/// Connections taken per round, so that a storm of callers leaves time for those who are here.
constexpr int kAcceptsPerRound = 256;
/// A whole request, body included, waits in the kernel for its worker.
constexpr int kReceiveBufferBytes = 192 * 1024;
constexpr std::int64_t kSweepPeriodUs = 100'000;
/// Callers beyond all limits who are being told so; further ones are only hung up on.
constexpr std::size_t kMaxTurnedAway = 1'000;

Fd reserve_fd() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void set_option(int fd, int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

/// One listening socket.
class Front::Listener : public Watcher {
  public:
    Listener(Front& front, Fd socket) : front_(front), socket_(std::move(socket)) {
        front_.loop_->add(socket_.get(), EPOLLIN, *this);
    }
    ~Listener() override { front_.loop_->remove(socket_.get()); }
    void on_ready(std::uint32_t) override { front_.accept_all(*this); }
    int fd() const { return socket_.get(); }
    void pause() {
        paused_ = true;
        front_.loop_->modify(fd(), 0, *this);
    }
    void resume() {
        if (!paused_) return;
        paused_ = false;
        front_.loop_->modify(fd(), EPOLLIN, *this);
    }

  private:
    Front& front_;
    Fd socket_;
    bool paused_ = false;
};

Front::Front(std::shared_ptr<EventLoop> loop, WorkerPool& workers, const HostRules& rules,
             FrontLimits limits, std::vector<Address> trusted_proxies, WebCounters& counters,
             Refusals& refusals)
    : loop_(std::move(loop)),
      workers_(workers),
      rules_(rules),
      limits_(limits),
      trusted_proxies_(std::move(trusted_proxies)),
      counters_(counters),
      refusals_(refusals),
      ledger_(limits.sockets, limits.sockets_per_address, trusted_proxies_),
      reserve_(reserve_fd()) {
    loop_->every(kSweepPeriodUs, [this] { sweep(); });
}

Front::~Front() = default;

std::uint16_t Front::listen(const std::string& address, std::uint16_t port) {
    const auto service = std::to_string(port);
    const bool all = address == "*";
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST;
    addrinfo* found = nullptr;
    const std::string node = all ? "::" : address;
    if (getaddrinfo(node.c_str(), service.c_str(), &hints, &found) != 0) {
        throw std::runtime_error(
            "cannot listen on \"" + address +
            "\": it is not an IP address; use one of this machine, or * for all");
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, freeaddrinfo);
    Fd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // A kernel without IPv6 still has all of IPv4.
    if (!socket.valid() && node == "::") return listen("0.0.0.0", port);
    if (!socket.valid())
        throw std::runtime_error(std::string("no socket: ") + std::strerror(errno));
    set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (found->ai_family == AF_INET6)
        set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, all ? 0 : 1);
    set_option(socket.get(), SOL_SOCKET, SO_RCVBUF, kReceiveBufferBytes);
    set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
        if (all && found->ai_family == AF_INET6 && errno == EADDRNOTAVAIL)
            return listen("0.0.0.0", port);
        throw std::runtime_error("cannot listen on " + address + " port " + service + ": " +
                                 std::strerror(errno) +
                                 "; is another hub running, or does the port need another number?");
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    const auto number = bound.ss_family == AF_INET6
                            ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                            : reinterpret_cast<sockaddr_in&>(bound).sin_port;
    listeners_.push_back(std::make_unique<Listener>(*this, std::move(socket)));
    return ntohs(number);
}

void Front::upgrade(const std::string& path, UpgradeTarget& target) { upgrades_[path] = &target; }

void Front::shut() {
    listeners_.clear();
    connections_.clear();
}

bool Front::from_proxy(const Address& peer) const {
    return std::find(trusted_proxies_.begin(), trusted_proxies_.end(), peer) !=
           trusted_proxies_.end();
}

void Front::accept_all(Listener& listener) {
    for (int i = 0; i < kAcceptsPerRound; ++i) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        Fd socket(accept4(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket.valid()) {
            if (errno == EMFILE || errno == ENFILE) shed(listener);
            if (errno == ECONNABORTED || errno == EINTR) continue;
            return;
        }
        accept_one(std::move(socket), Address::of(address));
    }
}

void Front::accept_one(Fd socket, const Address& peer) {
    ++counters_.connections;
    AddressLedger::Refusal refusal{};
    auto slot = ledger_.take(peer, refusal);
    if (!slot && connections_.size() >= ledger_.total() + kMaxTurnedAway) return;
    const int fd = socket.get();
    const auto id = next_id_++;
    auto connection = std::make_unique<Connection>(*this, id, std::move(socket), peer,
                                                   slot ? std::move(*slot) : AddressSlot());
    auto& kept = *connection;
    if (!loop_->add(fd, EPOLLIN | EPOLLRDHUP | EPOLLET, kept)) return;
    connections_.emplace(id, std::move(connection));
    if (slot) return;
    if (refusal == AddressLedger::Refusal::too_many) {
        kept.refuse({503, "too_many_connections", "The hub has too many visitors.", ""});
    } else {
        kept.refuse({503, "too_many_from_address",
                     "Too many connections from one address; see web.sockets_per_address.", ""});
    }
}

/// No file descriptor is left. Without this the caller would stay in the queue and epoll would
/// report it for ever.
void Front::shed(Listener& listener) {
    reserve_.reset();
    bool shed_one = false;
    {
        const Fd socket(accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        shed_one = socket.valid();
        if (shed_one) {
            const auto response =
                problem_response({503, "no_descriptors", "The hub has too many visitors.", ""});
            const auto text = response_head(response) + *response.body;
            [[maybe_unused]] const auto sent =
                send(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            shutdown(socket.get(), SHUT_WR);
        }
    }
    reserve_ = reserve_fd();
    refusals_.count("no_descriptors", "file descriptors are used up; raise LimitNOFILE", "anybody");
    // Somebody else took even the last one: look again at the next sweep, not at once.
    if (!shed_one || !reserve_.valid()) listener.pause();
}

void Front::close(Connection& connection) {
    const auto found = connections_.find(connection.id());
    if (found == connections_.end()) return;
    if (connection.fd() >= 0) loop_->remove(connection.fd());
    loop_->bury(std::move(found->second));
    connections_.erase(found);
}

void Front::sweep() {
    const auto now = monotonic_us();
    counters_.sockets.store(ledger_.total(), std::memory_order_relaxed);
    for (const auto& listener : listeners_) listener->resume();
    // A connection may close itself while we look at it.
    std::vector<std::uint64_t> ids;
    ids.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) ids.push_back(id);
    for (const auto id : ids) {
        const auto found = connections_.find(id);
        if (found != connections_.end()) found->second->sweep(now);
    }
}

void Front::respond(std::uint64_t id, Response response) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second->respond(std::move(response));
}

void Front::worker_done(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second->worker_done();
}

}  // namespace racehub::web
