#include "webui/views/wall_view.h"

#include <algorithm>

#include "webui/model/page_json.h"
#include "webui/views/band.h"
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
    if (starting) {
        draw_grid(ui, race, area);
    } else {
        draw_table(ui, race, area);
    }
    const Rect foot{2 * unit, bottom, ui.width - 4 * unit, 5 * unit};
    ui.text(foot, Face::bold, 3 * unit, kDim, race.track_name);
    if (!race.fastest.empty()) {
        ui.text(foot, Face::bold, 3 * unit, kPurple, "★ Fastest lap: " + race.fastest,
                Align::right);
    }
}

}  // namespace racehub::ui
