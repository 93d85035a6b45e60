#pragma once
// Between a screen with its mouse, fingers and keys, and the app: sizes, input, frames. No browser
// in here, so the headless twin is the same code; whoever owns a stage draws its lists (browser:
// page/screen.js; tests: nobody).

#include "webui/views/app.h"

namespace racehub::platform {

class Stage {
  public:
    static constexpr float kDragStart = 10;  ///< a finger that moved less has pressed, not scrolled
    static constexpr int kSettlingFrames =
        2;  ///< after input, until hover and press have taken effect

    Stage(HubClient& client, ui::Host& host, const std::string& query, ui::ForeignGlyph foreign);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    /// In CSS pixels; `density`: pixels of the screen for each.
    void resize(float width, float height, float density);
    void mouse_moved(float x, float y);
    void mouse_button(bool down);
    void mouse_left();
    /// In CSS pixels, down and right are positive.
    void wheel(float dx, float dy);
    enum class Touch : unsigned char { began = 1, moved, ended, cancelled };
    /// True when the page must not treat it as its own: a scroll, or a press on the canvas.
    bool touch(Touch touch, float x, float y, TimeUs local_us);
    /// `code`: the name of the physical key, as KeyboardEvent.code has it. False: not a key of
    /// ours.
    bool key(std::string_view code, bool down);
    void
    hidden();  ///< what was pressed and not drawn yet was not pressed: it must not happen later
    void focus_lost();  ///< all keys and buttons are up

    struct Frame {
        const ImDrawData* lists = nullptr;
        bool new_atlas = false;  ///< ImGui's font texture has changed
        TimeUs next_us = 0;      ///< draw again after so long; 0: when something happens
    };
    Frame draw(TimeUs local_us);
    bool stale(TimeUs local_us) const { return app_.stale(local_us); }

    ui::App& app() { return app_; }
    ui::Ui& ui() { return app_.ui(); }

  private:
    void scroll_now(TimeUs local_us);
    void woken() { settling_ = kSettlingFrames; }
    bool on_field(float x, float y) const;

    ImGuiContext* context_;
    ui::App app_;
    float density_ = 1;
    TimeUs drawn_us_ = 0;
    int settling_ = kSettlingFrames;
    float scroll_ = 0;  ///< still to be done, CSS pixels
    // The finger.
    bool touching_ = false, scrolling_ = false;
    float touch_y_ = 0, touch_from_y_ = 0;
    TimeUs touch_us_ = 0;
    float speed_ = 0;  ///< CSS pixels a second, of the finger, then of what it set going
};

}  // namespace racehub::platform
