#pragma once
// The flag across the screen with the clock, and the start lights: shared by race control and the
// wall.

#include "webui/views/view.h"

namespace racehub::ui {

void flag_band(Ui& ui, const RaceView& race, const Rect& area);
void start_lights(Ui& ui, const LightsView& lights, const Rect& area);

}  // namespace racehub::ui
