#include "webui/platform/stage.h"

#include <imgui_internal.h>

#include <algorithm>
#include <cmath>

namespace racehub::platform {
namespace {

constexpr float kSlowest = 20;  ///< CSS pixels a second: below it, scrolling has come to rest
constexpr float kFriction = 3;  ///< a second

void set_style() {
    ImGuiStyle& style = ImGui::GetStyle();
    style.WindowBorderSize = 0;
    style.ChildBorderSize = 0;
    style.ScrollbarSize = 10;
    style.ScrollbarRounding = 5;
    style.ItemSpacing = ImVec2(ui::kGap, 6);
    style.Colors[ImGuiCol_WindowBg] = style.Colors[ImGuiCol_ChildBg] = ImVec4(0, 0, 0, 0);
    style.Colors[ImGuiCol_ScrollbarBg] = ImVec4(0, 0, 0, 0);
    style.Colors[ImGuiCol_ScrollbarGrab] = ImVec4(1, 1, 1, 0.25F);
    style.Colors[ImGuiCol_ScrollbarGrabHovered] = ImVec4(1, 1, 1, 0.4F);
    style.Colors[ImGuiCol_ScrollbarGrabActive] = ImVec4(1, 1, 1, 0.5F);
}

struct NamedKey {
    std::string_view code;
    ImGuiKey key;
};
constexpr NamedKey kKeys[] = {
    {"ArrowLeft", ImGuiKey_LeftArrow}, {"ArrowRight", ImGuiKey_RightArrow},
    {"ArrowUp", ImGuiKey_UpArrow},     {"ArrowDown", ImGuiKey_DownArrow},
    {"PageUp", ImGuiKey_PageUp},       {"PageDown", ImGuiKey_PageDown},
    {"Home", ImGuiKey_Home},           {"End", ImGuiKey_End},
    {"Space", ImGuiKey_Space},         {"Enter", ImGuiKey_Enter},
    {"Escape", ImGuiKey_Escape},       {"ControlLeft", ImGuiMod_Ctrl},
    {"ControlRight", ImGuiMod_Ctrl},   {"ShiftLeft", ImGuiMod_Shift},
    {"ShiftRight", ImGuiMod_Shift},    {"AltLeft", ImGuiMod_Alt},
    {"AltRight", ImGuiMod_Alt},        {"MetaLeft", ImGuiMod_Super},
    {"MetaRight", ImGuiMod_Super},
};

ImGuiKey key_of(std::string_view code) {
    if (code.size() == 4 && code.starts_with("Key") && code[3] >= 'A' && code[3] <= 'Z') {
        return static_cast<ImGuiKey>(ImGuiKey_A + (code[3] - 'A'));
    }
    for (const NamedKey& named : kKeys) {
        if (named.code == code) return named.key;
    }
    return ImGuiKey_None;
}

}  // namespace

Stage::Stage(HubClient& client, ui::Host& host, const std::string& query, ui::ForeignGlyph foreign)
    : context_(ImGui::CreateContext()), app_(client, host, query) {
    ImGui::SetCurrentContext(context_);
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
    io.BackendPlatformName = "racehub";
    set_style();
    app_.ui().fonts.use(std::move(foreign));
}

Stage::~Stage() { ImGui::DestroyContext(context_); }

void Stage::resize(float width, float height, float density) {
    app_.ui().width = width;
    app_.ui().height = height;
    density_ = std::clamp(density, 0.5F, 4.0F);
    woken();
}

void Stage::mouse_moved(float x, float y) {
    ImGuiIO& io = ImGui::GetIO();
    io.AddMouseSourceEvent(ImGuiMouseSource_Mouse);
    io.AddMousePosEvent(x, y);
    app_.ui().touch = false;
    woken();
}

void Stage::mouse_button(bool down) {
    ImGui::GetIO().AddMouseButtonEvent(0, down);
    woken();
}

void Stage::mouse_left() {
    ImGui::GetIO().AddMousePosEvent(-FLT_MAX, -FLT_MAX);
    woken();
}

void Stage::wheel(float, float dy) {
    scroll_ += dy;
    speed_ = 0;
    woken();
}

bool Stage::on_field(float x, float y) const {
    for (const auto& [id, field] : const_cast<Stage*>(this)->app_.ui().fields) {
        if (field.seen && x >= field.rect.x && x < field.rect.right() && y >= field.rect.y &&
            y < field.rect.bottom()) {
            return true;
        }
    }
    return false;
}

bool Stage::touch(Touch kind, float x, float y, TimeUs local_us) {
    ImGuiIO& io = ImGui::GetIO();
    woken();
    app_.ui().touch = true;
    if (kind == Touch::began) {
        touching_ = true;
        scrolling_ = false;
        speed_ = 0;
        touch_from_y_ = touch_y_ = y;
        touch_us_ = local_us;
        io.AddMouseSourceEvent(ImGuiMouseSource_TouchScreen);
        io.AddMousePosEvent(x, y);
        const bool field = on_field(x, y);
        if (!field) io.AddMouseButtonEvent(0, true);
        return !field;
    }
    if (kind == Touch::moved && touching_) {
        if (!scrolling_ && std::abs(y - touch_from_y_) > kDragStart) {
            // The press becomes a scroll: it is taken back outside of everything, so that nothing
            // is released on a button.
            scrolling_ = true;
            io.AddMousePosEvent(-FLT_MAX, -FLT_MAX);
            io.AddMouseButtonEvent(0, false);
            io.AddMousePosEvent(x, y);
        }
        if (scrolling_) {
            const float moved = touch_y_ - y;
            scroll_ += moved;
            const TimeUs took_us = std::max<TimeUs>(local_us - touch_us_, 1'000);
            speed_ = 0.6F * speed_ +
                     0.4F * moved * static_cast<float>(kSecondUs) / static_cast<float>(took_us);
            touch_y_ = y;
            touch_us_ = local_us;
        }
        return scrolling_;
    }
    if (kind == Touch::ended || kind == Touch::cancelled) {
        const bool was_scrolling = scrolling_;
        const bool field = !scrolling_ && on_field(x, y);
        if (kind == Touch::cancelled) io.AddMousePosEvent(-FLT_MAX, -FLT_MAX);
        if (!scrolling_) io.AddMouseButtonEvent(0, false);
        if (local_us - touch_us_ > 80'000) speed_ = 0;  // the finger had come to rest
        io.AddMousePosEvent(-FLT_MAX, -FLT_MAX);        // no hover without a finger
        touching_ = scrolling_ = false;
        return was_scrolling || !field;
    }
    return false;
}

bool Stage::key(std::string_view code, bool down) {
    const ImGuiKey key = key_of(code);
    if (key == ImGuiKey_None) return false;
    ImGui::GetIO().AddKeyEvent(key, down);
    app_.ui().touch = false;
    woken();
    return true;
}

void Stage::hidden() {
    ImGui::GetIO().ClearEventsQueue();
    focus_lost();
}

void Stage::focus_lost() {
    ImGui::GetIO().AddFocusEvent(false);
    ImGui::GetIO().AddMouseButtonEvent(0, false);
    woken();
}

/// Scrolls the view. The first child of the page is the only thing that scrolls.
void Stage::scroll_now(TimeUs local_us) {
    const float passed =
        static_cast<float>(std::clamp<TimeUs>(local_us - drawn_us_, 0, 100'000)) / 1e6F;
    if (!touching_ && speed_ != 0) {
        scroll_ += speed_ * passed;
        speed_ *= std::exp(-kFriction * passed);
        if (std::abs(speed_) < kSlowest) speed_ = 0;
    }
    if (scroll_ == 0) return;
    for (ImGuiWindow* window : context_->Windows) {
        if (!window->WasActive || (window->Flags & ImGuiWindowFlags_ChildWindow) == 0 ||
            window->ScrollMax.y <= 0)
            continue;
        ImGui::SetScrollY(window,
                          std::clamp(window->Scroll.y + scroll_, 0.0F, window->ScrollMax.y));
        break;
    }
    scroll_ = 0;
}

Stage::Frame Stage::draw(TimeUs local_us) {
    ImGui::SetCurrentContext(context_);
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = ImVec2(app_.ui().width, app_.ui().height);
    io.DisplayFramebufferScale = ImVec2(density_, density_);
    io.DeltaTime =
        drawn_us_ == 0 ? 0.016F : std::max(static_cast<float>(local_us - drawn_us_) / 1e6F, 0.001F);
    Frame frame;
    frame.new_atlas = app_.ui().fonts.build(density_, app_.largest_text());
    scroll_now(local_us);
    drawn_us_ = local_us;
    ImGui::NewFrame();
    app_.draw(local_us);
    ImGui::Render();
    frame.lists = ImGui::GetDrawData();
    frame.next_us = app_.next_us();
    if (settling_ > 0) --settling_;
    const bool moving = settling_ > 0 || speed_ != 0 || !context_->InputEventsQueue.empty() ||
                        app_.ui().fonts.changed();
    if (moving) frame.next_us = 1;
    return frame;
}

}  // namespace racehub::platform
