#pragma once
// What views are made of: text, buttons, fields. A thin layer over Dear ImGui that draws itself, so
// that sizes are right for fingers and for walls, and that remembers what it drew, so that tests
// can find a button by its words.

#include <map>
#include <string>

#include "hub/core/types.h"
#include "webui/views/fonts.h"
#include "webui/views/theme.h"

namespace racehub::ui {

struct Rect {
    float x = 0, y = 0, w = 0, h = 0;
    float right() const { return x + w; }
    float bottom() const { return y + h; }
    ImVec2 min() const { return {x, y}; }
    ImVec2 max() const { return {x + w, y + h}; }
    Rect inner(float dx, float dy) const { return {x + dx, y + dy, w - 2 * dx, h - 2 * dy}; }
};

enum class Align : unsigned char { left = 1, center, right };

/// Something that can be pressed, as it was drawn in this frame.
struct Item {
    std::string label;
    Rect rect;
    bool enabled = true;
};

/// A place where text is typed. The platform lays a real <input> over it: touch keyboards, input
/// methods, copy and paste are the browser's. Its value lives here.
struct Field {
    std::string label;  ///< read aloud, and shown while it is empty
    std::string value;
    Rect rect, clip;
    bool secret = false;
    bool figures = false;  ///< a keyboard with digits will do
    bool repeat = false;   ///< Enter hands it over and empties it, for the next one
    std::size_t most_bytes = kMaxName;
    bool focused = false;    ///< told by the platform
    bool seen = false;       ///< drawn in this frame
    bool committed = false;  ///< the focus left after a change, or Enter; cleared when read
    bool entered = false;    ///< Enter was pressed
};

struct ButtonStyle {
    ImU32 fill = kRaised;
    ImU32 text = kText;
    float size = kBody;            ///< of the text
    ImGuiKey key = ImGuiKey_None;  ///< does the same; shown on the button
    Align align = Align::center;
};

class Ui {
  public:
    static constexpr TimeUs kHoldUs = 800'000;  ///< long enough that no slip of a hand stops a race

    Fonts fonts;
    float width = 0, height = 0;
    bool touch = false;       ///< no keyboard to be expected
    std::vector<Item> items;  ///< of this frame
    std::map<std::string, Field> fields;
    std::vector<std::string> texts;  ///< everything written in this frame

    bool narrow() const { return width < 720; }        ///< one column, as on a phone
    bool tabs_below() const { return width < 1'000; }  ///< the bar has no room for them
    void begin(TimeUs now_us);
    void end();
    TimeUs now_us() const { return now_us_; }
    /// Something moves by itself: draw again after so long (the shortest wish counts).
    void again_after(TimeUs delay_us);
    TimeUs again_us() const { return again_us_; }  ///< 0: no wish
    /// The next width units of the layout, or all that is left.
    Rect place(float w, float h);
    float left() const;  ///< width that is left in this line

    // ---- drawing ----
    void fill(const Rect& rect, ImU32 color, float round = kRound);
    void frame(const Rect& rect, ImU32 color, float thick = 1, float round = kRound);
    void circle(float x, float y, float radius, ImU32 color);
    float measure(Face face, float size, std::string_view text) const;
    /// Upright in the middle of the rectangle; cut with an ellipsis where it does not fit.
    void text(const Rect& rect, Face face, float size, ImU32 color, std::string_view text,
              Align align = Align::left);
    /// In as many lines as needed, upright in the middle.
    void wrapped(const Rect& rect, Face face, float size, ImU32 color, std::string_view text);
    /// As many lines as needed, in the layout.
    void paragraph(std::string_view text, ImU32 color = kText, float size = kBody);
    void heading(std::string_view text);
    /// The first words of a view; in as many lines as needed.
    void title(std::string_view text);
    void space(float h = kGap);
    /// Continues in the same line when w more units fit, else in the next.
    void flow(float w);

    // ---- acting; each true once when it was used ----
    bool button(const Rect& rect, std::string_view label, const ButtonStyle& style = {},
                bool enabled = true);
    /// In the layout, as wide as its label wants; 0: 44 high.
    bool button(std::string_view label, const ButtonStyle& style = {}, bool enabled = true,
                float w = 0, float h = kTarget);
    /// Has to be held for kHoldUs: for what cannot be taken back.
    bool hold_button(const Rect& rect, std::string_view label, const ButtonStyle& style,
                     bool enabled = true);
    /// One of several; returns the chosen index or -1.
    int choice(std::string_view label, const std::vector<std::string_view>& options, int chosen,
               bool enabled = true);
    /// - value +; returns the steps to take: -1, 0 or 1.
    int stepper(std::string_view label, std::string_view value, bool enabled = true);
    /// A typed text; `id` names it. True when it was committed; `value` follows what is typed while
    /// it has the focus, and is shown as given otherwise.
    bool field(const std::string& id, const Rect& rect, std::string_view label, std::string& value,
               const Field& like = {});
    bool typing() const;  ///< a field has the focus: keys are letters

  private:
    bool pressed(const Rect& rect, std::string_view label, bool enabled, bool* hovered, bool* held);
    void draw_button(const Rect& rect, std::string_view label, const ButtonStyle& style,
                     bool enabled, bool hovered, bool held, float progress);
    bool key_pressed(ImGuiKey key) const;

    TimeUs now_us_ = 0;
    TimeUs again_us_ = 0;
    std::string holding_;  ///< label of the button that is being held
    TimeUs held_since_us_ = 0;
    bool hold_done_ = false;
};

}  // namespace racehub::ui
