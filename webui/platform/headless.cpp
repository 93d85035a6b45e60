#include "webui/platform/headless.h"

#include <algorithm>

namespace racehub::platform {

Headless::Headless(HubClient& client, const std::string& query, std::function<TimeUs&()> now)
    : stage(client, host, query, {}), now_(std::move(now)) {}

Stage::Frame Headless::settle(int most) {
    Stage::Frame frame;
    for (int i = 0; i < most; ++i) {
        frame = stage.draw(now_());
        now_() += kFrameUs;
        if (frame.next_us != 1) break;
    }
    return frame;
}

const ui::Item* Headless::find(const std::string& label) const {
    auto& items = const_cast<Headless*>(this)->stage.ui().items;
    const auto found = std::find_if(items.begin(), items.end(), [&](const ui::Item& item) {
        return item.label == label && item.enabled;
    });
    return found != items.end() ? &*found : nullptr;
}

bool Headless::says(const std::string& text) const {
    auto& texts = const_cast<Headless*>(this)->stage.ui().texts;
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& written) {
        return written.find(text) != std::string::npos;
    });
}

bool Headless::press(const std::string& label) { return hold(label, 0); }

bool Headless::hold(const std::string& label, TimeUs duration_us) {
    settle();
    const ui::Item* item = find(label);
    if (item == nullptr) return false;
    const float x = item->rect.x + item->rect.w / 2, y = item->rect.y + item->rect.h / 2;
    if (x < 0 || y < 0 || x > stage.ui().width || y > stage.ui().height) return false;
    stage.mouse_moved(x, y);
    settle();
    stage.mouse_button(true);
    for (TimeUs held_us = 0; held_us < duration_us; held_us += kFrameUs) settle(1);
    settle(4);
    stage.mouse_button(false);
    settle();
    return true;
}

bool Headless::type(const std::string& label, const std::string& text) {
    settle();
    for (auto& [id, field] : stage.ui().fields) {
        if (!field.seen || field.label != label) continue;
        field.focused = true;
        field.value = text;
        settle(2);
        field.focused = false;
        field.committed = true;
        settle();
        return true;
    }
    return false;
}

}  // namespace racehub::platform
