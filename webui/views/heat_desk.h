#pragma once
// What the race director decides about a heat: arm the next one, accept, correct or run again what
// came out, and what to do with results nobody waited for.

#include <set>

#include "webui/views/view.h"

namespace racehub::ui {

/// Why a result is not final, for everybody to see.
void draw_hold(Ui& ui, const RaceView& race);

class HeatDesk {
  public:
    /// The buttons that arm and abort.
    void draw_actions(Context& context);
    /// Held: the decisions. Finished: the same behind a button.
    void draw_result(Context& context);
    /// Results that came when no heat was armed.
    void draw_offers(Context& context);

  private:
    void draw_decisions(Context& context);
    void draw_lane(Context& context, const RowView& row);
    void draw_reason(Context& context);

    std::string race_;                           ///< whose decisions these are
    std::set<std::int32_t> chosen_;              ///< entries to run again
    std::map<std::int32_t, std::string> typed_;  ///< times by hand, by entry
    std::string reason_, complaint_;
    bool open_ = false;  ///< corrections of a finished heat are shown
};

}  // namespace racehub::ui
