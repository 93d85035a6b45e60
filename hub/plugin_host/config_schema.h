#pragma once
// Checks a plugin's configuration against the JSON Schema in its descriptor, fills in defaults, and
// hides secrets. The subset:
//   type (object, array, string, integer, number, boolean) · properties · required ·
//   additionalProperties (true, false) default · enum · minimum, maximum · items, minItems,
//   maxItems · minLength, maxLength · format ("secret") and title, description, examples, $schema,
//   $id, $comment, which only inform.
// Any other keyword makes the schema itself refused: a rule that would silently not be checked is
// worse than none. Pure functions, no exceptions.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::plugin_host {

inline constexpr std::size_t kMaxConfigBytes = 60'000;  ///< one instance; fits one message to it
inline constexpr int kMaxConfigDepth = 16;       ///< deeper is a mistake, and recursion is bounded
inline constexpr std::size_t kMaxProblems = 20;  ///< listed for one configuration; more do not help

/// Parses JSON text of at most `max_bytes`. False: `error` says where and what.
bool parse_json(std::string_view text, std::size_t max_bytes, nlohmann::json& value,
                std::string& error);

/// Is `schema` an object schema of the subset? False: `error` names the place, e.g.
/// "schema.properties.port: …".
bool check_schema(const nlohmann::json& schema, std::string& error);

/// Adds one line to `problems` for each thing that is wrong, e.g.
///   plugins[gates].config.port: must be an integer from 1 to 65535, not "abc"
/// and fills in defaults. `schema` has passed check_schema; `path` names `value` in the messages.
/// Values of secrets are never shown.
void apply_schema(const nlohmann::json& schema, nlohmann::json& value, const std::string& path,
                  std::vector<std::string>& problems);

/// What stands for a secret that is set.
inline constexpr const char* kHiddenSecret = "•••";

/// A copy in which each secret is kHiddenSecret if it is set, and empty if it is not. Keys that the
/// schema does not know are left out where it forbids them: one of them may be a mistyped secret.
nlohmann::json without_secrets(const nlohmann::json& schema, const nlohmann::json& value);

/// A copy in which each kHiddenSecret is the secret at the same place of `stored`; in lists only if
/// both have the same length. Empty where there is none.
nlohmann::json with_secrets(const nlohmann::json& schema, const nlohmann::json& value,
                            const nlohmann::json& stored);

/// The schema with nothing that must be there: for settings that are still being typed.
nlohmann::json without_required(const nlohmann::json& schema);

/// A value that the schema accepts, made of defaults, first enum values and least values; for tests
/// of plugins.
nlohmann::json example_value(const nlohmann::json& schema);

/// The candidate most like `word`, if one is close enough to be meant; else empty.
std::string closest(std::string_view word, const std::vector<std::string>& candidates);

/// JSON for people and logs: never throws on invalid UTF-8, one line, at most `max_bytes` and "…".
std::string shown(const nlohmann::json& value, std::size_t max_bytes = 60);

}  // namespace racehub::plugin_host
