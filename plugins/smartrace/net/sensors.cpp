#include "plugins/smartrace/net/sensors.h"

#include <unistd.h>

#include <algorithm>

namespace racehub::smartrace {
namespace {

constexpr std::int64_t kRetryUs = 2'000'000;
// A head comes within a second from the slowest microcontroller.
constexpr std::int64_t kHeadUs = 10'000'000;
constexpr std::uint16_t kGoingAway = 1001;

}  // namespace

Sensors::Sensors(sdk::Host host, std::string address, int port, std::size_t max_message_bytes,
                 SensorListener& listener)
    : host_(host),
      max_message_bytes_(max_message_bytes),
      listener_(listener),
      listener_socket_(host, std::move(address), port) {}

Sensors::~Sensors() = default;

void Sensors::run(std::int64_t now_us) {
    if (!listener_socket_.listening() && now_us >= next_try_us_ && !listener_socket_.listen()) {
        if (next_try_us_ == 0) host_.warn(listener_socket_.problem());
        next_try_us_ = now_us + kRetryUs;
    }
    std::vector<LineId> over;
    for (const auto& [id, line] : lines_) {
        const bool ended = line.channel->state() == Channel::State::ended;
        const bool slow = !line.channel->is_open() && now_us - line.accepted_us > kHeadUs;
        if (ended || slow) over.push_back(id);
    }
    for (const LineId id : over) {
        lines_.at(id).channel->end("it did not ask for a websocket within 10 s");
        forget(id);
    }
}

bool Sensors::on_fd(int fd, std::uint32_t ready) {
    if (listener_socket_.listening() && fd == listener_socket_.fd()) {
        accept_all();
        return true;
    }
    for (const auto& [id, line] : lines_) {
        if (line.channel->fd() != fd) continue;
        serve(id, ready);
        return true;
    }
    return false;
}

void Sensors::accept_all() {
    std::string peer;
    for (int fd = listener_socket_.accept(peer); fd >= 0; fd = listener_socket_.accept(peer)) {
        make_room();
        Line& line = lines_[++last_line_];
        line.channel = Channel::accepted(host_, fd, max_message_bytes_);
        line.peer = peer;
        line.accepted_us = line.heard_us = host_.now_us();
        if (held_) line.channel->hold(true);
    }
}

// Sensors come back without having said goodbye: the one not heard of for longest is the dead one.
void Sensors::make_room() {
    if (lines_.size() < kMaxLines) return;
    const auto oldest = std::min_element(lines_.begin(), lines_.end(), [](auto& a, auto& b) {
        return a.second.heard_us < b.second.heard_us;
    });
    const LineId id = oldest->first;
    oldest->second.channel->close(kGoingAway, "too many connections");
    forget(id);
}

void Sensors::serve(LineId id, std::uint32_t ready) {
    Line& line = lines_.at(id);
    const std::int64_t arrived_us = host_.now_us();
    const std::vector<WsMessage> messages = line.channel->on_ready(ready);
    if (!messages.empty()) line.heard_us = arrived_us;
    if (!line.told && (line.channel->is_open() || !messages.empty())) {
        line.told = true;
        listener_.on_line(id, line.peer);
    }
    if (!messages.empty()) listener_.on_messages(id, messages, arrived_us);
    if (line.channel->state() == Channel::State::ended) forget(id);
}

void Sensors::forget(LineId id) {
    const auto found = lines_.find(id);
    const bool told = found->second.told;
    const std::string why = found->second.channel->problem();
    if (!told) host_.info("Connection of " + found->second.peer + ": " + why + ".");
    lines_.erase(found);
    if (told) listener_.on_line_ended(id, why);
}

void Sensors::stop() {
    for (auto& [id, line] : lines_) line.channel->close(kGoingAway, "the hub stops");
    lines_.clear();
    listener_socket_.close();
}

void Sensors::send(LineId id, Opcode opcode, std::string_view payload) {
    const auto found = lines_.find(id);
    if (found != lines_.end()) found->second.channel->send(opcode, payload);
}

std::size_t Sensors::unread_bytes(LineId id) const {
    const auto found = lines_.find(id);
    return found == lines_.end() ? 0 : found->second.channel->unconfirmed_bytes();
}

void Sensors::end(LineId id, std::uint16_t code, std::string_view reason) {
    const auto found = lines_.find(id);
    if (found != lines_.end()) found->second.channel->close(code, reason);
}

void Sensors::hold(bool hold) {
    if (held_ == hold) return;
    held_ = hold;
    for (auto& [id, line] : lines_) line.channel->hold(hold);
}

std::size_t Sensors::count() const {
    return static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(), [](auto& line) { return line.second.channel->is_open(); }));
}

}  // namespace racehub::smartrace
