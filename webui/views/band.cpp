#include "webui/views/band.h"

#include <algorithm>

namespace racehub::ui {
namespace {

struct FlagColors {
    ImU32 fill, text, dim;
};

FlagColors colors_of(Flag flag) {
    switch (flag) {
        case Flag::none:
            return {kPanel, kText, kDim};
        case Flag::armed:
            return {rgb(0x12415c), kText, rgb(0xd5e6f0)};
        case Flag::lights:
            return {rgb(0x7d1216), kText, rgb(0xffd9da)};
        case Flag::green:
            return {rgb(0x2fbf6f), kInk, rgb(0x06301a)};
        case Flag::yellow:
            return {kYellow, kInk, rgb(0x4a3b00)};
        case Flag::white:
            return {rgb(0xf4f6f8), kInk, rgb(0x3d4954)};
        case Flag::chequered:
            return {rgb(0xdfe5ea), kInk, rgb(0x3d4954)};
        case Flag::black:
            return {rgb(0x000000), kText, kDim};
    }
    return {kPanel, kText, kDim};
}

void chequer(Ui& ui, const Rect& area) {
    const float side = area.h / 6;
    for (int row = 0; row < 6; ++row) {
        for (int column = row % 2; static_cast<float>(column) * side < area.w; column += 2) {
            const float x = area.x + static_cast<float>(column) * side;
            ui.fill(Rect{x, area.y + static_cast<float>(row) * side,
                         std::min(side, area.right() - x), side},
                    rgb(0x10161c), 0);
        }
    }
}

}  // namespace

void flag_band(Ui& ui, const RaceView& race, const Rect& area) {
    const FlagColors colors = colors_of(race.flag);
    ui.fill(area, colors.fill, area.h > 120 ? 0.0F : kRound);
    if (race.flag == Flag::black) ui.frame(area, kRed, 2);
    const float pad = area.h * 0.2F;
    Rect inside = area.inner(pad, 0);
    if (race.flag == Flag::chequered && area.w > 500) {
        const float w = area.h * 0.8F;
        chequer(ui, Rect{area.x + pad / 2, area.y + area.h * 0.08F, w, area.h * 0.84F});
        inside.x += w;
        inside.w -= w;
    }
    const float clock_size = area.h * 0.7F;
    const float clock_width = ui.measure(Face::figures, clock_size, race.clock) + 4;
    const float clock_room =
        std::max(clock_width, ui.measure(Face::regular, kSmall, race.clock_label));
    const Rect right{inside.right() - clock_room, inside.y, clock_room, inside.h};
    const float label_size = std::max(13.0F, area.h * 0.15F);
    ui.text(Rect{right.x, area.y + area.h * 0.06F, right.w, label_size * 1.2F}, Face::regular,
            label_size, colors.dim, race.clock_label, Align::right);
    ui.text(Rect{right.x - 10, area.y + area.h * 0.24F, right.w + 10, area.h * 0.72F},
            Face::figures, clock_size, colors.text, race.clock, Align::right);
    inside.w -= clock_room + pad;
    const float phase_wanted = area.h * 0.4F;
    const float phase_width = ui.measure(Face::bold, phase_wanted, race.phase_text);
    const float phase_size = phase_width > inside.w
                                 ? std::max(15.0F, phase_wanted * inside.w / phase_width - 0.5F)
                                 : phase_wanted;
    const std::string& detail = race.progress.empty() ? race.rules : race.progress;
    ui.text(Rect{inside.x, area.y + area.h * 0.1F, inside.w, area.h * 0.48F}, Face::bold,
            phase_size, colors.text, race.phase_text);
    ui.text(Rect{inside.x, area.y + area.h * 0.58F, inside.w, area.h * 0.32F}, Face::regular,
            std::max(kSmall, area.h * 0.23F), colors.dim, detail);
}

void start_lights(Ui& ui, const LightsView& lights, const Rect& area) {
    ui.fill(area, rgb(0x000000));
    ui.frame(area, lights.go ? kGreen : kLine, lights.go ? 3.0F : 1.0F);
    if (lights.count <= 0) return;
    const auto count = static_cast<float>(lights.count);
    const float step = std::min(area.w / count, area.h * 1.15F);
    const float radius = std::min(step * 0.42F, area.h * 0.4F);
    const float first = area.x + (area.w - step * count) / 2 + step / 2;
    const float y = area.y + area.h / 2;
    for (int i = 0; i < lights.count; ++i) {
        const float x = first + static_cast<float>(i) * step;
        if (lights.go) {
            ui.circle(x, y, radius, kGreen);
            ui.circle(x, y, radius * 0.9F, rgb(0x04140a));
        } else if (i < lights.lit) {
            ui.circle(x, y, radius * 1.14F, rgb(0xff2b30, 50));
            ui.circle(x, y, radius, rgb(0xff2b30));
            ui.circle(x - radius * 0.25F, y - radius * 0.25F, radius * 0.45F, rgb(0xff7377, 120));
        } else {
            ui.circle(x, y, radius, rgb(0x5a2124));
            ui.circle(x, y, radius * 0.93F, rgb(0x210a0b));
        }
    }
    if (lights.go)
        ui.text(area, Face::bold, std::min(area.h * 0.55F, 60.0F), kGreen, "GO", Align::center);
}

}  // namespace racehub::ui
