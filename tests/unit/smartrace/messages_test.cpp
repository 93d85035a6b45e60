#include "plugins/smartrace/protocol/messages.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plugins/smartrace/protocol/css_color.h"

using namespace racehub::smartrace;
using nlohmann::json;

namespace {

SensorSays says(std::string_view text) { return read_sensor_message(text).says; }

}  // namespace

TEST_CASE("a sensor's messages are read, however they are spaced", "[messages]") {
    CHECK(says(R"({"type":"api_version"})") == SensorSays::api_version);
    const auto set =
        read_sensor_message(R"({"type": "controller_set", "data": {"controller_id": "Z"}})");
    CHECK(set.says == SensorSays::controller_set);
    CHECK(set.word == "Z");
    const auto lap = read_sensor_message(
        R"({"type":"analog_lap","data":{"timestamp":1722773108999,"controller_id":2}})");
    CHECK(lap.says == SensorSays::lap);
    CHECK(lap.controller == 2);
    CHECK(lap.timestamp_ms == 1'722'773'108'999);
    CHECK(says(R"({"type":"analog_pit_enter","data":{"controller_id":2}})") ==
          SensorSays::pit_enter);
    CHECK(says(R"({"type":"analog_pit_leave","data":{"controller_id":2}})") ==
          SensorSays::pit_leave);
    CHECK(read_sensor_message(R"({"type":"race_control","data":{"value":"start"}})").word ==
          "start");
    CHECK(says(R"({"type":"weather","data":7})") == SensorSays::other);
}

TEST_CASE("numbers may come as texts and with a fraction", "[messages]") {
    const auto lap = read_sensor_message(
        R"({"type":"analog_lap","data":{"timestamp":"2027146","controller_id":"1"}})");
    CHECK(lap.controller == 1);
    CHECK(lap.timestamp_ms == 2'027'146);
    CHECK(
        read_sensor_message(R"({"type":"analog_lap","data":{"timestamp":12.6,"controller_id":1}})")
            .timestamp_ms == 13);
}

TEST_CASE("what is no message says what is wrong with it", "[messages]") {
    for (const char* text :
         {"", "{", "[]", "null", "7", R"({"type":5})", R"({"data":{}})", R"({"type":"analog_lap"})",
          R"({"type":"analog_lap","data":[]})",
          R"({"type":"analog_lap","data":{"controller_id":1}})",
          R"({"type":"analog_lap","data":{"controller_id":1,"timestamp":-5}})",
          R"({"type":"analog_lap","data":{"controller_id":1,"timestamp":1e300}})",
          R"({"type":"analog_lap","data":{"controller_id":1,"timestamp":18446744073709551615}})",
          R"({"type":"analog_lap","data":{"controller_id":"1x","timestamp":5}})",
          R"({"type":"analog_pit_enter","data":{"controller_id":null}})", "{\"type\":\"\xff\"}"}) {
        CAPTURE(text);
        const auto message = read_sensor_message(text);
        CHECK(message.says == SensorSays::bad);
        CHECK_FALSE(message.problem.empty());
    }
}

TEST_CASE("the greeting is three messages in the app's order", "[messages]") {
    const auto told = greeting({{2, true, "Zoë \"Z\"", "Mini", "#000080"}}, 7);
    REQUIRE(told.size() == 3);
    const json names = json::parse(told[0]);
    CHECK(names["type"] == "update_controller_data");
    CHECK(names["data"].size() == 6);
    CHECK(names["data"]["2"] == json::parse(R"j({"color":"rgb(255, 255, 255)",
        "backgroundColor":"rgb(0, 0, 128)","driver":"Zoë \"Z\"","car":"Mini"})j"));
    CHECK(names["data"]["1"]["backgroundColor"] == "rgb(188, 195, 188)");
    CHECK(told[1] == R"({"type":"update_server_info","data":{"is_subscribed":false}})");
    CHECK(told[2] == R"({"type":"api_version","data":{"api_version":7}})");
    CHECK_FALSE(json::parse(greeting({}, 6)[0])["data"]["1"].contains("car"));
    CHECK(json::parse(greeting({{8, true, "A", "", ""}}, 7)[0])["data"].size() == 8);
    // A Pico has a few kilobytes for it.
    std::vector<Slot> full;
    for (int i = 1; i <= 8; ++i) {
        full.push_back({i, true, std::string(64, 'd'), std::string(64, 'c'), "#ffffff"});
    }
    CHECK(greeting(full, 7)[0].size() < 2'500);
}

TEST_CASE("what the app tells of controllers is read without trusting its language", "[messages]") {
    const auto told = read_app_message(R"j({"type":"update_controller_data","data":{
        "1":{"color":"rgb(0, 0, 0)","backgroundColor":"rgb(28, 237, 175)","driver":"Gigi","car":"BMW M4"},
        "2":{"color":"black","backgroundColor":"rgb(254, 249, 17)","driver":"Gigi","car":"Non assegnato"},
        "3":{"color":"rgb(0, 0, 0)","backgroundColor":"rgb(188, 195, 188)","driver":"Non assegnato","car":"Non assegnato"},
        "x":{"driver":"nobody"},"9":{"driver":"nobody"},"4":7}})j");
    REQUIRE(told.says == AppSays::controllers);
    REQUIRE(told.slots.size() == 3);
    CHECK(told.slots[0] == Slot{1, true, "Gigi", "BMW M4", "#1cedaf"});
    CHECK(told.slots[1] == Slot{2, true, "Gigi", "", "#fef911"});
    CHECK(told.slots[2] == Slot{3, false, "", "", ""});

    const auto old = read_app_message(R"j({"type":"update_controller_data","data":{
        "1":{"backgroundColor":"rgb(28, 237, 175)","driver":"Gigi"},
        "2":{"backgroundColor":"rgb(188, 195, 188)","driver":"Non assegnato"}}})j");
    CHECK(old.slots[0].assigned);
    CHECK_FALSE(old.slots[1].assigned);

    CHECK(read_app_message(R"({"type":"api_version","data":{"api_version":7}})").api_version == 7);
    CHECK(read_app_message(R"({"type":"update_server_info","data":{}})").says ==
          AppSays::server_info);
    CHECK(read_app_message(R"({"type":"vsc","data":{}})").says == AppSays::other);
    CHECK(read_app_message(R"({"type":"update_controller_data","data":[]})").says == AppSays::bad);
    CHECK(read_app_message("?").says == AppSays::bad);
}

TEST_CASE("what we say as a sensor is what sensors say", "[messages]") {
    CHECK(lap_text(2, 1'722'773'108'999) ==
          R"({"type":"analog_lap","data":{"timestamp":1722773108999,"controller_id":2}})");
    CHECK(pit_text(2, true) == R"({"type":"analog_pit_enter","data":{"controller_id":2}})");
    CHECK(pit_text(2, false) == R"({"type":"analog_pit_leave","data":{"controller_id":2}})");
    CHECK(register_text() == R"({"type":"controller_set","data":{"controller_id":"Z"}})");
}

TEST_CASE("colours of style sheets", "[color]") {
    CHECK(to_hex("rgb(28, 237, 175)") == "#1cedaf");
    CHECK(to_hex("rgba(28,237,175,0.5)") == "#1cedaf");
    CHECK(to_hex("black") == "#000000");
    CHECK(to_hex("#abc") == "#aabbcc");
    CHECK(to_hex("#A0b1C2") == "#a0b1c2");
    for (const char* bad : {"", "rgb", "rgb(", "rgb()", "rgb(1,2)", "rgb(1,2,300)", "rgb(-1,2,3)",
                            "#12", "#12345g", "#", "rgb(1, 2, 3", "papaya"}) {
        CAPTURE(bad);
        CHECK(to_hex(bad).empty());
    }
    CHECK(to_rgb("#1cedaf") == "rgb(28, 237, 175)");
    CHECK(to_rgb("") == "rgb(188, 195, 188)");
    CHECK(text_color_on("#000080") == "rgb(255, 255, 255)");
    CHECK(text_color_on("#ffff00") == "rgb(0, 0, 0)");
}
