#include "webui/views/result_view.h"

#include <algorithm>

#include "webui/model/laps_view.h"

namespace racehub::ui {
namespace {

constexpr std::size_t kMostLaps = 400;
constexpr float kCellWidth = 122, kCellHeight = 32;

void draw_lap(Ui& ui, const LapView& lap, const Rect& cell) {
    const bool counts = !lap.number.empty();
    ImU32 color = counts ? kText : kDim;
    if (lap.best) color = kGreen;
    if (lap.fastest) color = kPurple;
    if (lap.fastest) ui.fill(cell.inner(1, 2), rgb(0xcf9bff, 40), 5);
    ui.text(Rect{cell.x, cell.y, 30, cell.h}, Face::regular, 13, kDim, counts ? lap.number : "×",
            Align::right);
    ui.text(Rect{cell.x + 36, cell.y, 70, cell.h}, Face::figures, 16, color,
            counts ? lap.lap : "void");
    if (lap.best) {
        ui.text(Rect{cell.right() - 18, cell.y, 16, cell.h}, Face::bold, 13, color,
                lap.fastest ? "★" : "▲");
    }
}

void draw_entry(Ui& ui, const EntryLapsView& entry) {
    ui.space(8);
    const Rect head = ui.place(0, 44);
    ui.fill(head, kPanel);
    ui.fill(Rect{head.x, head.y, 8, head.h}, rgb(entry.color), 3);
    ui.text(Rect{head.x + 14, head.y, 56, head.h}, Face::bold, 22, kText, entry.position,
            Align::center);
    const float figures = ui.narrow() ? 0.0F : 460.0F;
    std::string name = entry.driver;
    if (!entry.car.empty() && !ui.narrow()) name += ", " + entry.car;
    ui.text(Rect{head.x + 80, head.y, head.w - 80 - figures, head.h}, Face::bold, 19, kText, name);
    const std::string line = entry.laps_text + "  " + entry.total;
    const std::string rest = "best " + entry.best + "  average " + entry.average;
    if (ui.narrow()) {
        ui.text(ui.place(0, 26), Face::regular, 15, kDim, line + "  best " + entry.best);
    } else {
        ui.text(Rect{head.right() - figures, head.y, figures - 12, head.h}, Face::regular, 16, kDim,
                line + "  " + rest, Align::right);
    }
    const auto columns = std::max<std::size_t>(1, static_cast<std::size_t>(ui.left() / kCellWidth));
    const std::size_t rows = (entry.laps.size() + columns - 1) / columns;
    const Rect grid = ui.place(0, static_cast<float>(rows) * kCellHeight + 4);
    for (std::size_t i = 0; i < entry.laps.size(); ++i) {
        draw_lap(
            ui, entry.laps[i],
            Rect{grid.x + static_cast<float>(i % columns) * kCellWidth,
                 grid.y + static_cast<float>(i / columns) * kCellHeight, kCellWidth, kCellHeight});
    }
}

}  // namespace

void draw_summary(Ui& ui, const HubState& state, const std::string& track) {
    const SummaryView summary = summary_view(state, track, kMostLaps);
    ui.title(summary.winner.empty() ? summary.phase_text : summary.winner);
    if (!summary.fastest.empty()) ui.paragraph("★ " + summary.fastest, kPurple);
    std::string about = "Race " + summary.race_id + " · " + summary.rules;
    if (!summary.end_reason.empty()) about += " · " + summary.end_reason;
    ui.paragraph(about, kDim);
    for (const EntryLapsView& entry : summary.entries) draw_entry(ui, entry);
}

void ResultView::draw(Context& context) {
    Ui& ui = context.ui;
    if (context.race.race_id.empty()) {
        ui.heading("Result");
        return ui.paragraph("No race on this track yet.", kDim);
    }
    if (context.client.director() && context.race.can_clear) {
        const ButtonStyle style{kBlue, kInk, 20, ImGuiKey_N};
        if (ui.button("NEW RACE", style, context.may_command(), 220, 60)) {
            context.command(RaceClear{});
            context.page.go(ViewId::race);
        }
    }
    draw_summary(ui, context.client.state(), context.race.track_id);
}

}  // namespace racehub::ui
