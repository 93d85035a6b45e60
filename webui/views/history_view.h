#pragma once
// Races that were run on this track: the list, and one of them with all its laps.

#include "webui/model/stored_races.h"
#include "webui/views/corrections_view.h"

namespace racehub::ui {

class HistoryView final : public View {
  public:
    void draw(Context& context) override;
    void on_got(const std::string& path, int status, const std::string& body) override;

  private:
    void draw_list(Context& context);
    void draw_race(Context& context);
    void ask_list(Context& context, const std::string& before);
    void open(Context& context, const StoredRaceView& race);
    void ask_race(Context& context);
    void draw_corrections(Context& context, const RaceView& race);

    std::string track_;      ///< whose races these are
    std::string newest_;     ///< race on the track when the list was asked for
    std::string list_path_;  ///< asked for last
    bool list_asked_ = false, list_failed_ = false;
    std::vector<StoredRaceView> races_;
    std::string next_before_;
    std::string shown_, race_path_, facts_path_;  ///< the opened race; empty: none
    TimeUs shown_armed_us_ = 0;
    bool race_failed_ = false, race_known_ = false;
    HubState state_;
    std::string state_track_;
    Feed feed_;
    CorrectionsDesk desk_;
    bool correcting_ = false;
    bool ask_again_ = false;  ///< a correction is on its way: what is shown will be another race
    std::string facts_body_;  ///< came before the race it belongs to
};

}  // namespace racehub::ui
