#include "webui/model/format.h"

#include <catch2/catch.hpp>

using namespace racehub;

TEST_CASE("lap times are cut to milliseconds, never rounded up", "[webui][format]") {
    CHECK(format_lap(0) == "–");
    CHECK(format_lap(9'999'999) == "9.999");
    CHECK(format_lap(62'345'000) == "1:02.345");
    CHECK(format_lap(3'662'345'000) == "1:01:02.345");
    CHECK(format_running(12'399'999) == "12.3");
    CHECK(format_running(-5) == "0.0");
}

TEST_CASE("a countdown shows 0:00 only when time is over", "[webui][format]") {
    CHECK(format_countdown(1) == "0:01");
    CHECK(format_countdown(60 * kSecondUs) == "1:00");
    CHECK(format_countdown(60 * kSecondUs + 1) == "1:01");
    CHECK(format_countdown(0) == "0:00");
    CHECK(format_countdown(-3) == "0:00");
    CHECK(format_clock(59'999'999) == "0:59");
    CHECK(format_clock(-1) == "-0:01");
}

TEST_CASE("gaps, ages and durations read as people say them", "[webui][format]") {
    CHECK(format_gap(0, 1'234'567) == "+1.234");
    CHECK(format_gap(2, 1) == "+2 L");
    CHECK(format_age(999'999) == "now");
    CHECK(format_age(4'900'000) == "4 s");
    CHECK(format_age(720 * kSecondUs) == "12 min");
    CHECK(format_duration(5 * kSecondUs) == "5 s");
    CHECK(format_duration(400'000) == "0.4 s");
    CHECK(format_duration(90 * kSecondUs) == "1 min 30 s");
    CHECK(format_duration(300 * kSecondUs) == "5 min");
    CHECK(format_duration(0) == "0 s");
    CHECK(format_count(1, "lap", "laps") == "1 lap");
}

TEST_CASE("a typed duration is read or refused, never guessed", "[webui][format]") {
    TimeUs us = -1;
    CHECK((parse_duration("90", us) && us == 90 * kSecondUs));
    CHECK((parse_duration("12.5", us) && us == 12'500'000));
    CHECK((parse_duration("12,5", us) && us == 12'500'000));
    CHECK((parse_duration("1:02.345678", us) && us == 62'345'678));
    CHECK((parse_duration("1:00:00", us) && us == kHourUs));
    for (const char* bad : {"", "abc", "1:", "-5", "1.2.3", "5 s", ":", ".", "12345678901",
                            "9999:99:99", "1:1:1:1:1:1:1:1:1:1:1:1"}) {
        INFO(bad);
        us = -1;
        CHECK_FALSE(parse_duration(bad, us));
        CHECK(us == -1);
    }
}
