#include "webui/views/board_view.h"

#include <algorithm>

namespace racehub::ui {
namespace {

enum class Column : unsigned char { place, driver, runs, best, average, points };

struct Plan {
    Column column;
    std::string_view title;
    float ems;
    int rank;  ///< lower ones are kept longer
};
constexpr float kDriverEms = 6;
constexpr Plan kPlan[] = {
    {Column::place, "Place", 3.0F, 0},     {Column::driver, "Driver", kDriverEms, 0},
    {Column::runs, "Heats", 4.6F, 4},      {Column::best, "Best", 4.6F, 2},
    {Column::average, "Average", 4.8F, 1}, {Column::points, "Points", 3.8F, 3},
};

float header_height(const BoardStyle& style) { return std::max(28.0F, style.text * 1.1F); }

bool decides(Column column, RankBy rank_by) {
    return (column == Column::average && rank_by == RankBy::average) ||
           (column == Column::best && rank_by == RankBy::best) ||
           (column == Column::points && rank_by == RankBy::points);
}

std::vector<Plan> columns_for(float ems, RankBy rank_by) {
    std::vector<Plan> chosen;
    for (int most = 4; most >= 0; --most) {
        chosen.clear();
        float sum = 0;
        for (const Plan& plan : kPlan) {
            if (plan.rank > most && !decides(plan.column, rank_by)) continue;
            chosen.push_back(plan);
            sum += plan.ems;
        }
        if (sum <= ems) break;
    }
    return chosen;
}

void draw_cell(Ui& ui, Column column, const BoardRow& row, const Rect& cell, bool decisive,
               const BoardStyle& style) {
    const float em = style.text;
    const ImU32 color = row.withdrawn || !row.ranked ? kDim : decisive ? kText : kDim;
    const Rect figure = cell.inner(em * 0.3F, 0);
    switch (column) {
        case Column::place: {
            ui.fill(Rect{cell.x, cell.y + 3, std::max(5.0F, em * 0.28F), cell.h - 6},
                    rgb(row.color), 3);
            const float side = std::min(cell.h * 0.74F, em * 1.9F);
            const Rect badge{cell.x + (cell.w - side) / 2 + em * 0.1F, cell.y + (cell.h - side) / 2,
                             side, side};
            if (row.place == "1") ui.fill(badge, kYellow, side / 5);
            return ui.text(badge, Face::bold, em * 1.05F, row.place == "1" ? kInk : kText,
                           row.place, Align::center);
        }
        case Column::driver: {
            std::string detail = row.car;
            if (!row.note.empty()) detail += (detail.empty() ? "" : " · ") + row.note;
            Rect name{cell.x + em * 0.4F, cell.y, cell.w - em * 0.4F, cell.h};
            if (!detail.empty() && cell.h >= em * 2.1F) {
                ui.text(Rect{name.x, cell.y + cell.h * 0.54F, name.w, cell.h * 0.38F},
                        Face::regular, std::max(13.0F, em * 0.62F),
                        row.note.empty() ? kDim : kYellow, detail);
                name.h *= 0.62F;
            }
            return ui.text(name, Face::bold, em, row.withdrawn ? kDim : kText, row.driver);
        }
        case Column::runs:
            return ui.text(figure, Face::regular, em * 0.85F, kDim, row.runs, Align::right);
        case Column::best:
            return ui.text(figure, Face::figures, em, color, row.best, Align::right);
        case Column::average:
            return ui.text(figure, Face::figures, em, color, row.average, Align::right);
        case Column::points:
            return ui.text(figure, Face::figures, em, color, row.points, Align::right);
    }
}

}  // namespace

float board_height(std::size_t rows, const BoardStyle& style) {
    return header_height(style) + static_cast<float>(rows) * style.row_height;
}

void board_table(Ui& ui, const SessionView& session, RankBy rank_by, const Rect& area,
                 const BoardStyle& style) {
    const std::vector<Plan> columns = columns_for(area.w / style.text, rank_by);
    float fixed = 0;
    for (const Plan& plan : columns)
        fixed += plan.column == Column::driver ? 0 : plan.ems * style.text;
    auto for_each_cell = [&](float y, float h, auto draw) {
        float x = area.x;
        for (const Plan& plan : columns) {
            const float w = plan.column == Column::driver ? area.w - fixed : plan.ems * style.text;
            draw(plan, Rect{x, y, w, h});
            x += w;
        }
    };
    const float head = header_height(style);
    for_each_cell(area.y, head, [&](const Plan& plan, const Rect& cell) {
        const bool name = plan.column == Column::driver;
        const bool place = plan.column == Column::place;
        ui.text(cell.inner(style.text * (name    ? 0.4F
                                         : place ? 0.0F
                                                 : 0.3F),
                           0),
                Face::regular, std::max(13.0F, style.text * 0.55F),
                decides(plan.column, rank_by) ? kBlue : kDim, plan.title,
                name    ? Align::left
                : place ? Align::center
                        : Align::right);
    });
    float y = area.y + head;
    for (std::size_t i = style.first; i < session.board.size(); ++i) {
        if (y + style.row_height > area.bottom() + 1) break;
        if ((i - style.first) % 2 == 1)
            ui.fill(Rect{area.x, y, area.w, style.row_height}, rgb(0xffffff, 9), 0);
        for_each_cell(y, style.row_height, [&](const Plan& plan, const Rect& cell) {
            draw_cell(ui, plan.column, session.board[i], cell, decides(plan.column, rank_by),
                      style);
        });
        y += style.row_height;
    }
}

void BoardView::draw(Context& context) {
    Ui& ui = context.ui;
    const SessionView session =
        session_view(context.client.state(), context.race.track_id, rank_by_);
    if (!session.known) {
        ui.heading("Leaderboard");
        return ui.paragraph("No session has been planned on this track. See Heats.", kDim);
    }
    ui.title(session.winner.empty() ? session.name : session.winner);
    ui.paragraph((session.winner.empty() ? "" : session.name + " · ") + session.progress +
                     (session.partial ? ", so this is not final" : ""),
                 session.partial ? kYellow : kDim);
    const int picked =
        ui.choice("Ranked by", {"Average", "Best", "Points"}, static_cast<int>(rank_by_) - 1);
    if (picked >= 0) rank_by_ = static_cast<RankBy>(picked + 1);
    ui.space(4);
    BoardStyle style;
    if (ui.narrow()) style.text = 17;
    board_table(ui, session, rank_by_,
                ui.place(std::min(ui.left(), 1'100.0F), board_height(session.board.size(), style)),
                style);
    ui.paragraph(
        "Average: over all heats run, a DNF counts as the device's time limit. Points: in each "
        "heat, lanes plus one minus the place; a DNF brings none.",
        kDim, kSmall);
}

}  // namespace racehub::ui
