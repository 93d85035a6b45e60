#include "plugins/emperor/net/websocket.h"

#include <sys/random.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace racehub::emperor {

struct Websocket::Codec {
    wslay_event_context_ptr context = nullptr;
    std::string_view input;
    std::vector<WsMessage> messages;
    std::string* output = nullptr;

    static Codec& of(void* self) { return *static_cast<Codec*>(self); }

    static ssize_t read(wslay_event_context_ptr context, std::uint8_t* to, std::size_t size, int,
                        void* self) {
        std::string_view& input = of(self).input;
        if (input.empty()) {
            wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
            return -1;
        }
        const std::size_t taken = input.copy(reinterpret_cast<char*>(to), size);
        input.remove_prefix(taken);
        return static_cast<ssize_t>(taken);
    }
    static ssize_t write(wslay_event_context_ptr, const std::uint8_t* data, std::size_t size, int,
                         void* self) {
        of(self).output->append(reinterpret_cast<const char*>(data), size);
        return static_cast<ssize_t>(size);
    }
    static int mask(wslay_event_context_ptr, std::uint8_t* to, std::size_t size, void*) {
        return getrandom(to, size, 0) == static_cast<ssize_t>(size) ? 0 : -1;
    }
    static void received(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                         void* self) {
        of(self).messages.push_back(
            {message->opcode,
             std::string(reinterpret_cast<const char*>(message->msg), message->msg_length)});
    }
};

Websocket::Websocket(std::size_t max_message_bytes) : codec_(std::make_unique<Codec>()) {
    codec_->output = &output_;
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = &Codec::read;
    callbacks.send_callback = &Codec::write;
    callbacks.genmask_callback = &Codec::mask;
    callbacks.on_msg_recv_callback = &Codec::received;
    if (wslay_event_context_client_init(&codec_->context, &callbacks, codec_.get()) != 0) {
        throw std::bad_alloc();
    }
    wslay_event_config_set_max_recv_msg_length(codec_->context, max_message_bytes);
}

Websocket::~Websocket() { wslay_event_context_free(codec_->context); }

std::vector<WsMessage> Websocket::read(std::string_view bytes) {
    codec_->input = bytes;
    // An error of wslay's own, out of memory or a callback's: nothing more is read.
    if (wslay_event_recv(codec_->context) != 0) wslay_event_shutdown_read(codec_->context);
    codec_->input = {};
    wslay_event_send(codec_->context);
    return std::exchange(codec_->messages, {});
}

void Websocket::ping() {
    const wslay_event_msg message{WSLAY_PING, nullptr, 0};
    if (wslay_event_queue_msg(codec_->context, &message) == 0) wslay_event_send(codec_->context);
}

bool Websocket::ended() const {
    return wslay_event_get_read_enabled(codec_->context) == 0 ||
           wslay_event_get_close_received(codec_->context) != 0;
}

std::string Websocket::problem() const {
    if (wslay_event_get_close_received(codec_->context) != 0) return "The server said goodbye.";
    switch (wslay_event_get_status_code_sent(codec_->context)) {
        case 1007:
            return "The server sent text that is not UTF-8.";
        case 1009:
            return "The server sent a message of more than 4 MB.";
        default:
            return "The server does not keep the websocket's rules.";
    }
}

}  // namespace racehub::emperor
