#pragma once
// The one way from foreign bytes to a JSON value: bounded in depth before anything recurses, and
// without exceptions.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace racehub::track_controller {

/// A discarded value when the text is no JSON or nests deeper than 32 levels. Text that is not
/// UTF-8 is read with `?` in its place.
nlohmann::json parse_json(std::string_view text);

/// The member, or null.
const nlohmann::json& member(const nlohmann::json& object, const char* name);

/// The member's text, cut to `limit` bytes at a character, or empty.
std::string text_member(const nlohmann::json& object, const char* name, std::size_t limit);

}  // namespace racehub::track_controller
