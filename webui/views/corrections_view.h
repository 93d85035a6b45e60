#pragma once
// All laps of one entry, and what a race director may correct: each with a reason, and a list of
// who corrected what.

#include "webui/model/laps_view.h"
#include "webui/views/view.h"

namespace racehub::ui {

class CorrectionsView final : public View {
  public:
    void draw(Context& context) override;

  private:
    void draw_entries(Context& context, const SummaryView& summary);
    void draw_entry(Context& context, const EntryLapsView& entry);
    void draw_verdicts(Context& context, const EntryLapsView& entry);
    void draw_lap(Context& context, const EntryLapsView& entry, const LapView& lap);
    void draw_history(Context& context);
    void correct(Context& context, const Payload& data);

    std::int32_t entry_ = 0;  ///< the chosen one
    std::string reason_;
    std::string penalty_ = "5";
    std::string complaint_;
    std::string history_of_;  ///< race whose earlier corrections were asked for
};

}  // namespace racehub::ui
