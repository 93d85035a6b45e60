#pragma once
// Colours with their meaning. All text colours have a contrast of at least 4.5 on `kPanel`; what a
// colour says, a sign or a word says too.

#include <imgui.h>

#include <cstdint>

namespace racehub::ui {

/// 0xrrggbb and an opacity, as ImGui packs it.
constexpr ImU32 rgb(std::uint32_t color, unsigned alpha = 255) {
    return (alpha << 24) | ((color & 0xff) << 16) | (color & 0xff00) | (color >> 16);
}

inline constexpr ImU32 kGround = rgb(0x0b0f14);
inline constexpr ImU32 kPanel = rgb(0x151b23);
inline constexpr ImU32 kRaised = rgb(0x232d39);
inline constexpr ImU32 kLine = rgb(0x2b3440);
inline constexpr ImU32 kText = rgb(0xf2f5f8);
inline constexpr ImU32 kDim = rgb(0xa9b4c0);
inline constexpr ImU32 kInk = rgb(0x06121c);  ///< text on bright colours
inline constexpr ImU32 kGreen = rgb(0x3ddc84);
inline constexpr ImU32 kRed = rgb(0xff5a5f);
inline constexpr ImU32 kYellow = rgb(0xffd23f);
inline constexpr ImU32 kPurple = rgb(0xcf9bff);
inline constexpr ImU32 kBlue = rgb(0x58c4ff);
inline constexpr ImU32 kWhite = rgb(0xffffff);

inline constexpr float kTarget = 44;  ///< the least height and width of what a finger has to hit
inline constexpr float kGap = 12;     ///< between things
inline constexpr float kRound = 8;
inline constexpr float kBody = 17;  ///< text
inline constexpr float kSmall = 14;
inline constexpr float kHead = 26;

}  // namespace racehub::ui
