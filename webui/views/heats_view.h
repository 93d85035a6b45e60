#pragma once
// A session of heats: plan it, see who runs when, and change it when somebody comes late or leaves.

#include <set>

#include "webui/model/heats_view.h"
#include "webui/views/view.h"

namespace racehub::ui {

class HeatsView final : public View {
  public:
    void draw(Context& context) override;

  private:
    void draw_plan(Context& context);
    void draw_entries(Context& context);
    void draw_lanes(Context& context);
    void draw_session(Context& context, const SessionView& session);
    void draw_heat(Context& context, const HeatView& heat);
    void draw_people(Context& context);
    void begin_plan(Context& context);
    void add_typed();

    bool planning_ = false;
    std::string name_ = "Session 1", typed_, reason_, complaint_;
    std::vector<Entry> entries_;
    std::set<std::int32_t> lanes_;
    std::int32_t rounds_ = 1;
    std::string preview_, preview_of_;  ///< what the plan would be, and of which request
};

}  // namespace racehub::ui
