#pragma once
// What one message of a light gate says. Pure: the bytes and the rules in, a reading out; never
// throws.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::mqtt {

// A crossing needs less than 100 bytes; what is far larger is not a gate's message.
inline constexpr std::size_t kMaxPayloadBytes = 1024;
// Device and boot make the name of a clock, which the hub limits to 64 bytes with the slash.
inline constexpr std::size_t kMaxDeviceBytes = 39;
inline constexpr std::size_t kMaxBootBytes = 24;
// Some 300 years: what is later is not a time in microseconds.
inline constexpr std::int64_t kMaxStampUs = 10'000'000'000'000'000;
// Integers up to here survive a JSON library that keeps numbers as doubles.
inline constexpr std::int64_t kMaxNumber = (std::int64_t{1} << 53) - 1;

/// Which words count. White space around a word does not matter.
struct PayloadRules {
    std::vector<std::string> accept;  ///< empty: any; else only these
    std::vector<std::string> ignore;  ///< never these, such as the word of a sensor's release
};

enum class Meaning : std::uint8_t { crossing = 1, ignored, bad };

struct Reading {
    Meaning meaning = Meaning::crossing;
    std::optional<std::int64_t> stamp_us;  ///< the gate's own clock
    std::optional<std::int64_t> number;    ///< the gate's own count of crossings
    std::string device;                    ///< empty: not given
    std::string boot;     ///< names one run of the gate's clock and count; empty: not given
    std::string problem;  ///< bad: what is wrong, for people
};

/// Plain text (or nothing at all) is a crossing unless a rule says otherwise. A text that begins
/// with "{" must be a JSON object; of it these members are looked at, all optional: t_us, t_ms or
/// t_s (the gate's clock), n (its count), boot, dev (names, text or whole numbers), event (the word
/// that the rules are about). Everything else in it is skipped.
Reading read_payload(const PayloadRules& rules, std::string_view payload);

}  // namespace racehub::mqtt
