// link: mosquitto
// The smallest program that shows a gate's crossing on a screen: libmosquitto in, one text frame
// out to every websocket. No log, no rules, no child process: the limit that the hub is measured
// against. Used by gate_to_screen.py.
//   bench_minimal_hub BROKER_PORT WEB_PORT

#include <arpa/inet.h>
#include <mosquitto.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

namespace {

struct Screens {
    std::mutex mutex;
    std::vector<int> sockets;  // mutex
};

/// The frame of a lap fact as the hub sends it.
std::string frame() {
    const std::string text =
        R"({"facts":[{"cause":11,"data":{"crossed_us":1795246203388258,"entry":1,"lap":1,"lap_us":10584,"number":1,)"
        R"("stamp_us":0},"kind":"fact","race_id":"1","seq":12,"time_us":1795246203388258,"track":"main",)"
        R"("type":"lap.completed","v":1}],"type":"facts"})";
    std::string bytes{static_cast<char>(0x81), static_cast<char>(126)};
    bytes += static_cast<char>(text.size() >> 8);
    bytes += static_cast<char>(text.size() & 0xff);
    return bytes + text;
}

void on_message(mosquitto*, void* context, const mosquitto_message*) {
    static const std::string bytes = frame();
    auto& screens = *static_cast<Screens*>(context);
    const std::lock_guard lock(screens.mutex);
    for (const int fd : screens.sockets) {
        (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

int listen_on(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(fd, 4096) != 0) {
        std::perror("listen");
        std::exit(1);
    }
    return fd;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) return 2;
    Screens screens;
    mosquitto_lib_init();
    mosquitto* client = mosquitto_new("minimal", true, &screens);
    mosquitto_message_callback_set(client, on_message);
    if (mosquitto_connect(client, "127.0.0.1", std::atoi(arguments[1]), 30) != 0) return 1;
    mosquitto_subscribe(client, nullptr, "g/1", 1);
    mosquitto_loop_start(client);
    const int listener = listen_on(std::atoi(arguments[2]));
    std::puts("ready");
    std::fflush(stdout);
    for (;;) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        char head[4096];
        (void)!recv(fd, head, sizeof head, 0);  // the load sends each head whole
        const std::string answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: x\r\n\r\n";
        (void)!send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
        const std::lock_guard lock(screens.mutex);
        screens.sockets.push_back(fd);
    }
}
