#include "plugins/track_controller/device.h"

#include <sys/eventfd.h>

#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "plugins/track_controller/io/http_wire.h"
#include "plugins/track_controller/io/serial_wire.h"

namespace racehub::track_controller {
namespace {

constexpr const char* kStateKey = "device";
// How long one attempt may keep this thread from its device; the answer usually takes milliseconds.
constexpr std::chrono::milliseconds kStoreLimit{1000};
constexpr std::int64_t kStoreAgainUs = 1 * kSecond;
// Never longer asleep, so that a clock that jumps cannot put it to sleep for good.
constexpr std::int64_t kLongestSleepUs = 60 * kSecond;

DeviceBook::Options options(const Config& config) {
    const bool http = config.transport == Transport::http;
    return {config.arm, config.lanes,
            http ? config.host + ":" + std::to_string(config.port) : config.device};
}

}  // namespace

Device::Device(const Config& config, sdk::Host host)
    : host_(host),
      book_(options(config), LedgerState::from_json(host.kv_get(kStateKey)), *this),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      worker_(host) {
    if (!wake_.open())
        throw std::runtime_error("no file descriptor is left for the device's thread");
    const std::uint32_t seed = std::random_device{}();
    if (config.transport == Transport::http) {
        wire_ = std::make_unique<HttpWire>(config.host, config.port, book_, seed);
    } else {
        wire_ = std::make_unique<SerialWire>(config.device, book_, seed);
    }
}

Device::~Device() = default;

void Device::start() {
    worker_.start([this](sdk::StopToken& token) { run(token); },
                  [this] { ::eventfd_write(wake_.get(), 1); });
}

void Device::stop() { worker_.stop(); }

void Device::order(const HeatOrder& order) {
    {
        const std::lock_guard lock(mutex_);
        new_order_ = order;
    }
    ::eventfd_write(wake_.get(), 1);
}

void Device::run(sdk::StopToken& token) {
    wire_->start(host_.now_us());
    while (!token.stopping() && !stopping_) {
        const std::int64_t now_us = host_.now_us();
        take_order(now_us);
        wire_->turn(now_us);
        store_reports(host_.now_us());
        std::int64_t until_us = wire_->deadline_us();
        if (book_.ledger().next()) until_us = std::min(until_us, store_at_us_);
        sleep_until(until_us);
    }
    wire_->stop();
}

void Device::sleep_until(std::int64_t at_us) {
    const std::int64_t left_us = std::clamp<std::int64_t>(
        at_us == kNever ? kLongestSleepUs : at_us - host_.now_us(), 0, kLongestSleepUs);
    std::vector<pollfd> fds = {{wake_.get(), POLLIN, 0}};
    wire_->watch(fds);
    // Rounded up: a millisecond early would only mean to turn twice.
    ::poll(fds.data(), fds.size(), static_cast<int>((left_us + kMs - 1) / kMs));
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
}

void Device::take_order(std::int64_t now_us) {
    std::optional<HeatOrder> order;
    {
        const std::lock_guard lock(mutex_);
        order = std::exchange(new_order_, std::nullopt);
    }
    if (!order) return;
    book_.order(*order, now_us);
    wire_->on_order(now_us);
}

// ---- Results -----------------------------------------------------------------------------------

void Device::store_reports(std::int64_t now_us) {
    bool done = false;
    while (book_.ledger().next() && now_us >= store_at_us_ && !stopping_) {
        if (!store(*book_.ledger().next())) break;
        done = true;
    }
    // Nothing is armed while a result waits for the log: now it may be.
    if (done) wire_->on_order(host_.now_us());
}

bool Device::store(const RaceReport& report) {
    const std::string data = heat_reported_data(report);
    sdk::Event event{"heat.reported", data};
    event.source_key = report.race.id;
    event.race_id = report.heat;
    event.time_us = event.recv_us = report.recv_us;
    switch (host_.publish_durable(event, kStoreLimit)) {
        case RH_OK:
            persist(book_.ledger().stored());
            book_.trouble("");
            return true;
        case RH_E_STATE:
            stopping_ = true;
            return false;
        case RH_E_REFUSED:
        case RH_E_INVALID:
        case RH_E_TOO_LARGE:
            log_warning("The hub refused the result of race " + report.race.id +
                        "; the Track Controller keeps it until its next race.");
            book_.ledger().drop();
            return true;
        default:
            // Full, or no answer in time: it may or may not be there. The same again, same key.
            book_.trouble("The hub's log does not answer: the result of race " + report.race.id +
                          " waits.");
            store_at_us_ = host_.now_us() + kStoreAgainUs;
            return false;
    }
}

// ---- What the book tells -----------------------------------------------------------------------

void Device::sample(std::string_view type, std::string_view key, const std::string& data) const {
    if (data.size() > RH_MAX_DATA_BYTES) return;
    sdk::Event event{type, data};
    event.source_key = key;
    event.time_us = event.recv_us = host_.now_us();
    host_.publish_sample(event);
}

void Device::heat_started(const std::string& heat, const std::string& race_id) {
    const std::string key = race_id + "-start";
    sdk::Event event{"heat.started", "{}"};
    event.source_key = key;
    event.race_id = heat;
    event.time_us = event.recv_us = host_.now_us();
    host_.publish(event);
}

void Device::gate_changed(bool ready) {
    sample("gate.changed", "gate", ready ? R"({"ready":true})" : R"({"ready":false})");
}

void Device::lane_changed(int lane, bool triggered) {
    const std::string number = std::to_string(lane);
    sample("lane.changed", "lane-" + number,
           R"({"lane":)" + number + R"(,"triggered":)" + (triggered ? "true}" : "false}"));
}

void Device::measured(const std::string& json) { sample("device.measured", "dbg", json); }

void Device::link_changed(Link link, bool well, const std::string& text) {
    rh_health health = RH_HEALTH_DEGRADED;
    switch (link) {
        case Link::connecting:
            health = RH_HEALTH_STARTING;
            break;
        case Link::connected:
            health = well ? RH_HEALTH_OK : RH_HEALTH_DEGRADED;
            break;
        case Link::refused:
            health = RH_HEALTH_FAILED;
            break;
        case Link::retrying:
        case Link::silent:
            break;
    }
    host_.health(health, text);
}

void Device::persist(const LedgerState& state) { host_.kv_put(kStateKey, state.to_json()); }

void Device::log_warning(const std::string& text) { host_.warn(text); }

}  // namespace racehub::track_controller
