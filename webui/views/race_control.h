#pragma once
// Race control: flag, clock, lights, table, and the buttons that run a race.

#include "webui/views/view.h"

namespace racehub::ui {

class RaceControl final : public View {
  public:
    void draw(Context& context) override;

  private:
    void draw_actions(Context& context);
    void draw_feed(Context& context);
};

}  // namespace racehub::ui
