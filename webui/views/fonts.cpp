#include "webui/views/fonts.h"

#include <imgui_internal.h>

#include <algorithm>
#include <cmath>

namespace racehub::ui {
namespace {

/// In every picture: ASCII, and the signs that the words and views use.
constexpr std::string_view kAlways = "–—…·×→←↑↓★▲▼▶●○✓⚑⚠°±’“”äöüÄÖÜßéèêçñøåæ";

constexpr float kLargestWords = 64;

const ImWchar kDigitRange[] = {' ', ':', 0x2013, 0x2013, 0};

/// Calls f(codepoint) for each character.
template <class F>
void for_each_character(std::string_view utf8, F f) {
    const char* at = utf8.data();
    const char* end = at + utf8.size();
    while (at < end) {
        unsigned codepoint = 0;
        at += ImTextCharFromUtf8(&codepoint, at, end);
        if (codepoint >= ' ') f(codepoint);
    }
}

const FontFile& file_of(Face face) { return face == Face::regular ? kB612Regular : kB612Bold; }

}  // namespace

void Fonts::need(std::string_view utf8) {
    for_each_character(utf8, [this](unsigned codepoint) {
        if (codepoint < 0x7f || wanted_.size() >= kMaxCharacters) return;
        changed_ = wanted_.insert(codepoint).second || changed_;
    });
}

void Fonts::add_cut(Face face, float size, bool digits_only) {
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    // Fine steps across matter for small text on coarse screens only.
    config.OversampleH = size * density_ < 30 ? 2 : 1;
    config.OversampleV = 1;
    config.GlyphRanges = digits_only ? kDigitRange : ranges_.Data;
    const FontFile& file = file_of(face);
    ImFont* font = ImGui::GetIO().Fonts->AddFontFromMemoryTTF(const_cast<unsigned char*>(file.data),
                                                              static_cast<int>(file.size),
                                                              std::round(size * density_), &config);
    font->Scale = 1.0F / density_;
    cuts_.push_back(Cut{face, size, digits_only, font});
}

bool Fonts::build(float density, float largest) {
    need(kAlways);
    if (!changed_ && density == density_ && largest == largest_) return false;
    changed_ = false;
    density_ = density;
    largest_ = largest;
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    atlas.Clear();
    cuts_.clear();
    atlas.Flags |= ImFontAtlasFlags_NoPowerOfTwoHeight | ImFontAtlasFlags_NoMouseCursors;
    ImFontGlyphRangesBuilder builder;
    builder.AddRanges(atlas.GetGlyphRangesDefault());
    for (const unsigned codepoint : wanted_) builder.AddChar(static_cast<ImWchar>(codepoint));
    ranges_.clear();
    builder.BuildRanges(&ranges_);
    add_cut(Face::regular, 17, false);
    add_cut(Face::bold, 17, false);
    add_cut(Face::bold, 26, false);
    if (largest > 80) add_cut(Face::regular, 30, false);
    if (largest > 30) add_cut(Face::bold, std::min(largest, kLargestWords), false);
    if (largest > kLargestWords) add_cut(Face::figures, largest, true);
    draw_foreign();
    return true;
}

/// Characters that B612 has no shape for get one from the browser.
void Fonts::draw_foreign() {
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    atlas.Build();
    std::vector<unsigned> missing;
    for (const unsigned codepoint : wanted_) {
        if (cuts_.front().font->FindGlyphNoFallback(static_cast<ImWchar>(codepoint)) == nullptr)
            missing.push_back(codepoint);
    }
    if (missing.empty() || !foreign_) return;
    struct Place {
        int rect;
        const Cut* cut;
        unsigned codepoint;
    };
    std::vector<Place> places;
    for (const Cut& cut : cuts_) {
        if (cut.digits_only) continue;
        const int size = static_cast<int>(cut.font->FontSize);
        for (const unsigned codepoint : missing) {
            std::vector<unsigned char> probe(static_cast<std::size_t>(2 * size) *
                                             static_cast<std::size_t>(size * 5 / 4));
            const float advance =
                foreign_(codepoint, cut.face, size, 2 * size, size * 5 / 4, probe.data());
            const int width = std::clamp(static_cast<int>(std::ceil(advance)), 1, 2 * size);
            const int rect =
                atlas.AddCustomRectFontGlyph(cut.font, static_cast<ImWchar>(codepoint), width,
                                             size * 5 / 4, advance, ImVec2(0, 0));
            places.push_back(Place{rect, &cut, codepoint});
        }
    }
    atlas.Build();
    unsigned char* pixels = nullptr;
    int atlas_width = 0, atlas_height = 0;
    atlas.GetTexDataAsAlpha8(&pixels, &atlas_width, &atlas_height);
    for (const Place& place : places) {
        const ImFontAtlasCustomRect& rect = *atlas.GetCustomRectByIndex(place.rect);
        std::vector<unsigned char> glyph(static_cast<std::size_t>(rect.Width) * rect.Height);
        foreign_(place.codepoint, place.cut->face, static_cast<int>(place.cut->font->FontSize),
                 rect.Width, rect.Height, glyph.data());
        for (int row = 0; row + 1 < rect.Height; ++row) {  // the last one stays empty
            std::copy_n(&glyph[static_cast<std::size_t>(row) * rect.Width], rect.Width,
                        pixels + static_cast<std::ptrdiff_t>(rect.Y + row) * atlas_width + rect.X);
        }
    }
}

ImFont* Fonts::pick(Face face, float size) const {
    const Cut* best = nullptr;
    for (const Cut& cut : cuts_) {
        if (cut.face != face && !(face == Face::figures && cut.face == Face::bold)) continue;
        const bool better = best == nullptr || (best->size < size && cut.size > best->size) ||
                            (cut.size >= size && cut.size < best->size);
        if (better) best = &cut;
    }
    return best->font;
}

}  // namespace racehub::ui
