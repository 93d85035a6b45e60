#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace racehub::web {

/// The decoded value of the first parameter of that name; nothing when it is missing or not
/// decodable.
std::optional<std::string> query_value(std::string_view query, std::string_view name);
/// The same as a decimal number without sign; nothing when it is no such number.
std::optional<std::uint64_t> query_number(std::string_view query, std::string_view name);
/// All of `text` as a decimal number without sign.
std::optional<std::uint64_t> as_number(std::string_view text);

}  // namespace racehub::web
