#pragma once
// Race control: flag, clock, lights, table, and the buttons that run a race or a heat.

#include "webui/views/heat_desk.h"

namespace racehub::ui {

class RaceControl final : public View {
  public:
    void draw(Context& context) override;

  private:
    void draw_actions(Context& context);
    void draw_feed(Context& context);
    void draw_heat(Context& context);

    HeatDesk desk_;
};

}  // namespace racehub::ui
