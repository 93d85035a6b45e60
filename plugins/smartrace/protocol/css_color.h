#pragma once
// Colours as SmartRace writes them (CSS) and as the hub does ("#rrggbb"). Pure.

#include <string>
#include <string_view>

namespace racehub::smartrace {

/// "rgb(1, 2, 3)", "rgba(…)", "#rgb", "#rrggbb" or a common name as "#rrggbb"; anything else is "".
std::string to_hex(std::string_view css);

/// "#rrggbb" as "rgb(1, 2, 3)"; anything else as the app's grey for nobody.
std::string to_rgb(std::string_view hex);

/// Black or white, whichever is read more easily on that "#rrggbb".
std::string text_color_on(std::string_view hex);

/// The background the app gives to a controller that nobody drives.
inline constexpr std::string_view kNobodyRgb = "rgb(188, 195, 188)";
inline constexpr std::string_view kNobodyHex = "#bcc3bc";

}  // namespace racehub::smartrace
