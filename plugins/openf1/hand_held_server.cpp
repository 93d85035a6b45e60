#include "plugins/openf1/hand_held_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace racehub::openf1 {
namespace {

constexpr std::size_t kMaxWaiting = 64 * 1024;  // bytes that a hand-held has not taken yet
constexpr std::string_view kNotFound = R"({"detail":"File not found"})";

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

bool watch(int epoll, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void set_interest(int epoll, int fd, bool write) {
    epoll_event event{};
    event.events = EPOLLIN | (write ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

int listen_on(const HandHeldOptions& options, int& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options.port));
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    const bool good = ::inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) == 1 &&
                      ::bind(fd, plain, size) == 0 && ::listen(fd, 1'024) == 0 &&
                      ::getsockname(fd, plain, &size) == 0;
    if (!good) {
        const int reason = errno;
        ::close(fd);
        errno = reason;
        return -1;
    }
    port = ntohs(address.sin_port);
    return fd;
}

}  // namespace

bool HandHeldServer::start(const HandHeldOptions& options, std::string& error) {
    options_ = options;
    listener_ = listen_on(options, port_);
    if (listener_ < 0) {
        error = "Cannot serve hand-helds on port " + std::to_string(options.port) + ": " +
                std::strerror(errno) + ". Is another program there?";
        return false;
    }
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    itimerspec every{};
    every.it_interval.tv_nsec = every.it_value.tv_nsec = kTickMs * 1'000'000L;
    const bool good = epoll_ >= 0 && timer_ >= 0 && wake_ >= 0 &&
                      ::timerfd_settime(timer_, 0, &every, nullptr) == 0 &&
                      watch(epoll_, listener_, EPOLLIN) && watch(epoll_, timer_, EPOLLIN) &&
                      watch(epoll_, wake_, EPOLLIN);
    if (!good) {
        error = std::string("Cannot serve hand-helds: ") + std::strerror(errno);
        return false;
    }
    stopping_ = false;
    thread_ = std::thread([this] { run(); });
    return true;
}

void HandHeldServer::stop() {
    if (thread_.joinable()) {
        stopping_ = true;
        const std::uint64_t one = 1;
        if (::write(wake_, &one, sizeof one) < 0) stopping_ = true;  // full: it is awake already
        thread_.join();
    }
    for (int* fd : {&listener_, &epoll_, &timer_, &wake_}) {
        if (*fd >= 0) ::close(*fd);
        *fd = -1;
    }
}

void HandHeldServer::show(std::shared_ptr<const Session> session) {
    auto shown = std::make_shared<const Shown>(std::move(session));
    const std::lock_guard lock(mutex_);
    shown_ = std::move(shown);
}

void HandHeldServer::run() {
    epoll_event events[256];
    while (!stopping_) {
        const int count = ::epoll_wait(epoll_, events, 256, -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].data.fd;
            if (fd == listener_) {
                accept_all();
            } else if (fd == timer_) {
                std::uint64_t ticks = 0;
                // Ticks that were missed are not made up for: the frames would come in a heap.
                if (::read(timer_, &ticks, sizeof ticks) > 0) tick();
            } else if (const auto found = clients_.find(fd); found != clients_.end()) {
                Client& client = found->second;
                if ((events[i].events & EPOLLIN) != 0) read(fd, client);
                if (clients_.count(fd) != 0 && !flush(fd, client)) drop(fd);
            }
        }
    }
    for (auto& [fd, client] : clients_) ::close(fd);
    clients_.clear();
    counts_.connected = 0;
}

void HandHeldServer::accept_all() {
    for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        if (clients_.size() >= kMaxConnections || !watch(epoll_, fd, EPOLLIN)) {
            ++counts_.refused;
            ::close(fd);
            continue;
        }
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        clients_[fd].deadline_ms = now_ms() + kDeadlineMs;
    }
}

void HandHeldServer::read(int fd, Client& client) {
    char part[4'096];
    for (;;) {
        const ssize_t got = ::recv(fd, part, sizeof part, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (got <= 0) return drop(fd);
        if (!client.closing) client.in.append(part, static_cast<std::size_t>(got));
        if (client.in.size() > kMaxHead) return drop(fd);
    }
    if (client.closing) return client.in.clear();
    if (client.websocket) return take_frames(client);
    const std::size_t end = client.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    answer(client);
    client.in.erase(0, end + 4);
}

void HandHeldServer::answer(Client& client) {
    HandHeldRequest request;
    std::optional<HandHeldPath> path;
    if (read_request(client.in, request)) path = read_path(request.path);
    std::shared_ptr<const Shown> shown;
    {
        const std::lock_guard lock(mutex_);
        shown = shown_;
    }
    const bool known =
        path && shown &&
        (path->session == options_.alias || path->session == shown->session->info.session_key);
    if (!request.websocket_key.empty() && path && path->file.empty()) {
        client.out += websocket_handshake(request.websocket_key);
        client.websocket = true;
        client.deadline_ms = 0;
        ++counts_.connected;
        if (!known) {
            client.out += websocket_frame(8, std::string("\x0F\xA4", 2));  // 4004: no such session
            client.closing = true;
            return;
        }
        client.shown = shown;
        if (!options_.shared_ms) client.frames = std::make_unique<FrameMaker>(shown->session);
        return;
    }
    client.closing = true;
    const std::string* body =
        known && request.method == "GET" ? shown->files.find(path->file) : nullptr;
    ++(body != nullptr ? counts_.served : counts_.refused);
    client.out += http_answer(body != nullptr ? 200 : 404, body != nullptr ? *body : kNotFound);
}

/// Hand-helds say nothing but pings and goodbye; what else comes is skipped.
void HandHeldServer::take_frames(Client& client) {
    while (client.in.size() >= 2) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(client.in[i]); };
        const int opcode = byte(0) & 15;
        const std::size_t length = byte(1) & 127U;
        const bool masked = (byte(1) & 128U) != 0;
        if (!masked || length > 125) {
            client.closing = true;  // no hand-held says so much
            return client.in.clear();
        }
        if (client.in.size() < 6 + length) return;
        std::string payload = client.in.substr(6, length);
        for (std::size_t i = 0; i < length; ++i) {
            payload[i] = static_cast<char>(payload[i] ^ client.in[2 + i % 4]);
        }
        client.in.erase(0, 6 + length);
        if (opcode == 9) client.out += websocket_frame(10, payload);
        if (opcode == 8) {
            client.out += websocket_frame(8, payload);
            client.closing = true;
            return;
        }
    }
}

void HandHeldServer::shared_frame(const std::shared_ptr<const Shown>& shown) {
    if (shared_shown_ != shown || !shared_frames_) {
        shared_shown_ = shown;
        shared_frames_ = std::make_unique<FrameMaker>(shown->session);
    }
    shared_text_.clear();
    shared_frames_->frame(options_.shared_ms(), shared_text_);
}

void HandHeldServer::tick() {
    std::shared_ptr<const Shown> shown;
    {
        const std::lock_guard lock(mutex_);
        shown = shown_;
    }
    if (options_.shared_ms && shown) shared_frame(shown);
    std::string text;
    std::vector<int> gone;
    for (auto& [fd, client] : clients_) {
        if (!client.websocket || client.closing) continue;
        const std::int64_t t_ms = client.ticks++ * kTickMs;
        if (!client.out.empty()) {
            ++counts_.skipped;  // it has not taken the last one
        } else {
            text.clear();
            if (client.frames) client.frames->frame(t_ms, text);
            client.out = websocket_frame(1, client.frames ? text : shared_text_);
            ++counts_.frames;
        }
        if (!flush(fd, client)) gone.push_back(fd);
    }
    for (const int fd : gone) drop(fd);
    drop_late();
}

bool HandHeldServer::flush(int fd, Client& client) {
    while (!client.out.empty()) {
        const ssize_t done = ::send(fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (client.out.size() > kMaxWaiting) return false;
            if (client.deadline_ms == 0) client.deadline_ms = now_ms() + kDeadlineMs;
            set_interest(epoll_, fd, true);
            return true;
        }
        if (done <= 0) return false;
        client.out.erase(0, static_cast<std::size_t>(done));
        if (client.out.empty() && client.deadline_ms != 0 && (client.websocket || client.closing)) {
            client.deadline_ms = client.closing ? now_ms() + kDeadlineMs : 0;
            set_interest(epoll_, fd, false);
        }
    }
    // Who was answered may close first: a reset would take the answer away on its way.
    if (client.closing && client.deadline_ms == 0) client.deadline_ms = now_ms() + kDeadlineMs;
    if (client.closing) ::shutdown(fd, SHUT_WR);
    return true;
}

void HandHeldServer::drop(int fd) {
    const auto found = clients_.find(fd);
    if (found == clients_.end()) return;
    if (found->second.websocket) --counts_.connected;
    clients_.erase(found);
    ::close(fd);
}

void HandHeldServer::drop_late() {
    const std::int64_t at_ms = now_ms();
    std::vector<int> late;
    for (const auto& [fd, client] : clients_) {
        if (client.deadline_ms != 0 && at_ms > client.deadline_ms) late.push_back(fd);
    }
    for (const int fd : late) drop(fd);
}

}  // namespace racehub::openf1
