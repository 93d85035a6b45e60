#pragma once
// A websocket on a socket of its own: opens it from either side, never blocks. Plugin thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <racehub/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/smartrace/protocol/ws_peer.h"

namespace racehub::smartrace {

class Channel {
  public:
    enum class State : std::uint8_t {
        connecting,  ///< TCP is not there yet
        opening,     ///< HTTP
        open,
        ended  ///< forget it; `problem` says why
    };
    /// What a peer leaves unread here; beyond it the connection ends. Greetings have 2 kB.
    static constexpr std::size_t kMaxUnsentBytes = 512 * 1024;

    /// Takes over `fd`, which is non-blocking: one that was accepted, or one that is connecting to
    /// `host_name`:`port`.
    static std::unique_ptr<Channel> accepted(sdk::Host host, int fd, std::size_t max_message_bytes);
    static std::unique_ptr<Channel> connecting(sdk::Host host, int fd,
                                               std::size_t max_message_bytes,
                                               std::string_view host_name, int port);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    int fd() const { return fd_; }
    State state() const { return state_; }
    bool is_open() const { return state_ == State::open; }
    const std::string& problem() const { return problem_; }
    /// The peer was reached and opened no websocket.
    bool refused() const { return refused_; }

    /// The socket is ready (RH_FD_ bits): reads and writes what is possible now. Messages come in
    /// order; also those before an end.
    std::vector<WsMessage> on_ready(std::uint32_t ready);

    void send(Opcode opcode, std::string_view payload);
    /// Says goodbye as far as the network takes it at once, and ends.
    void close(std::uint16_t code, std::string_view reason);
    void end(std::string problem);

    /// Stops and resumes reading; the peer's messages wait with it then.
    void hold(bool hold);

    /// Bytes that wait here or in the kernel for the peer's machine to take them.
    std::size_t unconfirmed_bytes() const;

  private:
    Channel(sdk::Host host, int fd, WsPeer::Side side, std::size_t max_message_bytes);
    void finish_connect();
    bool read_some(std::string& bytes);
    void open_with(std::string& bytes);
    void flush();
    void watch();

    const sdk::Host host_;
    const int fd_;
    const WsPeer::Side side_;
    WsPeer peer_;
    State state_ = State::opening;
    std::string problem_, head_, raw_out_, key_, request_;
    std::size_t sent_ = 0;  // of the front of raw_out_
    std::uint32_t interest_ = 0;
    bool held_ = false, refused_ = false;
};

/// Makes a TCP socket send without delays, and notice by itself within a minute or so that the
/// other end is gone: sensors answer no pings, but their network stack answers these probes.
int tune_socket(int fd);

}  // namespace racehub::smartrace
