// Sources put, changed and removed while the hub runs.
#include "hub/plugin_host/config_schema.h"
#include "tests/unit/plugin_host/rig.h"

using namespace racehub::plugin_host;
using nlohmann::json;

namespace {

SourceConfig on_port(int port, const std::string& id = "gates") {
    SourceConfig config = source("puppet", id);
    config.config["port"] = port;
    return config;
}

json settled(Rig& rig, int port) {
    rig.until([&](const json& s) {
        return !s.is_null() && s["state"] == "ok" && s["config"]["port"] == port;
    });
    return rig.status();
}

}  // namespace

TEST_CASE("a source is put, changed, switched off and removed while others run") {
    Rig rig;
    rig.run({source("wrapped", "other")});
    REQUIRE(rig.until_state("ok", "other"));
    const json other = rig.status("other");

    CHECK(rig.host->put(on_port(1)).empty());
    const json first = settled(rig, 1);
    CHECK(rig.said("\"started\""));
    CHECK(rig.host->put(on_port(2)).empty());
    REQUIRE(
        rig.until([&](const json& s) { return s["state"] == "ok" && s["pid"] != first["pid"]; }));
    CHECK(settled(rig, 2)["config"]["port"] == 2);
    CHECK(rig.host->inspected("gates")->given == json({{"port", 2}}));

    SourceConfig off = on_port(2);
    off.enabled = false;
    CHECK(rig.host->put(off).empty());
    CHECK(rig.until([](const json& s) { return s["running"] == false; }));
    CHECK(rig.status()["text"] == "switched off in its settings");
    CHECK(rig.host->restart("gates"));
    CHECK(rig.until_state("ok"));

    CHECK(rig.host->remove("gates"));
    CHECK_FALSE(rig.host->remove("gates"));
    CHECK(rig.status().is_null());
    CHECK(rig.host->ask("gates", "dbg", "{}") == PluginHost::Asked::unknown);
    CHECK(rig.host->put(on_port(3)).empty());
    CHECK(settled(rig, 3)["state"] == "ok");
    CHECK(rig.status("other")["pid"] == other["pid"]);
}

TEST_CASE("what has problems is not put, and what runs goes on") {
    Rig rig;
    rig.run({on_port(1), source("wrapped", "only")});
    REQUIRE(rig.until_state("ok"));
    const json before = rig.status();
    const auto problems = rig.host->put(on_port(99'999));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("plugins[gates].config.port: ") == 0);
    CHECK(rig.host->put(source("nowhere", "new")).size() == 1);
    CHECK(rig.host->put(source("wrapped", "second"))[0].find("can run only once") !=
          std::string::npos);
    CHECK(rig.host->put(source("puppet", "a b"))[0].find(".id: must be") != std::string::npos);
    CHECK(rig.status("new").is_null());
    CHECK(rig.status()["pid"] == before["pid"]);
    CHECK(rig.status()["config"]["port"] == 1);
}

TEST_CASE("there is an end to adding and removing") {
    Rig rig;
    rig.run({});
    std::vector<std::string> problems;
    int count = 0;
    for (; count < 1'000 && problems.empty(); ++count) {
        SourceConfig config = source("puppet", "s" + std::to_string(count));
        config.enabled = false;
        problems = rig.host->put(config);
        rig.host->remove(config.id);
    }
    CHECK(count == 257);
    REQUIRE_FALSE(problems.empty());
    CHECK(problems[0].find("restart the hub") != std::string::npos);
}

TEST_CASE("the plugin folders are listed with schemas, and what is no plugin with its problem") {
    Rig rig;
    rig.run({});
    std::map<std::string, json> found;
    for (const json& plugin : rig.host->plugins()) found[plugin["library"]] = plugin;
    CHECK(found["puppet"]["config_schema"]["properties"]["port"]["default"] == 1883);
    CHECK(found["puppet"]["tests"] == true);
    CHECK(found["wrapped"]["discovers"] == false);
    CHECK(found["bad_no_plugins"]["problem"].get<std::string>().find("0 plugins") !=
          std::string::npos);
}

TEST_CASE("secrets leave hidden and come back whole") {
    const json schema = json::parse(R"({"type":"object","additionalProperties":false,"properties":{
        "password":{"type":"string","format":"secret"},"host":{"type":"string"},
        "list":{"type":"array","items":{"type":"object","properties":{
            "key":{"type":"string","format":"secret"}}}}}})");
    const json stored = json::parse(
        R"({"password":"p","host":"h","list":[{"key":"1"},{"key":"2"}],"pasword":"oops"})");
    const json shown = without_secrets(schema, stored);
    CHECK(shown.dump() == R"({"host":"h","list":[{"key":"•••"},{"key":"•••"}],"password":"•••"})");
    json back = with_secrets(schema, shown, stored);
    CHECK(back["password"] == "p");
    CHECK(back["list"][1]["key"] == "2");
    json changed = shown;
    changed["password"] = "new";
    changed["list"].erase(0);
    back = with_secrets(schema, changed, stored);
    CHECK(back["password"] == "new");
    CHECK(back["list"][0]["key"] == "");
    CHECK(with_secrets(schema, shown, json())["password"] == "");
}
