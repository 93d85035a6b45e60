// The settings of sources, drawn without a screen at every size, and what is pressed there.

#include "tests/unit/webui_views/deck.h"

namespace racehub::test {
namespace {

using nlohmann::json;

const json kSettings =
    json::parse(R"({"library":"track_controller","name":"Track Controller","track":"main",
    "enabled":true,"tests":true,"discovers":true,"config":{"host":"10.0.0.5","lanes":[{"lane":1}]},
    "config_schema":{"type":"object","required":["host"],"properties":{
        "host":{"type":"string","description":"Name or address of the timer in the club's network"},
        "port":{"type":"integer","minimum":1,"maximum":65535,"default":80},
        "password":{"type":"string","format":"secret"},
        "mode":{"type":"string","enum":["http","serial","by itself"],"default":"http"},
        "lanes":{"type":"array","items":{"type":"object","properties":{
            "lane":{"type":"integer"},"on":{"type":"boolean","default":true}}}}}}})");

/// A director's page with two sources, one of which has lights.
struct SettingsDeck : Deck {
    explicit SettingsDeck(Size size = kDesktop) : Deck("settings", size) {
        hub.set_up();
        news();
        sources("clear");
    }
    void sources(const std::string& state) {
        const json timer = {
            {"id", "timer"},
            {"name", "Track Controller"},
            {"state", "ok"},
            {"text", "Connected."},
            {"sensed", {{"gate", "closed"}, {"lanes", {{{"lane", 1}, {"state", state}}}}}}};
        const json gates = {{"id", "gates"}, {"state", "failed"}, {"text", std::string(200, 'x')}};
        page.client.on_text(local_us,
                            json{{"type", "sources"}, {"sources", {timer, gates}}}.dump());
        deck.settle();
    }
    /// Answers the newest request of that method.
    json answer(const std::string& method, int status, const json& body) {
        auto& sent = deck.host.sent;
        for (std::size_t i = sent.size(); i-- > 0;) {
            if (sent[i].method != method || sent[i].path.find("/log") != std::string::npos)
                continue;
            const auto request = sent[i];
            sent.clear();
            deck.stage.app().on_sent(method, request.path, status, body.dump());
            deck.settle();
            return request.body.empty() ? json(request.path) : json::parse(request.body);
        }
        FAIL("nothing was sent with " << method);
        return {};
    }
    void open() {
        REQUIRE(deck.press("Open timer"));
        deck.settle();
        CHECK(answer("GET", 200, kSettings) == "/api/sources/timer/settings");
    }
};

}  // namespace

TEST_CASE("settings fit every size, whatever there is to say") {
    for (Size size : kSizes) {
        size.height = 4'000;  // all of it in sight
        SettingsDeck page(size);
        CAPTURE(size.width);
        check_items(page, size);
        page.open();
        check_items(page, size);
        REQUIRE(page.deck.press("Test connection"));
        page.answer("POST", 200, {{"ok", false}, {"text", std::string(300, 'y')}});
        check_items(page, size);
        REQUIRE(page.deck.press("Discover"));
        page.answer("POST", 200, {{"found", {{{"label", std::string(100, 'z')}, {"config", {}}}}}});
        check_items(page, size);
        REQUIRE(page.deck.press("Add a source"));
        page.deck.settle();
        page.answer("GET", 200,
                    {{"plugins",
                      {{{"library", "a"},
                        {"id", "x.a"},
                        {"name", "A thing"},
                        {"description", std::string(300, 'd')}},
                       {{"library", "b"}, {"problem", "crashes"}}}}});
        CHECK(page.deck.says("b cannot be used: crashes"));
        check_items(page, size);
    }
}

TEST_CASE("a timer's address is changed, refused, corrected and saved") {
    SettingsDeck page;
    page.open();
    CHECK(page.deck.says("Connected"));
    CHECK(page.deck.find("Save") == nullptr);
    REQUIRE(page.deck.type("Port", "eighty"));
    REQUIRE(page.deck.press("Save"));
    page.deck.settle();
    json sent =
        page.answer("POST", 422, {{"problems", {"plugins[timer].config.port: must be whole"}}});
    CHECK(sent["config"]["port"] == "eighty");
    CHECK(page.deck.says("× must be whole"));
    CHECK(page.deck.says("Not saved"));
    REQUIRE(page.deck.type("Port", "8080"));
    REQUIRE(page.deck.press("Save"));
    page.deck.settle();
    sent = page.answer("POST", 200, {{"saved", true}});
    CHECK(sent["config"]["port"] == 8080);
    CHECK(sent["config"]["host"] == "10.0.0.5");
    CHECK(page.deck.says("Saved; timer starts with it."));
}

TEST_CASE("waving a hand lights the lane; removing wants to be held") {
    SettingsDeck page;
    page.open();
    CHECK(page.deck.says("closed"));
    CHECK_FALSE(page.deck.says("blocked"));
    page.sources("blocked");
    CHECK(page.deck.says("blocked"));
    page.deck.host.sent.clear();
    REQUIRE(page.deck.press("Hold to remove"));
    for (const auto& each : page.deck.host.sent) CHECK(each.method == "GET");
    REQUIRE(page.deck.hold("Hold to remove", ui::Ui::kHoldUs + kSecondUs / 10));
    CHECK(page.answer("DELETE", 200, {{"removed", true}}) == "/api/sources/timer");
    CHECK(page.deck.says("timer is removed."));
}

TEST_CASE("the protocol is shown and can be kept as a file") {
    SettingsDeck page;
    page.open();
    auto& sent = page.deck.host.sent;
    page.deck.settle();
    page.deck.stage.app().on_sent("GET", "/api/sources/timer/log?after=0", 200,
                                  R"({"n":1,"time_us":0,"dir":"out","text":"info"})");
    sent.clear();
    page.local_us += 2 * kSecondUs;
    page.deck.settle();
    REQUIRE_FALSE(sent.empty());
    CHECK(sent.back().path == "/api/sources/timer/log?after=1");
    page.deck.settle();
    CHECK(page.deck.says("› info"));
    REQUIRE(page.deck.press("Download"));
    CHECK(page.deck.host.downloads.back() == "/api/sources/timer/log?download=1");
}

TEST_CASE("a spectator is told to log in") {
    Deck deck("settings");
    deck.hub.director = false;
    deck.page.greet();
    deck.hub.set_up();
    deck.news();
    deck.deck.settle();
    CHECK(deck.deck.says("Log in as race director"));
}

}  // namespace racehub::test
