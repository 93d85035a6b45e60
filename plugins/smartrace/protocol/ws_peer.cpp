#include "plugins/smartrace/protocol/ws_peer.h"

#include <sys/random.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace racehub::smartrace {
namespace {

constexpr std::uint16_t kGoingAway = 1001;

std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

struct WsPeer::Codec {
    wslay_event_context_ptr context = nullptr;
    std::string_view input;
    std::vector<WsMessage> messages;
    std::string* output = nullptr;

    static ssize_t take_input(wslay_event_context_ptr context, std::uint8_t* buffer,
                              std::size_t size, int, void* self) {
        auto& input = static_cast<Codec*>(self)->input;
        const std::size_t given = std::min(size, input.size());
        if (given == 0) {
            wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
            return -1;
        }
        std::memcpy(buffer, input.data(), given);
        input.remove_prefix(given);
        return static_cast<ssize_t>(given);
    }
    static ssize_t give_output(wslay_event_context_ptr, const std::uint8_t* data, std::size_t size,
                               int, void* self) {
        static_cast<Codec*>(self)->output->append(as_text(data, size));
        return static_cast<ssize_t>(size);
    }
    static int make_mask(wslay_event_context_ptr, std::uint8_t* buffer, std::size_t size, void*) {
        return getrandom(buffer, size, 0) == static_cast<ssize_t>(size) ? 0 : -1;
    }
    static void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                           void* self) {
        static_cast<Codec*>(self)->messages.push_back(
            {static_cast<Opcode>(message->opcode),
             std::string(as_text(message->msg, message->msg_length)), message->status_code});
    }
};

WsPeer::WsPeer(Side side, std::size_t max_message_bytes) : codec_(std::make_unique<Codec>()) {
    codec_->output = &output_;
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = &Codec::take_input;
    callbacks.send_callback = &Codec::give_output;
    callbacks.genmask_callback = &Codec::make_mask;
    callbacks.on_msg_recv_callback = &Codec::on_message;
    const auto init =
        side == Side::server ? wslay_event_context_server_init : wslay_event_context_client_init;
    if (init(&codec_->context, &callbacks, codec_.get()) != 0) throw std::bad_alloc();
    wslay_event_config_set_max_recv_msg_length(codec_->context, max_message_bytes);
}

WsPeer::~WsPeer() { wslay_event_context_free(codec_->context); }

std::vector<WsMessage> WsPeer::read(std::string_view bytes) {
    codec_->input = bytes;
    if (wslay_event_recv(codec_->context) != 0) close(kGoingAway, {});
    codec_->input = {};
    wslay_event_send(codec_->context);
    return std::exchange(codec_->messages, {});
}

void WsPeer::send(Opcode opcode, std::string_view payload) {
    const wslay_event_msg message{static_cast<std::uint8_t>(opcode),
                                  reinterpret_cast<const std::uint8_t*>(payload.data()),
                                  payload.size()};
    if (wslay_event_queue_msg(codec_->context, &message) == 0) wslay_event_send(codec_->context);
}

void WsPeer::close(std::uint16_t code, std::string_view reason) {
    reason = reason.substr(0, 123);
    wslay_event_queue_close(codec_->context, code,
                            reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size());
    wslay_event_send(codec_->context);
}

bool WsPeer::ended() const {
    return wslay_event_get_read_enabled(codec_->context) == 0 ||
           wslay_event_get_close_received(codec_->context) != 0;
}

std::string WsPeer::problem() const {
    if (wslay_event_get_close_received(codec_->context) != 0) return "it said goodbye";
    switch (wslay_event_get_status_code_sent(codec_->context)) {
        case 1007:
            return "its text is not UTF-8";
        case 1009:
            return "its message is too long";
        default:
            return "it does not keep the websocket's rules";
    }
}

}  // namespace racehub::smartrace
