#pragma once
// A connection to a real SmartRace app that comes back by itself, and delivers in order without
// loss. Plugin thread; looking up a name has a thread of its own.

#include <memory>
#include <mutex>
#include <racehub/worker.hpp>
#include <random>
#include <string>

#include "plugins/smartrace/net/channel.h"
#include "plugins/smartrace/protocol/backoff.h"
#include "plugins/smartrace/protocol/delivery.h"

namespace racehub::smartrace {

/// What the app does; called on the plugin thread. None of them may destroy the link.
class AppListener {
  public:
    /// The connection is ready for deliveries.
    virtual void on_app_ready(class AppLink& link) = 0;
    virtual void on_app_message(AppLink& link, const WsMessage& message,
                                std::int64_t arrived_us) = 0;
    virtual void on_app_lost(AppLink& link, const std::string& why) = 0;
    /// Everything up to this id has arrived.
    virtual void on_delivered(AppLink& link, std::uint64_t id) = 0;
    /// A message was handed to the network.
    virtual void on_sent(AppLink& link, const Delivery::Item& item) = 0;

  protected:
    ~AppListener() = default;
};

class AppLink {
  public:
    enum class State : std::uint8_t {
        retrying,  ///< not connected; `problem` says why, next_try_us when again
        refused,   ///< reached somebody who is no SmartRace app; tries again too
        silent,    ///< it was reached and did not answer; tries again too
        trying,    ///< under way
        ready
    };

    /// `greets`: says api_version and waits for its answer before anything else, as a sensor does.
    AppLink(sdk::Host host, std::string app_host, int app_port, bool greets, AppListener& listener);
    ~AppLink();

    void run(std::int64_t now_us);
    bool on_fd(int fd, std::uint32_t ready);  ///< false: not a descriptor of ours
    void stop(std::uint16_t close_code);

    /// Takes it for delivery. False: `limit` wait already.
    bool post(Delivery::Item item, std::size_t limit);
    /// At once and only on this connection; nothing if there is none.
    void say(std::string_view text);
    void forget(std::uint64_t id) { delivery_.remove(id); }
    std::size_t expire(std::int64_t before_us) { return delivery_.expire(before_us); }

    State state() const { return state_; }
    const std::string& problem() const { return problem_; }
    std::int64_t next_try_us() const { return next_try_us_; }
    const Delivery& delivery() const { return delivery_; }
    /// "Retrying: …" for the source's line; empty when ready.
    std::string status_text(std::int64_t now_us) const;
    std::string place() const { return app_host_ + ":" + std::to_string(app_port_); }

  private:
    void look_up();
    void connect(const std::string& address, int family);
    void opened(std::int64_t now_us);
    void ready();
    void take(const WsMessage& message, std::int64_t arrived_us);
    void fail(State state, std::string problem, std::int64_t now_us);
    void check_ended(std::int64_t now_us);
    void deliver();
    void keep_alive(std::int64_t now_us);
    void confirmed();

    const sdk::Host host_;
    const std::string app_host_;
    const int app_port_;
    const bool greets_;
    AppListener& listener_;
    Delivery delivery_;
    Backoff backoff_;
    std::minstd_rand random_;
    State state_ = State::trying;
    std::string problem_;
    std::int64_t next_try_us_ = 0, since_us_ = 0;  // since: this try, then this connection
    std::unique_ptr<Channel> channel_;
    bool opened_ = false;  // the websocket of channel_ is open, api_version said
    std::int64_t pinged_us_ = 0, heard_us_ = 0;
    bool answers_pings_ = false;  // on this connection

    std::mutex found_mutex_;
    std::string found_, lookup_problem_;  // found_mutex_; an address; why there is none
    int found_family_ = 0;                // found_mutex_
    bool looking_ = false;
    sdk::BlockingWorker lookup_;  // last: its thread ends before what it uses
};

}  // namespace racehub::smartrace
