#include "webui/views/lanes_view.h"

#include <algorithm>

#include "webui/model/words.h"

namespace racehub::ui {
namespace {

constexpr std::array<std::string_view, 10> kPalette{"#ff2b30", "#ff8552", "#ffd23f", "#5bd66f",
                                                    "#3ddbd9", "#4cc2ff", "#4f6dff", "#b48cff",
                                                    "#ff6b9d", "#f2f5f8"};

/// The roster in the order of lanes, with an empty entry for each free lane.
std::vector<std::pair<Entry, bool>> lanes_of(const Track& track) {
    std::vector<std::pair<Entry, bool>> list;
    if (track.lanes == 0) {
        for (const Entry& entry : track.roster) list.emplace_back(entry, false);
        return list;
    }
    for (std::int32_t lane = 1; lane <= track.lanes; ++lane) {
        const auto found = std::find_if(track.roster.begin(), track.roster.end(),
                                        [&](const Entry& entry) { return entry.entry == lane; });
        const bool empty = found == track.roster.end();
        list.emplace_back(empty ? Entry{lane, lane, "", "", ""} : *found, empty);
    }
    return list;
}

bool busy(const Track& track) { return track.race && !track.race->ended(); }

}  // namespace

void LanesView::draw_colors(Context& context, const Entry& entry) {
    Ui& ui = context.ui;
    for (std::size_t i = 0; i < kPalette.size(); ++i) {
        if (i > 0) ui.flow(kTarget - kGap);
        Entry colored = entry;
        colored.color = kPalette[i];
        const Rect rect = ui.place(kTarget, kTarget);
        ImGui::PushID(static_cast<int>(i));
        ButtonStyle style;
        style.fill = rgb(entry_color(colored));
        style.text = kInk;
        if (ui.button(rect.inner(4, 4), entry.color == kPalette[i] ? "✓" : " ", style,
                      context.may_command())) {
            context.command(EntryAssign{colored});
        }
        ImGui::PopID();
    }
}

void LanesView::draw_entry(Context& context, const Entry& entry, bool empty) {
    Ui& ui = context.ui;
    ImGui::PushID(entry.entry);
    const std::string id = context.race.track_id + "/" + std::to_string(entry.entry);
    const bool may = context.client.director();
    const std::string title = entry.lane > 0 ? "Lane " + std::to_string(entry.lane)
                                             : "No. " + std::to_string(entry.entry);
    if (may) {
        ButtonStyle color;
        color.fill = rgb(entry_color(entry));
        color.text = kInk;
        if (ui.button(coloring_ == entry.entry ? "▲" : "▼", color, true, kTarget)) {
            coloring_ = coloring_ == entry.entry ? 0 : entry.entry;
        }
        ui.items.back().label = title + ", colour";
    } else {
        ui.fill(ui.place(8, kTarget).inner(0, 8), rgb(entry_color(entry)), 3);
    }
    ImGui::SameLine(0, kGap);
    ui.text(ui.place(ui.narrow() ? ui.left() : 90.0F, kTarget), Face::bold, 19, kText, title);
    if (!ui.narrow()) ImGui::SameLine(0, kGap);
    const float w = ui.narrow() ? ui.left() : std::min((ui.left() - 2 * kGap - 90) / 2, 420.0F);
    if (may) {
        Entry changed = entry;
        bool commit =
            ui.field(id + "/driver", ui.place(w, kTarget), title + ", driver", changed.driver);
        if (!ui.narrow()) ImGui::SameLine(0, kGap);
        commit =
            ui.field(id + "/car", ui.place(w, kTarget), title + ", car", changed.car) || commit;
        if (commit && !(changed == entry)) context.command(EntryAssign{changed});
        if (!empty && !busy(*context.track)) {
            if (!ui.narrow()) ImGui::SameLine(0, kGap);
            if (ui.button("Clear", {}, context.may_command()))
                context.command(EntryClear{entry.entry});
        }
        if (coloring_ == entry.entry) draw_colors(context, entry);
    } else {
        std::string text = entry.driver.empty() ? "nobody" : entry.driver;
        if (!entry.car.empty()) text += ", " + entry.car;
        ui.text(ui.place(0, kTarget), Face::regular, 19, entry.driver.empty() ? kDim : kText, text);
    }
    const Rect line = ui.place(0, 9);
    ui.fill(Rect{line.x, line.y + 4, line.w, 1}, kLine, 0);
    ImGui::PopID();
}

void LanesView::draw(Context& context) {
    Ui& ui = context.ui;
    ui.heading("Drivers and cars");
    if (context.track == nullptr) return ui.paragraph("This hub has no track yet.", kDim);
    const Track& track = *context.track;
    if (busy(track)) ui.paragraph("A race is on: changes count for it too.", kYellow);
    for (const auto& [entry, empty] : lanes_of(track)) draw_entry(context, entry, empty);
    if (!context.client.director()) return;
    if (track.lanes == 0) {
        const std::int32_t next = track.roster.empty() ? 1 : track.roster.back().entry + 1;
        if (ui.button("Add an entry", {}, context.may_command())) {
            context.command(EntryAssign{Entry{next, 0, "", "", ""}});
        }
        return;
    }
    const int step = ui.stepper("Lanes on this track", std::to_string(track.lanes),
                                context.may_command() && !busy(track));
    const std::int32_t lanes = track.lanes + step;
    if (step != 0 && lanes >= 1 && lanes <= kMaxLanes) {
        context.command(TrackConfigure{track.name, lanes, track.settings});
    }
}

}  // namespace racehub::ui
