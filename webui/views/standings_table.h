#pragma once
// The table that race control and the wall share: as many columns as fit, the important ones first.

#include "webui/views/view.h"

namespace racehub::ui {

struct TableStyle {
    float row_height = 48;
    float text = 19;        ///< size of names and figures
    bool last_laps = true;  ///< the last three laps of each entry
    std::size_t first = 0;  ///< row to begin with
    bool ages = false;      ///< how long ago each entry was seen
};

/// Draws header and rows into `area`; returns the height used. Rows that do not fit are left out,
/// from the end.
float standings_table(Ui& ui, const RaceView& race, const Rect& area, const TableStyle& style);

/// The height that `rows` rows take, with their header.
float standings_height(std::size_t rows, const TableStyle& style);

}  // namespace racehub::ui
