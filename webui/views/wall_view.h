#pragma once
// The big screen: to be read from ten metres, without any button. Flag, clock, lights, and as few
// columns as tell the race.

#include "webui/views/view.h"

namespace racehub::ui {

class WallView final : public View {
  public:
    void draw(Context& context) override;
};

}  // namespace racehub::ui
