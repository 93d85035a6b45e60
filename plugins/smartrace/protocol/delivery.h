#pragma once
// Frames on their way to somebody who confirms nothing by himself: keeps them, in order, until they
// have surely arrived, and says which to send again on a new connection. Pure.

#include <cstdint>
#include <deque>
#include <string>

#include "plugins/smartrace/protocol/ws_peer.h"

namespace racehub::smartrace {

/// A websocket answers a ping after all that came before it: a ping behind a frame whose pong came
/// back proves the frame's arrival. What was sent and not confirmed when a connection broke is sent
/// again, so nothing is lost. Laps may be repeated: the same stamp of the same car is no second
/// lap, and sensors do so too. What may not be repeated with impunity is sent alone: it waits until
/// all before it is confirmed, and nothing follows until it is. So at most one such frame is ever
/// repeated, and a pit message said twice changes nothing.
class Delivery {
  public:
    struct Item {
        std::uint64_t id = 0;  ///< grows from item to item
        Opcode opcode = Opcode::text;
        std::string payload;
        bool alone = false;  ///< may be repeated only by itself
        std::int64_t since_us = 0;
    };
    /// Laps under way at once; more would only be repeated in greater number.
    static constexpr std::size_t kWindow = 32;

    /// False: `limit` items wait already; it is not taken.
    bool post(Item item, std::size_t limit);
    /// A new connection: all unconfirmed is to be sent again.
    void reconnected() { sent_ = 0; }
    /// The next to be sent now, or null. Call sent() when it was.
    const Item* next() const;
    void sent() { ++sent_; }
    /// All up to this id has arrived.
    void confirm(std::uint64_t id);
    /// All that was sent has arrived.
    void confirm_sent();
    /// Forgets what was posted before that instant and is not under way. The number of them.
    std::size_t expire(std::int64_t before_us);

    /// Not to be delivered any more.
    void remove(std::uint64_t id);

    std::size_t waiting() const { return items_.size(); }
    std::size_t under_way() const { return sent_; }
    const std::deque<Item>& items() const { return items_; }

  private:
    std::deque<Item> items_;
    std::size_t sent_ = 0;  // so many of the first are under way
};

}  // namespace racehub::smartrace
