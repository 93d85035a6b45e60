// Instants, texts, names and patterns.

#include <catch2/catch.hpp>

#include "plugins/emperor/fold/drivers.h"
#include "plugins/emperor/protocol/values.h"

using namespace racehub::emperor;

TEST_CASE("Instants are read as Go writes them", "[emperor]") {
    CHECK(instant_us("1970-01-01T00:00:00Z") == 0);
    CHECK(instant_us("1970-01-01T00:00:01Z") == 1'000'000);
    CHECK(instant_us("2026-11-21T01:09:35.879648297Z") == 1'795'223'375'879'648);
    CHECK(instant_us("2026-11-21T01:09:35.8Z") == 1'795'223'375'800'000);
    CHECK(instant_us("2026-11-21T03:09:35+02:00") == 1'795'223'375'000'000);
    CHECK(instant_us("2026-11-20T20:39:35-04:30") == 1'795'223'375'000'000);
    CHECK(instant_us("2024-02-29T00:00:00Z") == 1'709'164'800'000'000);
    SECTION("never and nonsense are no instants") {
        for (const char* text :
             {"0001-01-01T00:00:00Z", "", "2026-11-21", "2026-13-01T00:00:00Z",
              "2026-11-21T01:09:35", "2026-11-21T01:09:35.Z1", "9999-12-31T23:59:59Z",
              "1969-12-31T23:59:59Z", "2026-11-21T25:00:00Z", "2026-11-21T01:09:35+2:00"}) {
            INFO(text);
            CHECK(instant_us(text) == 0);
        }
    }
}

TEST_CASE("Texts are cut between characters", "[emperor]") {
    CHECK(tidy_text("  Zoë\t\n", 64) == "Zoë");
    CHECK(tidy_text("Zoë", 3) == "Zo");
    CHECK(tidy_text("a\xFF"
                    "b",
                    64) ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(tidy_text("\xF0\x9F\x8F\x81", 3).empty());
    CHECK(tidy_text(std::string("a\0b", 3), 64) == "a b");
}

TEST_CASE("A shortened name is known for what it is", "[emperor]") {
    CHECK(is_short_for("Joseph E.", "Joseph Elton"));
    CHECK(is_short_for("Zoë \xEF\xBF\xBD.", "Zoë Ångström"));
    CHECK_FALSE(is_short_for("Zoë \xEF\xBF\xBD.", "Zoë Angstrom"));
    CHECK_FALSE(is_short_for("Joseph F.", "Joseph Elton"));
    CHECK_FALSE(is_short_for("Joseph Elton", "Joseph Elton"));
    CHECK_FALSE(is_short_for("Joseph Elton Jr.", "Joseph Elton"));
    CHECK_FALSE(is_short_for(".", "Joseph Elton"));
}

TEST_CASE("Names become whole and stay so", "[emperor]") {
    NameBook names;
    CHECK(names.learn("1", "Joseph E.") == "Joseph E.");
    CHECK(names.learn("1", "Joseph Elton-YORK") == "Joseph Elton-YORK");
    CHECK(names.learn("1", "Joseph E.") == "Joseph Elton-YORK");
    CHECK(names.learn("1", "") == "Joseph Elton-YORK");
    CHECK(names.learn("1", "Joe") == "Joe");  // the driver took another name
    CHECK(names.learn("", "Somebody") == "Somebody");
    CHECK_FALSE(names.find(""));
}

TEST_CASE("Patterns mark teams", "[emperor]") {
    CHECK(fits("-YORK", "Joseph Elton-york"));
    CHECK(fits("-york", "A -YORK b"));
    CHECK(fits("*-YORK", "Joseph-YORK"));
    CHECK_FALSE(fits("*-YORK", "Joseph-YORK 2"));
    CHECK(fits("YORK*", "york | Joseph"));
    CHECK(fits("[*]*Jo*", "[Y] Joseph"));
    CHECK(fits("*", ""));
    CHECK(fits("**a", "ba"));
    CHECK_FALSE(fits("a*a", "a"));
    CHECK_FALSE(fits("", "anything"));
    CHECK_FALSE(fits("ab*", "a"));
}
