#pragma once
// All tracks of the hub, to choose one; the race director may add one.

#include "webui/views/view.h"

namespace racehub::ui {

class TracksView final : public View {
  public:
    void draw(Context& context) override;

  private:
    std::string new_name_;
};

/// An id for a track made of its name: lower-case letters, digits and '-'.
std::string track_id_for(const HubState& state, std::string_view name);

}  // namespace racehub::ui
