#pragma once
// Mode "client": the hub is the analog sensor of a real SmartRace app.

#include "plugins/smartrace/config.h"
#include "plugins/smartrace/name_desk.h"
#include "plugins/smartrace/net/app_link.h"
#include "plugins/smartrace/protocol/outbox.h"
#include "plugins/smartrace/protocol/roster.h"
#include "plugins/smartrace/side.h"

namespace racehub::smartrace {

class Client final : public Side, private AppListener {
  public:
    Client(sdk::Host host, const Config& config);

    void start() override;
    void stop() override;
    void on_event(const sdk::Event& event) override;
    void on_fd(int fd, std::uint32_t ready) override { link_.on_fd(fd, ready); }
    void run(std::int64_t now_us) override;
    Status status(std::int64_t now_us) override;

  private:
    void on_app_ready(AppLink& link) override;
    void on_app_message(AppLink& link, const WsMessage& message, std::int64_t arrived_us) override;
    void on_app_lost(AppLink& link, const std::string& why) override;
    void on_delivered(AppLink& link, std::uint64_t id) override;
    void on_sent(AppLink& link, const Delivery::Item& item) override;
    void post_all();

    const sdk::Host host_;
    const Config config_;
    Roster roster_;
    Outbox outbox_;
    NameDesk names_;
    AppLink link_;
    std::uint64_t told_ = 0, too_old_ = 0;
    std::int64_t told_us_ = 0;
};

}  // namespace racehub::smartrace
