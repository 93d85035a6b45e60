#pragma once
// A race director's page on a hub in memory, drawn without a screen.

#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "tests/unit/webui/fixture.h"
#include "webui/platform/headless.h"

namespace racehub::test {

struct Size {
    float width, height, density;
};
inline constexpr Size kPhone{390, 844, 3}, kDesktop{1280, 800, 1}, kWall{1920, 1080, 1};
inline constexpr Size kSizes[] = {kPhone, {320, 568, 2}, {820, 1180, 2}, kDesktop, kWall};

/// A hub with a director's page on it.
struct Deck {
    explicit Deck(const std::string& view, Size size = kDesktop)
        : page(hub),
          local_us(page.local_us()),
          deck(page.client, "?view=" + view, [this]() -> TimeUs& { return local_us; }) {
        hub.director = true;
        page.greet();
        deck.stage.resize(size.width, size.height, size.density);
    }
    /// Takes what the page sent, lets the hub decide and answer.
    void exchange() {
        for (const auto& message : page.port.sent) {
            if (message["type"] != "command") continue;
            Payload data;
            std::string error;
            REQUIRE(decode_payload(message["command"].get<std::string>(), message["data"], data,
                                   error));
            const Outcome outcome = hub.input(data);
            page.client.on_text(local_us, hub.news());
            page.client.on_text(local_us, nlohmann::json{{"type", "outcome"},
                                                         {"id", message["id"]},
                                                         {"accepted", outcome.accepted},
                                                         {"code", outcome.code},
                                                         {"message", outcome.message}}
                                              .dump());
            last = message;
        }
        page.port.sent.clear();
        deck.settle();
    }
    void news() { page.client.on_text(local_us, hub.news()); }
    const Race& race() const { return *hub.state.find(kTrack)->race; }

    FakeHub hub;
    Page page;
    TimeUs local_us;
    platform::Headless deck;
    nlohmann::json last;  ///< the last command
};

using Situations = std::map<std::string, std::function<void(FakeHub&)>>;

/// Pressable things lie inside the width of the screen and are big enough for a finger.
inline void check_items(const Deck& deck, const Size& size) {
    for (const ui::Item& item : const_cast<Deck&>(deck).deck.stage.ui().items) {
        INFO(item.label << " at " << item.rect.x << "," << item.rect.y << " " << item.rect.w << "x"
                        << item.rect.h);
        CHECK(item.rect.x >= 0);
        CHECK(item.rect.right() <= size.width + 0.5F);
        CHECK(item.rect.h >= (item.label == " " || item.label == "✓" ? 36 : ui::kTarget));
        CHECK(item.rect.w >= (item.label == " " || item.label == "✓" ? 36 : ui::kTarget));
    }
}

/// No two things that can be pressed lie over each other.
inline void check_overlaps(const Deck& deck) {
    const auto& items = const_cast<Deck&>(deck).deck.stage.ui().items;
    for (std::size_t i = 0; i < items.size(); ++i) {
        for (std::size_t j = i + 1; j < items.size(); ++j) {
            const ui::Rect &a = items[i].rect, &b = items[j].rect;
            const bool apart = a.right() <= b.x + 0.5F || b.right() <= a.x + 0.5F ||
                               a.bottom() <= b.y + 0.5F || b.bottom() <= a.y + 0.5F;
            // What has been scrolled under a bar is clipped there.
            const bool bar = a.y < 56 || b.y < 56 || a.y >= 788 || b.y >= 788;
            INFO(items[i].label << " and " << items[j].label);
            CHECK((apart || bar));
        }
    }
}

/// Every view, in each of these situations, at every size.
inline void draw_everywhere(const Situations& situations) {
    for (const auto& [name, id] : EnumNames<ui::ViewId>::kNames) {
        for (const auto& [situation, bring_about] : situations) {
            for (const Size& size : kSizes) {
                INFO(id << ", " << situation << ", " << size.width << "x" << size.height);
                Deck deck{std::string(id), size};
                bring_about(deck.hub);
                deck.page.greet();
                const auto frame = deck.deck.settle();
                REQUIRE(frame.lists->TotalVtxCount > 0);
                for (const ImDrawList* list : frame.lists->CmdLists)
                    REQUIRE(list->VtxBuffer.Size < 65'536);
                check_items(deck, size);
                if (size.width == kDesktop.width) check_overlaps(deck);
            }
        }
    }
}

}  // namespace racehub::test
