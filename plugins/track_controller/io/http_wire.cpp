#include "plugins/track_controller/io/http_wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace racehub::track_controller {
namespace {

// A long poll says nothing for hours; keepalive finds out within half a minute that nobody is left.
constexpr int kKeepIdleS = 10;
constexpr int kKeepIntervalS = 5;
constexpr int kKeepProbes = 3;
// A device that sent all it announced and does not close is not waited for any longer.
constexpr std::int64_t kCloseGraceUs = 1 * kSecond;
constexpr std::int64_t kLookupPollUs = 50 * kMs;

std::string words(int error) {
    switch (error) {
        case ECONNREFUSED:
            return "connection refused";
        case EHOSTUNREACH:
        case ENETUNREACH:
            return "not reachable";
        case ETIMEDOUT:
            return "no answer";
        case ECONNRESET:
        case EPIPE:
            return "connection reset";
        default:
            return std::strerror(error);
    }
}

void set(int fd, int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof(value));
}

}  // namespace

HttpWire::HttpWire(std::string host, int port, DeviceBook& book, std::uint32_t seed)
    : host_(std::move(host)),
      port_(port),
      book_(book),
      session_(book, *this, seed),
      resolver_(host_, port) {}

void HttpWire::start(std::int64_t now_us) {
    now_us_ = now_us;
    session_.start(now_us);
}

void HttpWire::stop() {
    session_.stop();
    exchanges_.clear();
}

void HttpWire::on_order(std::int64_t now_us) {
    now_us_ = now_us;
    session_.on_order(now_us);
}

std::uint32_t HttpWire::request(const HttpRequest& request) {
    Exchange& exchange = exchanges_.emplace_back();
    exchange.id = ++last_id_;
    exchange.kind = request.kind;
    const bool stream = request.kind == HttpRequest::Kind::stream;
    exchange.reader =
        HttpReplyReader(stream ? HttpReplyReader::Use::stream : HttpReplyReader::Use::whole);
    exchange.deadline_us = now_us_ + kAnswerLimitUs;
    exchange.out = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host_ +
                   "\r\nConnection: close\r\n";
    if (!request.body.empty())
        exchange.out += "Content-Type: application/json\r\nContent-Length: " +
                        std::to_string(request.body.size()) + "\r\n";
    exchange.out += "\r\n" + request.body;
    book_.traffic("out", request.method + " " + request.target +
                             (request.body.empty() ? "" : " " + request.body));
    return exchange.id;
}

void HttpWire::abort(std::uint32_t id) {
    for (Exchange& exchange : exchanges_) {
        if (exchange.id != id) continue;
        exchange.ended = true;
        exchange.fd.reset();
    }
}

bool HttpWire::look(std::int64_t now_us) {
    now_us_ = now_us;
    return session_.look(now_us);
}

void HttpWire::watch(std::vector<pollfd>& fds) {
    for (const Exchange& exchange : exchanges_) {
        if (!exchange.fd.open()) continue;
        const bool out = exchange.step == Step::connecting || exchange.step == Step::sending;
        fds.push_back({exchange.fd.get(), static_cast<short>(out ? POLLOUT : POLLIN), 0});
    }
}

std::int64_t HttpWire::deadline_us() const {
    std::int64_t at_us = session_.deadline_us();
    for (const Exchange& exchange : exchanges_) {
        at_us = std::min(at_us, exchange.deadline_us);
        if (exchange.step == Step::lookup) at_us = std::min(at_us, now_us_ + kLookupPollUs);
        if (exchange.ended) at_us = now_us_;
    }
    return at_us;
}

void HttpWire::turn(std::int64_t now_us) {
    now_us_ = now_us;
    for (Exchange& exchange : exchanges_) {
        if (!exchange.ended) advance(exchange, now_us);
        if (exchange.ended || now_us < exchange.deadline_us) continue;
        if (exchange.reader.length_reached()) {
            finish(exchange, now_us);
        } else {
            fail(exchange, "no answer in " + std::to_string(kAnswerLimitUs / kSecond) + " s",
                 now_us);
        }
    }
    exchanges_.remove_if([](const Exchange& exchange) { return exchange.ended; });
    session_.on_time(now_us);
    // What the session has just asked for begins now, not at the next turn.
    for (Exchange& exchange : exchanges_)
        if (!exchange.ended && exchange.step == Step::lookup) advance(exchange, now_us);
}

void HttpWire::advance(Exchange& exchange, std::int64_t now_us) {
    switch (exchange.step) {
        case Step::lookup:
            return look_up(exchange, now_us);
        case Step::connecting:
            return connected(exchange, now_us);
        case Step::sending:
            return send(exchange, now_us);
        case Step::receiving:
            return receive(exchange, now_us);
    }
}

// ---- Connecting --------------------------------------------------------------------------------

void HttpWire::look_up(Exchange& exchange, std::int64_t now_us) {
    if (addresses_.empty()) {
        if (!resolver_.looking()) resolver_.start();
        auto found = resolver_.result();
        if (!found) return;
        if (found->empty()) return fail(exchange, "there is no host of that name", now_us);
        addresses_ = std::move(*found);
    }
    exchange.address = 0;
    connect(exchange, now_us);
}

void HttpWire::connect(Exchange& exchange, std::int64_t now_us) {
    const Address& address = addresses_[exchange.address];
    exchange.fd.reset(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!exchange.fd.open()) return fail(exchange, words(errno), now_us);
    const int fd = exchange.fd.get();
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleS);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepIntervalS);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepProbes);
    exchange.step = Step::connecting;
    const auto* to = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(fd, to, address.size) == 0 || errno == EINPROGRESS) return;
    fail(exchange, words(errno), now_us);
}

void HttpWire::connected(Exchange& exchange, std::int64_t now_us) {
    pollfd ready{exchange.fd.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 0) return;
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(exchange.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
        exchange.step = Step::sending;
        return send(exchange, now_us);
    }
    if (exchange.address + 1 < addresses_.size()) {
        ++exchange.address;
        return connect(exchange, now_us);
    }
    addresses_.clear();  // it may have another by now
    fail(exchange, words(error), now_us);
}

// ---- Talking -----------------------------------------------------------------------------------

void HttpWire::send(Exchange& exchange, std::int64_t now_us) {
    while (!exchange.out.empty()) {
        const ssize_t sent =
            ::send(exchange.fd.get(), exchange.out.data(), exchange.out.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (sent < 0) return fail(exchange, words(errno), now_us);
        exchange.out.erase(0, static_cast<std::size_t>(sent));
    }
    exchange.step = Step::receiving;
    if (exchange.kind == HttpRequest::Kind::wait) exchange.deadline_us = kNever;
}

void HttpWire::receive(Exchange& exchange, std::int64_t now_us) {
    std::array<char, 4096> buffer;
    // Bounded, so that an endless answer cannot keep the thread here.
    for (int round = 0; round < 32 && !exchange.ended; ++round) {
        const ssize_t got = ::recv(exchange.fd.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            received(exchange, {buffer.data(), static_cast<std::size_t>(got)}, now_us);
        } else if (got == 0) {
            return finish(exchange, now_us);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR) {
            // A whole answer stays one, however the connection ended.
            return exchange.reader.length_reached() ? finish(exchange, now_us)
                                                    : fail(exchange, words(errno), now_us);
        }
    }
}

void HttpWire::received(Exchange& exchange, std::string_view bytes, std::int64_t now_us) {
    if (!exchange.reader.feed(bytes)) return fail(exchange, exchange.reader.error(), now_us);
    if (exchange.kind != HttpRequest::Kind::stream) {
        if (exchange.reader.length_reached()) exchange.deadline_us = now_us + kCloseGraceUs;
        return;
    }
    if (!exchange.reader.head_complete()) return;
    const int status = exchange.reader.reply().status;
    if (status != 200)
        return fail(exchange, "it has no stream of events: status " + std::to_string(status),
                    now_us);
    exchange.deadline_us = kNever;
    const std::string body = exchange.reader.take_body();
    if (body.empty()) return;
    book_.traffic("in", body);
    session_.on_stream(exchange.id, body, now_us);
}

void HttpWire::finish(Exchange& exchange, std::int64_t now_us) {
    if (!exchange.reader.finish()) return fail(exchange, exchange.reader.error(), now_us);
    exchange.ended = true;
    exchange.fd.reset();
    const HttpReply& reply = exchange.reader.reply();
    book_.traffic("in", std::to_string(reply.status) + " " + reply.body);
    session_.on_reply(exchange.id, reply, now_us);
}

void HttpWire::fail(Exchange& exchange, const std::string& why, std::int64_t now_us) {
    if (exchange.ended) return;
    exchange.ended = true;
    exchange.fd.reset();
    book_.traffic("in", "(nothing: " + why + ")");
    session_.on_failed(exchange.id, why, now_us);
}

}  // namespace racehub::track_controller
