// What hand-helds get, byte for byte where the firmware wants it so.

#include <catch2/catch.hpp>

#include "plugins/openf1/cardputer.h"
#include "tests/unit/openf1/support.h"

using namespace racehub::openf1;
using namespace racehub::openf1::test;

namespace {

/// A chunk of a frame as the firmware reads it: fields id, x, y, pos.
struct Dot {
    int id, x, y, position;
};

/// Throws where the firmware would draw garbage.
std::vector<Dot> read_as_firmware(const std::string& frame, long& t_ms) {
    std::vector<std::string> chunks;
    std::stringstream stream(frame);
    for (std::string chunk; std::getline(stream, chunk, '|');) chunks.push_back(chunk);
    if (frame.find('|') == std::string::npos) return {};
    t_ms = std::stol(chunks.at(0));
    std::vector<Dot> dots;
    for (std::size_t i = 1; i < chunks.size(); ++i) {
        const auto commas = std::count(chunks[i].begin(), chunks[i].end(), ',');
        if (commas == 1) throw std::logic_error("garbage: " + chunks[i]);
        if (commas < 3) continue;
        Dot dot{};
        REQUIRE(std::sscanf(chunks[i].c_str(), "%d,%d,%d,%d", &dot.id, &dot.x, &dot.y,
                            &dot.position) == 4);
        dots.push_back(dot);
    }
    return dots;
}

}  // namespace

TEST_CASE("Frames of the recorded race are what the firmware reads", "[openf1][cardputer]") {
    NEED_RECORDED();
    TempFolder folder;
    const auto session = recorded_session(folder.path());
    FrameMaker frames(session);
    std::string text;
    long t_ms = 0;
    for (long t = 0; t < 470'000; t += 100) {
        text.clear();
        frames.frame(t, text);
        const auto dots = read_as_firmware(text, t_ms);
        REQUIRE(t_ms == t);
        REQUIRE(dots.size() == 4);
        for (const Dot& dot : dots) {
            CHECK(dot.position > 0);
            CHECK(dot.x < session->layout.max_x + 500);
        }
    }
    // Between two samples on the straight line, cut toward zero.
    const LocationColumns places = session->file->locations(1);
    const Micros middle_us = (places.time_us[1'000] + places.time_us[1'001]) / 2;
    const long at = static_cast<long>((middle_us - session->begin_us()) / 1'000);
    text.clear();
    frames.frame(at, text);
    const double x = (places.x[1'000] + places.x[1'001]) / 2.0;
    CHECK(std::abs(read_as_firmware(text, t_ms)[0].x - x) < 20);
    // Backwards, and beyond the end.
    text.clear();
    frames.frame(0, text);
    CHECK(read_as_firmware(text, t_ms).size() == 4);
    CHECK(text.substr(0, 2) == "0|");
    text.clear();
    frames.frame(frames.end_ms() + 12'345, text);
    CHECK(text.ends_with("|FINISHED"));
    CHECK(read_as_firmware(text, t_ms).size() == 4);
    CHECK(t_ms == frames.end_ms());
}

TEST_CASE("Files have the keys that the firmware wants, and are small", "[openf1][cardputer]") {
    NEED_RECORDED();
    TempFolder folder;
    const auto session = recorded_session(folder.path());
    const HandHeldFiles files(*session);
    for (const char* name : {"drivers", "track_layout", "race_metadata"}) {
        REQUIRE(files.find(name));
        CHECK(files.find(name)->size() <= kMaxHandHeldAnswer);
    }
    const json drivers = json::parse(*files.find("drivers"));
    CHECK(drivers.size() == 20);
    for (const json& driver : drivers) {
        CHECK(driver["driver_number"].is_number_integer());
        CHECK(driver["name_acronym"].get<std::string>().size() == 3);
        CHECK(driver["team_colour"].get<std::string>().size() == 6);
    }
    const json meta = json::parse(*files.find("race_metadata"));
    CHECK(meta["reference_start_time"] == "2024-05-26T13:43:40.121000+00:00");
    CHECK(meta["race_winner"] == 16);
    CHECK(meta["podium_drivers"] == json({16, 81, 55}));
    CHECK(meta["fastest_lap"]["driver_number"] == 44);
    CHECK(meta["fastest_lap"]["lap_number"] == 63);
    CHECK(meta["fastest_lap"]["lap_time"] == 74.165);
    CHECK_FALSE(files.find("laps"));
}

TEST_CASE("The layout is drawn from the fastest lap", "[openf1][cardputer]") {
    NEED_RECORDED();
    TempFolder folder;
    FakeApi api = FakeApi::recorded();
    const json lap = json::parse(file_text(kRecorded / "location_44_lap_63.json"));
    json& places = api.tables["location"];
    places.insert(places.end(), lap.begin(), lap.end());
    std::string error;
    const auto session = load_session(build(api, folder.path()).path, error);
    REQUIRE(session);
    CHECK(session->layout.path.size() == 77);
    REQUIRE(session->layout.sectors.size() == 3);
    CHECK(session->layout.min_x == -7'671);
    const json layout = json::parse(*HandHeldFiles(*session).find("track_layout"));
    CHECK(layout["track_path"].size() == 77);
    CHECK(layout["track_path"][0].size() == 2);
    CHECK(layout["bounds"]["min_x"] == -7'671);
    CHECK(layout["sector_points"][1]["id"] == "Sector 1 End");
}

TEST_CASE("An empty session divides nothing by zero", "[openf1][cardputer]") {
    TempFolder folder;
    FakeApi api;
    api.tables["sessions"] = {{{"session_key", 5}, {"date_start", "2024-06-01T13:00:00Z"}}};
    std::string error;
    const auto session = load_session(build(api, folder.path(), {5, 0, {}, "Race"}).path, error);
    REQUIRE(session);
    const HandHeldFiles files(*session);
    const json bounds = json::parse(*files.find("track_layout"))["bounds"];
    CHECK(bounds["max_x"].get<int>() > bounds["min_x"].get<int>());
    CHECK(bounds["max_y"].get<int>() > bounds["min_y"].get<int>());
    CHECK(json::parse(*files.find("race_metadata"))["fastest_lap"] == json::object());
    FrameMaker frames(session);
    std::string text;
    frames.frame(0, text);
    CHECK(text.substr(0, 1) == "0");
}

TEST_CASE("Requests, paths and the handshake", "[openf1][cardputer]") {
    HandHeldRequest request;
    REQUIRE(
        read_request("GET /ws/9523 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nupgrade: "
                     "WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Protocol: arduino\r\nOrigin: file://\r\n\r\n",
                     request));
    CHECK(request.path == "/ws/9523");
    const std::string shake = websocket_handshake(request.websocket_key);
    CHECK(shake.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
          std::string::npos);
    CHECK(shake.find("\r\nConnection: Upgrade\r\n") != std::string::npos);
    CHECK(read_path("/session/9523/drivers")->file == "drivers");
    CHECK(read_path("/session/9523/drivers.json")->file == "drivers");
    CHECK(read_path("/session/9523/drivers?x=1")->session == 9'523);
    CHECK(read_path("/ws/9523")->file.empty());
    for (const char* bad : {"/", "/ws/", "/ws/x", "/session/9523", "/session/9523/", "/ws/9523/x",
                            "/session/-1/drivers", "/session/99999999999999999999/drivers"}) {
        INFO(bad);
        CHECK_FALSE(read_path(bad));
    }
    CHECK_FALSE(read_request("nonsense", request));
    CHECK_FALSE(read_request("GET /\r\n", request));
    CHECK(websocket_frame(1, std::string(300, 'x')).size() == 304);
}
