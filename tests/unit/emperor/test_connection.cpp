// Settings, addresses, the HTTP around the websocket, and the hub's view of the race.

#include <catch2/catch.hpp>

#include "plugins/emperor/config.h"
#include "plugins/emperor/net/http.h"
#include "plugins/emperor/net/websocket.h"
#include "plugins/emperor/protocol/message.h"
#include "plugins/emperor/track_view.h"

using namespace racehub::emperor;

namespace {

std::string address(const std::string& url) {
    Address found;
    std::string problem;
    return read_address(url, found, problem) ? found.text() : "no: " + problem;
}

std::string refusal(const std::string& json_text) {
    Config config;
    std::string error;
    CHECK_FALSE(read_config(json_text, config, error));
    return error;
}

}  // namespace

TEST_CASE("Addresses are taken as people have them", "[emperor]") {
    const std::string path = "/api/race-control";
    CHECK(address("wss://club.emperorservers.com") == "wss://club.emperorservers.com" + path);
    CHECK(address("https://club.example/live-timing") == "wss://club.example" + path);
    CHECK(address("192.168.1.5") == "ws://192.168.1.5:8772" + path);
    CHECK(address("192.168.1.5:9000") == "ws://192.168.1.5:9000" + path);
    CHECK(address("ws://[::1]:8772/api/race-control") == "ws://[::1]:8772" + path);
    CHECK(address("http://proxy/ac/api/race-control#x") == "ws://proxy/ac" + path);
    CHECK(address("ws://h/x?token=1") == "ws://h/x?token=1");
    for (const char* url : {"", "ws://", "ftp://x", "ws://h:0", "ws://h:99999", "ws://h:x",
                            "ws://u:p@h", "ws://[::1", "ws://a b", "ws://h:80x"}) {
        INFO(url);
        CHECK(address(url).starts_with("no: "));
    }
}

TEST_CASE("Settings are checked with the key's name", "[emperor]") {
    Config config;
    std::string error;
    REQUIRE(
        read_config(R"({"url":"h","teams":[{"pattern":"*-YORK","team":"York","color":"#1CEDAF"}],
        "headers":[{"name":"X-A","value":"b"}]})",
                    config, error));
    CHECK(config.teams[0].team == "York");
    CHECK(refusal("[]").starts_with("the configuration"));
    CHECK(refusal("{}").starts_with("url "));
    CHECK(refusal(R"({"url":"h","teams":[{"pattern":""}]})").starts_with("teams[0].pattern "));
    CHECK(refusal(R"({"url":"h","teams":[{"pattern":"a","color":"red"}]})")
              .starts_with("teams[0].color "));
    CHECK(refusal(R"({"url":"h","cookie":"a\r\nX: y"})").starts_with("cookie "));
    CHECK(refusal(R"({"url":"h","headers":[{"name":"A b","value":""}]})")
              .starts_with("headers[0].name "));
    CHECK(refusal(R"({"url":"h","samples_hz":0})").starts_with("samples_hz "));
}

TEST_CASE("The websocket is asked for, and its answer checked", "[emperor]") {
    Config config;
    std::string error;
    REQUIRE(read_config(R"({"url":"ws://h:81/a b","cookie":"s=1"})", config, error) == false);
    REQUIRE(read_config(R"({"url":"ws://h:81","cookie":"s=1"})", config, error));
    const std::string request = upgrade_request(config, "dGhlIHNhbXBsZSBub25jZQ==");
    CHECK(request.starts_with("GET /api/race-control HTTP/1.1\r\nHost: h:81\r\n"));
    CHECK(request.find("Cookie: s=1\r\n") != std::string::npos);
    CHECK(request.find("Origin") == std::string::npos);
    bool for_good = false;
    // The example of RFC 6455.
    const std::string good =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    REQUIRE(head_end(good + "x") == good.size());
    CHECK(upgrade_problem(read_head(good), "dGhlIHNhbXBsZSBub25jZQ==", config, for_good).empty());
    CHECK_FALSE(upgrade_problem(read_head(good), "other", config, for_good).empty());
    CHECK_FALSE(for_good);
    upgrade_problem(read_head("HTTP/1.1 403 Forbidden\r\n\r\n"), "", config, for_good);
    CHECK(for_good);
    upgrade_problem(read_head("HTTP/1.1 502 Bad Gateway\r\n\r\n"), "", config, for_good);
    CHECK_FALSE(for_good);
    CHECK(websocket_key() != websocket_key());
    CHECK(encode_path("/content/tracks/my träck/map.png") ==
          "/content/tracks/my%20tr%C3%A4ck/map.png");
}

TEST_CASE("Frames say what they are", "[emperor]") {
    CHECK(read_frame("").empty);
    CHECK(read_frame("{").problem == "it is not JSON");
    CHECK(read_frame("[]").problem == "it has no EventType");
    CHECK(read_frame(R"({"EventType":"200"})").problem == "it has no EventType");
    CHECK(read_frame(R"({"EventType":200,"Message":4})").problem == "its Message is not an object");
    CHECK(read_frame(R"({"EventType":56,"Message":4})").known());
    CHECK_FALSE(read_frame(R"({"EventType":150,"Message":{}})").known());
    CHECK(read_frame(R"({"EventType":150,"Message":{}})").problem.empty());
    const Frame odd = read_frame(R"({"EventType":200,"Message":{"ConnectedDrivers":{"Drivers":
        {"1":{"CarInfo":{"CarID":-3,"DriverName":7},"Cars":{"m":{"NumLaps":-1,"BestLap":1e300,
        "LastLap":"x","LastLapCompletedTime":"0001-01-01T00:00:00Z"}},"Position":1e99}}}}})");
    const auto& driver = std::get<Snapshot>(odd.message).drivers.at(0);
    CHECK(driver.info.car_id == 0);
    CHECK(driver.info.driver == "7");
    CHECK(driver.position == 9'999);
    CHECK(driver.cars[0].laps == 0);
    CHECK(driver.cars[0].completed_us == 0);
    CHECK(driver.car() == &driver.cars[0]);
}

TEST_CASE("The hub's race is seen", "[emperor]") {
    TrackView view("league", "sim");
    const std::string armed = R"({"report":{"source":"league","report_id":"7-1"}})";
    CHECK_FALSE(view.fact("race.armed", "3", armed));
    CHECK(view.fact("race.aborted", "2", "{}"));  // another one
    CHECK(view.aborted().empty());
    CHECK(view.fact("race.aborted", "3", "{}"));
    CHECK(view.aborted() == "7-1");
    TrackView later("league", "sim");
    CHECK(later.snapshot(R"({"tracks":[{"id":"main"},{"id":"sim","race":{"race_id":"3",
        "phase":"aborted","report":{"source":"league","report_id":"7-1"}}}]})"));
    CHECK(later.aborted() == "7-1");
}
