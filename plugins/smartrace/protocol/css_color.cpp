#include "plugins/smartrace/protocol/css_color.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

namespace racehub::smartrace {
namespace {

using Rgb = std::array<int, 3>;

// The names that colour pickers and older app versions use; the rest of CSS's 148 are not worth it.
constexpr std::pair<std::string_view, std::string_view> kNames[] = {
    {"black", "#000000"},   {"white", "#ffffff"},   {"red", "#ff0000"},    {"green", "#008000"},
    {"lime", "#00ff00"},    {"blue", "#0000ff"},    {"yellow", "#ffff00"}, {"orange", "#ffa500"},
    {"purple", "#800080"},  {"pink", "#ffc0cb"},    {"brown", "#a52a2a"},  {"gray", "#808080"},
    {"grey", "#808080"},    {"silver", "#c0c0c0"},  {"cyan", "#00ffff"},   {"aqua", "#00ffff"},
    {"magenta", "#ff00ff"}, {"fuchsia", "#ff00ff"}, {"navy", "#000080"},   {"teal", "#008080"},
    {"olive", "#808000"},   {"maroon", "#800000"},  {"gold", "#ffd700"}};

std::string hex_of(const Rgb& rgb) {
    char text[8];
    std::snprintf(text, sizeof text, "#%02x%02x%02x", static_cast<unsigned>(rgb[0]) & 255U,
                  static_cast<unsigned>(rgb[1]) & 255U, static_cast<unsigned>(rgb[2]) & 255U);
    return text;
}

std::optional<Rgb> from_hex(std::string_view text) {
    if (text.empty() || text.front() != '#') return std::nullopt;
    text.remove_prefix(1);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    const auto part = [value](unsigned shift, unsigned mask) {
        return static_cast<int>(value >> shift & mask);
    };
    if (text.size() == 6) return Rgb{part(16, 255), part(8, 255), part(0, 255)};
    if (text.size() == 3) return Rgb{part(8, 15) * 17, part(4, 15) * 17, part(0, 15) * 17};
    return std::nullopt;
}

// Three whole numbers after the bracket, with commas or spaces between; an alpha behind is ignored.
std::optional<Rgb> from_function(std::string_view text) {
    const auto bracket = text.find('(');
    if (text.substr(0, 3) != "rgb" || bracket == text.npos || text.back() != ')') return {};
    const char* at = text.data() + bracket + 1;
    const char* const end = text.data() + text.size();
    Rgb rgb{};
    for (int& part : rgb) {
        while (at < end && (*at == ' ' || *at == ',')) ++at;
        const auto [next, error] = std::from_chars(at, end, part);
        if (error != std::errc() || part < 0 || part > 255) return std::nullopt;
        at = next;
    }
    return rgb;
}

}  // namespace

std::string to_hex(std::string_view css) {
    if (css.empty()) return {};
    for (const auto& [name, hex] : kNames) {
        if (css == name) return std::string(hex);
    }
    auto rgb = from_hex(css);
    if (!rgb) rgb = from_function(css);
    return rgb ? hex_of(*rgb) : std::string();
}

std::string to_rgb(std::string_view hex) {
    const auto rgb = from_hex(hex);
    if (!rgb) return std::string(kNobodyRgb);
    return "rgb(" + std::to_string((*rgb)[0]) + ", " + std::to_string((*rgb)[1]) + ", " +
           std::to_string((*rgb)[2]) + ")";
}

std::string text_color_on(std::string_view hex) {
    const auto rgb = from_hex(hex);
    // Weights of the eye's sensitivity, in thousandths; half of full white is the border.
    const bool dark = rgb && (*rgb)[0] * 299 + (*rgb)[1] * 587 + (*rgb)[2] * 114 < 127'500;
    return dark ? "rgb(255, 255, 255)" : "rgb(0, 0, 0)";
}

}  // namespace racehub::smartrace
