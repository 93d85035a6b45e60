#pragma once
// Lets a plugin look at the world for a person who is typing settings: "test" a connection,
// "discover" devices. In a process of its own each time, with a limit, killed afterwards.

#include <atomic>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace racehub::plugin_host {

/// What the manual in plugin.h grants.
inline constexpr std::int64_t kExamineLimitMs = 15'000;
/// Devices found by one look; a club has a handful.
inline constexpr std::size_t kMaxFound = 64;

struct Examination {
    std::string host_program;
    std::string file;         ///< the plugin's library
    std::uint32_t index = 0;  ///< of the plugin in it
    std::string what;         ///< "test", "discover"
    std::int64_t limit_ms = kExamineLimitMs;
    const std::atomic<bool>* over = nullptr;  ///< true: give up now; null: never
};

/// "test": {"ok":bool,"text":"…"}. "discover": {"found":[{"label":"…","config":{…}}…]}, or
/// {"ok":false,"text":"…"}. Whatever the plugin does, the answer has one of these shapes and its
/// texts are clean. `config` has passed the plugin's schema. Blocks at most the limit and a second.
/// [any-thread]
nlohmann::json examine(const Examination& examination, const nlohmann::json& config);

/// The part that runs inside the child: asks and gives the text to be written. Blocks.
std::string examine_here(const std::string& file, std::uint32_t index, std::string_view what,
                         const std::string& config_json);

/// The same for what a plugin answered. Exposed for its tests.
nlohmann::json checked_answer(std::string_view what, std::string_view answer);

}  // namespace racehub::plugin_host
