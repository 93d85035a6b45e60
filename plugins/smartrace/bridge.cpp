#include "plugins/smartrace/bridge.h"

#include <algorithm>

namespace racehub::smartrace {
namespace {

constexpr std::uint16_t kGoingAway = 1001;
constexpr int kGreetings = 3;
// A sensor that never reads is no reason to end its connection: what exceeds this is not for it.
constexpr std::size_t kMaxUnreadBytes = 128 * 1024;

}  // namespace

Bridge::Bridge(sdk::Host host, const Config& config)
    : host_(host),
      config_(config),
      roster_(std::string(host.track())),
      hearing_(host, {config.controllers, config.min_pulse_ms}),
      names_(host, config.names),
      sensors_(host, config.address, config.port, kMaxSensorBytes, *this) {}

Bridge::~Bridge() = default;

void Bridge::start() {
    hearing_.start();
    names_.start();
}

void Bridge::stop() {
    sensors_.stop();
    for (const auto& way : ways_) way->link->stop(kGoingAway);
    hearing_.stop();
}

void Bridge::on_event(const sdk::Event& event) {
    if (event.type == "hub.snapshot") {
        roster_.snapshot(event.data);
    } else if (event.kind == RH_KIND_FACT) {
        roster_.fact(event.type, event.track, event.data);
    }
    names_.on_event(event, roster_);
}

void Bridge::on_fd(int fd, std::uint32_t ready) {
    if (sensors_.on_fd(fd, ready)) return;
    for (const auto& way : ways_) {
        if (way->link->on_fd(fd, ready)) return;
    }
}

void Bridge::run(std::int64_t now_us) {
    sensors_.run(now_us);
    const std::int64_t oldest_us = now_us - config_.keep_s * std::int64_t{1'000'000};
    for (const auto& way : ways_) {
        way->link->run(now_us);
        if (way->link->state() != AppLink::State::ready) {
            dropped_ += way->link->expire(oldest_us);
        }
    }
    std::erase_if(ways_, [](const auto& way) {
        const bool over = way->line == 0 && way->link->delivery().waiting() == 0;
        if (over) way->link->stop(way->close_code);
        return over;
    });
}

Bridge::Way* Bridge::way_of(LineId line) {
    for (const auto& way : ways_) {
        if (way->line == line) return way.get();
    }
    return nullptr;
}

Bridge::Way& Bridge::way_of(const AppLink& link) {
    return **std::find_if(ways_.begin(), ways_.end(),
                          [&](const auto& way) { return way->link.get() == &link; });
}

void Bridge::log(std::string_view dir, const Way& way, std::string_view text) {
    if (!config_.log_messages) return;
    host_.logged(dir, way.peer + (dir == "in" ? " > app " : " < app ") + std::string(text));
}

// ---- Sensors ----

void Bridge::on_line(LineId line, const std::string& peer) {
    hearing_.opened(line, peer);
    host_.info("A sensor connected from " + peer + ".");
    host_.wake();
    for (const auto& way : ways_) {
        if (way->line != 0 || way->peer != peer) continue;
        way->line = line;
        return;
    }
    auto way = std::make_unique<Way>();
    way->peer = peer;
    way->line = line;
    way->link = std::make_unique<AppLink>(host_, config_.app_host, config_.app_port, false,
                                          static_cast<AppListener&>(*this));
    ways_.push_back(std::move(way));
    ways_.back()->link->run(host_.now_us());
}

void Bridge::on_line_ended(LineId line, const std::string& why) {
    hearing_.closed(line);
    Way* way = way_of(line);
    if (!way) return;
    host_.info("The sensor at " + way->peer + " is gone: " + why + ".");
    way->line = 0;
    way->owed = 0;
    if (way->close_code == 0) way->close_code = kGoingAway;
    host_.wake();  // the app should know at once, when it has got all
}

void Bridge::on_messages(LineId line, const std::vector<WsMessage>& messages,
                         std::int64_t arrived_us) {
    Way* way = way_of(line);
    if (!way) return;
    std::vector<SensorMessage> said;
    for (const WsMessage& message : messages) {
        if (message.opcode == Opcode::close) way->close_code = message.close_code;
        if (message.opcode != Opcode::text && message.opcode != Opcode::binary) continue;
        const bool text = message.opcode == Opcode::text;
        said.push_back(text ? read_sensor_message(message.payload) : SensorMessage{});
        log("in", *way, message.payload);
        pass_on(*way, message, said.back(), arrived_us);
    }
    hearing_.hear(line, said, arrived_us);
}

void Bridge::pass_on(Way& way, const WsMessage& message, const SensorMessage& said,
                     std::int64_t arrived_us) {
    AppLink& link = *way.link;
    if (said.says == SensorSays::api_version) {
        const bool away =
            link.state() != AppLink::State::ready && link.state() != AppLink::State::trying;
        way.owed = kGreetings;
        // The sensor waits for three answers before it sends a lap.
        if (away) return pay_greeting(way);
    }
    if (said.says == SensorSays::api_version) way.greeting = last_id_ + 1;
    Delivery::Item item{++last_id_, message.opcode, message.payload, false, arrived_us};
    item.alone = said.says != SensorSays::lap && said.says != SensorSays::controller_set;
    if (said.says == SensorSays::controller_set) {
        way.registering = item.id;
        way.registering_text = message.payload;
    }
    if (!link.post(std::move(item), kMaxWaiting)) ++dropped_;
}

// The app's last greeting, or one of the hub's own.
void Bridge::pay_greeting(Way& way) {
    // Asked again later, the app would answer again: more than the three that a sensor reads.
    way.link->forget(way.greeting);
    const std::vector<std::string> texts =
        greeting_.empty() ? greeting(roster_.slots(), config_.api_version) : greeting_;
    for (; way.owed > 0; --way.owed) {
        const std::string& text = texts[static_cast<std::size_t>(kGreetings - way.owed)];
        sensors_.send(way.line, Opcode::text, text);
        log("note", way, "(answered for the app) " + text);
    }
}

// ---- The app ----

void Bridge::on_app_ready(AppLink& link) {
    Way& way = way_of(link);
    answers_.clear();
    // On a new connection the app does not know the sensor; one that registered does not do so
    // again, because it does not know that the app was away.
    if (!way.registration.empty()) {
        link.say(way.registration);
        log("note", way, "(registered again) " + way.registration);
    }
    host_.wake();
}

void Bridge::on_app_message(AppLink& link, const WsMessage& message, std::int64_t) {
    Way& way = way_of(link);
    const AppMessage told = read_app_message(message.payload);
    names_.told(told);
    if (way.owed > 0) {
        --way.owed;
        answers_.push_back(message.payload);
        if (answers_.size() == kGreetings) greeting_ = std::exchange(answers_, {});
    }
    log("out", way, message.payload);
    if (way.line == 0) return;
    if (sensors_.unread_bytes(way.line) + message.payload.size() > kMaxUnreadBytes) {
        ++dropped_;
        return;
    }
    sensors_.send(way.line, message.opcode, message.payload);
    ++passed_down_;
}

void Bridge::on_app_lost(AppLink& link, const std::string& why) {
    Way& way = way_of(link);
    if (config_.log_messages) host_.logged("note", way.peer + " no connection to the app: " + why);
    if (way.owed > 0 && way.line != 0) pay_greeting(way);
}

void Bridge::on_sent(AppLink&, const Delivery::Item&) { ++passed_up_; }

void Bridge::on_delivered(AppLink& link, std::uint64_t id) {
    Way& way = way_of(link);
    if (way.registering != 0 && way.registering <= id) {
        way.registration = way.registering_text;
        way.registering = 0;
    }
    if (way.line == 0) host_.wake();
}

Status Bridge::status(std::int64_t now_us) {
    Status status{RH_HEALTH_DEGRADED, ""};
    std::size_t waiting = 0;
    const AppLink* worst = nullptr;
    for (const auto& way : ways_) {
        waiting += way->link->delivery().waiting();
        if (way->link->state() != AppLink::State::ready) worst = way->link.get();
    }
    if (!sensors_.listening()) {
        status.text = "Retrying: " + sensors_.problem() + " It is tried every 2 s.";
    } else if (worst) {
        status.text = worst->status_text(now_us) + " " + std::to_string(waiting) +
                      " messages wait for it; the hub races on.";
    } else if (sensors_.count() == 0) {
        status.text = "Silent: no sensor is connected to port " + std::to_string(config_.port) +
                      ". Enter this machine's address and this port in the sensor.";
    } else if (!names_.problem().empty()) {
        status.text = names_.problem();
    } else {
        status.health = RH_HEALTH_OK;
        status.text = "Connected: " + std::to_string(sensors_.count()) +
                      (sensors_.count() == 1 ? " sensor" : " sensors") +
                      " with the SmartRace app at " + config_.app_host + ":" +
                      std::to_string(config_.app_port) + ", last crossing " +
                      age_text(hearing_.last_us(), now_us) + ".";
    }
    status.text += " Passed on: " + std::to_string(passed_up_) + " to the app, " +
                   std::to_string(passed_down_) + " to sensors. " + hearing_.summary();
    if (dropped_ > 0) {
        status.text += " Not passed on: " + std::to_string(dropped_) +
                       " that waited too long or that a sensor did not read.";
    }
    return status;
}

}  // namespace racehub::smartrace
