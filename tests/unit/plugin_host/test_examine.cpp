// "Test connection" and "discover", with plugins that crash, hang and answer nonsense; asking a
// running instance; what sources tell about their devices.
#include <fstream>

#include "tests/unit/plugin_host/rig.h"

using namespace racehub::plugin_host;
using nlohmann::json;

namespace {

json examined(Rig& rig, const std::string& what, const std::string& how,
              json config = json::object(), const std::string& library = "puppet") {
    if (!rig.host) rig.run({});
    if (!how.empty()) config["on_start"] = how;
    SourceConfig candidate;
    candidate.library = library;
    candidate.config = std::move(config);
    return rig.host->examine(what, std::move(candidate));
}

bool says(const json& answer, const std::string& part) {
    CAPTURE(answer.dump(), part);
    const bool found = answer.value("text", "").find(part) != std::string::npos;
    CHECK(answer.value("ok", true) == false);
    CHECK(found);
    return found;
}

std::vector<json> lines_of(const std::string& text) {
    std::vector<json> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        lines.push_back(json::parse(text.substr(at, end - at)));
        at = end + 1;
    }
    return lines;
}

}  // namespace

TEST_CASE("a plugin tests and discovers with candidate settings, defaults filled in") {
    Rig rig;
    const json tested = examined(rig, "test", "");
    CHECK(tested == json({{"ok", true}, {"text", "port 1883 answers"}}));
    CHECK(examined(rig, "test", "", {{"port", 5}})["text"] == "port 5 answers");
    CHECK(examined(rig, "discover", "").dump() ==
          R"({"found":[{"config":{"port":7},"label":"the one"}]})");
    CHECK(examined(rig, "test", "prints")["ok"] == true);
}

TEST_CASE("settings that do not fit are said, and the plugin is not asked") {
    Rig rig;
    const json answer = examined(rig, "test", "segv", {{"prot", 5}, {"port", 0}});
    says(answer, "config.p");
    CHECK(answer["problems"].size() == 2);
    says(examined(rig, "dance", ""), "has no \"dance\"");
    says(examined(rig, "test", "", json::object(), "nowhere"), "there is no \"nowhere.so\"");
    says(examined(rig, "test", "", json::object(), "older_tables"), "has no \"test\"");
}

TEST_CASE("a crash, a hang and an early end while examining are sentences") {
    Rig rig;
    rig.options.examine_limit_ms = 2'000;
    says(examined(rig, "test", "segv"), "crashed while it was looking (signal 11");
    says(examined(rig, "test", "abort"), "(signal 6");
    says(examined(rig, "test", "hang"), "no answer within 2 s");
    says(examined(rig, "test", "exit"), "of no use");
    says(examined(rig, "test", "throw"), "(signal 6");
    CHECK(examined(rig, "test", "")["ok"] == true);
}

TEST_CASE("bad answers are not passed on") {
    Rig rig;
    says(examined(rig, "test", "not_found"), "gave status 8");
    says(examined(rig, "test", "silent"), "gave no answer");
    for (const char* how : {"no_json", "shapeless", "too_long"}) {
        says(examined(rig, "test", how), "of no use");
        says(examined(rig, "discover", how), "of no use");
    }
    says(examined(rig, "discover", "nameless"), "without label or config");
    CHECK(examined(rig, "discover", "refused") == json({{"ok", false}, {"text", "no device"}}));
}

TEST_CASE("what an examination started ends with it") {
    Rig rig;
    rig.options.examine_limit_ms = 2'000;
    const json answer = examined(rig, "test", "orphan");
    REQUIRE(answer["ok"] == true);
    const auto pid = static_cast<pid_t>(std::stol(answer["text"].get<std::string>()));
    // Killed; some other process collects it.
    const auto until_us = monotonic_us() + 5'000'000;
    const auto runs = [&] {
        std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
        std::string number, name, state;
        return status >> number >> name >> state && state != "Z";
    };
    while (runs() && monotonic_us() < until_us) {
    }
    CHECK_FALSE(runs());
}

TEST_CASE("the C++ wrapper offers a class's examine") {
    Rig rig;
    CHECK(examined(rig, "test", "", json::object(), "wrapped") ==
          json({{"ok", true}, {"text", "all is well"}}));
    const json thrown = examined(rig, "test", "", {{"refuse", true}}, "wrapped");
    says(thrown, "the \"gate\" said \\xff?");
    says(examined(rig, "discover", "", json::object(), "wrapped"), "has no \"discover\"");
}

TEST_CASE("a running instance is asked, another is not") {
    Rig rig;
    SourceConfig off = source("puppet", "off");
    off.enabled = false;
    rig.run({source("puppet"), off});
    REQUIRE(rig.ready());
    CHECK(rig.host->ask("gates", "d\"bg", R"({"n":1})") == PluginHost::Asked::done);
    CHECK(rig.said(R"({"asked":{"what":"d\"bg","args":{"n":1}}})"));
    CHECK(rig.host->ask("off", "dbg", "{}") == PluginHost::Asked::not_running);
    CHECK(rig.host->ask("nobody", "dbg", "{}") == PluginHost::Asked::unknown);
    CHECK(rig.host->ask("gates", std::string(200, 'x'), "{}") == PluginHost::Asked::too_large);
}

TEST_CASE("any source may tell about its device; the log is kept, bounded and clean") {
    Rig rig;
    SourceConfig config = source("puppet");
    rig.run({config});
    REQUIRE(rig.ready());
    rig.hub.order("device");
    REQUIRE(rig.until([](const json& s) { return s.contains("sensed"); }));
    const json status = rig.status();
    CHECK(status["sensed"]["gate"] == "closed");
    CHECK(status["sensed"]["lanes"].dump() == R"([{"lane":2,"state":"blocked"}])");
    CHECK_FALSE(status["sensed"].contains("more"));
    CHECK(status["sensed"]["time_us"] > FakeHub::kOffsetUs);
    CHECK(status["counters"]["refused"] == 3);
    REQUIRE(rig.hub.samples().size() == 1);  // the protocol is not for everybody
    CHECK(rig.hub.samples().front().type == "device.sensed");

    const auto lines = lines_of(*rig.host->log_lines("gates", 0));
    std::vector<json> wire;
    for (const json& line : lines) {
        if (line["dir"] != "note") wire.push_back(line);
    }
    REQUIRE(wire.size() == 2);
    CHECK(wire[0]["dir"] == "out");
    CHECK(wire[0]["text"] == R"({"cmd":"info"})");
    CHECK(wire[1]["text"].get<std::string>().substr(0, 11) == "line break ");
    CHECK(wire[1]["text"].get<std::string>().size() == RH_MAX_LOGGED_BYTES);
    const std::uint64_t last = lines.back()["n"];
    CHECK(lines_of(*rig.host->log_lines("gates", last - 1)).size() == 1);
    CHECK(rig.host->log_lines("gates", last)->empty());
    CHECK_FALSE(rig.host->log_lines("nobody", 0));
}

TEST_CASE("binary bytes can be logged with the C++ wrapper") {
    Rig rig;
    rig.run({source("wrapped")});
    REQUIRE(rig.until_state("ok"));
    const std::string log = *rig.host->log_lines("gates", 0);
    CHECK(log.find(R"("text":"? binary \\xfe and \"quoted\"")") != std::string::npos);
}

TEST_CASE("a source's log keeps the newest lines") {
    SourceLog log;
    for (std::size_t i = 0; i < SourceLog::kMaxLines + 10; ++i) log.add(1, "in", "x");
    const auto lines = lines_of(log.json_lines(0));
    CHECK(lines.size() == SourceLog::kMaxLines);
    CHECK(lines.front()["n"] == 11);
    for (int i = 0; i < 200; ++i) log.add(1, "in", std::string(RH_MAX_LOGGED_BYTES, 'y'));
    CHECK(log.json_lines(0).size() < SourceLog::kMaxBytes * 2);
}
