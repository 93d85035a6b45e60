#pragma once
// Which views have a tab, and the bar that shows as many of them as fit; the rest are behind
// "More".

#include <vector>

#include "webui/views/view.h"

namespace racehub::ui {

struct Tab {
    ViewId view;
    std::string_view label;
};

/// Tabs that make sense for this track, the most used first: a track of heats has no laps to
/// correct, a circuit no heats to plan.
std::vector<Tab> tabs_for(const RaceView& race);

/// Draws the tabs into `area`; returns the one that was pressed. `shown`: the present view.
std::optional<ViewId> tab_bar(Ui& ui, const std::vector<Tab>& tabs, ViewId shown, const Rect& area,
                              bool below);

/// Everything that has a tab, in large buttons: where there is no room for all of them.
class MoreView final : public View {
  public:
    void draw(Context& context) override;
};

}  // namespace racehub::ui
