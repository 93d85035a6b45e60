#include "plugins/smartrace/net/channel.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "plugins/smartrace/protocol/handshake.h"

namespace racehub::smartrace {
namespace {

// Read in one go, so that no peer keeps the others waiting.
constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

int tune_socket(int fd) {
    const int on = 1, idle_s = 20, every_s = 10, times = 3;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
    // No TCP_USER_TIMEOUT: it would also end the connection of a sensor that lives and never reads.
    return fd;
}

Channel::Channel(sdk::Host host, int fd, WsPeer::Side side, std::size_t max_message_bytes)
    : host_(host), fd_(tune_socket(fd)), side_(side), peer_(side, max_message_bytes) {}

std::unique_ptr<Channel> Channel::accepted(sdk::Host host, int fd, std::size_t max_message_bytes) {
    std::unique_ptr<Channel> channel(
        new Channel(host, fd, WsPeer::Side::server, max_message_bytes));
    channel->watch();
    return channel;
}

std::unique_ptr<Channel> Channel::connecting(sdk::Host host, int fd, std::size_t max_message_bytes,
                                             std::string_view host_name, int port) {
    std::unique_ptr<Channel> channel(
        new Channel(host, fd, WsPeer::Side::client, max_message_bytes));
    std::array<char, 16> random{};
    if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
        channel->end("this machine has no random numbers");
        return channel;
    }
    channel->state_ = State::connecting;
    channel->key_ = base64({random.data(), random.size()});
    channel->request_ = request_text(host_name, port, channel->key_);
    channel->watch();
    return channel;
}

Channel::~Channel() {
    if (interest_ != 0) host_.watch_fd(fd_, 0);
    ::close(fd_);
}

void Channel::end(std::string problem) {
    if (state_ == State::ended) return;
    state_ = State::ended;
    problem_ = std::move(problem);
    watch();
}

void Channel::finish_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) {
        return end(std::strerror(error));
    }
    state_ = State::opening;
    raw_out_ += request_;
}

bool Channel::read_some(std::string& bytes) {
    bytes.resize(kReadBytes);
    const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (size > 0) return true;
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    const bool met = state_ == State::opening && side_ == WsPeer::Side::client;
    if (met) refused_ = true;
    end(size == 0 ? (met ? "it hung up instead of opening a websocket" : "it hung up")
                  : std::strerror(errno));
    return false;
}

// Leaves in `bytes` what came behind the head.
void Channel::open_with(std::string& bytes) {
    head_ += bytes;
    bytes.clear();
    const auto size = head_end(head_);
    if (!size) {
        if (head_.size() > kMaxHeadBytes) end("its HTTP head is too long");
        return;
    }
    bytes = head_.substr(*size);
    head_.resize(*size);
    const std::string head = std::exchange(head_, {});
    if (side_ == WsPeer::Side::client) {
        std::string problem;
        if (read_answer(head, key_, problem)) {
            state_ = State::open;
        } else {
            refused_ = true;
            end(std::move(problem));
        }
        return;
    }
    std::string refusal;
    if (const auto key = read_request(head, refusal)) {
        raw_out_ += accept_answer(*key);
        state_ = State::open;
    } else {
        raw_out_ += refusal;
        flush();
        end("it asked for a page, not for a websocket");
    }
}

std::vector<WsMessage> Channel::on_ready(std::uint32_t ready) {
    std::vector<WsMessage> messages;
    if (state_ == State::connecting && (ready & (RH_FD_WRITE | RH_FD_ERROR)) != 0) {
        finish_connect();
    }
    std::string bytes;
    if (!held_ && state_ != State::connecting && state_ != State::ended &&
        (ready & (RH_FD_READ | RH_FD_ERROR)) != 0 && read_some(bytes)) {
        if (state_ == State::opening) open_with(bytes);
        if (state_ == State::open && !bytes.empty()) messages = peer_.read(bytes);
    }
    flush();
    if (state_ == State::open && peer_.ended()) end(peer_.problem());
    watch();
    return messages;
}

void Channel::send(Opcode opcode, std::string_view payload) {
    if (state_ != State::open) return;
    peer_.send(opcode, payload);
    flush();
    watch();
}

void Channel::close(std::uint16_t code, std::string_view reason) {
    if (state_ == State::open) {
        peer_.close(code, reason);
        flush();
    }
    end("we said goodbye");
}

void Channel::hold(bool hold) {
    held_ = hold;
    watch();
}

void Channel::flush() {
    if (state_ == State::connecting || state_ == State::ended) return;
    raw_out_ += std::exchange(peer_.output(), {});
    while (sent_ < raw_out_.size()) {
        const ssize_t size =
            ::send(fd_, raw_out_.data() + sent_, raw_out_.size() - sent_, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) break;
        if (size < 0) return end(std::strerror(errno));
        sent_ += static_cast<std::size_t>(size);
    }
    if (sent_ == raw_out_.size() || sent_ > kReadBytes) {
        raw_out_.erase(0, sent_);
        sent_ = 0;
    }
    if (raw_out_.size() - sent_ > kMaxUnsentBytes) end("it does not read what it is sent");
}

void Channel::watch() {
    std::uint32_t interest = 0;
    if (state_ == State::connecting) {
        interest = RH_FD_WRITE;
    } else if (state_ != State::ended) {
        if (!held_) interest |= RH_FD_READ;
        if (sent_ < raw_out_.size()) interest |= RH_FD_WRITE;
    }
    if (interest == interest_) return;
    interest_ = interest;
    host_.watch_fd(fd_, interest);
}

std::size_t Channel::unconfirmed_bytes() const {
    int in_kernel = 0;
    if (ioctl(fd_, SIOCOUTQ, &in_kernel) != 0 || in_kernel < 0) in_kernel = 0;
    return raw_out_.size() - sent_ + static_cast<std::size_t>(in_kernel);
}

}  // namespace racehub::smartrace
