#pragma once
// What every view gets and may do. One class and one file for each view; views know the model and
// Ui, nothing of the browser.

#include "webui/model/hub_client.h"
#include "webui/model/race_view.h"
#include "webui/views/ui.h"

namespace racehub::ui {

enum class ViewId : unsigned char {
    race = 1,
    heats,
    board,
    lanes,
    rules,
    laps,
    result,
    history,
    sources,
    settings,
    tracks,
    more,
    wall
};

}  // namespace racehub::ui

namespace racehub {
RH_ENUM_NAMES(ui::ViewId, {ui::ViewId::race, "race"}, {ui::ViewId::heats, "heats"},
              {ui::ViewId::board, "board"}, {ui::ViewId::lanes, "lanes"},
              {ui::ViewId::rules, "rules"}, {ui::ViewId::laps, "laps"},
              {ui::ViewId::result, "result"}, {ui::ViewId::history, "history"},
              {ui::ViewId::sources, "sources"}, {ui::ViewId::settings, "settings"},
              {ui::ViewId::tracks, "tracks"}, {ui::ViewId::more, "more"},
              {ui::ViewId::wall, "wall"});
}  // namespace racehub

namespace racehub::ui {

/// What views ask of the page around them.
class Page {
  public:
    virtual ~Page() = default;
    virtual void go(ViewId view) = 0;
    virtual void go_to_track(const std::string& track) = 0;
    virtual void want_history(
        const std::string& race_id) = 0;  ///< corrections made before this page was opened
    virtual void get(const std::string& path) = 0;  ///< View::on_got follows, at every view
    /// Something that changes or asks; View::on_sent follows, at every view.
    virtual void send(const std::string& method, const std::string& path,
                      const std::string& body) = 0;
    virtual void download(const std::string& path) = 0;  ///< a file of the hub's, to keep
    virtual TimeUs zone_us(TimeUs at_us) = 0;            ///< local time minus UTC at an instant
};

struct Context {
    HubClient& client;
    Ui& ui;
    Page& page;
    const RaceView& race;  ///< of the chosen track, at this instant
    const Track* track;    ///< null: this hub has none
    TimeUs local_us = 0;
    TimeUs hub_now_us = 0;

    /// Commands are offered to the race director only, and not while one is on its way.
    bool may_command() const {
        return client.director() && !client.pending() && track != nullptr &&
               client.connection().phase() == ConnectionPhase::live;
    }
    /// Sends it for the chosen track and the race that is on the screen.
    void command(const Payload& data) const;
};

class View {
  public:
    virtual ~View() = default;
    /// Draws itself into the current window, in the layout.
    virtual void draw(Context& context) = 0;
    /// An answer from the hub, to whoever asked; status 0: none came.
    virtual void on_got(const std::string& path, int status, const std::string& body) {
        (void)path, (void)status, (void)body;
    }
    /// The same for what was sent.
    virtual void on_sent(const std::string& method, const std::string& path, int status,
                         const std::string& body) {
        (void)method, (void)path, (void)status, (void)body;
    }
};

}  // namespace racehub::ui
