// Plugin files that are none, and tables of another age.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "hub/plugin_host/plugin_file.h"
#include "tests/unit/plugin_host/rig.h"

using namespace racehub::plugin_host;
using nlohmann::json;

namespace {

std::string problem_of(const std::string& path) {
    Prober prober(HOST_PROGRAM);
    const json answer = json::parse(prober.probe(path));
    CHECK(answer["ok"] == false);
    return answer.value("error", "");
}

std::string written(const std::string& name, const std::string& bytes) {
    const std::string path = std::string(FIXTURE_DIR) + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

bool contains(const std::string& text, const std::string& part) {
    CAPTURE(text, part);
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each bad file is refused with a sentence that names it") {
    const std::pair<std::string, std::string> cases[] = {
        {"bad_missing_symbol",
         "is not a RaceHub plugin: it has no function racehub_plugin_entry_v1"},
        {"bad_newer_major_symbol",
         "was built for version 2 of the plugin interface, this hub knows version 1"},
        {"bad_wrong_major",
         "was built for version 2 of the plugin interface, this hub knows version 1"},
        {"bad_short_entry", "gave an entry that is too short"},
        {"bad_no_plugins", "says it has 0 plugins; 1 to 32 are possible"},
        {"bad_crash_on_load", "crashes while it is loaded (signal 6, Aborted)"},
        {"bad_exit_on_load", "ended the probe early"},
        {"bad_undefined_symbol", "undefined symbol: nobody_defines_this"},
        {"bad_bad_schema", "schema.properties.port.pattern: is not among the keywords"},
        {"bad_no_id", "descriptor 0 lacks id, name or version"},
        {"bad_short_descriptor", "descriptor 0 is too short"}};
    for (const auto& [name, words] : cases) {
        const std::string problem = problem_of(fixture(name));
        contains(problem, fixture(name));
        contains(problem, words);
    }
}

TEST_CASE("what is no library is refused, too") {
    contains(problem_of(written("text.so", "hello, I am a plugin\n")), "is not a shared library");
    contains(problem_of(written("empty.so", "")), "is not a shared library");
    contains(problem_of("/nowhere/at/all.so"), "cannot be opened: No such file");
    contains(problem_of("/tmp"), "is not a file");
    CHECK_FALSE(problem_of(HOST_PROGRAM).empty());
    std::ifstream good(fixture("puppet"), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(good)), std::istreambuf_iterator<char>());
    CHECK_FALSE(problem_of(written("cut.so", bytes.substr(0, 2'000))).empty());
    bytes[18] = 8;  // e_machine: MIPS
    contains(problem_of(written("foreign.so", bytes)), "another kind of processor");
}

TEST_CASE("a file that hangs while it is loaded is given up") {
    Prober prober(HOST_PROGRAM, 200);
    contains(prober.probe(fixture("bad_hang_on_load")), "does not finish loading");
}

TEST_CASE("an answer is remembered until the file changes") {
    Prober prober(HOST_PROGRAM);
    const std::string path = written("changing.so", "text");
    CHECK(json::parse(prober.probe(path))["ok"] == false);
    std::ifstream good(fixture("puppet"), std::ios::binary);
    std::ofstream(path, std::ios::binary) << good.rdbuf();
    CHECK(json::parse(prober.probe(path))["plugins"][0]["id"] == "org.racehub.test.puppet");
    const auto start = monotonic_us();
    prober.probe(path);
    CHECK(monotonic_us() - start < 2'000);
    std::remove(path.c_str());
    CHECK(json::parse(prober.probe(path))["ok"] == false);
}

TEST_CASE("sources with problems are shown, the others run") {
    Rig rig;
    SourceConfig bad_config = source("puppet", "typo");
    bad_config.config = {{"pasword", "hunter2"}, {"port", "abc"}};
    SourceConfig singleton = source("wrapped", "one");
    SourceConfig second = source("wrapped", "two");
    SourceConfig lost = source("puppet", "lost");
    lost.library = "nowhere";
    SourceConfig off = source("puppet", "off");
    off.enabled = false;
    SourceConfig odd = source("puppet", "bad id!");
    const auto problems = rig.run({source("puppet"), bad_config, singleton, second, lost, off, odd,
                                   source("bad_wrong_major", "old"), source("puppet")});
    REQUIRE(problems.size() == 7);
    CHECK(problems[0] == "plugins[typo].config.pasword: unknown key; did you mean \"password\"?");
    CHECK(problems[1] ==
          "plugins[typo].config.port: must be an integer from 1 to 65535, not \"abc\"");
    CHECK(problems[2] == "plugins[two].library: Wrapped can run only once in a hub");
    CHECK(problems[3] == "plugins[lost].library: there is no \"nowhere.so\" in " FIXTURE_DIR);
    contains(problems[4], "plugins[bad id!].id: must be of letters");
    contains(problems[5],
             "plugins[old].library: " + fixture("bad_wrong_major") + " was built for version 2");
    CHECK(problems[6] == "plugins[gates].id: is used twice; each plugin instance needs its own");
    REQUIRE(rig.ready());
    CHECK(rig.status("typo")["state"] == "failed");
    CHECK(rig.status("off")["text"] == "switched off in its settings");
    CHECK(rig.host->sources_json().find("hunter2") == std::string::npos);
    CHECK(rig.until_state("ok", "one"));
}

TEST_CASE("a library is found by its name in the plugin folders") {
    Rig rig;
    SourceConfig config = source("puppet");
    config.library = "puppet";
    CHECK(rig.run({config}).empty());
    CHECK(rig.ready());
}

TEST_CASE("a file that was replaced is read again at a restart by hand") {
    namespace fs = std::filesystem;
    const fs::path path = fs::path(FIXTURE_DIR) / "replaced.so";
    const auto put =
        [&](const char* name) {  // as a package manager does: never into the mapped file
            const fs::path fresh = path.string() + ".new";
            fs::copy_file(fixture(name), fresh, fs::copy_options::overwrite_existing);
            fs::rename(fresh, path);
        };
    put("puppet");
    Rig rig;
    SourceConfig config = source("puppet");
    config.library = path.string();
    rig.run({config});
    REQUIRE(rig.ready());
    put("newer_tables");
    CHECK(rig.host->restart("gates"));
    REQUIRE(rig.until([](const json& s) { return s["text"] == "fits"; }));
    CHECK(rig.status()["plugin"] == "org.racehub.test.tables");
    put("bad_wrong_major");
    CHECK(rig.host->restart("gates"));
    REQUIRE(rig.until_state("failed"));
    contains(rig.status()["text"], "was built for version 2");
    REQUIRE(rig.until([](const json& s) { return s["running"] == false; }));
}

TEST_CASE("a secret is neither shown nor logged") {
    Rig rig;
    SourceConfig config = source("puppet");
    config.config = {{"password", "hunter2"}, {"on_start", "fail"}};
    rig.run({config});
    REQUIRE(rig.until_state("failed"));
    CHECK(rig.host->sources_json().find("hunter2") == std::string::npos);
    CHECK(rig.status()["config"]["password"] == "•••");
    CHECK(rig.lines_with("hunter2") == 0);
}

TEST_CASE("a plugin without instance or stop fails to start") {
    Rig rig;
    rig.run({source("bad_no_table", "null"), source("bad_no_stop", "stopless")});
    CHECK(rig.logged("null: create gave no instance; next try in 1 s"));
    CHECK(rig.logged("stopless: its table lacks start, stop or destroy; next try in 1 s"));
}

TEST_CASE("older and newer tables fit") {
    Rig rig;
    rig.run({source("newer_tables", "newer"), source("older_tables", "older")});
    CHECK(rig.until([](const json& s) { return s["text"] == "fits"; }, "newer"));
    CHECK(rig.until([](const json& s) { return s["text"] == "fits"; }, "older"));
    rig.hub.tell("lap.completed", "{}");  // the older one has no on_event
    rig.host->stop();
    CHECK(rig.status("newer")["counters"]["crashes"] == 0);
    CHECK(rig.status("older")["counters"]["crashes"] == 0);
}

TEST_CASE("a plugin sees that an older host lacks a function") {
    PluginFile file;
    std::string error;
    REQUIRE(file.open(fixture("newer_tables"), error));
    static rh_health health = 0;
    rh_host host{};
    host.struct_size = offsetof(rh_host, wake);
    host.set_health = [](void*, rh_health given, rh_str) { health = given; };
    const rh_plugin* plugin = file.create(0, &host, error);
    REQUIRE(plugin);
    CHECK(plugin->start(plugin->self, rh_text("{}")) == RH_OK);
    CHECK(health == RH_HEALTH_DEGRADED);
    plugin->stop(plugin->self);
    plugin->destroy(plugin->self);
}
