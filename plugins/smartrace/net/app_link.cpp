#include "plugins/smartrace/net/app_link.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "plugins/smartrace/protocol/messages.h"

namespace racehub::smartrace {
namespace {

// A tablet in the same room answers within a second, also one that wakes up.
constexpr std::int64_t kConnectUs = 5'000'000;
constexpr std::int64_t kGreetingUs = 5'000'000;
// So often a quiet connection is tried, and so long an app that used to answer may not.
constexpr std::int64_t kPingUs = 5'000'000;
constexpr std::int64_t kSilentUs = 15'000'000;
// An app that has not answered its first ping by then answers none: TCP's word is taken instead.
constexpr std::int64_t kNoPongUs = 1'000'000;
constexpr std::string_view kAlive = "alive";

std::string seconds_until(std::int64_t at_us, std::int64_t now_us) {
    return std::to_string(std::max<std::int64_t>(0, at_us - now_us) / 1'000'000 + 1) + " s";
}

}  // namespace

AppLink::AppLink(sdk::Host host, std::string app_host, int app_port, bool greets,
                 AppListener& listener)
    : host_(host),
      app_host_(std::move(app_host)),
      app_port_(app_port),
      greets_(greets),
      listener_(listener),
      random_(static_cast<std::uint32_t>(host.now_us())),
      lookup_(host) {}

AppLink::~AppLink() = default;

void AppLink::look_up() {
    in6_addr unused{};
    for (const int family : {AF_INET, AF_INET6}) {
        if (inet_pton(family, app_host_.c_str(), &unused) == 1) return connect(app_host_, family);
    }
    looking_ = true;
    lookup_.start([this](sdk::StopToken&) {
        addrinfo wanted{};
        wanted.ai_socktype = SOCK_STREAM;
        addrinfo* list = nullptr;
        const int error = getaddrinfo(app_host_.c_str(), nullptr, &wanted, &list);
        {
            const std::lock_guard lock(found_mutex_);
            char text[NI_MAXHOST] = "";
            if (error == 0 && getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text,
                                          nullptr, 0, NI_NUMERICHOST) == 0) {
                found_ = text;
                found_family_ = list->ai_family;
            } else {
                lookup_problem_ = error == 0 ? "it has no address" : gai_strerror(error);
            }
        }
        if (error == 0) freeaddrinfo(list);
        host_.wake();
    });
}

void AppLink::connect(const std::string& address, int family) {
    sockaddr_storage place{};
    socklen_t size = 0;
    const auto port = htons(static_cast<std::uint16_t>(app_port_));
    if (family == AF_INET) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(place);
        v4.sin_family = AF_INET;
        v4.sin_port = port;
        inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
        size = sizeof v4;
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(place);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = port;
        inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
        size = sizeof v6;
    }
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(State::retrying, std::strerror(errno), host_.now_us());
    const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&place), size);
    const int error = result == 0 ? 0 : errno;
    channel_ = Channel::connecting(host_, fd, kMaxAppBytes, app_host_, app_port_);
    opened_ = false;
    if (error != 0 && error != EINPROGRESS) {
        channel_->end(std::strerror(error));
        check_ended(host_.now_us());
    }
}

void AppLink::run(std::int64_t now_us) {
    if (looking_) {
        std::string address, problem;
        int family = 0;
        {
            const std::lock_guard lock(found_mutex_);
            address = std::exchange(found_, {});
            problem = std::exchange(lookup_problem_, {});
            family = found_family_;
        }
        if (address.empty() && problem.empty()) return;
        looking_ = false;
        if (!address.empty()) return connect(address, family);
        return fail(State::retrying, problem, now_us);
    }
    if (!channel_) {
        if (now_us < next_try_us_) return;
        since_us_ = now_us;
        return look_up();
    }
    check_ended(now_us);
    if (!channel_) return;
    if (!opened_ && now_us - since_us_ > kConnectUs) {
        const bool met = channel_->state() == Channel::State::opening;
        return fail(met ? State::silent : State::retrying,
                    met ? "it took the connection and then said nothing" : "no answer", now_us);
    }
    if (opened_ && state_ != State::ready && now_us - since_us_ > kGreetingUs) {
        return fail(State::silent, "it does not answer api_version", now_us);
    }
    if (state_ == State::ready) keep_alive(now_us);
}

bool AppLink::on_fd(int fd, std::uint32_t ready_bits) {
    if (!channel_ || channel_->fd() != fd) return false;
    const std::int64_t now_us = host_.now_us();
    const std::vector<WsMessage> messages = channel_->on_ready(ready_bits);
    if (!opened_ && (channel_->is_open() || !messages.empty())) opened(now_us);
    for (const WsMessage& message : messages) take(message, now_us);
    check_ended(now_us);
    return true;
}

void AppLink::opened(std::int64_t now_us) {
    opened_ = true;
    since_us_ = heard_us_ = now_us;
    pinged_us_ = 0;
    answers_pings_ = false;
    delivery_.reconnected();
    if (greets_) {
        const Delivery::Item greeting{0, Opcode::text, api_version_text(), true, now_us};
        channel_->send(greeting.opcode, greeting.payload);
        listener_.on_sent(*this, greeting);
    } else {
        ready();
    }
}

void AppLink::ready() {
    state_ = State::ready;
    problem_.clear();
    backoff_.reset();
    listener_.on_app_ready(*this);
    deliver();
}

void AppLink::take(const WsMessage& message, std::int64_t arrived_us) {
    heard_us_ = arrived_us;
    if (message.opcode == Opcode::pong) {
        answers_pings_ = true;
        pinged_us_ = 0;
        std::uint64_t id = 0;
        const char* const end = message.payload.data() + message.payload.size();
        const auto [rest, error] = std::from_chars(message.payload.data(), end, id);
        if (error == std::errc() && rest == end) {
            delivery_.confirm(id);
            listener_.on_delivered(*this, id);
            deliver();
        }
        return;
    }
    if (message.opcode != Opcode::text && message.opcode != Opcode::binary) return;
    listener_.on_app_message(*this, message, arrived_us);
    const bool answered =
        state_ != State::ready && read_app_message(message.payload).says == AppSays::api_version;
    if (answered) ready();
}

void AppLink::check_ended(std::int64_t now_us) {
    if (!channel_ || channel_->state() != Channel::State::ended) return;
    fail(channel_->refused() ? State::refused : State::retrying, channel_->problem(), now_us);
}

void AppLink::fail(State state, std::string problem, std::int64_t now_us) {
    const bool was_ready = state_ == State::ready;
    state_ = state;
    problem_ = std::move(problem);
    next_try_us_ = now_us + backoff_.next_us(static_cast<std::uint32_t>(random_()));
    channel_.reset();
    opened_ = false;
    if (was_ready) host_.info("The app at " + place() + " is gone: " + problem_ + ".");
    listener_.on_app_lost(*this, problem_);
    host_.wake();
}

bool AppLink::post(Delivery::Item item, std::size_t limit) {
    if (!delivery_.post(std::move(item), limit)) return false;
    deliver();
    return true;
}

void AppLink::say(std::string_view text) {
    if (channel_) channel_->send(Opcode::text, text);
}

void AppLink::deliver() {
    while (state_ == State::ready && channel_ && channel_->is_open()) {
        const Delivery::Item* item = delivery_.next();
        if (!item) return;
        channel_->send(item->opcode, item->payload);
        listener_.on_sent(*this, *item);
        channel_->send(Opcode::ping, std::to_string(item->id));
        if (pinged_us_ == 0) pinged_us_ = host_.now_us();
        delivery_.sent();
    }
}

void AppLink::keep_alive(std::int64_t now_us) {
    const bool asked = pinged_us_ != 0;
    if (answers_pings_ && asked && now_us - pinged_us_ > kSilentUs) {
        return fail(State::silent, "it does not answer any more", now_us);
    }
    if (!answers_pings_ && asked && now_us - pinged_us_ > kNoPongUs && delivery_.under_way() > 0 &&
        channel_->unconfirmed_bytes() == 0) {
        const std::uint64_t id = delivery_.items()[delivery_.under_way() - 1].id;
        delivery_.confirm_sent();
        listener_.on_delivered(*this, id);
        deliver();
    }
    if (!asked && now_us - heard_us_ > kPingUs) {
        channel_->send(Opcode::ping, kAlive);
        pinged_us_ = now_us;
    }
}

void AppLink::stop(std::uint16_t close_code) {
    lookup_.stop();
    if (channel_) channel_->close(close_code, "");
    channel_.reset();
}

std::string AppLink::status_text(std::int64_t now_us) const {
    const std::string again = " Next try in " + seconds_until(next_try_us_, now_us) + ".";
    switch (state_) {
        case State::retrying:
            return "Retrying: no SmartRace app at " + place() + " (" + problem_ +
                   "). Open the app, and compare with the address that it shows." + again;
        case State::refused:
            return "Refused: " + place() + " was reached, but " + problem_ +
                   ". Enter the address and port that the SmartRace app shows." + again;
        case State::silent:
            return "Silent: " + place() + " was reached, but " + problem_ +
                   ". Close the SmartRace app and open it again." + again;
        case State::trying:
            return "Connecting to the SmartRace app at " + place() + ".";
        case State::ready:
            return {};
    }
    return {};
}

}  // namespace racehub::smartrace
