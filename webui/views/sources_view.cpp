#include "webui/views/sources_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/page_json.h"
#include "webui/model/words.h"

namespace racehub::ui {
namespace {

constexpr float kTileHeight = 104, kTileWidth = 230;

struct Tile {
    std::string title;
    const GateSeen* seen;  ///< null: never
};

/// Every lane has a finish line; other gates appear when they have been seen.
std::vector<Tile> tiles_of(const Track& track) {
    std::vector<Tile> tiles;
    auto seen = [&](Gate gate, std::int32_t lane) -> const GateSeen* {
        for (const GateSeen& candidate : track.gates) {
            if (candidate.gate == gate && candidate.lane == lane) return &candidate;
        }
        return nullptr;
    };
    for (std::int32_t lane = 1; lane <= track.lanes; ++lane) {
        tiles.push_back({"Lane " + std::to_string(lane), seen(Gate::finish, lane)});
    }
    std::vector<GateSeen> others;
    for (const GateSeen& gate : track.gates) {
        if (gate.gate != Gate::finish || gate.lane > track.lanes) others.push_back(gate);
    }
    std::sort(others.begin(), others.end(), [](const GateSeen& a, const GateSeen& b) {
        return a.gate != b.gate ? a.gate < b.gate : a.lane < b.lane;
    });
    for (const GateSeen& gate : others) {
        tiles.push_back(
            {"Lane " + std::to_string(gate.lane) + ", " + std::string(words::gate(gate.gate)),
             seen(gate.gate, gate.lane)});
    }
    return tiles;
}

void draw_tile(Context& context, const Tile& tile, const Rect& rect) {
    Ui& ui = context.ui;
    const TimeUs age_us =
        tile.seen != nullptr ? std::max<TimeUs>(context.hub_now_us - tile.seen->time_us, 0) : 0;
    const bool now = tile.seen != nullptr && age_us < kJustCrossedUs;
    ui.fill(rect, now ? kGreen : kPanel);
    const ImU32 strong = now ? kInk : kText, weak = now ? rgb(0x06301a) : kDim;
    const Rect inside = rect.inner(14, 10);
    ui.text(Rect{inside.x, inside.y, inside.w, 22}, Face::bold, kBody, strong, tile.title);
    std::string age = "never seen";
    if (tile.seen != nullptr) age = now ? "NOW" : format_age(age_us) + " ago";
    ui.text(Rect{inside.x, inside.y + 24, inside.w, 34}, Face::bold, kHead, strong, age);
    std::string count = "wave a hand through the gate";
    if (tile.seen != nullptr) {
        count = format_count(tile.seen->count, "crossing", "crossings");
        if (tile.seen->missed > 0)
            count += ", " + std::to_string(tile.seen->missed) + " never arrived";
    }
    const bool alarm = tile.seen != nullptr && tile.seen->missed > 0;
    ui.text(Rect{inside.x, inside.bottom() - 20, inside.w, 20}, Face::regular, kSmall,
            alarm && !now ? kRed : weak, count);
}

struct HealthLook {
    ImU32 color;
    std::string_view sign;
};

HealthLook look_of(const SourceHealth& source) {
    const std::string& health = source.health;
    if (health == "ok") return source.stale ? HealthLook{kYellow, "⚠"} : HealthLook{kGreen, "✓"};
    if (health == "starting" || health == "degraded") return {kYellow, "⚠"};
    if (health == "failed" || health == "quarantined" || health == "restarting") return {kRed, "×"};
    return {kDim, "°"};
}

}  // namespace

void SourcesView::draw_gates(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Gates");
    if (context.track == nullptr) return ui.paragraph("This hub has no track yet.", kDim);
    const std::vector<Tile> tiles = tiles_of(*context.track);
    if (tiles.empty()) ui.paragraph("Nothing has crossed a gate of this track yet.", kDim);
    const auto columns = std::max<std::size_t>(
        1, static_cast<std::size_t>((ui.left() + kGap) / (kTileWidth + kGap)));
    const float w =
        (ui.left() - kGap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        if (i % columns != 0) ImGui::SameLine(0, kGap);
        draw_tile(context, tiles[i], ui.place(w, kTileHeight));
    }
    ui.again_after(500'000);  // ages
}

void SourcesView::draw_sources(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Sources");
    if (context.client.sources().empty())
        ui.paragraph("The hub has not told about any source.", kDim);
    for (const SourceHealth& source : context.client.sources()) {
        const HealthLook look = look_of(source);
        const Rect line = ui.place(0, 62);
        ui.fill(line, kPanel);
        ui.fill(Rect{line.x, line.y, 8, line.h}, look.color, 3);
        ui.text(Rect{line.x + 16, line.y, 26, line.h}, Face::bold, 20, look.color, look.sign,
                Align::center);
        const Rect inside{line.x + 52, line.y, line.w - 64, line.h};
        std::string title = source.id;
        if (!source.name.empty() && source.name != source.id) title += " (" + source.name + ")";
        title += ": " + source.health + (source.stale ? ", but silent" : "");
        ui.text(Rect{inside.x, line.y + 6, inside.w, 26}, Face::bold, kBody, kText, title);
        std::string detail = source.text;
        auto add = [&detail](const std::string& text) {
            detail += (detail.empty() ? "" : " · ") + text;
        };
        if (source.restarts > 0) add(format_count(source.restarts, "restart", "restarts"));
        if (source.crashes > 0) add(format_count(source.crashes, "crash", "crashes"));
        ui.text(Rect{inside.x, line.y + 32, inside.w, 24}, Face::regular, kSmall, kDim, detail);
    }
}

void SourcesView::draw(Context& context) {
    Ui& ui = context.ui;
    draw_gates(context);
    draw_sources(context);
    if (context.client.director() && ui.button("Set up sources", {}, true, 190, 52))
        context.page.go(ViewId::settings);
    ui.heading("Hub");
    const StorageHealth& storage = context.client.storage();
    ui.paragraph(storage.ok ? "✓ The event log is being written." : "× " + storage.text,
                 storage.ok ? kText : kRed);
    const TimeUs round_trip_us = context.client.clock().round_trip_us();
    ui.paragraph("Version " + context.client.hub_version() + " · round trip " +
                     format_lap(round_trip_us) + " s · clocks agree within " +
                     format_lap(std::max<TimeUs>(round_trip_us / 2, 1'000)) + " s",
                 kDim, 15);
}

}  // namespace racehub::ui
