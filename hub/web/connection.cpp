#include "hub/web/connection.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "hub/web/text.h"
#include "hub/web/websocket.h"

namespace racehub::web {
namespace {

/// A head usually comes in one piece. Who drips it is looked at this often between two sweeps, and
/// then once for each sweep: each look costs the whole head again.
constexpr int kLooksPerSweep = 8;
/// What a refused peer may still send until we stop listening to it.
constexpr std::size_t kMaxDiscard = 256 * 1024;

}  // namespace

Front::Connection::Connection(Front& front, std::uint64_t id, Fd socket, Address peer,
                              AddressSlot slot)
    : front_(front),
      id_(id),
      socket_(std::move(socket)),
      peer_(peer),
      slot_(std::move(slot)),
      deadline_us_(monotonic_us() + front.limits_.head_us) {}

void Front::Connection::on_ready(std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 && stage_ != Stage::working) {
        front_.close(*this);
        return;
    }
    switch (stage_) {
        case Stage::head:
            look_at_head(events);
            break;
        case Stage::body:
            look_at_body(events);
            break;
        case Stage::working:
            break;
        case Stage::sending:
            if ((events & EPOLLOUT) != 0) send_more();
            break;
        case Stage::lingering:
            discard();
            break;
    }
}

void Front::Connection::look_at_head(std::uint32_t events) {
    if (looks_ >= kLooksPerSweep && (events & EPOLLRDHUP) == 0) {
        look_again_ = true;
        return;
    }
    ++looks_;
    std::array<char, kMaxHeadBytes + 1> bytes;
    const auto got = recv(fd(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        front_.close(*this);
        return;
    }
    auto result = read_head({bytes.data(), static_cast<std::size_t>(got)});
    switch (result.state) {
        case HeadResult::State::incomplete:
            // The rest will never come.
            if ((events & EPOLLRDHUP) != 0) front_.close(*this);
            break;
        case HeadResult::State::refused:
            refuse(result.problem);
            break;
        case HeadResult::State::complete:
            head_complete(std::move(result.head), events);
            break;
    }
}

void Front::Connection::head_complete(RequestHead head, std::uint32_t events) {
    if (!front_.rules_.host_allowed(head.header("host"))) {
        refuse({421, "unknown_host",
                "This hub does not answer to that name; add it to web.hosts in the configuration.",
                "header host"});
        return;
    }
    const auto target = front_.upgrades_.find(head.path);
    if (target != front_.upgrades_.end()) {
        upgrade(*target->second, std::move(head));
        return;
    }
    head_only_ = head.method == "HEAD";
    head_ = std::move(head);
    stage_ = Stage::body;
    look_at_body(events);
}

bool Front::Connection::upgrade_allowed(const RequestHead& head, std::string& accept) {
    const auto host = head.header("host");
    if (head.method != "GET" || head.http_1_0 || !head.header_has_token("upgrade", "websocket") ||
        !head.header_has_token("connection", "upgrade")) {
        refuse({426, "websocket_only", "This address speaks websocket only.", "header upgrade"});
        return false;
    }
    if (head.header("sec-websocket-version") != "13") {
        refuse({426, "websocket_version", "This address speaks websocket version 13.",
                "header sec-websocket-version"});
        return false;
    }
    const auto answer = websocket_accept(head.header("sec-websocket-key"));
    if (!answer) {
        refuse({400, "websocket_key", "Sec-WebSocket-Key is the base64 of 16 bytes.",
                "header sec-websocket-key"});
        return false;
    }
    if (head.has_header("origin") && !front_.rules_.origin_allowed(head.header("origin"), host)) {
        refuse(
            {403, "foreign_origin", "Pages of other sites may not use this hub.", "header origin"});
        return false;
    }
    // A page of ours on another name that the configuration allows is "cross-site" too; its Origin
    // has vouched for it.
    if (!head.has_header("origin") && same_letters(head.header("sec-fetch-site"), "cross-site")) {
        refuse({403, "cross_site", "Pages of other sites may not use this hub.",
                "header sec-fetch-site"});
        return false;
    }
    accept = *answer;
    return true;
}

void Front::Connection::upgrade(UpgradeTarget& target, RequestHead head) {
    std::string accept;
    if (!upgrade_allowed(head, accept)) return;
    // Now the head is taken from the kernel, and not a byte more: frames may stand right behind it.
    std::array<char, kMaxHeadBytes> bytes;
    if (recv(fd(), bytes.data(), head.head_bytes, MSG_DONTWAIT) !=
        static_cast<ssize_t>(head.head_bytes)) {
        front_.close(*this);
        return;
    }
    front_.loop_->remove(fd());
    Upgrade upgraded;
    upgraded.socket = std::move(socket_);
    upgraded.slot = std::move(slot_);
    upgraded.head = std::move(head);
    upgraded.response =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept + "\r\n\r\n";
    ++front_.counters_.upgrades;
    target.adopt(std::move(upgraded));
    front_.close(*this);
}

void Front::Connection::look_at_body(std::uint32_t events) {
    int available = 0;
    ioctl(fd(), FIONREAD, &available);
    if (static_cast<std::size_t>(available) >= head_.head_bytes + head_.body_bytes) {
        to_worker();
    } else if ((events & EPOLLRDHUP) != 0) {
        front_.close(*this);
    }
}

Address Front::Connection::client() const {
    if (!front_.from_proxy(peer_)) return peer_;
    // The last address is the one that our proxy saw; those before it are the client's own claims.
    auto list = head_.header("x-forwarded-for");
    const auto comma = list.rfind(',');
    if (comma != std::string_view::npos) list = list.substr(comma + 1);
    return Address::parse(trimmed(list)).value_or(peer_);
}

void Front::Connection::to_worker() {
    const bool secure =
        front_.from_proxy(peer_) && same_letters(head_.header("x-forwarded-proto"), "https");
    Front* const front = &front_;
    const auto loop = front_.loop_;
    const auto id = id_;
    WorkerPool::Job job{
        fd(),
        head_,
        client(),
        secure,
        Reply([front, loop, id](Response response) {
            auto shared = std::make_shared<Response>(std::move(response));
            loop->post([front, id, shared] { front->respond(id, std::move(*shared)); });
        }),
        [front, loop, id] { loop->post([front, id] { front->worker_done(id); }); }};
    stage_ = Stage::working;
    worker_has_it_ = true;
    deadline_us_ = monotonic_us() + front_.limits_.answer_us;
    ++front_.counters_.requests;
    if (front_.workers_.submit(job)) return;
    worker_has_it_ = false;
    refuse({503, "busy", "The hub has too many requests waiting; try again in a moment.", ""});
}

void Front::Connection::refuse(const Problem& problem) {
    if (answered_) return;
    front_.refusals_.count(problem, peer_.text());
    auto response = problem_response(problem);
    if (problem.status == 426) {
        response.headers.emplace_back("Upgrade", "websocket");
        response.headers.emplace_back("Sec-WebSocket-Version", "13");
    }
    if (problem.status == 503) response.headers.emplace_back("Retry-After", "1");
    respond(std::move(response));
}

void Front::Connection::respond(Response response) {
    if (answered_) return;
    answered_ = true;
    out_head_ = response_head(response);
    if (!head_only_) out_body_ = std::move(response.body);
    if (!worker_has_it_) begin_sending();
}

void Front::Connection::worker_done() {
    worker_has_it_ = false;
    if (answered_) begin_sending();
}

void Front::Connection::begin_sending() {
    stage_ = Stage::sending;
    deadline_us_ = monotonic_us() + front_.limits_.stall_us;
    front_.loop_->modify(fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
    send_more();
}

void Front::Connection::send_more() {
    const std::size_t body_size = out_body_ ? out_body_->size() : 0;
    while (sent_ < out_head_.size() + body_size) {
        std::array<iovec, 2> parts{};
        int count = 0;
        if (sent_ < out_head_.size()) {
            parts[0] = {out_head_.data() + sent_, out_head_.size() - sent_};
            ++count;
        }
        const auto skip = sent_ > out_head_.size() ? sent_ - out_head_.size() : 0;
        if (body_size > skip) {
            parts.at(static_cast<std::size_t>(count)) = {
                const_cast<char*>(out_body_->data()) + skip, body_size - skip};
            ++count;
        }
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = static_cast<std::size_t>(count);
        const auto written = sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) return;
        if (written < 0) {
            front_.close(*this);
            return;
        }
        sent_ += static_cast<std::size_t>(written);
        deadline_us_ = monotonic_us() + front_.limits_.stall_us;
    }
    linger();
}

void Front::Connection::linger() {
    // Closing with unread input would reset the connection and could destroy the answer on its way.
    stage_ = Stage::lingering;
    deadline_us_ = monotonic_us() + front_.limits_.linger_us;
    out_body_.reset();
    shutdown(fd(), SHUT_WR);
    discard();
}

void Front::Connection::discard() {
    std::array<char, 16 * 1024> bytes;
    for (;;) {
        const auto got = recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got > 0) discarded_ += static_cast<std::size_t>(got);
        if (got <= 0 || discarded_ > kMaxDiscard) {
            front_.close(*this);
            return;
        }
    }
}

bool Front::Connection::said_anything() const {
    char first = 0;
    return recv(fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void Front::Connection::sweep(std::int64_t now_us) {
    looks_ = 0;
    if (now_us < deadline_us_) {
        if (stage_ == Stage::head && look_again_) {
            look_again_ = false;
            look_at_head(0);
        }
        return;
    }
    switch (stage_) {
        case Stage::head:
            if (!said_anything()) {  // browsers connect ahead: that is no request to refuse
                front_.close(*this);
                break;
            }
            [[fallthrough]];
        case Stage::body:
            refuse(
                {408, "request_timeout", "The request took longer than 5 seconds to arrive.", ""});
            break;
        case Stage::working:
            refuse(
                {504, "no_answer", "The hub did not answer in time; look before you repeat.", ""});
            break;
        case Stage::sending:
        case Stage::lingering:
            front_.close(*this);
            break;
    }
}

}  // namespace racehub::web
