// The dashboard's module: one stage, and the functions that page/dashboard.js calls. Input comes
// in, a frame goes out.

#include <emscripten/emscripten.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "webui/platform/browser.h"
#include "webui/platform/stage.h"

extern "C" {
// A frame: draw_begin, then for each list draw_list followed by its draw_part's. Sizes of vertices
// and indices are ImGui's.
RH_IMPORT("draw_begin") void rh_draw_begin(float width, float height, float density);
RH_IMPORT("draw_list")
void rh_draw_list(const void* vertices, int vertex_bytes, const void* indices, int index_count);
RH_IMPORT("draw_part")
void rh_draw_part(float x, float y, float right, float bottom, unsigned first, unsigned count);
RH_IMPORT("atlas") void rh_atlas(const void* pixels, int width, int height);
RH_IMPORT("glyph")
float rh_glyph(unsigned codepoint, int bold, int size, int width, int height,
               unsigned char* pixels);
// The real inputs over the fields of this frame: field for each, then fields_end. `kind`: 1 secret,
// 2 figures, 4 repeat, added up.
RH_IMPORT("field")
void rh_field(const char* id, const char* label, const char* value, float x, float y, float w,
              float h, float clip_top, float clip_bottom, int kind, int most_bytes);
RH_IMPORT("fields_end") void rh_fields_end();
RH_IMPORT("show_query") void rh_show_query(const char* query);
RH_IMPORT("session") void rh_session(const char* json);  ///< empty: log out; rh_on_session follows
RH_IMPORT("get") void rh_get(const char* path);          ///< rh_on_got follows
RH_IMPORT("send")                                        ///< rh_on_sent follows
void rh_send(const char* method, const char* path, const char* body);
RH_IMPORT("download") void rh_download(const char* path);
RH_IMPORT("zone_minutes") double rh_zone_minutes(double epoch_ms);  ///< of this machine, then
RH_IMPORT("speak") void rh_speak(const char* text);
}

namespace racehub {
namespace {

class BrowserHost final : public ui::Host {
  public:
    void show_query(const std::string& query) override { rh_show_query(query.c_str()); }
    void open_session(const std::string& pin, const std::string& name) override {
        nlohmann::json body{{"pin", pin}};
        if (!name.empty()) body["name"] = name;
        rh_session(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    }
    void close_session() override { rh_session(""); }
    void get(const std::string& path) override { rh_get(path.c_str()); }
    void send(const std::string& method, const std::string& path,
              const std::string& body) override {
        rh_send(method.c_str(), path.c_str(), body.c_str());
    }
    void download(const std::string& path) override { rh_download(path.c_str()); }
    void speak(const std::string& text) override { rh_speak(text.c_str()); }
    TimeUs zone_us(TimeUs at_us) override {
        return static_cast<TimeUs>(rh_zone_minutes(static_cast<double>(at_us / 1'000))) * 60 *
               kSecondUs;
    }
};

/// Everything that lives as long as the page.
struct Dashboard {
    explicit Dashboard(const std::string& query)
        : client(socket, rh_random()), stage(client, host, query, foreign_glyph) {}

    static float foreign_glyph(unsigned codepoint, ui::Face face, int size, int width, int height,
                               unsigned char* pixels) {
        return rh_glyph(codepoint, face == ui::Face::regular ? 0 : 1, size, width, height, pixels);
    }

    platform::BrowserSocket socket;
    BrowserHost host;
    HubClient client;
    platform::Stage stage;
    std::string answer;  ///< the last text that was given to JavaScript
};

Dashboard* g_page = nullptr;

void send_lists(const ImDrawData& data) {
    rh_draw_begin(data.DisplaySize.x, data.DisplaySize.y, data.FramebufferScale.x);
    for (const ImDrawList* list : data.CmdLists) {
        rh_draw_list(list->VtxBuffer.Data, list->VtxBuffer.size_in_bytes(), list->IdxBuffer.Data,
                     list->IdxBuffer.Size);
        for (const ImDrawCmd& part : list->CmdBuffer) {
            if (part.ElemCount == 0) continue;
            rh_draw_part(part.ClipRect.x, part.ClipRect.y, part.ClipRect.z, part.ClipRect.w,
                         part.IdxOffset, part.ElemCount);
        }
    }
}

void send_fields(const ui::Ui& ui) {
    for (const auto& [id, field] : ui.fields) {
        if (!field.seen) continue;
        rh_field(id.c_str(), field.label.c_str(), field.value.c_str(), field.rect.x, field.rect.y,
                 field.rect.w, field.rect.h, field.clip.y, field.clip.bottom(),
                 (field.secret ? 1 : 0) + (field.figures ? 2 : 0) + (field.repeat ? 4 : 0),
                 static_cast<int>(field.most_bytes));
    }
    rh_fields_end();
}

ui::Field* field_of(const char* id) {
    auto& fields = g_page->stage.ui().fields;
    const auto found = fields.find(id);
    return found != fields.end() ? &found->second : nullptr;
}

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE void rh_start(const char* query) {
    g_page = new Dashboard(query);
    g_page->client.start(platform::local_us());
}
EMSCRIPTEN_KEEPALIVE void rh_on_text(const char* text) {
    g_page->client.on_text(platform::local_us(), text);
}
EMSCRIPTEN_KEEPALIVE void rh_on_closed() { g_page->client.on_closed(platform::local_us()); }
EMSCRIPTEN_KEEPALIVE void rh_retry_now() { g_page->client.retry_now(platform::local_us()); }
EMSCRIPTEN_KEEPALIVE void rh_on_session(int status, const char* body) {
    g_page->stage.app().on_session(platform::local_us(), status, body);
}
EMSCRIPTEN_KEEPALIVE void rh_on_got(const char* path, int status, const char* body) {
    g_page->stage.app().on_got(path, status, body);
}

EMSCRIPTEN_KEEPALIVE void rh_on_sent(const char* method, const char* path, int status,
                                     const char* body) {
    g_page->stage.app().on_sent(method, path, status, body);
}

/// The typeface of the canvas, for what is typed over it.
EMSCRIPTEN_KEEPALIVE const unsigned char* rh_font() { return ui::kB612Regular.data; }
EMSCRIPTEN_KEEPALIVE int rh_font_size() { return static_cast<int>(ui::kB612Regular.size); }

/// True when the picture has to be drawn again.
EMSCRIPTEN_KEEPALIVE int rh_tick() {
    g_page->client.tick(platform::local_us());
    return g_page->stage.stale(platform::local_us()) ? 1 : 0;
}

EMSCRIPTEN_KEEPALIVE void rh_resize(float width, float height, float density) {
    g_page->stage.resize(width, height, density);
}
EMSCRIPTEN_KEEPALIVE void rh_mouse_moved(float x, float y) { g_page->stage.mouse_moved(x, y); }
EMSCRIPTEN_KEEPALIVE void rh_mouse_button(int down) { g_page->stage.mouse_button(down != 0); }
EMSCRIPTEN_KEEPALIVE void rh_mouse_left() { g_page->stage.mouse_left(); }
EMSCRIPTEN_KEEPALIVE void rh_wheel(float dx, float dy) { g_page->stage.wheel(dx, dy); }
/// `kind`: 1 began, 2 moved, 3 ended, 4 cancelled.
EMSCRIPTEN_KEEPALIVE int rh_touch(int kind, float x, float y) {
    return g_page->stage.touch(static_cast<platform::Stage::Touch>(kind), x, y,
                               platform::local_us())
               ? 1
               : 0;
}
EMSCRIPTEN_KEEPALIVE int rh_key(const char* code, int down) {
    return g_page->stage.key(code, down != 0) ? 1 : 0;
}
EMSCRIPTEN_KEEPALIVE void rh_hidden() { g_page->stage.hidden(); }
EMSCRIPTEN_KEEPALIVE void rh_focus_lost() { g_page->stage.focus_lost(); }

EMSCRIPTEN_KEEPALIVE void rh_field_typed(const char* id, const char* value) {
    if (ui::Field* field = field_of(id)) field->value = value;
}
/// `commit`: 0 nothing to take over, 1 it was changed and left, 2 Enter was pressed.
EMSCRIPTEN_KEEPALIVE void rh_field_focus(const char* id, int focused, int commit) {
    if (ui::Field* field = field_of(id)) {
        field->focused = focused != 0;
        field->committed = field->committed || commit != 0;
        field->entered = commit == 2;
    }
}

/// Draws; returns the milliseconds after which to draw again, or -1: when something happens.
EMSCRIPTEN_KEEPALIVE double rh_frame() {
    const platform::Stage::Frame frame = g_page->stage.draw(platform::local_us());
    if (frame.new_atlas) {
        unsigned char* pixels = nullptr;
        int width = 0, height = 0;
        ImGui::GetIO().Fonts->GetTexDataAsAlpha8(&pixels, &width, &height);
        rh_atlas(pixels, width, height);
    }
    send_lists(*frame.lists);
    send_fields(g_page->stage.ui());
    return frame.next_us == 0 ? -1 : static_cast<double>(frame.next_us) / 1'000.0;
}

/// What can be pressed now, for tests and for whoever drives the page by a script. Valid until the
/// next call.
EMSCRIPTEN_KEEPALIVE const char* rh_items() {
    nlohmann::json items = nlohmann::json::array();
    for (const ui::Item& item : g_page->stage.ui().items) {
        items.push_back({{"label", item.label},
                         {"x", item.rect.x},
                         {"y", item.rect.y},
                         {"w", item.rect.w},
                         {"h", item.rect.h},
                         {"enabled", item.enabled}});
    }
    g_page->answer = nlohmann::json{{"items", items}, {"texts", g_page->stage.ui().texts}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
    return g_page->answer.c_str();
}

}  // extern "C"

}  // namespace racehub
