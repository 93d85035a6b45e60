#pragma once
// Mode "bridge": between sensors and a real SmartRace app. Every message passes unchanged and in
// order, and the hub races along.

#include "plugins/smartrace/config.h"
#include "plugins/smartrace/hearing.h"
#include "plugins/smartrace/name_desk.h"
#include "plugins/smartrace/net/app_link.h"
#include "plugins/smartrace/net/sensors.h"
#include "plugins/smartrace/protocol/roster.h"
#include "plugins/smartrace/side.h"

namespace racehub::smartrace {

class Bridge final : public Side, private SensorListener, private AppListener {
  public:
    /// Messages of one sensor that wait for the app; two hours of one car.
    static constexpr std::size_t kMaxWaiting = 2'000;

    Bridge(sdk::Host host, const Config& config);
    ~Bridge() override;

    void start() override;
    void stop() override;
    void on_event(const sdk::Event& event) override;
    void on_fd(int fd, std::uint32_t ready) override;
    void run(std::int64_t now_us) override;
    Status status(std::int64_t now_us) override;

  private:
    // One sensor's way to the app. It outlives the sensor's connection for as long as something
    // waits on it, and the sensor finds it again when it comes back.
    struct Way {
        std::string peer;
        LineId line = 0;  // 0: the sensor is not connected
        std::unique_ptr<AppLink> link;
        std::string registration;       // the sensor's last controller_set, confirmed by the app
        std::uint64_t registering = 0;  // number of the one under way
        std::string registering_text;
        std::uint64_t greeting = 0;  // number of the last api_version
        int owed = 0;                // answers to api_version that the sensor still waits for
        std::uint16_t close_code = 0;
    };

    void on_line(LineId line, const std::string& peer) override;
    void on_messages(LineId line, const std::vector<WsMessage>& messages,
                     std::int64_t arrived_us) override;
    void on_line_ended(LineId line, const std::string& why) override;
    void on_app_ready(AppLink& link) override;
    void on_app_message(AppLink& link, const WsMessage& message, std::int64_t arrived_us) override;
    void on_app_lost(AppLink& link, const std::string& why) override;
    void on_delivered(AppLink& link, std::uint64_t id) override;
    void on_sent(AppLink& link, const Delivery::Item& item) override;

    Way* way_of(LineId line);
    Way& way_of(const AppLink& link);
    void pass_on(Way& way, const WsMessage& message, const SensorMessage& said,
                 std::int64_t arrived_us);
    void pay_greeting(Way& way);
    void log(std::string_view dir, const Way& way, std::string_view text);

    const sdk::Host host_;
    const Config config_;
    Roster roster_;
    Hearing hearing_;
    NameDesk names_;
    std::vector<std::unique_ptr<Way>> ways_;
    Sensors sensors_;
    std::vector<std::string> greeting_;  // the app's own, the last whole one
    std::vector<std::string> answers_;   // of the one being heard
    std::uint64_t last_id_ = 0, passed_up_ = 0, passed_down_ = 0, dropped_ = 0;
};

}  // namespace racehub::smartrace
