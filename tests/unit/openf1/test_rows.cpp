// Dates and rows as the API writes them, with everything missing that can be.

#include <catch2/catch.hpp>

#include "plugins/openf1/instant.h"
#include "plugins/openf1/rows.h"

using namespace racehub::openf1;
using nlohmann::json;

TEST_CASE("Instants with and without fraction and zone", "[openf1]") {
    const Micros at_us = *parse_instant("2024-05-26T15:20:24+00:00");
    CHECK(at_us == 1'716'736'824'000'000);
    CHECK(parse_instant("2024-05-26T15:20:24.5+00:00") == at_us + 500'000);
    CHECK(parse_instant("2024-05-26T15:20:24.123456789Z") == at_us + 123'456);
    CHECK(parse_instant("2024-05-26T17:20:24+02:00") == at_us);
    CHECK(parse_instant("2024-05-26T15:20:24") == at_us);
    CHECK(format_instant(at_us + 1) == "2024-05-26T15:20:24.000001+00:00");
    for (const char* bad : {"", "2024", "2024-13-26T15:20:24", "2024-02-30T00:00:00", "x",
                            "2024-05-26T15:20:24.+00:00", "2024-05-26T15:20:24+0",
                            "0001-01-01T00:00:00Z", "2024-05-26T15:20:24+00:00 "}) {
        INFO(bad);
        CHECK_FALSE(parse_instant(bad));
    }
}

TEST_CASE("Gaps are times, laps, or not known", "[openf1]") {
    const auto gap = [](const json& value) { return read_gap({{"g", value}}, "g"); };
    CHECK(gap(20.801) == 20'801);
    CHECK(gap(0) == 0);
    CHECK(gap("+1 LAP") == -1);
    CHECK(gap("+12 LAPS") == -12);
    for (const json& none : {json(), json("LAP"), json("+0 LAP"), json("+1"), json(-3.5), json(1e9),
                             json(true), json::array(), json("+99999999999 LAPS")}) {
        INFO(none.dump());
        CHECK(gap(none) == kUnknownGap);
    }
}

TEST_CASE("A row needs who and when; all else may be missing", "[openf1]") {
    LapRow lap;
    CHECK(read_row(json::parse(R"({"driver_number":16,"lap_number":1,"date_start":null,
        "lap_duration":null,"segments_sector_1":[null,2049],"is_pit_out_lap":null})"),
                   lap));
    CHECK(lap.start_us == 0);
    CHECK(lap.lap_us == 0);
    CHECK(read_row(json::parse(R"({"driver_number":16,"lap_number":2,"lap_duration":74.165,
        "duration_sector_1":20.5,"date_start":"2024-05-26T13:44:00.121000+00:00"})"),
                   lap));
    CHECK(lap.lap_us == 74'165'000);
    CHECK(lap.sector_us[0] == 20'500'000);
    CHECK_FALSE(read_row(json::parse(R"({"driver_number":0,"lap_number":2})"), lap));
    CHECK_FALSE(read_row(json::parse(R"({"driver_number":"16","lap_number":2})"), lap));

    DriverRow driver;
    CHECK(read_row(json::parse(R"({"driver_number":4,"team_colour":"#FF8000"})"), driver));
    CHECK(driver.color == "#ff8000");
    CHECK(
        read_row(json::parse(R"({"driver_number":4,"team_colour":"red","full_name":7})"), driver));
    CHECK(driver.color.empty());
    CHECK(driver.name.empty());

    LocationRow place;
    const json where{{"date", "2024-05-26T13:44:00Z"}, {"driver_number", 1}, {"x", 0}, {"y", 0}};
    CHECK_FALSE(read_row(where, place));
    CarRow car;
    json figures = where;
    figures["brake"] = 104;
    CHECK(read_row(figures, car));
    CHECK(car.brake == 100);

    std::size_t unusable = 0;
    CHECK(read_rows<LapRow>(json::parse(R"([1,null,{"x":2},[]])"), unusable).empty());
    CHECK(unusable == 4);
    CHECK(read_rows<LapRow>(json(), unusable).empty());
}

TEST_CASE("Long names end between two characters", "[openf1]") {
    std::string name;
    for (int i = 0; i < 40; ++i) name += "\xc3\xab";
    DriverRow driver;
    CHECK(read_row({{"driver_number", 4}, {"full_name", name + "x"}}, driver));
    CHECK(driver.name == name.substr(0, 60));
    CHECK(read_row({{"driver_number", 4}, {"full_name", "x" + name}}, driver));
    CHECK(driver.name == ("x" + name).substr(0, 59));
}
