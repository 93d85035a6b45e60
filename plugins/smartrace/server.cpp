#include "plugins/smartrace/server.h"

#include <algorithm>

namespace racehub::smartrace {
namespace {

// Cars that race cross sooner than this, unless the sensor is gone or nobody drives.
constexpr std::int64_t kSilentUs = 60'000'000;

}  // namespace

Server::Server(sdk::Host host, const Config& config)
    : host_(host),
      config_(config),
      roster_(std::string(host.track())),
      hearing_(host, {config.controllers, config.min_pulse_ms}),
      sensors_(host, config.address, config.port, kMaxSensorBytes, *this) {}

void Server::start() { hearing_.start(); }

void Server::stop() {
    sensors_.stop();
    hearing_.stop();
}

void Server::on_event(const sdk::Event& event) {
    if (event.type == "hub.snapshot") {
        roster_.snapshot(event.data);
    } else if (event.kind == RH_KIND_FACT) {
        roster_.fact(event.type, event.track, event.data);
    }
    if (!roster_.racing()) racing_since_us_ = 0;
    if (roster_.racing() && racing_since_us_ == 0) racing_since_us_ = host_.now_us();
}

void Server::run(std::int64_t now_us) {
    sensors_.run(now_us);
    sensors_.hold(hearing_.crowded());
}

void Server::on_line(LineId line, const std::string& peer) {
    peers_[line] = peer;
    hearing_.opened(line, peer);
    host_.info("A sensor connected from " + peer + ".");
    host_.wake();  // the light turns green at once
}

void Server::on_line_ended(LineId line, const std::string& why) {
    hearing_.closed(line);
    last_peer_ = peers_[line];
    peers_.erase(line);
    host_.info("The sensor at " + last_peer_ + " is gone: " + why + ".");
    host_.wake();
}

void Server::log(std::string_view dir, LineId line, const std::string& text) {
    if (config_.log_messages) host_.logged(dir, peers_[line] + " " + text);
}

void Server::greet(LineId line) {
    for (const std::string& text : greeting(roster_.slots(), config_.api_version)) {
        sensors_.send(line, Opcode::text, text);
        log("out", line, text);
    }
}

void Server::on_messages(LineId line, const std::vector<WsMessage>& messages,
                         std::int64_t arrived_us) {
    std::vector<SensorMessage> said;
    for (const WsMessage& message : messages) {
        if (message.opcode != Opcode::text) continue;  // pings are answered by the codec
        log("in", line, message.payload);
        said.push_back(read_sensor_message(message.payload));
        const SensorMessage& last = said.back();
        if (last.says == SensorSays::api_version) greet(line);
        if (last.says == SensorSays::bad) {
            host_.warn("The sensor at " + peers_[line] + " sent " + message.payload.substr(0, 100) +
                       ": " + last.problem + ".");
        }
    }
    heard_us_ = arrived_us;
    hearing_.hear(line, said, arrived_us);
    if (hearing_.crowded()) sensors_.hold(true);
}

Status Server::status(std::int64_t now_us) {
    const std::string port = std::to_string(config_.port);
    Status status{RH_HEALTH_DEGRADED, ""};
    const std::int64_t quiet_us = now_us - std::max(heard_us_, racing_since_us_);
    if (!sensors_.listening()) {
        const std::int64_t left_us = std::max<std::int64_t>(0, sensors_.next_try_us() - now_us);
        status.text = "Retrying: " + sensors_.problem() + " Next try in " +
                      std::to_string(left_us / 1'000'000 + 1) + " s.";
    } else if (hearing_.stalled()) {
        status.text = "The hub cannot store crossings at the moment; the sensors wait.";
    } else if (sensors_.count() == 0) {
        status.text = "Silent: no sensor is connected to port " + port + ". " +
                      (last_peer_.empty()
                           ? "Enter this machine's address and this port in the sensor."
                           : "The one at " + last_peer_ + " went away; check its power and WiFi.");
    } else if (racing_since_us_ != 0 && quiet_us > kSilentUs) {
        status.text = "Silent: no lap for " + std::to_string(quiet_us / 1'000'000) +
                      " s of this race. Wave your hand through the sensor; restart it if this "
                      "line does not change.";
    } else {
        status.health = RH_HEALTH_OK;
        status.text = "Connected: " + std::to_string(sensors_.count()) +
                      (sensors_.count() == 1 ? " sensor" : " sensors") + " on port " + port +
                      ", last crossing " + age_text(hearing_.last_us(), now_us) + ".";
    }
    status.text += " " + hearing_.summary();
    return status;
}

}  // namespace racehub::smartrace
