#pragma once
// The messages between the hub and a plugin instance: one datagram each on a SOCK_SEQPACKET pair, a
// flat header and six texts. Pure functions over bytes: no I/O here, so that they can be fuzzed.
// Both ends run on one machine and come from one build, hence host byte order; version and magic
// refuse a mixed pair of hub and host program.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace racehub::plugin_host {

enum class MessageType : std::uint8_t {
    // hub → instance
    hello = 1,  ///< name: instance, track, data: config, time_us: clock offset, id: alive period
                ///< ms, seq: rate, cause: burst
    kv_item,    ///< key, data; any number between hello and start
    start,      ///< create and start the plugin
    event,      ///< a fact or notice: all members as in rh_event
    reply,      ///< to publish_durable `id`: code is an rh_status
    stop,       ///< stop and destroy the plugin, then end
    // instance → hub
    started = 32,     ///< code: rh_status of the start; data: why not
    publish,          ///< code: rh_kind; id 0
    publish_durable,  ///< the same, to be answered: id
    command,
    log,      ///< code: level, data: text
    health,   ///< code: rh_health, data: text
    kv_put,   ///< key, data
    alive,    ///< the plugin thread came back; id: refused for rate, seq: samples dropped, cause:
              ///< queue full, all totals
    stopped,  ///< stop and destroy returned
};

/// `data` is not in the datagram but in the file that came with it; `id` is its size. Only hub →
/// instance.
inline constexpr std::uint32_t kDataInFile = 1u << 31;

/// Largest datagram: header, five names, data. Fits the smallest usual socket buffer (208 kB) three
/// times.
inline constexpr std::size_t kMaxMessageBytes = 62'400;

/// Largest snapshot handed over as a file; a hub with 32 tracks of 128 entries and all laps stays
/// far below.
inline constexpr std::size_t kMaxSnapshotBytes = 64u << 20;

struct Message {
    MessageType type = MessageType::alive;
    std::uint32_t flags = 0;
    std::int32_t code = 0;
    std::uint32_t version = 0;
    std::uint64_t id = 0;
    std::uint64_t seq = 0;
    std::uint64_t cause = 0;
    std::int64_t time_us = 0;
    std::int64_t recv_us = 0;
    // Views into the decoded bytes.
    std::string_view name;
    std::string_view track;
    std::string_view race_id;
    std::string_view source;
    std::string_view key;
    std::string_view data;
};

enum class Direction { to_instance, to_hub };

/// The bytes of one message. Texts must be within the limits of plugin.h: check with fits() where
/// they come from outside.
std::string encode(const Message& message);
bool fits(const Message& message);

/// Reads one datagram. False, with a sentence in `error`, for anything that a correct peer cannot
/// have sent.
bool decode(std::string_view bytes, Direction direction, Message& message, std::string& error);

/// Human-readable text from a plugin: control characters and invalid UTF-8 become '?', length is
/// cut at a character.
std::string clean_text(std::string_view text, std::size_t max_bytes);
bool is_utf8(std::string_view text);

}  // namespace racehub::plugin_host
