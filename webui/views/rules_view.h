#pragma once
// The rules of the track's next race. What is changed here counts only when it is saved.

#include "webui/views/view.h"

namespace racehub::ui {

class RulesView final : public View {
  public:
    void draw(Context& context) override;

  private:
    void draw_distance(Context& context);
    void draw_start(Context& context);
    void draw_laps(Context& context);
    void draw_heats(Context& context);
    void draw_track(Context& context);
    void draw_save(Context& context, const Track& track);
    /// A typed duration between two limits; says so where it is none.
    void duration(Context& context, std::string_view label, TimeUs& value_us, TimeUs least_us,
                  TimeUs most_us);

    std::string track_;
    RaceSettings saved_, draft_;
    std::string name_;
    std::string complaint_;
};

}  // namespace racehub::ui
