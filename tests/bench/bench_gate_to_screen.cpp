// link: mosquitto
// Many screens and one gate: publishes numbered crossings and measures, on every screen, when the
// lap's frame is there. Used by gate_to_screen.py.
//   bench_gate_to_screen BROKER_PORT WEB_PORT SCREENS CROSSINGS PER_SECOND
// Prints: screens, crossings, frames expected, frames seen, p50 and p99 in microseconds.

#include <arpa/inet.h>
#include <mosquitto.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr char kMark[] = "\"lap.completed\"";
constexpr std::size_t kMarkLength = sizeof kMark - 1;
constexpr int kScreensPerAddress = 50;  ///< the hub lets an address have 64 sockets
constexpr std::int64_t kPatienceUs = 5'000'000;

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

struct Screen {
    int fd = -1;
    std::size_t laps = 0;
    std::string tail;  ///< end of the last read, in which a mark may begin
};

int connect_screen(int number, int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(1 + number / kScreensPerAddress));
    bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
        std::perror("connect");
        std::exit(1);
    }
    const std::string head =
        "GET /live HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    (void)!send(fd, head.data(), head.size(), MSG_NOSIGNAL);
    char first[1];
    (void)!recv(fd, first, 1, MSG_PEEK);  // the 101 is there
    return fd;
}

class Load {
  public:
    Load(int broker_port, int web_port, int screens, std::size_t crossings, int per_second)
        : crossings_(crossings), period_us_(1'000'000 / per_second), epoll_(epoll_create1(0)) {
        for (int i = 0; i < screens; ++i) {
            screens_.push_back(Screen{connect_screen(i, web_port), 0, {}});
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u32 = static_cast<std::uint32_t>(i);
            epoll_ctl(epoll_, EPOLL_CTL_ADD, screens_.back().fd, &event);
        }
        client_ = mosquitto_new("load", true, nullptr);
        if (mosquitto_connect(client_, "127.0.0.1", broker_port, 30) != 0) std::exit(1);
        mosquitto_loop_start(client_);
    }

    void run() {
        read_for(500'000);  // snapshots and hellos
        for (Screen& screen : screens_) screen.laps = 0;
        std::int64_t next_us = now_us();
        while (sent_us_.size() < crossings_) {
            publish();
            next_us += period_us_;
            read_for(std::max<std::int64_t>(0, next_us - now_us()));
        }
        const std::int64_t end_us = now_us() + kPatienceUs;
        while (delays_us_.size() < crossings_ * screens_.size() && now_us() < end_us) {
            read_for(10'000);
        }
        std::sort(delays_us_.begin(), delays_us_.end());
        const auto at = [this](double share) {
            if (delays_us_.empty()) return std::int64_t{0};
            return delays_us_[static_cast<std::size_t>(share *
                                                       static_cast<double>(delays_us_.size() - 1))];
        };
        std::printf("%zu %zu %zu %zu %lld %lld\n", screens_.size(), crossings_,
                    crossings_ * screens_.size(), delays_us_.size(),
                    static_cast<long long>(at(0.5)), static_cast<long long>(at(0.99)));
    }

  private:
    void publish() {
        const std::string payload = "{\"n\":" + std::to_string(sent_us_.size() + 1) +
                                    ",\"boot\":\"" + std::to_string(getpid()) + "\"}";
        sent_us_.push_back(now_us());
        mosquitto_publish(client_, nullptr, "g/1", static_cast<int>(payload.size()), payload.data(),
                          1, false);
    }

    void read_for(std::int64_t span_us) {
        const std::int64_t end_us = now_us() + span_us;
        for (;;) {
            epoll_event events[256];
            const std::int64_t left_us = std::max<std::int64_t>(0, end_us - now_us());
            const timespec timeout{left_us / 1'000'000, left_us % 1'000'000 * 1'000};
            const int ready = epoll_pwait2(epoll_, events, 256, &timeout, nullptr);
            for (int i = 0; i < ready; ++i) read(screens_[events[i].data.u32]);
            if (now_us() >= end_us) return;
        }
    }

    void read(Screen& screen) {
        char buffer[65536];
        const ssize_t got = recv(screen.fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got <= 0) return;
        const std::int64_t at_us = now_us();
        screen.tail.append(buffer, static_cast<std::size_t>(got));
        std::size_t from = 0;
        while ((from = screen.tail.find(kMark, from)) != std::string::npos) {
            if (screen.laps < sent_us_.size()) delays_us_.push_back(at_us - sent_us_[screen.laps]);
            ++screen.laps;
            from += kMarkLength;
            screen.tail.erase(0, from);
            from = 0;
        }
        if (screen.tail.size() > kMarkLength) {
            screen.tail.erase(0, screen.tail.size() - kMarkLength + 1);
        }
    }

    const std::size_t crossings_;
    const std::int64_t period_us_;
    const int epoll_;
    mosquitto* client_ = nullptr;
    std::vector<Screen> screens_;
    std::vector<std::int64_t> sent_us_;
    std::vector<std::int64_t> delays_us_;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 6) return 2;
    mosquitto_lib_init();
    Load load(std::atoi(arguments[1]), std::atoi(arguments[2]), std::atoi(arguments[3]),
              static_cast<std::size_t>(std::atoi(arguments[4])), std::atoi(arguments[5]));
    load.run();
    return 0;
}
