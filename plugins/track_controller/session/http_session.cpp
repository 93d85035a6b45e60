#include "plugins/track_controller/session/http_session.h"

#include "plugins/track_controller/session/http_v1.h"
#include "plugins/track_controller/session/http_v2.h"

namespace racehub::track_controller {
namespace {

// A connection that held so long may be tried again at once when it breaks.
constexpr std::int64_t kWellUs = 2 * kSecond;
constexpr std::int64_t kQuickRetryUs = 200 * kMs;

std::string in_seconds(std::int64_t pause_us) {
    return std::to_string((pause_us + kSecond / 2) / kSecond) + " s";
}

}  // namespace

HttpSession::HttpSession(DeviceBook& book, HttpPort& port, std::uint32_t seed)
    : book_(book), port_(port), backoff_(seed) {}

HttpSession::~HttpSession() = default;

void HttpSession::start(std::int64_t) {
    book_.connecting("Looking for the Track Controller at " + book_.where() + ".");
    probe();
}

void HttpSession::stop() {
    if (info_id_ != 0) port_.abort(info_id_);
    info_id_ = 0;
    probe_at_us_ = kNever;
    drop_driver();
}

void HttpSession::probe() {
    probe_at_us_ = kNever;
    HttpRequest request;
    request.target = "/info";
    info_id_ = port_.request(request);
}

void HttpSession::on_reply(std::uint32_t id, const HttpReply& reply, std::int64_t now_us) {
    if (id == info_id_) {
        info_id_ = 0;
        on_info(reply, now_us);
    } else if (driver_) {
        driver_->on_reply(id, reply, now_us);
    }
    if (driver_lost_) drop_driver();
}

void HttpSession::on_info(const HttpReply& reply, std::int64_t now_us) {
    const auto info = read_info_or_frame(reply.body);
    if (reply.status != 200 || !info)
        return retry_later(
            Link::refused,
            "What answers at " + book_.where() + " is no Track Controller: check address and port",
            now_us);
    if (info->protocol == Protocol::v1) {
        driver_ = std::make_unique<HttpV1>(*this);
    } else if (info->protocol == Protocol::v2) {
        driver_ = std::make_unique<HttpV2>(*this);
    } else {
        return retry_later(Link::refused,
                           "The Track Controller at " + book_.where() + " speaks protocol " +
                               info->protocol_text +
                               ", which this hub does not know: update the hub",
                           now_us);
    }
    book_.connected(*info, now_us);
    driver_->begin(now_us);
}

void HttpSession::on_failed(std::uint32_t id, const std::string& why, std::int64_t now_us) {
    if (id == info_id_) {
        info_id_ = 0;
        retry_later(
            Link::retrying,
            "No Track Controller at " + book_.where() + " (" + why + "): check its power and Wi-Fi",
            now_us);
    } else if (driver_) {
        driver_->on_failed(id, why, now_us);
    }
    if (driver_lost_) drop_driver();
}

void HttpSession::on_stream(std::uint32_t id, std::string_view bytes, std::int64_t now_us) {
    if (driver_) driver_->on_stream(id, bytes, now_us);
    if (driver_lost_) drop_driver();
}

void HttpSession::on_order(std::int64_t now_us) {
    if (driver_) driver_->on_order(now_us);
    if (driver_lost_) drop_driver();
}

bool HttpSession::look(std::int64_t now_us) {
    const bool will = driver_ && driver_->look(now_us);
    if (driver_lost_) drop_driver();
    return will;
}

void HttpSession::on_time(std::int64_t now_us) {
    if (now_us >= probe_at_us_) probe();
    if (driver_) driver_->on_time(now_us);
    if (driver_lost_) drop_driver();
}

std::int64_t HttpSession::deadline_us() const {
    return std::min(probe_at_us_, driver_ ? driver_->deadline_us() : kNever);
}

void HttpSession::healthy(std::int64_t now_us) {
    if (well_since_us_ == kNever) well_since_us_ = now_us;
    if (now_us - well_since_us_ >= kWellUs) backoff_.reset();
}

void HttpSession::lost(Link link, const std::string& what, std::int64_t now_us) {
    if (driver_lost_) return;
    driver_lost_ = true;
    // After a good while one cut connection is looked into at once.
    const bool was_well = well_since_us_ != kNever && now_us - well_since_us_ >= kWellUs;
    well_since_us_ = kNever;
    if (!was_well) return retry_later(link, what, now_us);
    probe_at_us_ = now_us + kQuickRetryUs;
    book_.lost(link, what + "; trying again at once.");
}

void HttpSession::retry_later(Link link, const std::string& what, std::int64_t now_us) {
    const std::int64_t pause_us = backoff_.next_us();
    probe_at_us_ = now_us + pause_us;
    book_.lost(link, what + "; trying again in " + in_seconds(pause_us) + ".");
}

void HttpSession::drop_driver() {
    if (driver_) driver_->end();
    driver_.reset();
    driver_lost_ = false;
}

}  // namespace racehub::track_controller
