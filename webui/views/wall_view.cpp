#include "webui/views/wall_view.h"

#include <algorithm>

#include "webui/model/page_json.h"
#include "webui/views/band.h"
#include "webui/views/board_view.h"
#include "webui/views/heat_lanes.h"
#include "webui/views/standings_table.h"

namespace racehub::ui {
namespace {

constexpr float kLeastRow = 1.0F / 18;  ///< of the screen's height: smaller is not readable
constexpr float kLargestRow = 1.0F / 8;
constexpr float kTextOfRow = 0.52F, kHeaderOfRow = 0.6F;
constexpr TimeUs kPageUs = 8 * kSecondUs;  ///< more rows than fit take turns

/// The grid before the start: who stands where, beside the lights.
void draw_grid(Ui& ui, const RaceView& race, const Rect& area) {
    if (race.rows.empty()) return;
    const std::size_t columns = race.rows.size() <= 3 ? 1 : race.rows.size() <= 8 ? 2 : 4;
    const std::size_t lines = (race.rows.size() + columns - 1) / columns;
    const float w = area.w / static_cast<float>(columns);
    const float h = std::min(area.h / static_cast<float>(lines), ui.height * kLargestRow);
    for (std::size_t i = 0; i < race.rows.size(); ++i) {
        const RowView& row = race.rows[i];
        const Rect cell{area.x + static_cast<float>(i / lines) * w,
                        area.y + static_cast<float>(i % lines) * h, w, h};
        ui.fill(Rect{cell.x, cell.y + h * 0.1F, h * 0.15F, h * 0.8F}, rgb(row.color), 3);
        const std::string number = std::to_string(row.lane > 0 ? row.lane : row.entry);
        const float size = std::min(h * 0.55F, w / 14);
        ui.text(Rect{cell.x + h * 0.15F, cell.y, size * 2.2F, h}, Face::bold, size, kDim, number,
                Align::center);
        const float name_x = cell.x + h * 0.15F + size * 2.2F;
        const bool out = row.status_code == EntryStatus::dsq;
        const std::string name = row.driver + (row.note.empty() ? "" : ": " + row.note);
        ui.text(Rect{name_x, cell.y, cell.right() - name_x - 10, h}, Face::bold, size,
                row.note.empty() && !out ? kText : kYellow, name);
    }
}

void draw_table(Ui& ui, const RaceView& race, const Rect& area) {
    TableStyle style;
    style.last_laps = ui.width > ui.height * 1.6F && race.rows.size() <= 4;
    const auto rows = static_cast<float>(std::max<std::size_t>(race.rows.size(), 1));
    style.row_height =
        std::clamp(area.h / (rows + kHeaderOfRow), kLeastRow * ui.height, kLargestRow * ui.height);
    style.text = std::min(style.row_height * kTextOfRow, ui.width / 30);
    const float fit = area.h / style.row_height - kHeaderOfRow;
    const auto page = static_cast<std::size_t>(std::max(fit + 0.01F, 1.0F));
    if (page < race.rows.size()) {
        const std::size_t pages = (race.rows.size() + page - 1) / page;
        style.first = static_cast<std::size_t>(ui.now_us() / kPageUs) % pages * page;
        ui.again_after(kPageUs - ui.now_us() % kPageUs);
    }
    standings_table(ui, race, area, style);
}

/// Rows of a page that fit, and which page it is the turn of; all sizes follow from the area.
struct Turn {
    float row_height = 0;
    std::size_t first = 0;
};
Turn turn_of(Ui& ui, std::size_t rows, const Rect& area) {
    Turn turn;
    const auto count = static_cast<float>(std::max<std::size_t>(rows, 1));
    turn.row_height =
        std::clamp(area.h / (count + kHeaderOfRow), kLeastRow * ui.height, kLargestRow * ui.height);
    const auto page =
        static_cast<std::size_t>(std::max(area.h / turn.row_height - kHeaderOfRow + 0.01F, 1.0F));
    if (page < rows) {
        const std::size_t pages = (rows + page - 1) / page;
        turn.first = static_cast<std::size_t>(ui.now_us() / kPageUs) % pages * page;
        ui.again_after(kPageUs - ui.now_us() % kPageUs);
    }
    return turn;
}

/// Heats: the lanes while something happens on them, else lanes and leaderboard in turn.
void draw_heats(Context& context, const SessionView& session, const Rect& area) {
    Ui& ui = context.ui;
    const RaceView& race = context.race;
    const bool calm =
        race.phase == Phase::idle || race.phase == Phase::finished || race.phase == Phase::aborted;
    const bool ranked = !session.board.empty() && session.board.front().ranked;
    bool board = calm && ranked && race.phase == Phase::idle;
    if (calm && ranked && !board) {
        board = (ui.now_us() / kPageUs) % 2 == 1;
        ui.again_after(kPageUs - ui.now_us() % kPageUs);
    }
    if (race.rows.empty()) board = ranked;
    const Turn turn = turn_of(ui, board ? session.board.size() : race.rows.size(), area);
    const float text = std::min(turn.row_height * 0.46F, ui.width / 26);
    if (board) {
        return board_table(ui, session, RankBy::average, area,
                           BoardStyle{turn.row_height, text, turn.first});
    }
    heat_lanes(ui, race, context.client.lights(race.track_id), area,
               LanesStyle{turn.row_height, text, turn.first});
}

}  // namespace

void WallView::draw(Context& context) {
    Ui& ui = context.ui;
    const RaceView& race = context.race;
    const float unit = ui.height / 100;
    flag_band(ui, race, Rect{0, 0, ui.width, 17 * unit});
    float top = 18 * unit;
    const float bottom = ui.height - 6 * unit;
    const bool starting = race.phase == Phase::armed || race.phase == Phase::lights;
    if (race.lights.shown) {
        const float h = starting ? 40 * unit : 24 * unit;
        start_lights(ui, race.lights, Rect{2 * unit, top, ui.width - 4 * unit, h});
        top += h + unit;
    }
    const Rect area{2 * unit, top, ui.width - 4 * unit, bottom - top};
    std::string note = race.fastest.empty() ? "" : "★ Fastest lap: " + race.fastest;
    if (race.heat) {
        const SessionView session =
            session_view(context.client.state(), race.track_id, RankBy::average);
        draw_heats(context, session, area);
        note.clear();
        if (!session.winner.empty() && race.phase == Phase::finished) note = "★ " + session.winner;
        if (session.next > 0)
            note = "Next, heat " + std::to_string(session.next) + ": " + session.next_line_up;
        if (race.held) note = "⚠ " + race.hold_text;
    } else if (starting) {
        draw_grid(ui, race, area);
    } else {
        draw_table(ui, race, area);
    }
    const Rect foot{2 * unit, bottom, ui.width - 4 * unit, 5 * unit};
    ui.text(foot, Face::bold, 3 * unit, kDim, race.track_name);
    const float name_w = ui.measure(Face::bold, 3 * unit, race.track_name) + 4 * unit;
    const Rect right{foot.x + name_w, foot.y, foot.w - name_w, foot.h};
    ui.text(right, Face::bold, 3 * unit,
            race.held   ? kYellow
            : race.heat ? kText
                        : kPurple,
            note, Align::right);
}

}  // namespace racehub::ui
