#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/web/address.h"
#include "hub/web/counters.h"
#include "hub/web/event_loop.h"
#include "hub/web/fd.h"
#include "hub/web/host_rules.h"
#include "hub/web/workers.h"

namespace racehub::web {

struct FrontLimits {
    std::int64_t head_us = 5'000'000;     ///< for the whole request, body included
    std::int64_t answer_us = 20'000'000;  ///< for a handler that answers later; an examination of
                                          ///< a plugin has 15 s
    std::int64_t stall_us = 10'000'000;   ///< a reader of an answer that takes nothing
    std::int64_t linger_us = 2'000'000;   ///< after the answer, for the peer to read it and close
    std::size_t sockets = 12'000;
    std::size_t sockets_per_address = 64;
};

/// A websocket that has passed all rules of the handshake.
struct Upgrade {
    Fd socket;  ///< non-blocking; the request head is read off, frames behind it are not
    AddressSlot slot;
    RequestHead head;
    std::string response;  ///< the 101, not sent yet: it travels with the first frames
};

/// Takes over upgraded sockets of one path.
class UpgradeTarget {
  public:
    virtual ~UpgradeTarget() = default;
    /// Loop thread.
    virtual void adopt(Upgrade upgrade) = 0;
};

/// Accepts connections, reads each request head without taking it from the kernel (MSG_PEEK), and
/// refuses what breaks the grammar, the limits, the deadline or the rules of Host. Websocket
/// upgrades are answered here; whole ordinary requests go to the workers, one for each connection.
/// Everything on the loop's thread.
class Front {
  public:
    Front(std::shared_ptr<EventLoop> loop, WorkerPool& workers, const HostRules& rules,
          FrontLimits limits, std::vector<Address> trusted_proxies, WebCounters& counters,
          Refusals& refusals);
    ~Front();
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;

    /// Listens on an address (`*`: all of them) and port (0: any free one). Returns the port.
    /// Throws std::runtime_error with a sentence for people. Before the loop runs.
    std::uint16_t listen(const std::string& address, std::uint16_t port);
    /// Before the loop runs. Targets are not owned and outlive the front.
    void upgrade(const std::string& path, UpgradeTarget& target);
    /// Closes the listening sockets and every connection.
    void shut();

  private:
    class Listener;
    class Connection;
    friend class Connection;

    void accept_all(Listener& listener);
    void accept_one(Fd socket, const Address& peer);
    void shed(Listener& listener);
    void close(Connection& connection);
    void sweep();
    void respond(std::uint64_t id, Response response);
    void worker_done(std::uint64_t id);
    bool from_proxy(const Address& peer) const;

    const std::shared_ptr<EventLoop> loop_;  // shared: late answers must find it
    WorkerPool& workers_;
    const HostRules& rules_;
    const FrontLimits limits_;
    const std::vector<Address> trusted_proxies_;
    WebCounters& counters_;
    Refusals& refusals_;
    AddressLedger ledger_;
    std::map<std::string, UpgradeTarget*> upgrades_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::uint64_t next_id_ = 1;
    Fd reserve_;  // given up for a moment to turn a caller away when file descriptors run out
};

}  // namespace racehub::web
