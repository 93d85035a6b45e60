#pragma once
// Who drives what on which lane: names, cars, colours; for the next race, and for the armed or
// running one too.

#include "webui/views/view.h"

namespace racehub::ui {

class LanesView final : public View {
  public:
    void draw(Context& context) override;

  private:
    void draw_entry(Context& context, const Entry& entry, bool empty);
    void draw_colors(Context& context, const Entry& entry);

    std::int32_t coloring_ = 0;  ///< entry whose colours are being shown; 0: none
};

}  // namespace racehub::ui
