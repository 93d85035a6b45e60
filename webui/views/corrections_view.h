#pragma once
// All laps of one entry, and what a race director may correct: each with a reason, and a list of
// who corrected what.

#include "webui/model/laps_view.h"
#include "webui/views/view.h"

namespace racehub::ui {

/// A race that may be corrected: the one on the track, or a stored one.
struct CorrectedRace {
    const HubState& state;  ///< has the track with this race on it
    std::string track, race_id;
    const std::deque<Correction>& corrections;  ///< may hold other races' too
};

class CorrectionsDesk {
  public:
    /// True when a correction was sent.
    bool draw(Context& context, const CorrectedRace& race);

  private:
    void draw_entries(Context& context, const SummaryView& summary);
    void draw_entry(Context& context, const EntryLapsView& entry);
    void draw_verdicts(Context& context, const EntryLapsView& entry);
    void draw_out(Context& context, const EntryLapsView& entry);
    void draw_penalties(Context& context, const EntryLapsView& entry);
    void draw_lap(Context& context, const EntryLapsView& entry, const LapView& lap);
    void draw_buttons(Context& context, const EntryLapsView& entry, const LapView& lap,
                      const Rect& line);
    void draw_history(Context& context, const CorrectedRace& race);
    void correct(Context& context, const Payload& data);

    std::int32_t entry_ = 0;  ///< the chosen one
    std::string reason_;
    std::string penalty_ = "5";
    std::string complaint_;
    std::string track_, race_id_;  ///< of this frame
    bool over_ = false;            ///< the race has ended: nobody crosses now
    bool sent_ = false;
};

class CorrectionsView final : public View {
  public:
    void draw(Context& context) override;

  private:
    CorrectionsDesk desk_;
    std::string history_of_;  ///< race whose earlier corrections were asked for
};

}  // namespace racehub::ui
