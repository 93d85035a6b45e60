#include "webui/views/heat_lanes.h"

#include <algorithm>

namespace racehub::ui {
namespace {

constexpr float kLaneEms = 2.9F, kTimeEms = 4.6F, kPlaceEms = 2.4F, kLightEms = 1.6F;

float header_height(const LanesStyle& style) { return std::max(28.0F, style.text * 1.1F); }

void draw_place(Ui& ui, const RaceView& race, const RowView& row, const Rect& cell, float size) {
    if (row.heat == HeatStatus::dnf)
        return ui.text(cell, Face::bold, size * 0.75F, kRed, row.status, Align::center);
    if (row.heat != HeatStatus::timed) return;
    // A place that is not final is no place.
    if (race.held) return ui.text(cell, Face::bold, size, kYellow, "?", Align::center);
    const bool first = row.position == "1";
    const float side = std::min(cell.h * 0.72F, cell.w * 0.8F);
    const Rect badge{cell.x + (cell.w - side) / 2, cell.y + (cell.h - side) / 2, side, side};
    if (first) ui.fill(badge, kYellow, side / 5);
    ui.text(badge, Face::bold, size, first ? kInk : kText, row.position, Align::center);
}

void draw_time(Ui& ui, const RaceView& race, const RowView& row, const Rect& cell, float size) {
    if (!row.running.empty())
        return ui.text(cell, Face::figures, size, kBlue, row.running, Align::right);
    if (row.heat == HeatStatus::timed) {
        return ui.text(cell, Face::figures, size, race.held ? kYellow : kText, row.last,
                       Align::right);
    }
    ui.text(cell, Face::bold, size * 0.7F, kDim, row.heat == HeatStatus::dnf ? "–" : row.status,
            Align::right);
}

void draw_row(Ui& ui, const RaceView& race, const TimerLights& lights, const RowView& row,
              const Rect& line, const LanesStyle& style) {
    const float em = style.text;
    const float side = std::min(line.h * 0.74F, kLaneEms * em * 0.7F);
    const Rect badge{line.x + em * 0.2F, line.y + (line.h - side) / 2, side, side};
    ui.fill(badge, rgb(row.color), side / 6);
    ui.text(badge, Face::bold, em * 1.05F, kInk, std::to_string(row.lane), Align::center);
    float right = line.right() - em * 0.3F;
    const bool places = line.w > 20 * em || race.phase == Phase::finished || race.held;
    if (places) {
        right -= kPlaceEms * em;
        draw_place(ui, race, row, Rect{right, line.y, kPlaceEms * em, line.h}, em);
    }
    right -= kTimeEms * em;
    draw_time(ui, race, row, Rect{right, line.y, kTimeEms * em, line.h}, em * 1.1F);
    if (const auto lit = lights.lanes.find(row.lane); lit != lights.lanes.end()) {
        right -= kLightEms * em;
        ui.circle(right + em * 0.8F, line.y + line.h / 2, em * 0.32F,
                  lit->second ? kGreen : rgb(0x2b3440));
    }
    const float x = line.x + kLaneEms * em;
    Rect name{x, line.y, right - x - em * 0.4F, line.h};
    std::string detail = row.car;
    if (!row.note.empty()) detail += (detail.empty() ? "" : " · ") + row.note;
    const bool two = !detail.empty() && line.h >= em * 2.1F;
    if (two) {
        ui.text(Rect{name.x, line.y + line.h * 0.54F, name.w, line.h * 0.36F}, Face::regular,
                std::max(13.0F, em * 0.64F), row.note.empty() ? kDim : kYellow, detail);
        name.h *= 0.64F;
    }
    ui.text(name, Face::bold, em, kText, row.driver);
}

}  // namespace

float heat_lanes_height(std::size_t rows, const LanesStyle& style) {
    return header_height(style) + static_cast<float>(rows) * style.row_height;
}

void heat_lanes(Ui& ui, const RaceView& race, const TimerLights& lights, const Rect& area,
                const LanesStyle& style) {
    const float em = style.text;
    const float small = std::max(13.0F, em * 0.55F);
    const float head = header_height(style);
    const Rect inside{area.x + em * 0.2F, area.y, area.w - em * 0.5F, head};
    ui.text(Rect{inside.x, inside.y, kLaneEms * em, head}, Face::regular, small, kDim, "Lane");
    ui.text(Rect{area.x + kLaneEms * em, inside.y, 8 * em, head}, Face::regular, small, kDim,
            "Driver");
    const bool places = area.w > 20 * em || race.phase == Phase::finished || race.held;
    const float place_w = places ? kPlaceEms * em : 0;
    if (places) {
        ui.text(Rect{inside.right() - place_w, inside.y, place_w, head}, Face::regular, small, kDim,
                "Place", Align::center);
    }
    ui.text(Rect{inside.right() - place_w - 6 * em, inside.y, 6 * em, head}, Face::regular, small,
            race.held ? kYellow : kDim, race.held ? "Not final" : "Time", Align::right);
    float y = area.y + head;
    for (std::size_t i = style.first; i < race.rows.size(); ++i) {
        if (y + style.row_height > area.bottom() + 1) break;
        const Rect line{area.x, y, area.w, style.row_height};
        if ((i - style.first) % 2 == 1) ui.fill(line, rgb(0xffffff, 9), 0);
        draw_row(ui, race, lights, race.rows[i], line, style);
        y += style.row_height;
    }
}

void gate_light(Ui& ui, const TimerLights& lights, const Rect& area, float text) {
    if (!lights.gate_ready) return;
    const bool ready = *lights.gate_ready;
    ui.circle(area.x + text * 0.5F, area.y + area.h / 2, text * 0.36F, ready ? kGreen : kYellow);
    ui.text(Rect{area.x + text * 1.3F, area.y, area.w - text * 1.3F, area.h}, Face::regular, text,
            kText, ready ? "Start gate closed and ready" : "Start gate open");
}

}  // namespace racehub::ui
