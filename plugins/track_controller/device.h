#pragma once
// One Track Controller on its own thread: the wire, the book of what is known, and the way of its
// results into the hub's log. start, stop and order: plugin thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <racehub/plugin.hpp>
#include <racehub/worker.hpp>
#include <string>

#include "plugins/track_controller/config.h"
#include "plugins/track_controller/io/fd.h"
#include "plugins/track_controller/io/wire.h"
#include "plugins/track_controller/lights.h"

namespace racehub::track_controller {

class Device final : private DeviceListener {
  public:
    Device(const Config& config, sdk::Host host);
    ~Device() override;

    void start();
    void stop();
    /// What is to be timed from now on.
    void order(const HeatOrder& order);
    /// Puts the device's dbg answer into the protocol log.
    void show_dbg();

  private:
    void run(sdk::StopToken& token);
    void sleep_until(std::int64_t at_us);
    void take_order(std::int64_t now_us);
    void store_reports(std::int64_t now_us);
    /// True if the report is done with: in the log, or refused for good.
    bool store(const RaceReport& report);
    void take_question(std::int64_t now_us);
    void tell_lights(std::int64_t now_us);

    // DeviceListener, on the device's thread.
    void report_waiting() override {}
    void heat_started(const std::string& heat, const std::string& race_id) override;
    void gate_changed(bool ready) override;
    void lane_changed(int lane, bool triggered) override;
    void measured(const std::string& json) override;
    void traffic(const char* dir, std::string_view text) override;
    void link_changed(Link link, bool well, const std::string& text) override;
    void persist(const LedgerState& state) override;
    void log_warning(const std::string& text) override;

    sdk::Host host_;
    DeviceBook book_;
    std::unique_ptr<Wire> wire_;
    const bool log_polls_;
    Fd wake_;
    std::mutex mutex_;
    std::optional<HeatOrder> new_order_;  // protected by mutex_
    std::atomic<bool> dbg_wanted_ = false;
    bool dbg_asked_ = false;  // its answer goes into the log
    std::string last_dbg_;
    Lights lights_;
    std::int64_t store_at_us_ = 0;  // not before
    bool stopping_ = false;         // the host takes nothing any more
    sdk::BlockingWorker worker_;    // last: it uses all of the above
};

}  // namespace racehub::track_controller
