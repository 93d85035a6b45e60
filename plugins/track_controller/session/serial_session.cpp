#include "plugins/track_controller/session/serial_session.h"

#include <utility>

#include "plugins/track_controller/session/serial_v1.h"
#include "plugins/track_controller/session/serial_v2.h"

namespace racehub::track_controller {
namespace {

// What was written before we came is thrown away: the end of an answer to somebody else.
constexpr std::int64_t kSettleUs = 200 * kMs;
// A device writes an answer in one go; one that stops in the middle was cut.
constexpr std::int64_t kCutUs = 1 * kSecond;
constexpr int kInfoTries = 2;  // boot messages may swallow the first
constexpr std::string_view kBanner = "RallyLab Track Controller ready";

}  // namespace

SerialSession::SerialSession(DeviceBook& book, SerialLine& line, std::uint32_t seed)
    : book_(book),
      line_(line),
      seed_(seed),
      framer_({[this](std::string_view json) { on_value(json); },
               [this](std::string_view text) { on_noise(text); }}) {}

SerialSession::~SerialSession() = default;

void SerialSession::write_line(std::string_view line) {
    if (!line.empty()) book_.traffic("out", line);
    line_.write(std::string(line) + "\n");
}

void SerialSession::on_open(std::int64_t now_us) {
    driver_.reset();
    framer_.reset();
    cut_at_us_ = kNever;
    reopening_ = prompt_seen_ = noise_seen_ = false;
    tries_ = 0;
    step_ = Step::settling;
    at_us_ = now_us + kSettleUs;
    book_.connecting("Asking the device at " + book_.where() + " what it is.");
}

void SerialSession::on_closed(const std::string& why, std::int64_t) {
    driver_.reset();
    step_ = Step::closed;
    at_us_ = kNever;
    book_.lost(Link::retrying, why);
}

void SerialSession::on_bytes(std::string_view bytes, std::int64_t now_us) {
    if (step_ == Step::settling || step_ == Step::closed) return;
    now_us_ = now_us;
    framer_.feed(bytes);
    cut_at_us_ = framer_.half_read() ? now_us + kCutUs : kNever;
    if (std::exchange(noise_seen_, false) || framer_.broken() != broken_) on_cut(now_us);
}

void SerialSession::on_cut(std::int64_t now_us) {
    broken_ = framer_.broken();
    if (step_ == Step::running && !reopening_) driver_->on_cut(now_us);
}

void SerialSession::identify() {
    ++tries_;
    step_ = Step::identifying;
    at_us_ = now_us_ + kAnswerLimitUs;
    write_line("");  // ends whatever half a line stands in the device's buffer
    write_line("info");
}

void SerialSession::on_value(std::string_view json) {
    if (reopening_) return;
    book_.traffic("in", json);
    if (step_ == Step::running) return driver_->on_value(json, now_us_);
    if (step_ != Step::identifying) return;
    const auto info = read_info_or_frame(json);
    if (!info) return;  // an answer to somebody before us
    at_us_ = kNever;
    if (info->protocol == Protocol::v1) {
        driver_ = std::make_unique<SerialV1>(*this);
    } else if (info->protocol == Protocol::v2) {
        driver_ = std::make_unique<SerialV2>(*this);
    } else {
        step_ = Step::refused;
        at_us_ = now_us_ + kRefusedRetryUs;
        return book_.lost(Link::refused, "The Track Controller at " + book_.where() +
                                             " speaks protocol " + info->protocol_text +
                                             ", which this hub does not know: update the hub.");
    }
    step_ = Step::running;
    book_.connected(*info, now_us_);
    driver_->begin(now_us_);
}

void SerialSession::on_noise(std::string_view line) {
    if (reopening_) return;
    book_.traffic("in", line);
    if (line == kBanner && step_ == Step::running) {
        book_.rebooted();
        driver_.reset();
        tries_ = 0;
        identify();
    } else if (line == ">>> " || line.starts_with("Traceback")) {
        prompt_seen_ = true;
        if (step_ == Step::running)
            book_.trouble(
                "The program on the Track Controller has stopped: unplug it and plug it "
                "in again.");
    } else if (!prompt_seen_) {
        noise_seen_ = true;  // nothing is said without a reason: it may be starting anew
    }
}

void SerialSession::on_order(std::int64_t now_us) {
    now_us_ = now_us;
    if (step_ == Step::running && !reopening_) driver_->on_order(now_us);
}

bool SerialSession::look(std::int64_t now_us) {
    now_us_ = now_us;
    return step_ == Step::running && !reopening_ && driver_->look(now_us);
}

void SerialSession::on_time(std::int64_t now_us) {
    now_us_ = now_us;
    if (reopening_) return;
    if (now_us >= cut_at_us_) {
        cut_at_us_ = kNever;
        framer_.reset();
        on_cut(now_us);
    }
    if (step_ == Step::running) return driver_->on_time(now_us);
    if (now_us < at_us_) return;
    if (step_ == Step::refused) {
        reopen(Link::refused, "Asking the Track Controller again.");
    } else if (step_ == Step::settling || tries_ < kInfoTries) {
        identify();
    } else if (prompt_seen_) {
        reopen(Link::silent, "The program on the Track Controller at " + book_.where() +
                                 " has stopped: unplug it and plug it in again.");
    } else {
        silent(now_us);
    }
}

std::int64_t SerialSession::deadline_us() const {
    if (reopening_) return kNever;
    return std::min(cut_at_us_, step_ == Step::running ? driver_->deadline_us() : at_us_);
}

void SerialSession::silent(std::int64_t) {
    reopen(Link::silent, "The device at " + book_.where() +
                             " is silent: unplug it and plug it in again; if another program uses "
                             "it, end that.");
}

void SerialSession::reopen(Link link, const std::string& text) {
    reopening_ = true;
    at_us_ = kNever;
    book_.lost(link, text);
    line_.reopen();
}

}  // namespace racehub::track_controller
