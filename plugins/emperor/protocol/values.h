#pragma once
// Small values of the race-control protocol: instants, texts, names. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace racehub::emperor {

/// Longest name and text that the hub takes, in bytes; longer ones are cut here, between
/// characters.
inline constexpr std::size_t kMaxName = 64;
inline constexpr std::size_t kMaxText = 400;

/// Microseconds since the Unix epoch of "2026-11-21T01:09:35.879648297Z" (RFC 3339, any number of
/// decimals, Z or an offset). 0: "never" (year 1), before 1970, after 2200, or no instant at all.
std::int64_t instant_us(std::string_view text);

/// At most `max_bytes`, cut between characters, bytes that are no UTF-8 replaced, control
/// characters left out, no space at either end.
std::string tidy_text(std::string_view text, std::size_t max_bytes);

/// Is `shown` what the server makes of `whole` when it shortens names ("Joseph E." of "Joseph
/// Elton")? The initial may be U+FFFD, because it cuts bytes. Not of equal names.
bool is_short_for(std::string_view shown, std::string_view whole);

/// Does `text` fit `pattern`? `*` stands for any text; without one the pattern may stand anywhere.
/// Upper and lower case of ASCII letters are the same. An empty pattern fits nothing.
bool fits(std::string_view pattern, std::string_view text);

}  // namespace racehub::emperor
