#pragma once
// The lanes of a heat as people look at them: who runs where, how it goes, what came out.

#include "webui/model/hub_client.h"
#include "webui/model/race_view.h"
#include "webui/views/ui.h"

namespace racehub::ui {

struct LanesStyle {
    float row_height = 60;
    float text = 21;
    std::size_t first = 0;  ///< row to begin with
};

float heat_lanes_height(std::size_t rows, const LanesStyle& style);
/// Draws as many rows as fit into `area`.
void heat_lanes(Ui& ui, const RaceView& race, const TimerLights& lights, const Rect& area,
                const LanesStyle& style);
/// "● Start gate ready", or nothing while it is unknown.
void gate_light(Ui& ui, const TimerLights& lights, const Rect& area, float text);

}  // namespace racehub::ui
