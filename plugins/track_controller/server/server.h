#pragma once
// Offers a track of the hub as a Track Controller: protocol 1.0 over HTTP, one request a
// connection. What the real one gets wrong is left out: waiters that went away give their place
// back, and answers are sent whole. Everything on the plugin's thread, nothing blocks.

#include <cstdint>
#include <map>
#include <racehub/plugin.hpp>
#include <string>

#include "plugins/track_controller/io/fd.h"
#include "plugins/track_controller/server/firmware.h"

namespace racehub::track_controller {

class Server {
  public:
    /// `address` empty: all of this machine.
    Server(sdk::Host host, std::string track, std::string address, int port);
    ~Server();

    /// Listens, or says why not and tries again with `on_timer`.
    void start();
    void stop();
    void on_event(const sdk::Event& event);
    void on_fd(int fd, std::uint32_t ready);
    /// Once a second.
    void on_timer();
    /// One sentence for the organiser; `well` false: something is to be done.
    const std::string& text() const { return text_; }
    bool well() const { return well_; }

  private:
    enum class Step : std::uint8_t { reading, race_wait, gate_wait, sending, closing };
    struct Client {
        Fd fd;
        Step step = Step::reading;
        std::string in;
        std::string out;
        std::int64_t until_us = 0;  // 0: no limit
    };

    void listen();
    void accept();
    void receive(Client& client);
    void handle(Client& client);
    void answer(Client& client, int status, std::string_view body);
    void send(Client& client);
    void hang_up(Client& client);
    void answer_all(Step waiting, const std::string& body);
    Waiters waiters() const;
    void close_ended();

    sdk::Host host_;
    std::string address_;
    int port_;
    RaceBoard board_;
    std::int64_t started_us_ = 0;
    Fd listener_;
    std::map<int, Client> clients_;
    std::string text_;
    bool well_ = false;
};

}  // namespace racehub::track_controller
