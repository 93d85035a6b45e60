#pragma once
// Are the sensors alive? Wave a hand through each gate and see it here; and what the hub says about
// its plugins and its log.

#include "webui/views/view.h"

namespace racehub::ui {

class SourcesView final : public View {
  public:
    void draw(Context& context) override;

  private:
    void draw_gates(Context& context);
    void draw_sources(Context& context);
};

}  // namespace racehub::ui
