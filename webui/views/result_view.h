#pragma once
// The summary of a race: who won, and every lap with the fastest marked.

#include "webui/views/view.h"

namespace racehub::ui {

class ResultView final : public View {
  public:
    void draw(Context& context) override;
};

}  // namespace racehub::ui
