#pragma once
// The conversation with a Track Controller over HTTP, without sockets: it is told what came and
// what time it is, and asks its port for requests. It finds out which protocol the device speaks,
// and tries again when it is gone; the protocols themselves are in http_v1.h and http_v2.h.
//
// One thread. The port must not call back from within its own functions.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/track_controller/protocol/http_reply.h"
#include "plugins/track_controller/session/device_book.h"
#include "plugins/track_controller/session/timing.h"

namespace racehub::track_controller {

struct HttpRequest {
    enum class Kind : std::uint8_t {
        answer,  ///< answered at once: fails after kAnswerLimitUs
        wait,    ///< long poll without a limit; only keepalive ends it
        stream,  ///< server-sent events
    };
    Kind kind = Kind::answer;
    std::string method = "GET";
    std::string target;  ///< path and query
    std::string body;
};

/// Sends requests; each gets an id other than 0. Until aborted, each ends with exactly one of
/// HttpSession::on_reply and on_failed.
class HttpPort {
  public:
    virtual ~HttpPort() = default;
    virtual std::uint32_t request(const HttpRequest& request) = 0;
    virtual void abort(std::uint32_t id) = 0;
};

class HttpSession;

/// One protocol of it. `begin` after the device was identified, `end` before it is destroyed.
class HttpDriver {
  public:
    virtual ~HttpDriver() = default;
    virtual void begin(std::int64_t now_us) = 0;
    virtual void end() = 0;
    virtual void on_reply(std::uint32_t id, const HttpReply& reply, std::int64_t now_us) = 0;
    virtual void on_failed(std::uint32_t id, const std::string& why, std::int64_t now_us) = 0;
    virtual void on_stream(std::uint32_t, std::string_view, std::int64_t) {}
    virtual void on_order(std::int64_t now_us) = 0;
    virtual bool look(std::int64_t now_us) = 0;
    virtual void on_time(std::int64_t now_us) = 0;
    virtual std::int64_t deadline_us() const = 0;
};

class HttpSession {
  public:
    HttpSession(DeviceBook& book, HttpPort& port, std::uint32_t seed);
    ~HttpSession();

    void start(std::int64_t now_us);
    /// Ends all requests.
    void stop();
    void on_reply(std::uint32_t id, const HttpReply& reply, std::int64_t now_us);
    void on_failed(std::uint32_t id, const std::string& why, std::int64_t now_us);
    void on_stream(std::uint32_t id, std::string_view bytes, std::int64_t now_us);
    /// DeviceBook::wants_armed or wanted_digits may have changed.
    void on_order(std::int64_t now_us);
    /// Somebody wants to see dbg now. False: not while this is going on.
    bool look(std::int64_t now_us);
    void on_time(std::int64_t now_us);
    /// When on_time is to be called, at the latest.
    std::int64_t deadline_us() const;

    // ---- For the drivers
    DeviceBook& book() { return book_; }
    HttpPort& port() { return port_; }
    /// The connection is of no use any more: ends the driver (after this call returned), and
    /// identifies the device again after a pause.
    void lost(Link link, const std::string& what, std::int64_t now_us);
    bool is_lost() const { return driver_lost_; }
    /// The device is doing well: the next failure is the first again.
    void healthy(std::int64_t now_us);

  private:
    void probe();
    void on_info(const HttpReply& reply, std::int64_t now_us);
    void retry_later(Link link, const std::string& what, std::int64_t now_us);
    void drop_driver();

    DeviceBook& book_;
    HttpPort& port_;
    Backoff backoff_;
    std::unique_ptr<HttpDriver> driver_;
    std::uint32_t info_id_ = 0;
    std::int64_t probe_at_us_ = kNever;
    std::int64_t well_since_us_ = kNever;
    bool driver_lost_ = false;
};

}  // namespace racehub::track_controller
