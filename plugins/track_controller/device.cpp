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

// What is asked again and again; it would push everything else out of the log.
bool is_poll(std::string_view text) {
    for (const std::string_view part : {"GET /dbg", "GET /gate", "\"dbg\"", "debounce_ms"}) {
        if (text.find(part) != text.npos) return true;
    }
    return text == "dbg" || text.starts_with("200 {\n  \"gate_ready\"");
}

// Without the line ends and indents of protocol 1.0.
std::string on_one_line(std::string_view text) {
    std::string line;
    bool indent = false;
    for (const char c : text) {
        const bool end = c == '\n' || c == '\r';
        if (end || (indent && c == ' ')) {
            indent = true;
            continue;
        }
        indent = false;
        line.push_back(c);
    }
    return line;
}

}  // namespace

Device::Device(const Config& config, sdk::Host host)
    : host_(host),
      book_(options(config), LedgerState::from_json(host.kv_get(kStateKey)), *this),
      log_polls_(config.log_polls),
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

void Device::show_dbg() {
    dbg_wanted_ = true;
    ::eventfd_write(wake_.get(), 1);
}

void Device::run(sdk::StopToken& token) {
    wire_->start(host_.now_us());
    while (!token.stopping() && !stopping_) {
        const std::int64_t now_us = host_.now_us();
        take_order(now_us);
        wire_->turn(now_us);
        take_question(now_us);
        store_reports(host_.now_us());
        tell_lights(host_.now_us());
        std::int64_t until_us = std::min(wire_->deadline_us(), lights_.deadline_us());
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

void Device::heat_started(const std::string& heat, const std::string& race_id) {
    const std::string key = race_id + "-start";
    sdk::Event event{"heat.started", "{}"};
    event.source_key = key;
    event.race_id = heat;
    event.time_us = event.recv_us = host_.now_us();
    host_.publish(event);
}

void Device::gate_changed(bool ready) { lights_.gate(ready, host_.now_us()); }

void Device::lane_changed(int lane, bool triggered) {
    lights_.lane(lane, triggered, host_.now_us());
}

void Device::tell_lights(std::int64_t now_us) {
    if (const auto data = lights_.due(now_us)) host_.publish_sample({"device.sensed", *data});
}

void Device::measured(const std::string& json) {
    last_dbg_ = json;
    if (std::exchange(dbg_asked_, false)) host_.logged("note", "dbg: " + json);
}

void Device::traffic(const char* dir, std::string_view text) {
    if (log_polls_ || dbg_asked_ || !is_poll(text)) host_.logged(dir, on_one_line(text));
}

void Device::take_question(std::int64_t now_us) {
    if (!dbg_wanted_.exchange(false)) return;
    dbg_asked_ = true;
    if (wire_->look(now_us)) return;
    dbg_asked_ = false;
    host_.logged("note",
                 "The Track Controller cannot be asked for dbg just now (it is armed by cable, "
                 "cars run, or it "
                 "is not connected). It last said: " +
                     (last_dbg_.empty() ? "nothing" : last_dbg_));
}

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
    if (link != Link::connected) lights_.dark(host_.now_us());
    host_.health(health, text);
}

void Device::persist(const LedgerState& state) { host_.kv_put(kStateKey, state.to_json()); }

void Device::log_warning(const std::string& text) { host_.warn(text); }

}  // namespace racehub::track_controller
