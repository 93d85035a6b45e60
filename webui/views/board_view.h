#pragma once
// The leaderboard of a session of heats.

#include "webui/model/heats_view.h"
#include "webui/views/view.h"

namespace racehub::ui {

struct BoardStyle {
    float row_height = 48;
    float text = 20;
    std::size_t first = 0;  ///< row to begin with
};

float board_height(std::size_t rows, const BoardStyle& style);
/// Draws as many rows as fit into `area`.
void board_table(Ui& ui, const SessionView& session, RankBy rank_by, const Rect& area,
                 const BoardStyle& style);

class BoardView final : public View {
  public:
    void draw(Context& context) override;

  private:
    RankBy rank_by_ = RankBy::average;
};

}  // namespace racehub::ui
