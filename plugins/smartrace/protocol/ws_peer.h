#pragma once
// One end of a websocket without its socket: bytes in, messages out, and the other way round. The
// codec is wslay's; pings are answered by it. Pure but for the random masks of a client.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::smartrace {

/// Opcodes of RFC 6455 that reach us.
enum class Opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct WsMessage {
    Opcode opcode = Opcode::text;
    std::string payload;           ///< whole, however many frames it came in
    std::uint16_t close_code = 0;  ///< close; 0: it gave none
};

class WsPeer {
  public:
    enum class Side { server, client };
    /// Longer messages end the connection (1009).
    WsPeer(Side side, std::size_t max_message_bytes);
    ~WsPeer();
    WsPeer(const WsPeer&) = delete;
    WsPeer& operator=(const WsPeer&) = delete;

    /// Takes bytes as they came, cut anywhere; gives what became whole with them.
    std::vector<WsMessage> read(std::string_view bytes);

    /// Each as one unfragmented frame. Ignored once the end has begun.
    void send(Opcode opcode, std::string_view payload);
    void close(std::uint16_t code, std::string_view reason);

    /// What is to be written next; the caller takes it away.
    std::string& output() { return output_; }

    /// Nothing more will be read: the peer said goodbye or broke the rules. What is in output()
    /// says why, to the peer; `problem` to people.
    bool ended() const;
    std::string problem() const;

  private:
    struct Codec;
    std::unique_ptr<Codec> codec_;
    std::string output_;
};

}  // namespace racehub::smartrace
