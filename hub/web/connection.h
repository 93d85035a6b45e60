#pragma once

#include "hub/web/front.h"

namespace racehub::web {

/// One accepted socket until it is answered and closed, or leaves as a websocket. Part of Front;
/// loop thread only.
class Front::Connection : public Watcher {
  public:
    Connection(Front& front, std::uint64_t id, Fd socket, Address peer, AddressSlot slot);

    void on_ready(std::uint32_t events) override;
    /// Answers without having read a request.
    void refuse(const Problem& problem);
    void respond(Response response);
    void worker_done();
    /// Called a few times a second: deadlines, and heads that come in too many pieces to look at
    /// each.
    void sweep(std::int64_t now_us);

    std::uint64_t id() const { return id_; }
    int fd() const { return socket_.get(); }

  private:
    enum class Stage { head, body, working, sending, lingering };

    void look_at_head(std::uint32_t events);
    void head_complete(RequestHead head, std::uint32_t events);
    void upgrade(UpgradeTarget& target, RequestHead head);
    bool upgrade_allowed(const RequestHead& head, std::string& accept);
    void look_at_body(std::uint32_t events);
    void to_worker();
    void begin_sending();
    void send_more();
    void linger();
    void discard();
    bool said_anything() const;
    Address client() const;

    Front& front_;
    const std::uint64_t id_;
    Fd socket_;
    const Address peer_;
    AddressSlot slot_;
    Stage stage_ = Stage::head;
    std::int64_t deadline_us_;
    int looks_ = 0;            // at an unfinished head, since the last sweep
    bool look_again_ = false;  // more came, but it was looked at often enough
    bool worker_has_it_ = false;
    bool answered_ = false;
    bool head_only_ = false;
    RequestHead head_;
    std::string out_head_;
    std::shared_ptr<const std::string> out_body_;
    std::size_t sent_ = 0;
    std::size_t discarded_ = 0;
};

}  // namespace racehub::web
