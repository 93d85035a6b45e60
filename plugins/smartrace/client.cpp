#include "plugins/smartrace/client.h"

namespace racehub::smartrace {
namespace {

constexpr std::uint16_t kGoingAway = 1001;

}  // namespace

Client::Client(sdk::Host host, const Config& config)
    : host_(host),
      config_(config),
      roster_(std::string(host.track())),
      outbox_(std::string(host.track()), config.controllers,
              [host](std::string_view key, std::string_view value) { host.kv_put(key, value); }),
      names_(host, config.names),
      link_(host, config.app_host, config.app_port, true, *this) {}

void Client::start() {
    outbox_.load([this](std::string_view key) { return host_.kv_get(key); });
    names_.start();
    post_all();
}

void Client::stop() { link_.stop(kGoingAway); }

void Client::on_event(const sdk::Event& event) {
    if (event.type == "hub.snapshot") {
        roster_.snapshot(event.data);
        outbox_.snapshot(event.data);
    } else if (event.kind == RH_KIND_FACT) {
        roster_.fact(event.type, event.track, event.data);
        outbox_.fact(event.type, event.track, event.race_id, event.time_us, event.data);
    }
    names_.on_event(event, roster_);
    post_all();
}

void Client::post_all() {
    for (const Telling& telling : outbox_.take()) {
        const bool pit = telling.kind != Telling::Kind::lap;
        link_.post({telling.number, Opcode::text, telling.text(), pit, telling.crossed_us},
                   Outbox::kMaxWaiting);
    }
}

void Client::run(std::int64_t now_us) {
    link_.run(now_us);
    if (link_.state() == AppLink::State::ready) return;
    // The app starts with what happens now: yesterday's laps would be laps of tonight's race.
    const auto& items = link_.delivery().items();
    const std::int64_t oldest_us = now_us - config_.keep_s * std::int64_t{1'000'000};
    std::uint64_t last = 0;
    for (const Delivery::Item& item : items) {
        if (item.since_us >= oldest_us) break;
        last = item.id;
    }
    if (last == 0) return;
    too_old_ += link_.expire(oldest_us);
    outbox_.confirm(last);
}

void Client::on_app_ready(AppLink& link) {
    link.say(register_text());
    if (config_.log_messages) host_.logged("out", register_text());
    host_.info("The SmartRace app at " + link.place() + " answers; the hub is its sensor now.");
    host_.wake();
}

void Client::on_app_message(AppLink&, const WsMessage& message, std::int64_t) {
    if (config_.log_messages) host_.logged("in", message.payload);
    const AppMessage told = read_app_message(message.payload);
    if (told.says == AppSays::bad) host_.warn("The app sent what is no message: " + told.problem);
    names_.told(told);
}

void Client::on_app_lost(AppLink&, const std::string& why) {
    if (config_.log_messages) host_.logged("note", "no connection: " + why);
}

void Client::on_sent(AppLink&, const Delivery::Item& item) {
    if (config_.log_messages) host_.logged("out", item.payload);
}

void Client::on_delivered(AppLink&, std::uint64_t id) {
    told_us_ = host_.now_us();
    told_ += outbox_.confirm(id);
}

Status Client::status(std::int64_t now_us) {
    Status status{RH_HEALTH_DEGRADED, link_.status_text(now_us)};
    if (link_.state() == AppLink::State::ready) {
        status.health = names_.problem().empty() ? RH_HEALTH_OK : RH_HEALTH_DEGRADED;
        status.text =
            "Connected: the hub is the sensor of the SmartRace app at " + link_.place() + ".";
        if (!names_.problem().empty()) status.text = names_.problem() + " " + status.text;
    }
    status.text += " " + std::to_string(told_) + " crossings told, the last one " +
                   age_text(told_us_, now_us) + "; " + std::to_string(link_.delivery().waiting()) +
                   " waiting.";
    if (too_old_ > 0) {
        status.text += " Not told: " + std::to_string(too_old_) + " that waited too long.";
    }
    if (outbox_.dropped() > 0) {
        status.text +=
            " Dropped: " + std::to_string(outbox_.dropped()) + " that came late or were too many.";
    }
    return status;
}

}  // namespace racehub::smartrace
