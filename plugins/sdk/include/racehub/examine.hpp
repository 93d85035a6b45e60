// Texts on the way to the hub, and what RACEHUB_PLUGIN makes of a class's static function examine.
// Part of <racehub/plugin.hpp>, which includes it.
#pragma once

#include <racehub/plugin.h>

#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

namespace racehub::sdk {

inline rh_str to_rh(std::string_view text) noexcept { return rh_str{text.data(), text.size()}; }
inline std::string_view to_view(rh_str text) noexcept {
    return text.size == 0 ? std::string_view{} : std::string_view{text.data, text.size};
}

namespace detail {

// Length of the UTF-8 character at `at`; 0: there is none.
inline std::size_t character_size(std::string_view text, std::size_t at) noexcept {
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
    const bool beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
    return overlong || beyond ? 0 : size;
}

}  // namespace detail

// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become "\xff", so that a
// binary protocol can be read, too. `max_bytes` of the text are taken, the rest is "…".
inline std::string quoted(std::string_view text, std::size_t max_bytes = std::string::npos) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    std::size_t at = 0;
    while (at < text.size() && at < max_bytes) {
        const std::size_t size = detail::character_size(text, at);
        const auto byte = static_cast<unsigned char>(text[at]);
        if (size == 0) {
            out.append("\\\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
        } else if (byte == '"' || byte == '\\') {
            out.append(1, '\\').append(1, text[at]);
        } else if (byte < 0x20 || byte == 0x7F) {
            out.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
        } else {
            out.append(text.substr(at, size));
        }
        at += size == 0 ? 1 : size;
    }
    return out.append(at < text.size() ? "…\"" : "\"");
}

// The answer of examine to "test", and to anything that could not be looked at.
inline std::string verdict(bool ok, std::string_view text) {
    return std::string(ok ? R"({"ok":true,"text":)" : R"({"ok":false,"text":)") +
           quoted(text, RH_MAX_TEXT_BYTES) + "}";
}

namespace detail {

template <class Class, class = void>
struct Examines : std::false_type {};
template <class Class>
struct Examines<Class, std::void_t<decltype(Class::examine(std::string_view{}, {}))>>
    : std::true_type {};

// Null if the class has no static function examine.
template <class Class>
constexpr auto examiner() noexcept -> decltype(rh_plugin_entry::examine) {
    if constexpr (!Examines<Class>::value) {
        return nullptr;
    } else {
        return
            [](uint32_t, rh_str what, rh_str config, rh_answer_sink sink, void* ctx) -> rh_status {
                const auto answer = [&](const std::string& text) { sink(ctx, to_rh(text)); };
                try {
                    const std::string text = Class::examine(to_view(what), to_view(config));
                    if (text.empty()) return RH_E_NOT_FOUND;
                    answer(text);
                } catch (const std::exception& error) {
                    answer(verdict(false, error.what()));
                }
                return RH_OK;
            };
    }
}

}  // namespace detail
}  // namespace racehub::sdk
