#pragma once
// Sockets for the HTTP session: every request on a connection of its own, none of them blocking.
// A long poll waits without limit and finds a dead device by TCP keepalive; everything else is
// given up after kAnswerLimitUs. One thread.

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <vector>

#include "plugins/track_controller/io/fd.h"
#include "plugins/track_controller/io/resolver.h"
#include "plugins/track_controller/io/wire.h"
#include "plugins/track_controller/session/http_session.h"

namespace racehub::track_controller {

class HttpWire final : public Wire, private HttpPort {
  public:
    HttpWire(std::string host, int port, DeviceBook& book, std::uint32_t seed);

    void start(std::int64_t now_us) override;
    void stop() override;
    void on_order(std::int64_t now_us) override;
    bool look(std::int64_t now_us) override;
    void watch(std::vector<pollfd>& fds) override;
    std::int64_t deadline_us() const override;
    void turn(std::int64_t now_us) override;

  private:
    enum class Step : std::uint8_t { lookup, connecting, sending, receiving };
    struct Exchange {
        std::uint32_t id = 0;
        HttpRequest::Kind kind = HttpRequest::Kind::answer;
        Step step = Step::lookup;
        Fd fd;
        std::size_t address = 0;  // of addresses_, being tried
        std::string out;
        HttpReplyReader reader;
        std::int64_t deadline_us = 0;
        bool ended = false;  // reported or aborted: to be removed
    };

    std::uint32_t request(const HttpRequest& request) override;
    void abort(std::uint32_t id) override;

    void advance(Exchange& exchange, std::int64_t now_us);
    void look_up(Exchange& exchange, std::int64_t now_us);
    void connect(Exchange& exchange, std::int64_t now_us);
    void connected(Exchange& exchange, std::int64_t now_us);
    void send(Exchange& exchange, std::int64_t now_us);
    void receive(Exchange& exchange, std::int64_t now_us);
    void received(Exchange& exchange, std::string_view bytes, std::int64_t now_us);
    void finish(Exchange& exchange, std::int64_t now_us);
    void fail(Exchange& exchange, const std::string& why, std::int64_t now_us);

    std::string host_;
    int port_;
    DeviceBook& book_;
    HttpSession session_;
    Resolver resolver_;
    std::vector<Address> addresses_;  // kept while they answer
    std::list<Exchange> exchanges_;   // stable while the session adds to it
    std::uint32_t last_id_ = 0;
    std::int64_t now_us_ = 0;
};

}  // namespace racehub::track_controller
