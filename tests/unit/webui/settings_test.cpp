// Forms made from schemas, and what the race director does with sources, without a browser.

#include <catch2/catch.hpp>

#include "webui/model/source_desk.h"
#include "webui/model/source_light.h"

namespace racehub::test {
namespace {

using nlohmann::json;
using Kind = FormRow::Kind;

const json kSchema =
    json::parse(R"({"type":"object","required":["host"],"additionalProperties":false,"properties":{
    "host":{"type":"string","title":"Broker","description":"Name or address"},
    "port":{"type":"integer","minimum":1,"maximum":65535,"default":1883},
    "tls":{"type":"boolean","default":false},
    "mode":{"type":"string","enum":["fast","slow"],"default":"fast"},
    "password":{"type":"string","format":"secret"},
    "gates":{"type":"array","items":{"type":"object","required":["topic"],"properties":{
        "topic":{"type":"string"},"lane":{"type":"integer","default":1},
        "accept":{"type":"array","items":{"type":"string"}}}}}}})");

const FormRow* row(const SettingsForm& form, const std::string& path, Kind kind) {
    for (const FormRow& each : form.rows()) {
        if (each.path == path && each.kind == kind) return &each;
    }
    return nullptr;
}

/// A hub that answers what the desk asks.
struct DeskHub {
    SourceDesk desk;
    std::vector<SourceDesk::Request> asked;

    /// The only request since; answered.
    json answer(const std::string& method, const std::string& path, int status, const json& body) {
        asked = desk.take_requests();
        REQUIRE(asked.size() == 1);
        CHECK(asked[0].method == method);
        CHECK(asked[0].path == path);
        const json sent = asked[0].body.empty() ? json() : json::parse(asked[0].body);
        desk.on_answer(method, path, status,
                       body.is_string() ? body.get<std::string>() : body.dump());
        return sent;
    }
    void open() {
        desk.choose("gates");
        answer("GET", "/api/sources/gates/settings", 200,
               {{"library", "mqtt_gates"},
                {"name", "Gates"},
                {"track", "main"},
                {"enabled", true},
                {"tests", true},
                {"config_schema", kSchema},
                {"config", {{"host", "here"}, {"port", 1883}, {"password", "•••"}}}});
    }
};

}  // namespace

TEST_CASE("a form has a row for each key, needed ones first, groups last") {
    const SettingsForm form(kSchema, {{"gates", {{{"topic", "a"}, {"accept", {"x"}}}}}});
    std::vector<std::string> paths;
    for (const FormRow& each : form.rows()) {
        paths.push_back(each.path + (each.kind == Kind::add ? "+" : ""));
    }
    CHECK(paths == std::vector<std::string>{"host", "mode", "port", "password", "tls", "gates",
                                            "gates[0]", "gates[0].topic", "gates[0].lane",
                                            "gates[0].accept", "gates[0].accept[0]",
                                            "gates[0].accept[0]", "gates[0].accept+", "gates+"});
    const FormRow* host = row(form, "host", Kind::text);
    REQUIRE(host != nullptr);
    CHECK(host->label == "Broker");
    CHECK(host->required);
    const FormRow* port = row(form, "port", Kind::number);
    REQUIRE(port != nullptr);
    CHECK(port->value == "1883");
    CHECK(port->help == "1 to 65535");
    CHECK(row(form, "tls", Kind::flag)->value == "false");
    CHECK(row(form, "mode", Kind::choice)->options == std::vector<std::string>{"fast", "slow"});
    CHECK(row(form, "password", Kind::secret) != nullptr);
    CHECK(row(form, "gates[0].lane", Kind::number)->value == "1");
    CHECK_FALSE(form.changed());
}

TEST_CASE("what is typed becomes settings; defaults and empty texts are left out") {
    SettingsForm form(kSchema, json::object());
    CHECK(form.config().dump() == "{}");
    form.set("host", "broker");
    form.set("port", "1884");
    form.set("tls", "true");
    form.set("password", "x");
    form.add_item("gates");
    form.set("gates[0].topic", "a/b");
    form.add_item("gates[0].accept");
    form.set("gates[0].accept[0]", "YES");
    CHECK(
        form.config().dump() ==
        R"({"gates":[{"accept":["YES"],"lane":1,"topic":"a/b"}],"host":"broker","password":"x","port":1884,"tls":true})");
    form.set("port", "many");  // for the hub to refuse
    CHECK(form.config()["port"] == "many");
    form.set("port", "1883");
    form.set("password", "");
    form.remove_item("gates[0]");
    CHECK(form.config().dump() == R"({"host":"broker","tls":true})");
    form.set("nothing.like[7].this", "x");
    form.remove_item("gates[3]");
    CHECK(form.config().dump() == R"({"host":"broker","tls":true})");
}

TEST_CASE("a hidden secret stays hidden, or is typed anew") {
    SettingsForm form(kSchema, {{"password", "•••"}});
    CHECK(form.config()["password"] == "•••");
    form.set("password", "•••new");
    CHECK(form.config()["password"] == "new");
    form.set("password", "••");
    CHECK_FALSE(form.config().contains("password"));
}

TEST_CASE("messages stand beside their key") {
    SettingsForm form(kSchema, {{"gates", {{{"topic", "a"}}}}});
    const auto others = form.set_problems(
        {"plugins[gates].config.port: must be a whole number", "config.gates[0].topic: is missing",
         "plugins[gates].config.prot: unknown key", "plugins[gates].library: there is none"});
    CHECK(row(form, "port", Kind::number)->problem == "must be a whole number");
    CHECK(row(form, "gates[0].topic", Kind::text)->problem == "is missing");
    CHECK(others.size() == 2);
    form.set("port", "1");
    CHECK(row(form, "port", Kind::number)->problem.empty());
}

TEST_CASE("a source is opened, tested, saved and removed") {
    DeskHub hub;
    SourceDesk& desk = hub.desk;
    hub.open();
    CHECK(desk.known());
    CHECK_FALSE(desk.unsaved());
    CHECK(desk.plugin_name() == "Gates");

    desk.form().set("host", "there");
    CHECK(desk.unsaved());
    desk.test();
    CHECK(desk.busy());
    json sent = hub.answer("POST", "/api/plugins/examine", 200,
                           {{"ok", false}, {"text", "Nobody is there."}});
    CHECK(sent["what"] == "test");
    CHECK(sent["source"] == "gates");
    CHECK(sent["config"] == json({{"host", "there"}, {"password", "•••"}}));
    CHECK(desk.message() == "Nobody is there.");
    CHECK_FALSE(desk.message_good());

    desk.save();
    hub.answer("POST", "/api/sources/gates/settings", 422,
               {{"error", {{"message", "not valid"}}},
                {"problems", {"plugins[gates].config.host: is too short", "something else"}}});
    CHECK(row(desk.form(), "host", Kind::text)->problem == "is too short");
    CHECK(desk.problems() == std::vector<std::string>{"something else"});
    CHECK(desk.unsaved());
    desk.save();
    hub.answer("POST", "/api/sources/gates/settings", 200, {{"saved", true}});
    CHECK(desk.message() == "Saved; gates starts with it.");
    hub.answer("GET", "/api/sources/gates/settings", 200, {{"config", json::object()}});
    CHECK_FALSE(desk.unsaved());

    desk.ask("dbg");
    sent = hub.answer("POST", "/api/sources/gates/ask", 409,
                      {{"error", {{"message", "The source does not run."}}}});
    CHECK(sent["what"] == "dbg");
    CHECK(desk.message() == "The source does not run.");
    desk.restart();
    hub.answer("POST", "/api/sources/gates/enable", 0, "");
    CHECK(desk.message() == "The hub does not answer.");
    desk.remove();
    hub.answer("DELETE", "/api/sources/gates", 200, {{"removed", true}});
    CHECK(desk.mode() == SourceDesk::Mode::nothing);
}

TEST_CASE("a new source is made of a plugin, filled in by discovery") {
    DeskHub hub;
    SourceDesk& desk = hub.desk;
    desk.add();
    hub.answer("GET", "/api/plugins", 200,
               {{"plugins",
                 {{{"library", "track"},
                   {"id", "x.track"},
                   {"name", "Track Controller"},
                   {"discovers", true},
                   {"config_schema", kSchema}},
                  {{"library", "bad"}, {"problem", "crashes"}}}}});
    REQUIRE(desk.plugins().size() == 2);
    CHECK(desk.plugins()[1].problem == "crashes");
    desk.make_of(PluginChoice(desk.plugins()[0]), "main", {"track"});
    CHECK(desk.new_id == "track2");
    desk.discover();
    const json sent =
        hub.answer("POST", "/api/plugins/examine", 200,
                   {{"found", {{{"label", "on USB"}, {"config", {{"host", "usb"}}}}}}});
    CHECK_FALSE(sent.contains("source"));
    REQUIRE(desk.found().size() == 1);
    desk.use(FoundDevice(desk.found()[0]));
    CHECK(row(desk.form(), "host", Kind::text)->value == "usb");
    desk.new_id = "a b/c";
    desk.save();
    CHECK(desk.take_requests().empty());
    CHECK(desk.message().find("letters") != std::string::npos);
    desk.new_id = "usb";
    desk.save();
    CHECK(hub.answer("POST", "/api/sources/usb/settings", 200, {{"saved", true}})["library"] ==
          "track");
    CHECK(desk.source() == "usb");
    CHECK_FALSE(desk.is_new());
}

TEST_CASE("the protocol is asked for now and then, from where it was left") {
    DeskHub hub;
    SourceDesk& desk = hub.desk;
    hub.open();
    desk.listen(kSecondUs);
    desk.listen(kSecondUs);
    hub.answer("GET", "/api/sources/gates/log?after=0", 200,
               std::string(R"({"n":7,"time_us":5,"dir":"in","text":"a"})") + "\n" +
                   R"({"n":8,"time_us":6,"dir":"out","text":"b"})" + "\nnot json\n");
    REQUIRE(desk.lines().size() == 2);
    CHECK(desk.lines()[1].text == "b");
    desk.listen(kSecondUs + 1);
    CHECK(desk.take_requests().empty());
    desk.listen(3 * kSecondUs);
    hub.answer("GET", "/api/sources/gates/log?after=8", 200, std::string());
    desk.listen(5 * kSecondUs);
    hub.answer("GET", "/api/sources/gates/log?after=8", 401, std::string());
    // Another source's lines that come late are not shown.
    desk.listen(7 * kSecondUs);
    desk.take_requests();
    desk.choose("other");
    desk.on_answer("GET", "/api/sources/gates/log?after=8", 200, R"({"n":9,"text":"late"})");
    CHECK(desk.lines().empty());
}

TEST_CASE("answers of nonsense do no harm") {
    for (const char* body :
         {"", "[]", "5", "{", R"({"plugins":5,"found":{},"config":7,"problems":"x","text":1})"}) {
        DeskHub hub;
        hub.desk.choose("gates");
        hub.answer("GET", "/api/sources/gates/settings", 200, body);
        hub.desk.test();
        hub.answer("POST", "/api/plugins/examine", 200, body);
        hub.desk.save();
        hub.answer("POST", "/api/sources/gates/settings", 422, body);
        hub.desk.add();
        hub.answer("GET", "/api/plugins", 200, body);
        CHECK(hub.desk.plugins().empty());
    }
}

TEST_CASE("a source's light has a word") {
    SourceHealth source;
    const auto word = [&](const char* state, bool stale = false, TimeUs next_us = 0) {
        source.health = state;
        source.stale = stale;
        source.next_try_us = next_us;
        return source_light(&source, kSecondUs).word;
    };
    CHECK(word("ok") == "Connected");
    CHECK(word("ok", true) == "Silent");
    CHECK(word("failed", false, 5'500'000) == "Refused, next try in 5 s");
    CHECK(word("restarting", false, 500'000) == "Retrying");
    CHECK(word("degraded") == "Retrying");
    CHECK(word("unknown") == "Off");
    CHECK(source_light(nullptr, 0).word == "Not there yet");
}

}  // namespace racehub::test
