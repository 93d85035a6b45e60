#pragma once
// The summary of a race: who won, and every lap with the fastest marked.

#include "webui/views/view.h"

namespace racehub::ui {

/// Winner, fastest lap and every lap of the race on that track of `state`.
void draw_summary(Ui& ui, const HubState& state, const std::string& track);

class ResultView final : public View {
  public:
    void draw(Context& context) override;
};

}  // namespace racehub::ui
