#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "hub/web/audience.h"

namespace racehub::web {
namespace {

/// What waits in the kernel is old by the time a slow peer reads it; newer frames wait here, where
/// they can be replaced.
constexpr int kSendBufferBytes = 16 * 1024;
constexpr int kNotSentBytes = 4 * 1024;
/// A peer that takes nothing for this long is gone, or as good as.
constexpr std::int64_t kStallUs = 10'000'000;
/// A message begun must be finished within this time.
constexpr std::int64_t kUnfinishedUs = 10'000'000;
constexpr std::int64_t kGoodbyeUs = 2'000'000;
/// 20 messages a second, 50 at once: a person commands far less, a script far less than that hurts
/// us.
constexpr std::int64_t kMessageCostUs = 1'000'000 / 20;
constexpr std::int64_t kBurstUs = 50 * kMessageCostUs;
/// Answers that a peer asked for and does not read.
constexpr std::size_t kMaxOwnFrames = 512;
/// Frames of one system call.
constexpr std::size_t kMaxParts = 16;

void set_option(int fd, int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
}

int error_of(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

}  // namespace

/// Frames for one write, and where each came from.
struct Spectator::Gathered {
    enum class From : std::uint8_t { partial, own, topic };
    struct Part {
        const Frame* frame;
        From from;
        std::uint8_t topic;
        std::uint64_t index;
    };
    std::array<Part, kMaxParts> parts;
    std::size_t count = 0;
    bool full() const { return count == kMaxParts; }
    void add(const Frame& frame, From from, std::uint8_t topic, std::uint64_t index) {
        parts[count++] = {&frame, from, topic, index};
    }
};

Spectator::Spectator(Audience& audience, std::uint64_t id, Upgrade upgrade)
    : audience_(audience),
      socket_(std::move(upgrade.socket)),
      id_(id),
      slot_(std::move(upgrade.slot)),
      tokens_us_(kBurstUs),
      tokens_at_us_(monotonic_us()) {
    const int fd = socket_.get();
    set_option(fd, SOL_SOCKET, SO_SNDBUF, kSendBufferBytes);
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentBytes);
    // A peer that vanished without a word is noticed by what it does not acknowledge.
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(kStallUs / 1000));
    own_.push_back(std::make_shared<const std::string>(std::move(upgrade.response)));
    for (std::size_t i = 0; i < kTopics; ++i) next_[i] = audience_.channels_[i].end();
    audience_.loop_.add(fd, EPOLLIN | EPOLLRDHUP, *this);
}

Spectator::~Spectator() = default;

void Spectator::send(Frame frame) {
    if (closing_ || gone_) return;
    if (own_.size() >= kMaxOwnFrames) {
        own_.clear();
        close(CloseCode::policy, "answers are not read");
        return;
    }
    own_.push_back(std::move(frame));
}

void Spectator::follow(Topic topic, std::uint64_t from) {
    next_[static_cast<std::size_t>(topic)] = from;
}

void Spectator::on_ready(std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        // The kernel's own limit (TCP_USER_TIMEOUT) may run out before ours.
        if (error_of(socket_.get()) == ETIMEDOUT) ++audience_.counters_.stalled;
        gone();
        return;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) read();
    if ((events & EPOLLOUT) != 0 && !gone_) flush();
}

/// Who has fallen out of a channel's memory goes on with what is newest.
void Spectator::catch_up() {
    for (std::size_t i = 0; i < kTopics; ++i) {
        const auto& channel = audience_.channels_[i];
        if (next_[i] >= channel.begin()) continue;
        if (i == static_cast<std::size_t>(Topic::facts)) {
            audience_.counters_.resyncs.fetch_add(1, std::memory_order_relaxed);
            next_[i] = channel.end();
            audience_.handler_.on_overrun(*this);
        } else {
            audience_.counters_.skipped.fetch_add(channel.begin() - next_[i],
                                                  std::memory_order_relaxed);
            next_[i] = channel.begin();
        }
    }
}

void Spectator::gather(Gathered& gathered) {
    using From = Gathered::From;
    if (!closing_) catch_up();
    if (partial_) gathered.add(partial_, From::partial, 0, 0);
    for (std::size_t i = 0; i < own_.size() && !gathered.full(); ++i) {
        gathered.add(own_[i], From::own, 0, i);
    }
    if (closing_) return;
    for (std::size_t topic = 0; topic < kTopics; ++topic) {
        const auto& channel = audience_.channels_[topic];
        for (auto i = next_[topic]; i < channel.end() && !gathered.full(); ++i) {
            gathered.add(channel.at(i), From::topic, static_cast<std::uint8_t>(topic), i);
        }
    }
}

ssize_t Spectator::write(const Gathered& gathered) const {
    std::array<iovec, kMaxParts> parts;
    for (std::size_t i = 0; i < gathered.count; ++i) {
        const auto& frame = **gathered.parts[i].frame;
        const auto done = gathered.parts[i].from == Gathered::From::partial ? partial_done_ : 0;
        parts[i] = {const_cast<char*>(frame.data()) + done, frame.size() - done};
    }
    for (;;) {
        ssize_t written = 0;
        if (gathered.count == 1) {
            written = ::send(socket_.get(), parts[0].iov_base, parts[0].iov_len,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
        } else {
            msghdr message{};
            message.msg_iov = parts.data();
            message.msg_iovlen = gathered.count;
            written = sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        if (written >= 0 || errno != EINTR) return written;
    }
}

/// Moves on by what was written; true when that was everything.
bool Spectator::advance(const Gathered& gathered, std::size_t written) {
    using From = Gathered::From;
    std::size_t own_done = 0;
    std::uint64_t whole = 0;
    bool everything = true;
    for (std::size_t i = 0; i < gathered.count && everything; ++i) {
        const auto& part = gathered.parts[i];
        const auto done = part.from == From::partial ? partial_done_ : 0;
        const auto left = (*part.frame)->size() - done;
        everything = written >= left;
        if (!everything && written == 0) break;
        if (part.from == From::own) ++own_done;
        if (part.from == From::topic) next_[part.topic] = part.index + 1;
        if (everything) {
            written -= left;
            ++whole;
            if (part.from == From::partial) partial_.reset();
        } else {
            partial_done_ = done + written;
            if (part.from != From::partial) partial_ = *part.frame;
        }
    }
    if (own_done > 0)
        own_.erase(own_.begin(), own_.begin() + static_cast<std::ptrdiff_t>(own_done));
    audience_.counters_.frames_sent.fetch_add(whole, std::memory_order_relaxed);
    return everything;
}

void Spectator::flush() {
    while (!gone_ && !shut_) {
        Gathered gathered;
        gather(gathered);
        if (gone_) return;  // a handler gave up on it
        if (gathered.count == 0) {
            set_blocked(false);
            if (closing_) after_goodbye();
            return;
        }
        const bool more = gathered.full();
        const auto written = write(gathered);
        if (written < 0 && errno != EAGAIN) {
            gone();
            return;
        }
        if (written > 0) stuck_since_us_ = 0;
        if (!advance(gathered, written < 0 ? 0 : static_cast<std::size_t>(written))) {
            set_blocked(true);
            return;
        }
        if (!more && !closing_) {
            set_blocked(false);
            return;
        }
    }
}

void Spectator::set_blocked(bool blocked) {
    if (!blocked) stuck_since_us_ = 0;
    if (blocked == blocked_) return;
    blocked_ = blocked;
    audience_.loop_.modify(socket_.get(), EPOLLIN | EPOLLRDHUP | (blocked ? EPOLLOUT : 0U), *this);
}

void Spectator::read() {
    std::array<char, 16 * 1024> bytes;
    const auto got = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        gone();
        return;
    }
    if (closing_) return;  // nothing is read behind a goodbye
    auto reader = std::move(reader_);
    if (!reader) reader = std::move(audience_.spare_reader_);
    if (!reader) reader = std::make_unique<WebSocketReader>();
    const bool began_before = reader_since_us_ != 0;
    const auto max = session_.empty() ? kMaxSpectatorMessageBytes : kMaxDirectorMessageBytes;
    if (!reader->read({bytes.data(), static_cast<std::size_t>(got)}, max, *this)) return;
    if (reader->at_rest()) {
        audience_.spare_reader_ = std::move(reader);
        reader_since_us_ = 0;
    } else {
        reader_ = std::move(reader);
        if (!began_before) reader_since_us_ = monotonic_us();
    }
    // Answers go out at once; whoever is blocked has EPOLLOUT to wait for.
    if (!blocked_ && !gone_) flush();
}

bool Spectator::on_begin() {
    // Time in hand grows with time and is spent by messages.
    const auto now = monotonic_us();
    tokens_us_ = std::min(kBurstUs, tokens_us_ + (now - tokens_at_us_));
    tokens_at_us_ = now;
    audience_.counters_.messages_in.fetch_add(1, std::memory_order_relaxed);
    if (tokens_us_ < kMessageCostUs) {
        audience_.refusals_.count("message_flood", "more than 20 messages a second", address());
        close(CloseCode::policy, "more than 20 messages a second");
        return false;
    }
    tokens_us_ -= kMessageCostUs;
    return true;
}

bool Spectator::on_text(std::string_view message) {
    audience_.handler_.on_text(*this, message);
    return !closing_ && !gone_;
}

bool Spectator::on_ping(std::string_view payload) {
    send(pong_frame(payload));
    return !closing_;
}

void Spectator::on_close(std::optional<std::uint16_t> code) { say_goodbye(close_reply(code)); }

void Spectator::on_violation(CloseCode code, std::string_view reason) {
    audience_.refusals_.count("websocket_" + std::to_string(static_cast<int>(code)),
                              std::string(reason), address());
    close(code, reason);
}

void Spectator::close(CloseCode code, std::string_view reason) {
    say_goodbye(close_frame(code, reason));
}

void Spectator::say_goodbye(Frame frame) {
    if (closing_ || gone_) return;
    closing_ = true;
    close_deadline_us_ = monotonic_us() + kGoodbyeUs;
    own_.push_back(std::move(frame));
    if (!blocked_) flush();
}

void Spectator::after_goodbye() {
    // Not closed yet: unread input would reset the connection, and the goodbye with it.
    shut_ = true;
    shutdown(socket_.get(), SHUT_WR);
}

void Spectator::sweep(std::int64_t now_us) {
    if (gone_) return;
    if (closing_) {
        if (now_us >= close_deadline_us_) gone();
        return;
    }
    if (reader_ && now_us - reader_since_us_ > kUnfinishedUs) {
        close(CloseCode::policy, "a message must be finished within 10 seconds");
        return;
    }
    if (!blocked_) return;
    if (stuck_since_us_ == 0) stuck_since_us_ = now_us;
    if (now_us - stuck_since_us_ <= kStallUs) return;
    audience_.counters_.stalled.fetch_add(1, std::memory_order_relaxed);
    gone();
}

void Spectator::gone() {
    if (gone_) return;
    gone_ = true;
    audience_.loop_.remove(socket_.get());
    audience_.leave(*this);
}

}  // namespace racehub::web
