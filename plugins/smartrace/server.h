#pragma once
// Mode "server": to sensors the hub is the SmartRace app.

#include "plugins/smartrace/config.h"
#include "plugins/smartrace/hearing.h"
#include "plugins/smartrace/net/sensors.h"
#include "plugins/smartrace/protocol/roster.h"
#include "plugins/smartrace/side.h"

namespace racehub::smartrace {

class Server final : public Side, private SensorListener {
  public:
    Server(sdk::Host host, const Config& config);

    void start() override;
    void stop() override;
    void on_event(const sdk::Event& event) override;
    void on_fd(int fd, std::uint32_t ready) override { sensors_.on_fd(fd, ready); }
    void run(std::int64_t now_us) override;
    Status status(std::int64_t now_us) override;

  private:
    void on_line(LineId line, const std::string& peer) override;
    void on_messages(LineId line, const std::vector<WsMessage>& messages,
                     std::int64_t arrived_us) override;
    void on_line_ended(LineId line, const std::string& why) override;
    void greet(LineId line);
    void log(std::string_view dir, LineId line, const std::string& text);

    const sdk::Host host_;
    const Config config_;
    Roster roster_;
    Hearing hearing_;
    Sensors sensors_;
    std::map<LineId, std::string> peers_;
    std::string last_peer_;             // that went away
    std::int64_t racing_since_us_ = 0;  // 0: no race is on
    std::int64_t heard_us_ = 0;         // anything from any sensor
};

}  // namespace racehub::smartrace
