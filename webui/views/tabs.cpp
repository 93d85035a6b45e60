#include "webui/views/tabs.h"

#include <algorithm>

namespace racehub::ui {
namespace {

constexpr float kLeastBelow = 76;  ///< a word of eight letters at the size of the bar below
constexpr float kTabPad = 17;
constexpr Tab kMore{ViewId::more, "More"};

struct Kind {
    Tab tab;
    bool circuit, heats;
};
constexpr Kind kKinds[] = {
    {{ViewId::race, "Race"}, true, true},       {{ViewId::heats, "Heats"}, false, true},
    {{ViewId::board, "Board"}, false, true},    {{ViewId::lanes, "Lanes"}, true, false},
    {{ViewId::laps, "Laps"}, true, false},      {{ViewId::result, "Result"}, true, false},
    {{ViewId::rules, "Rules"}, true, true},     {{ViewId::history, "History"}, true, true},
    {{ViewId::sources, "Sources"}, true, true},
};

float width_of(const Ui& ui, const Tab& tab) {
    return std::max(kTarget, ui.measure(Face::bold, kBody, tab.label) + 2 * kTabPad);
}

/// As many of the tabs as fit, then "More" for the others.
std::vector<Tab> fitting(const Ui& ui, const std::vector<Tab>& tabs, float width, bool below) {
    std::vector<Tab> list;
    float used = below ? kLeastBelow : width_of(ui, kMore);
    for (const Tab& tab : tabs) {
        used += below ? kLeastBelow : width_of(ui, tab);
        const bool last = list.size() + 1 == tabs.size();
        const float room = last ? width + (below ? kLeastBelow : width_of(ui, kMore)) : width;
        if (used > room) break;
        list.push_back(tab);
    }
    if (list.size() < tabs.size()) list.push_back(kMore);
    return list;
}

}  // namespace

std::vector<Tab> tabs_for(const RaceView& race) {
    std::vector<Tab> tabs;
    for (const Kind& kind : kKinds) {
        if (race.heat || race.has_session ? kind.heats : kind.circuit) tabs.push_back(kind.tab);
    }
    return tabs;
}

std::optional<ViewId> tab_bar(Ui& ui, const std::vector<Tab>& tabs, ViewId shown, const Rect& area,
                              bool below) {
    const std::vector<Tab> list = fitting(ui, tabs, area.w, below);
    const bool listed = std::any_of(list.begin(), list.end(),
                                    [shown](const Tab& tab) { return tab.view == shown; });
    if (below) ui.fill(area, kPanel, 0);
    std::optional<ViewId> pressed;
    float x = area.x;
    for (const Tab& tab : list) {
        const float w = below ? area.w / static_cast<float>(list.size()) : width_of(ui, tab);
        const Rect rect{x, area.y, w, area.h};
        x += w;
        const bool here =
            tab.view == shown || (!listed && tab.view == ViewId::more && shown != ViewId::tracks);
        ButtonStyle style;
        style.fill = kPanel;
        style.text = here ? kText : kDim;
        style.size = below ? 14 : kBody;
        if (ui.button(rect, tab.label, style)) pressed = tab.view;
        if (here)
            ui.fill(Rect{rect.x + 6, below ? rect.y : rect.bottom() - 4, rect.w - 12, 4}, kBlue, 2);
    }
    return pressed;
}

void MoreView::draw(Context& context) {
    Ui& ui = context.ui;
    ui.heading(context.race.known ? context.race.track_name : "RaceHub");
    std::vector<Tab> tabs = tabs_for(context.race);
    if (context.client.director()) tabs.push_back({ViewId::settings, "Set up sources"});
    tabs.push_back({ViewId::tracks, "Tracks"});
    tabs.push_back({ViewId::wall, "Big screen"});
    const float w = ui.narrow() ? ui.left() : 300.0F;
    ButtonStyle style;
    style.fill = kPanel;
    style.size = 19;
    for (std::size_t i = 0; i < tabs.size(); ++i) {
        if (i > 0) ui.flow(w);
        // The bar has a button of the same name.
        ImGui::PushID(static_cast<int>(i));
        if (ui.button(tabs[i].label, style, true, w, 60)) context.page.go(tabs[i].view);
        ImGui::PopID();
    }
}

}  // namespace racehub::ui
