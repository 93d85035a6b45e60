#pragma once
// The client's end of a websocket without its socket: bytes in, messages out, and the other way
// round. The codec is wslay's; pings are answered by it. Pure but for the random masks.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::emperor {

struct WsMessage {
    int opcode = 1;       ///< of RFC 6455: 1 text, 2 binary, 8 close, 9 ping, 10 pong
    std::string payload;  ///< whole, however many frames it came in
};

class Websocket {
  public:
    /// Longer messages end the connection (1009).
    explicit Websocket(std::size_t max_message_bytes);
    ~Websocket();
    Websocket(const Websocket&) = delete;
    Websocket& operator=(const Websocket&) = delete;

    /// Takes bytes as they came, cut anywhere; gives what became whole with them.
    std::vector<WsMessage> read(std::string_view bytes);
    void ping();

    /// What is to be written next; the caller takes it away.
    std::string& output() { return output_; }

    /// Nothing more will be read: the peer said goodbye or broke the rules; `problem` says which.
    bool ended() const;
    std::string problem() const;

  private:
    struct Codec;
    std::unique_ptr<Codec> codec_;
    std::string output_;
};

}  // namespace racehub::emperor
