#include "webui/views/tracks_view.h"

#include <algorithm>

namespace racehub::ui {

std::string track_id_for(const HubState& state, std::string_view name) {
    std::string id;
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const bool upper = c >= 'A' && c <= 'Z';
        if (letter) id += c;
        if (upper) id += static_cast<char>(c - 'A' + 'a');
        if (!letter && !upper && !id.empty() && id.back() != '-') id += '-';
    }
    id.resize(std::min<std::size_t>(id.size(), 40));
    while (!id.empty() && id.back() == '-') id.pop_back();
    if (id.empty()) id = "track";
    if (state.find(id) == nullptr) return id;
    int number = 2;
    while (state.find(id + "-" + std::to_string(number)) != nullptr) ++number;
    return id + "-" + std::to_string(number);
}

void TracksView::draw(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Tracks");
    const HubState& state = context.client.state();
    if (state.tracks.empty()) ui.paragraph("This hub has no track yet.", kDim);
    const float w = ui.narrow() ? ui.left() : std::min(360.0F, ui.left());
    bool first = true;
    for (const Track& track : state.tracks) {
        if (!first) ui.flow(w);
        first = false;
        const RaceView race = race_view(state, track.id, context.hub_now_us);
        const Rect card = ui.place(w, 112);
        ImGui::PushID(track.id.c_str());
        ButtonStyle style;
        style.fill = kPanel;
        if (ui.button(card, " ", style)) context.page.go_to_track(track.id);
        ui.items.back().label = race.track_name;
        ImGui::PopID();
        if (track.id == context.race.track_id) ui.frame(card, kBlue, 2);
        const Rect inside = card.inner(16, 12);
        ui.text(Rect{inside.x, inside.y, inside.w, 30}, Face::bold, 22, kText, race.track_name);
        ui.text(Rect{inside.x, inside.y + 32, inside.w, 24}, Face::regular, kBody, kText,
                race.phase_text + (race.running_clocks ? "  " + race.clock : ""));
        ui.text(Rect{inside.x, inside.y + 60, inside.w, 24}, Face::regular, kSmall, kDim,
                std::to_string(track.lanes) + " lanes · " + race.rules);
    }
    if (!context.client.director()) return;
    ui.heading("Another track");
    ui.field("tracks/name", ui.place(std::min(ui.left(), 360.0F), kTarget), "Name of the track",
             new_name_);
    ui.flow(120);
    if (ui.button("Add", {}, !new_name_.empty() && !context.client.pending())) {
        const std::string id = track_id_for(state, new_name_);
        context.client.command(context.local_us, TrackConfigure{new_name_, 2, {}}, id, "");
        new_name_.clear();
        ui.fields.erase("tracks/name");
    }
}

}  // namespace racehub::ui
