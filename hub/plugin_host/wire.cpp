#include "hub/plugin_host/wire.h"

#include <racehub/plugin.h>

#include <array>
#include <cstring>

namespace racehub::plugin_host {
namespace {

constexpr std::uint32_t kMagic = 0x31484852;  // "RHH1": change with any change of the layout
constexpr std::size_t kTexts = 6;

struct Header {
    std::uint32_t magic;
    std::uint32_t type;
    std::uint32_t flags;
    std::int32_t code;
    std::uint32_t version;
    std::uint32_t reserved;
    std::uint64_t id;
    std::uint64_t seq;
    std::uint64_t cause;
    std::int64_t time_us;
    std::int64_t recv_us;
    std::array<std::uint32_t, kTexts> sizes;
};
static_assert(sizeof(Header) == 88);
static_assert(sizeof(Header) + 5 * RH_MAX_NAME_BYTES + RH_MAX_DATA_BYTES <= kMaxMessageBytes);

std::array<std::string_view, kTexts> texts_of(const Message& m) {
    return {m.name, m.track, m.race_id, m.source, m.key, m.data};
}

// Zero: no such message in that direction.
std::size_t max_data(MessageType type, Direction direction) {
    const bool to_hub = direction == Direction::to_hub;
    switch (type) {
        case MessageType::hello:
        case MessageType::event:
            return to_hub ? 0 : RH_MAX_DATA_BYTES;
        case MessageType::kv_item:
            return to_hub ? 0 : RH_MAX_VALUE_BYTES;
        case MessageType::start:
        case MessageType::reply:
        case MessageType::stop:
            return to_hub ? 0 : RH_MAX_TEXT_BYTES;
        case MessageType::publish:
        case MessageType::publish_durable:
        case MessageType::command:
            return to_hub ? RH_MAX_DATA_BYTES : 0;
        case MessageType::kv_put:
            return to_hub ? RH_MAX_VALUE_BYTES : 0;
        case MessageType::started:
        case MessageType::log:
        case MessageType::health:
        case MessageType::alive:
        case MessageType::stopped:
            return to_hub ? RH_MAX_TEXT_BYTES : 0;
    }
    return 0;
}

bool code_is_known(const Message& m) {
    switch (m.type) {
        case MessageType::publish:
            return m.code == RH_KIND_OBSERVATION || m.code == RH_KIND_SAMPLE;
        case MessageType::publish_durable:
            return m.code == RH_KIND_OBSERVATION;
        case MessageType::command:
            return m.code == RH_KIND_COMMAND;
        case MessageType::log:
            return m.code >= RH_LOG_DEBUG && m.code <= RH_LOG_ERROR;
        case MessageType::health:
            return m.code >= RH_HEALTH_UNKNOWN && m.code <= RH_HEALTH_FAILED;
        default:
            return true;
    }
}

// Bytes of the UTF-8 character at `at`, 0 if there is none.
std::size_t character_size(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(at);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80) return 0;
    }
    const unsigned second = byte(at + 1);
    const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool surrogate = first == 0xED && second > 0x9F;
    const bool beyond = first == 0xF4 && second > 0x8F;
    return overlong || surrogate || beyond ? 0 : size;
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        if (size == 0) return false;
        at += size;
    }
    return true;
}

std::string clean_text(std::string_view text, std::size_t max_bytes) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        const auto first = static_cast<unsigned char>(text[at]);
        const bool readable = size > 1 || (size == 1 && first >= 0x20 && first != 0x7F);
        if (result.size() + (readable ? size : 1) > max_bytes) break;
        if (readable) {
            result.append(text.substr(at, size));
        } else {
            result.push_back(first == '\n' || first == '\t' ? ' ' : '?');
        }
        at += size == 0 ? 1 : size;
    }
    return result;
}

bool fits(const Message& message) {
    const auto texts = texts_of(message);
    for (std::size_t i = 0; i + 1 < kTexts; ++i) {
        if (texts[i].size() > RH_MAX_NAME_BYTES) return false;
    }
    const std::size_t limit = std::max(max_data(message.type, Direction::to_hub),
                                       max_data(message.type, Direction::to_instance));
    return message.data.size() <= limit;
}

std::string encode(const Message& message) {
    Header header{};
    header.magic = kMagic;
    header.type = static_cast<std::uint32_t>(message.type);
    header.flags = message.flags;
    header.code = message.code;
    header.version = message.version;
    header.id = message.id;
    header.seq = message.seq;
    header.cause = message.cause;
    header.time_us = message.time_us;
    header.recv_us = message.recv_us;
    const auto texts = texts_of(message);
    std::size_t total = sizeof(Header);
    for (std::size_t i = 0; i < kTexts; ++i) {
        header.sizes[i] = static_cast<std::uint32_t>(texts[i].size());
        total += texts[i].size();
    }
    std::string bytes;
    bytes.reserve(total);
    bytes.append(reinterpret_cast<const char*>(&header), sizeof(Header));
    for (const auto text : texts) bytes.append(text);
    return bytes;
}

bool decode(std::string_view bytes, Direction direction, Message& message, std::string& error) {
    Header header;
    if (bytes.size() < sizeof(Header)) return error = "message shorter than its header", false;
    if (bytes.size() > kMaxMessageBytes) return error = "message too long", false;
    std::memcpy(&header, bytes.data(), sizeof(Header));
    if (header.magic != kMagic) return error = "not a message of this version", false;
    message = Message{};
    const auto type = static_cast<MessageType>(header.type & 0xFF);
    const std::size_t limit = header.type > 0xFF ? 0 : max_data(type, direction);
    if (limit == 0) {
        return error = "unknown message type " + std::to_string(header.type), false;
    }
    message.type = type;
    message.flags = header.flags;
    message.code = header.code;
    message.version = header.version;
    message.id = header.id;
    message.seq = header.seq;
    message.cause = header.cause;
    message.time_us = header.time_us;
    message.recv_us = header.recv_us;
    std::array<std::string_view*, kTexts> texts{&message.name,   &message.track, &message.race_id,
                                                &message.source, &message.key,   &message.data};
    std::string_view rest = bytes.substr(sizeof(Header));
    for (std::size_t i = 0; i < kTexts; ++i) {
        const std::size_t size = header.sizes[i];
        const std::size_t most = i + 1 < kTexts ? std::size_t{RH_MAX_NAME_BYTES} : limit;
        if (size > most || size > rest.size()) return error = "a text in it is too long", false;
        *texts[i] = rest.substr(0, size);
        rest.remove_prefix(size);
    }
    if (!rest.empty()) return error = "bytes behind the last text", false;
    if (direction == Direction::to_hub && (header.flags & kDataInFile) != 0) {
        return error = "an instance cannot send files", false;
    }
    if (!code_is_known(message))
        return error = "unknown code " + std::to_string(message.code), false;
    return true;
}

}  // namespace racehub::plugin_host
