#include "hub/web/websocket.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace racehub::web {
namespace {

constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

ssize_t append_output(const std::uint8_t* data, std::size_t size, int, void* out) {
    static_cast<std::string*>(out)->append(as_text(data, size));
    return static_cast<ssize_t>(size);
}

Frame encode(std::uint8_t opcode, std::string_view payload) {
    auto out = std::make_shared<std::string>();
    out->reserve(payload.size() + 10);
    wslay_frame_callbacks callbacks{};
    callbacks.send_callback = append_output;
    wslay_frame_context_ptr context = nullptr;
    if (wslay_frame_context_init(&context, &callbacks, out.get()) != 0) throw std::bad_alloc();
    wslay_frame_iocb frame{};
    frame.fin = 1;
    frame.opcode = opcode;
    frame.payload_length = payload.size();
    frame.data = reinterpret_cast<const std::uint8_t*>(payload.data());
    frame.data_length = payload.size();
    const auto sent = wslay_frame_send(context, &frame);
    wslay_frame_context_free(context);
    if (sent != static_cast<ssize_t>(payload.size())) throw std::length_error("websocket frame");
    return out;
}

/// Codes that may travel in a close frame.
bool is_close_code(std::uint16_t code) {
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

bool is_control_frame(unsigned opcode) { return opcode >= 8; }

}  // namespace

Frame text_frame(std::string_view json) { return encode(WSLAY_TEXT_FRAME, json); }

Frame pong_frame(std::string_view payload) { return encode(WSLAY_PONG, payload); }

Frame close_frame(CloseCode code, std::string_view reason) {
    const auto number = htons(static_cast<std::uint16_t>(code));
    std::string payload(reinterpret_cast<const char*>(&number), 2);
    return encode(WSLAY_CONNECTION_CLOSE, payload.append(reason.substr(0, 123)));
}

Frame close_reply(std::optional<std::uint16_t> code) {
    if (code) return close_frame(static_cast<CloseCode>(*code), {});
    return encode(WSLAY_CONNECTION_CLOSE, {});
}

std::optional<std::string> websocket_accept(std::string_view key) {
    // 16 bytes are 22 base64 characters and two fillers; the last character carries 2 bits only.
    const auto is_base64 = [](char c) { return is_alnum(c) || c == '+' || c == '/'; };
    if (key.size() != 24 || key.substr(22) != "==" ||
        !std::all_of(key.begin(), key.begin() + 22, is_base64) ||
        std::string_view("AQgw").find(key[21]) == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string text = std::string(key).append(kAcceptGuid);
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 32> base64{};
    const int size = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    return std::string(as_text(base64.data(), static_cast<std::size_t>(size)));
}

/// wslay decodes the frames; this class finds their borders (wslay tells a length only with the
/// first payload byte, and never how much of a header it holds), joins fragments, and knows the
/// rules over frames.
class WebSocketReader::Codec {
  public:
    Codec() {
        wslay_frame_callbacks callbacks{};
        callbacks.recv_callback = &Codec::give_input;
        if (wslay_frame_context_init(&context_, &callbacks, this) != 0) throw std::bad_alloc();
    }
    ~Codec() { wslay_frame_context_free(context_); }
    Codec(const Codec&) = delete;
    Codec& operator=(const Codec&) = delete;

    bool read(std::string_view bytes, std::size_t max_bytes, WebSocketEvents& events) {
        while (!bytes.empty()) {
            if (payload_left_ == 0 && !in_payload_) {
                header_.at(header_size_++) = static_cast<unsigned char>(bytes.front());
                bytes.remove_prefix(1);
                if (header_size_ < 2 || header_size_ < header_needs()) continue;
                if (!begin_frame(max_bytes, events)) return false;
                if (payload_left_ > 0) continue;
                if (!end_frame(events)) return false;
            } else {
                const auto size = std::min<std::uint64_t>(payload_left_, bytes.size());
                input_ = bytes.substr(0, static_cast<std::size_t>(size));
                bytes.remove_prefix(input_.size());
                payload_left_ -= size;
                if (!take_payload(events)) return false;
                if (payload_left_ == 0 && !end_frame(events)) return false;
            }
        }
        return true;
    }

    bool at_rest() const { return header_size_ == 0 && !in_payload_ && message_opcode_ == 0; }

  private:
    std::size_t header_needs() const {
        const unsigned length = header_[1] & 0x7fU;
        return 2U +
               (length == 126   ? 2U
                : length == 127 ? 8U
                                : 0U) +
               ((header_[1] & 0x80U) != 0 ? 4U : 0U);
    }

    std::uint64_t announced_length() const {
        const unsigned length = header_[1] & 0x7fU;
        const std::size_t size = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (size == 0) return length;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8 | header_[2 + i];
        return value;
    }

    bool violation(WebSocketEvents& events, CloseCode code, std::string_view reason) {
        events.on_violation(code, reason);
        return false;
    }

    bool begin_frame(std::size_t max_bytes, WebSocketEvents& events) {
        opcode_ = header_[0] & 0x0fU;
        if (opcode_ != WSLAY_CONTINUATION_FRAME && !events.on_begin()) return false;
        fin_ = (header_[0] & 0x80U) != 0;
        payload_left_ = announced_length();
        in_payload_ = true;
        input_ = as_text(header_.data(), header_size_);
        wslay_frame_iocb frame{};
        const auto result = wslay_frame_recv(context_, &frame);
        // A header without payload yet is "more, please"; an empty frame is complete with it.
        if (result != (payload_left_ == 0 ? 0 : static_cast<ssize_t>(WSLAY_ERR_WANT_READ))) {
            return violation(events, CloseCode::protocol_error, "bad frame header");
        }
        if ((header_[0] & 0x70U) != 0 || (header_[1] & 0x80U) == 0) {
            return violation(events, CloseCode::protocol_error,
                             "frames are masked and have no reserved bits");
        }
        header_size_ = 0;
        control_.clear();
        if (is_control_frame(opcode_)) {
            if (opcode_ > WSLAY_PONG) {
                return violation(events, CloseCode::protocol_error, "unknown opcode");
            }
            return true;
        }
        return begin_data(max_bytes, events);
    }

    bool begin_data(std::size_t max_bytes, WebSocketEvents& events) {
        const bool first = message_opcode_ == 0;
        if (opcode_ > WSLAY_BINARY_FRAME || first != (opcode_ != WSLAY_CONTINUATION_FRAME)) {
            return violation(events, CloseCode::protocol_error, "unexpected opcode");
        }
        if (first) {
            if (opcode_ == WSLAY_BINARY_FRAME) {
                return violation(events, CloseCode::unsupported_data, "text messages only");
            }
            message_opcode_ = opcode_;
            fragments_ = 0;
            text_check_ = {};
        }
        if (++fragments_ > kMaxFragments) {
            return violation(events, CloseCode::policy, "too many fragments");
        }
        if (payload_left_ > max_bytes || message_.size() > max_bytes - payload_left_) {
            return violation(events, CloseCode::too_big, "message too long");
        }
        return true;
    }

    bool take_payload(WebSocketEvents& events) {
        while (!input_.empty()) {
            wslay_frame_iocb frame{};
            const auto result = wslay_frame_recv(context_, &frame);
            if (result < 0) return violation(events, CloseCode::protocol_error, "bad frame");
            const auto part = as_text(frame.data, frame.data_length);
            if (is_control_frame(opcode_)) {
                control_.append(part);
            } else if (!text_check_.add(part)) {
                return violation(events, CloseCode::invalid_text, "text is not UTF-8");
            } else {
                message_.append(part);
            }
        }
        return true;
    }

    bool end_frame(WebSocketEvents& events) {
        in_payload_ = false;
        if (opcode_ == WSLAY_PING) return events.on_ping(control_);
        if (opcode_ == WSLAY_PONG) return true;
        if (opcode_ == WSLAY_CONNECTION_CLOSE) return end_close(events);
        if (!fin_) return true;
        if (!text_check_.at_end()) {
            return violation(events, CloseCode::invalid_text, "text is not UTF-8");
        }
        const std::string message = std::move(message_);
        message_ = {};
        message_opcode_ = 0;
        return events.on_text(message);
    }

    bool end_close(WebSocketEvents& events) {
        if (control_.empty()) {
            events.on_close(std::nullopt);
            return false;
        }
        std::uint16_t code = 0;
        if (control_.size() >= 2) std::memcpy(&code, control_.data(), 2);
        code = ntohs(code);
        if (!is_close_code(code)) {
            return violation(events, CloseCode::protocol_error, "bad close code");
        }
        if (!is_utf8(std::string_view(control_).substr(2))) {
            return violation(events, CloseCode::invalid_text, "close reason is not UTF-8");
        }
        events.on_close(code);
        return false;
    }

    static ssize_t give_input(std::uint8_t* buffer, std::size_t size, int, void* self) {
        auto& input = static_cast<Codec*>(self)->input_;
        const auto given = std::min(size, input.size());
        if (given == 0) return -1;
        std::memcpy(buffer, input.data(), given);
        input.remove_prefix(given);
        return static_cast<ssize_t>(given);
    }

    wslay_frame_context_ptr context_ = nullptr;
    std::string_view input_;  // what wslay may take now: one header, or a part of one payload
    std::array<unsigned char, 14> header_{};
    std::size_t header_size_ = 0;
    std::uint64_t payload_left_ = 0;
    bool in_payload_ = false;
    bool fin_ = false;
    unsigned opcode_ = 0;
    std::string control_;
    unsigned message_opcode_ = 0;  // 0: no message begun
    int fragments_ = 0;
    Utf8Check text_check_;
    std::string message_;
};

WebSocketReader::WebSocketReader() : codec_(std::make_unique<Codec>()) {}
WebSocketReader::~WebSocketReader() = default;

bool WebSocketReader::read(std::string_view bytes, std::size_t max_message_bytes,
                           WebSocketEvents& events) {
    return codec_->read(bytes, max_message_bytes, events);
}

bool WebSocketReader::at_rest() const { return codec_->at_rest(); }

}  // namespace racehub::web
