// link: racehub::web
// Fan-out: one 400-byte message to each of N sockets, ten times a second, by the hub's web part or
// by the smallest loop that can do it.
//
//   bench_fanout hub|raw CLIENTS SECONDS        prints one JSON line
//
// The clients are a process of their own; CPU is the server's alone. fanout.py runs both by turns
// and prints the ratio.

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "hub/web/web_server.h"

namespace racehub {
namespace {

using nlohmann::json;

constexpr std::int64_t kPeriodUs = 100'000;
constexpr std::size_t kMessageBytes = 400;

/// A sample with the instant of its making; the whole message has kMessageBytes.
std::string sample_of(std::int64_t now_us) {
    const std::string head = "{\"made_us\":" + std::to_string(now_us) + ",\"pad\":\"";
    const std::size_t around = std::string(R"({"type":"sample","sample":})").size() + 2;
    return head + std::string(kMessageBytes - around - head.size(), 'x') + "\"}";
}

double cpu_s() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

long rss_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word == "VmRSS:" && status >> word) return std::stol(word);
    }
    return 0;
}

int connect_to(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    // Addresses of the loopback network, so that one does not run out of ports.
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        std::perror("connect");
        std::_Exit(1);
    }
    return fd;
}

/// The clients: connect, say "all here" on `out`, read until `out` is closed, report what came.
[[noreturn]] void be_clients(std::uint16_t port, int count, bool handshake, int in, int out) {
    const int epoll = epoll_create1(0);
    for (int i = 0; i < count; ++i) {
        const int fd = connect_to(port);
        const std::string hello =
            "GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        if (handshake && write(fd, hello.data(), hello.size()) < 0) std::_Exit(1);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    epoll_event stop{};
    stop.events = EPOLLIN;
    stop.data.fd = in;
    epoll_ctl(epoll, EPOLL_CTL_ADD, in, &stop);
    if (write(out, "all here", 8) != 8) std::_Exit(1);
    std::vector<char> bytes(256 * 1024);
    std::vector<std::int64_t> late_us;
    std::uint64_t samples = 0;
    std::uint64_t ticks = 0;
    std::array<epoll_event, 1024> events{};
    for (bool running = true; running;) {
        const int ready = epoll_wait(epoll, events.data(), 1024, -1);
        for (int i = 0; i < ready; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == in) {
                char word = 0;
                running = read(in, &word, 1) > 0;
                if (running) {  // a mark: what came before does not count
                    samples = ticks = 0;
                    late_us.clear();
                }
                continue;
            }
            const auto got = read(fd, bytes.data(), bytes.size());
            if (got <= 0) std::_Exit(3);
            const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
            if (text.find("\"tick\"") != std::string_view::npos) ++ticks;
            for (auto at = text.find("made_us\":"); at != std::string_view::npos;
                 at = text.find("made_us\":", at + 1)) {
                ++samples;
                if (samples % 16 != 0) continue;
                late_us.push_back(web::monotonic_us() -
                                  std::strtoll(text.data() + at + 9, nullptr, 10));
            }
        }
    }
    std::sort(late_us.begin(), late_us.end());
    const auto at = [&](double part) {
        return late_us.empty() ? 0.0
                               : static_cast<double>(late_us[static_cast<std::size_t>(
                                     static_cast<double>(late_us.size() - 1) * part)]) /
                                     1e3;
    };
    const json report = {
        {"samples", samples}, {"ticks", ticks}, {"p50_ms", at(0.5)}, {"p99_ms", at(0.99)}};
    const auto text = report.dump();
    std::_Exit(write(out, text.data(), text.size()) > 0 ? 0 : 1);
}

/// Runs the clients against a server, measures, prints.
class Measurement {
  public:
    Measurement(std::string server, int clients) : server_(std::move(server)), clients_(clients) {
        if (pipe(to_clients_) != 0 || pipe(from_clients_) != 0) std::_Exit(1);
    }

    void start_clients(std::uint16_t port, bool handshake) {
        child_ = fork();
        if (child_ == 0) {
            close(to_clients_[1]);
            be_clients(port, clients_, handshake, to_clients_[0], from_clients_[1]);
        }
        close(to_clients_[0]);
        close(from_clients_[1]);
    }
    void await_clients() {
        char word[8];
        if (read(from_clients_[0], word, sizeof word) != 8) std::_Exit(1);
    }
    void begin() {
        if (write(to_clients_[1], "m", 1) != 1) std::_Exit(1);
        begin_s_ = cpu_s();
    }
    void end(int seconds) {
        const double used_s = cpu_s() - begin_s_;
        close(to_clients_[1]);
        std::string text(4096, '\0');
        const auto got = read(from_clients_[0], text.data(), text.size());
        waitpid(child_, nullptr, 0);
        json report = json::parse(text.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0));
        // The hub also sends a tick each second; a message is a message.
        const auto samples = report["samples"].get<double>();
        const auto messages = samples + report["ticks"].get<double>();
        report["server"] = server_;
        report["clients"] = clients_;
        report["cpu_s_per_million"] = used_s / messages * 1e6;
        report["delivered"] = samples / (static_cast<double>(clients_) * seconds * 1e6 / kPeriodUs);
        report["rss_kb"] = rss_kb();
        std::cout << report.dump() << std::endl;
    }

  private:
    std::string server_;
    int clients_;
    int to_clients_[2] = {};
    int from_clients_[2] = {};
    pid_t child_ = -1;
    double begin_s_ = 0;
};

/// Waits for the next beat of the clock on a timer of its own kind: epoll's, as both servers do.
void wait_until_us(int epoll, std::int64_t at_us) {
    for (;;) {
        const auto left = at_us - web::monotonic_us();
        if (left <= 0) return;
        epoll_event event{};
        epoll_wait(epoll, &event, 1, static_cast<int>(left / 1000 + 1));
    }
}

void run_raw(int clients, int seconds) {
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listening, reinterpret_cast<sockaddr*>(&address), size);
    listen(listening, SOMAXCONN);
    getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
    Measurement measurement("raw", clients);
    measurement.start_clients(ntohs(address.sin_port), false);
    const int epoll = epoll_create1(0);
    std::vector<int> sockets;
    for (int i = 0; i < clients; ++i) {
        const int fd = accept4(listening, nullptr, nullptr, SOCK_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        sockets.push_back(fd);
    }
    measurement.await_clients();
    measurement.begin();
    auto next = web::monotonic_us();
    for (std::int64_t beat = 0; beat < seconds * 1'000'000 / kPeriodUs; ++beat) {
        const auto frame =
            web::text_frame(R"({"type":"sample","sample":)" + sample_of(web::monotonic_us()) + "}");
        for (const int fd : sockets) {
            [[maybe_unused]] const auto sent =
                send(fd, frame->data(), frame->size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        next += kPeriodUs;
        wait_until_us(epoll, next);
    }
    measurement.end(seconds);
}

class NoLog final : public Journal, public web::History, public web::SourcesView {
  public:
    std::optional<Outcome> find(const std::string&, const std::string&) override { return {}; }
    std::optional<Race> fold_race(const std::string&, const std::string&) override { return {}; }
    bool append(const JournalBatch&, std::string&) override { return true; }
    std::vector<web::RaceSummary> races(const std::string&, const std::string&,
                                        std::size_t) override {
        return {};
    }
    std::optional<web::StoredRace> race(const std::string&) override { return {}; }
    std::optional<std::vector<web::LapRow>> laps(const std::string&) override { return {}; }
    std::optional<std::vector<std::string>> facts(const std::string&, std::uint64_t,
                                                  std::size_t) override {
        return {};
    }
    std::string sources_json() override { return "[]"; }
    Enabled enable(const std::string&, std::string&) override { return Enabled::unknown; }
    Asked ask(const std::string&, const std::string&, const std::string&) override {
        return Asked::unknown;
    }
    std::optional<std::string> log_lines(const std::string&, std::uint64_t) override { return {}; }
};

void run_hub(int clients, int seconds) {
    std::string folder = (std::filesystem::temp_directory_path() / "racehub-bench-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) std::_Exit(1);
    {
        NoLog log;
        SystemClock clock({}, 0);
        Engine engine({"bench", {}, 0, 0}, log, clock);
        web::WebSettings settings;
        settings.address = "127.0.0.1";
        settings.port = 0;
        settings.state_directory = folder;
        settings.limits.sockets_per_address = static_cast<std::size_t>(clients) + 10;
        web::WebServer server(settings, engine, log, log, {});
        engine.add_sink(server);
        Measurement measurement("hub", clients);
        measurement.start_clients(server.port(), true);
        engine.start();
        server.start();
        measurement.await_clients();
        const int epoll = epoll_create1(0);
        wait_until_us(epoll, web::monotonic_us() + 1'000'000);  // snapshots are out
        measurement.begin();
        auto next = web::monotonic_us();
        for (std::int64_t beat = 0; beat < seconds * 1'000'000 / kPeriodUs; ++beat) {
            server.add_sample(sample_of(web::monotonic_us()));
            next += kPeriodUs;
            wait_until_us(epoll, next);
        }
        measurement.end(seconds);
        server.stop();
        engine.stop();
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace racehub

int main(int count, char** arguments) {
    if (count != 4) {
        std::cerr << "usage: bench_fanout hub|raw CLIENTS SECONDS\n";
        return 2;
    }
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const int clients = std::atoi(arguments[2]);
    const int seconds = std::atoi(arguments[3]);
    if (std::string(arguments[1]) == "raw") {
        racehub::run_raw(clients, seconds);
    } else {
        racehub::run_hub(clients, seconds);
    }
    return 0;
}
