#pragma once
// The sensors' connections: accepts them, reads them, and lets go of those that are gone. Plugin
// thread.

#include <map>
#include <memory>
#include <racehub/plugin.hpp>
#include <string>

#include "plugins/smartrace/net/channel.h"
#include "plugins/smartrace/net/listener.h"
#include "plugins/smartrace/protocol/messages.h"

namespace racehub::smartrace {

/// What sensors do; called on the plugin thread. None of them may close or open a line.
class SensorListener {
  public:
    virtual void on_line(LineId line, const std::string& peer) = 0;
    /// Messages that came in one go, in order.
    virtual void on_messages(LineId line, const std::vector<WsMessage>& messages,
                             std::int64_t arrived_us) = 0;
    virtual void on_line_ended(LineId line, const std::string& why) = 0;

  protected:
    ~SensorListener() = default;
};

class Sensors {
  public:
    /// A club has one to four; a plugin may watch 64 descriptors, and a bridge needs two for each.
    static constexpr std::size_t kMaxLines = 24;

    Sensors(sdk::Host host, std::string address, int port, std::size_t max_message_bytes,
            SensorListener& listener);
    ~Sensors();

    /// Tries to listen, if it does not yet; ends connections that never became websockets.
    void run(std::int64_t now_us);
    /// False: not a descriptor of ours.
    bool on_fd(int fd, std::uint32_t ready);
    /// Says goodbye to all.
    void stop();

    void send(LineId line, Opcode opcode, std::string_view payload);
    std::size_t unread_bytes(LineId line) const;  ///< sent, and not taken by the sensor yet
    void end(LineId line, std::uint16_t code, std::string_view reason);
    void hold(bool hold);  ///< all: stop or resume reading

    bool listening() const { return listener_socket_.listening(); }
    const std::string& problem() const { return listener_socket_.problem(); }
    std::int64_t next_try_us() const { return next_try_us_; }
    std::size_t count() const;  ///< of open websockets

  private:
    struct Line {
        std::unique_ptr<Channel> channel;
        std::string peer;
        std::int64_t accepted_us = 0, heard_us = 0;
        bool told = false;  // on_line was called
    };
    void accept_all();
    void make_room();
    void serve(LineId id, std::uint32_t ready);
    void forget(LineId id);

    const sdk::Host host_;
    const std::size_t max_message_bytes_;
    SensorListener& listener_;
    Listener listener_socket_;
    std::map<LineId, Line> lines_;
    LineId last_line_ = 0;
    std::int64_t next_try_us_ = 0;
    bool held_ = false;
};

}  // namespace racehub::smartrace
