#include "webui/views/standings_table.h"

#include <algorithm>

namespace racehub::ui {
namespace {

enum class Column : unsigned char {
    position,
    driver,
    laps,
    running,
    last,
    best,
    gap,
    interval,
    average,
    three,
    age
};

struct ColumnPlan {
    Column column;
    std::string_view title;
    float ems;  ///< width in sizes of text
    int rank;   ///< lower ones are kept longer
    Align align = Align::right;
};

constexpr float kDriverEms = 6;  ///< the least for a name

/// In the order on the screen.
constexpr ColumnPlan kPlan[] = {
    {Column::position, "Pos", 2.6F, 0, Align::center},
    {Column::driver, "Driver", kDriverEms, 0, Align::left},
    {Column::laps, "Laps", 2.9F, 1},
    {Column::running, "This lap", 4.6F, 3},
    {Column::last, "Last", 5.2F, 2},
    {Column::best, "Best", 5.2F, 5},
    {Column::gap, "Gap", 5.4F, 4},
    {Column::interval, "Interval", 5.4F, 8},
    {Column::average, "Average", 5.4F, 9},
    {Column::three, "Last three laps", 13.5F, 6, Align::center},
    {Column::age, "Seen", 3.8F, 7},
};

std::vector<ColumnPlan> columns_for(float ems, const TableStyle& style) {
    std::vector<ColumnPlan> chosen;
    for (int most_rank = 9; most_rank >= 0; --most_rank) {
        chosen.clear();
        float sum = 0;
        for (const ColumnPlan& plan : kPlan) {
            if (plan.rank > most_rank) continue;
            if (plan.column == Column::three && !style.last_laps) continue;
            if (plan.column == Column::age && !style.ages) continue;
            chosen.push_back(plan);
            sum += plan.ems;
        }
        if (sum <= ems) break;
    }
    return chosen;
}

float header_height(const TableStyle& style) { return std::max(28.0F, style.text * 1.1F); }

void draw_position(Ui& ui, const RowView& row, const Rect& cell, const TableStyle& style) {
    const float strip = std::max(5.0F, style.text * 0.28F);
    ui.fill(Rect{cell.x, cell.y + 3, strip, cell.h - 6}, rgb(row.color), 3);
    const bool out = row.status_code == EntryStatus::dnf || row.status_code == EntryStatus::dsq ||
                     row.status_code == EntryStatus::dns;
    const Rect inside{cell.x + strip, cell.y, cell.w - strip, cell.h};
    if (out) {
        ui.text(inside, Face::bold, style.text * 0.7F, kRed, row.status, Align::center);
    } else {
        ui.text(inside, Face::bold, style.text * 1.1F, kText, row.position, Align::center);
    }
}

void draw_driver(Ui& ui, const RowView& row, const Rect& cell, const TableStyle& style) {
    std::string detail = row.car;
    if (!row.note.empty()) detail += (detail.empty() ? "" : " · ") + row.note;
    const float inset = style.text * 0.4F;
    Rect inside{cell.x + inset, cell.y, cell.w - inset, cell.h};
    const bool two = !detail.empty() && style.row_height >= style.text * 2.1F;
    if (two) inside.h *= 0.62F;
    ui.text(inside, Face::bold, style.text, kText, row.driver);
    if (!two) return;
    const Rect below{inside.x, cell.y + cell.h * 0.52F, inside.w, cell.h * 0.4F};
    ui.text(below, Face::regular, std::max(12.0F, style.text * 0.62F),
            row.note.empty() ? kDim : kYellow, detail);
}

/// A figure, and the sign that says what its colour says.
void draw_figure(Ui& ui, const Rect& cell, float size, ImU32 color, const std::string& figure,
                 std::string_view sign) {
    Rect inside = cell;
    const float room = size * 0.75F;
    if (!sign.empty()) {
        ui.text(Rect{cell.right() - room, cell.y, room, cell.h}, Face::bold, size * 0.62F, color,
                sign, Align::center);
    }
    inside.w -= room;
    ui.text(inside, Face::figures, size, color, figure, Align::right);
}

void draw_three(Ui& ui, const RowView& row, const Rect& cell, const TableStyle& style) {
    const float w = cell.w / 3;
    for (std::size_t i = 0; i < row.last_laps.size(); ++i) {
        ui.text(Rect{cell.x + static_cast<float>(i) * w, cell.y, w - 6, cell.h}, Face::figures,
                style.text * 0.78F, i == 0 ? kText : kDim, row.last_laps[i], Align::right);
    }
}

void draw_cell(Ui& ui, Column column, const RowView& row, const Rect& cell,
               const TableStyle& style) {
    const float size = style.text;
    switch (column) {
        case Column::position:
            return draw_position(ui, row, cell, style);
        case Column::driver:
            return draw_driver(ui, row, cell, style);
        case Column::laps:
            return ui.text(cell.inner(4, 0), Face::figures, size, kText, row.laps, Align::right);
        case Column::running: {
            const bool out = row.running.empty();
            return ui.text(cell.inner(6, 0), out ? Face::bold : Face::figures,
                           out ? size * 0.7F : size,
                           row.overdue ? kYellow
                           : out       ? kDim
                                       : kBlue,
                           out ? row.status : row.running, Align::right);
        }
        case Column::last:
            if (row.last_is_fastest) return draw_figure(ui, cell, size, kPurple, row.last, "★");
            if (row.last_is_best) return draw_figure(ui, cell, size, kGreen, row.last, "▲");
            return draw_figure(ui, cell, size, kText, row.last, "");
        case Column::best:
            return draw_figure(ui, cell, size, row.fastest ? kPurple : kDim, row.best,
                               row.fastest ? "★" : "");
        case Column::gap:
            return ui.text(cell.inner(size * 0.3F, 0), Face::figures, size, kText, row.gap,
                           Align::right);
        case Column::interval:
            return ui.text(cell.inner(6, 0), Face::figures, size, kDim, row.interval, Align::right);
        case Column::average:
            return ui.text(cell.inner(6, 0), Face::figures, size, kDim, row.average, Align::right);
        case Column::three:
            return draw_three(ui, row, cell, style);
        case Column::age:
            return ui.text(cell.inner(4, 0), Face::regular, size * 0.8F,
                           row.overdue ? kYellow : kDim, row.age, Align::right);
    }
}

}  // namespace

float standings_height(std::size_t rows, const TableStyle& style) {
    return header_height(style) + static_cast<float>(rows) * style.row_height;
}

float standings_table(Ui& ui, const RaceView& race, const Rect& area, const TableStyle& style) {
    const std::vector<ColumnPlan> columns = columns_for(area.w / style.text, style);
    float fixed = 0;
    for (const ColumnPlan& plan : columns)
        fixed += plan.column == Column::driver ? 0 : plan.ems * style.text;
    const float driver = std::max(area.w - fixed, kDriverEms * style.text * 0.6F);
    auto for_each_cell = [&](float y, float h, auto draw) {
        float x = area.x;
        for (const ColumnPlan& plan : columns) {
            const float w = plan.column == Column::driver ? driver : plan.ems * style.text;
            draw(plan, Rect{x, y, w, h});
            x += w;
        }
    };
    const float head = header_height(style);
    for_each_cell(area.y, head, [&](const ColumnPlan& plan, const Rect& cell) {
        const float inset = plan.column == Column::driver ? style.text * 0.4F : 6;
        const bool marked = plan.column == Column::last || plan.column == Column::best;
        Rect inside = cell.inner(inset, 0);
        if (marked) inside.w -= style.text * 0.75F - 6;
        ui.text(inside, Face::regular, std::max(13.0F, style.text * 0.55F), kDim, plan.title,
                plan.align);
    });
    float y = area.y + head;
    bool odd = false;
    for (std::size_t i = style.first; i < race.rows.size(); ++i) {
        const RowView& row = race.rows[i];
        if (y + style.row_height > area.bottom() + 1) break;
        const Rect line{area.x, y, area.w, style.row_height};
        if (odd) ui.fill(line, rgb(0xffffff, 9), 0);
        if (row.just_crossed) ui.fill(line, rgb(0x3ddc84, 40), 0);
        for_each_cell(y, style.row_height, [&](const ColumnPlan& plan, const Rect& cell) {
            draw_cell(ui, plan.column, row, cell, style);
        });
        odd = !odd;
        y += style.row_height;
    }
    return y - area.y;
}

}  // namespace racehub::ui
