// The session's file: sections, damage, and building it with an API that stumbles.

#include <catch2/catch.hpp>

#include "tests/unit/openf1/support.h"

using namespace racehub::openf1;
using namespace racehub::openf1::test;

namespace {

LocationRow place(Micros time_us, std::int32_t x) { return {time_us, 1, x, 2 * x, 0}; }

}  // namespace

TEST_CASE("Columns come back in order of time, once each", "[openf1][file]") {
    TempFolder folder;
    const std::string path = folder.path() + "/1.openf1";
    std::string error;
    {
        SessionWriter writer;
        REQUIRE(writer.open(path, error));
        REQUIRE(writer.add({"laps", 0, 0, {}}, "[]", error));
        REQUIRE(writer.add({"location", 44, 3, {}},
                           pack({place(30, 3), place(10, 1), place(20, 2), place(10, 9)}), error));
        REQUIRE(writer.add({"laps", 0, 1, "twice"}, "[1]", error));
    }
    const auto file = SessionFile::open(path, error);
    REQUIRE(file);
    const LocationColumns columns = file->locations(44);
    CHECK(std::vector<Micros>(columns.time_us.begin(), columns.time_us.end()) ==
          std::vector<Micros>{10, 20, 30});
    CHECK(columns.x[0] == 9);
    CHECK(columns.y[2] == 6);
    CHECK(file->bytes("laps") == "[1]");
    CHECK(file->sections().size() == 2);
    CHECK(file->locations(45).time_us.empty());
}

TEST_CASE("A file that ends anywhere is good up to its last whole section", "[openf1][file]") {
    TempFolder folder;
    const std::string path = folder.path() + "/1.openf1";
    std::string error;
    {
        SessionWriter writer;
        REQUIRE(writer.open(path, error));
        REQUIRE(writer.add({"laps", 0, 0, {}}, "[1,2,3]", error));
        REQUIRE(writer.add({"location", 44, 1, {}}, pack({place(30, 3)}), error));
    }
    const std::string whole = file_text(path);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::ofstream(path, std::ios::trunc) << whole.substr(0, size);
        const auto file = SessionFile::open(path, error);
        if (!file) {
            CHECK(size < kFileMagic.size());
            continue;
        }
        CHECK_FALSE(file->has("location", 44));
        SessionWriter writer;
        REQUIRE(writer.open(path, error));
        REQUIRE(writer.add({"pit", 0, 0, {}}, "[]", error));
        CHECK(SessionFile::open(path, error)->bytes("pit") == "[]");
    }
    // Bytes that changed on the disk are noticed.
    for (std::size_t at = kFileMagic.size(); at < whole.size(); ++at) {
        std::string bad = whole;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        std::ofstream(path, std::ios::trunc) << bad;
        const auto file = SessionFile::open(path, error);
        if (file && file->has("location", 44)) CHECK(file->locations(44).time_us.size() == 1);
    }
    std::ofstream(path, std::ios::trunc) << "something else";
    CHECK_FALSE(SessionFile::open(path, error));
    CHECK(error.find("Build it again") != std::string::npos);
}

TEST_CASE("A build asks for each thing once, and goes on where it was", "[openf1][build]") {
    NEED_RECORDED();
    TempFolder folder;
    FakeApi api = FakeApi::recorded();
    int left = 20;
    api.before = [&](const auto&, const auto&) -> std::optional<Answer> {
        if (left-- > 0) return std::nullopt;
        Answer answer;
        answer.kind = Answer::Kind::stopped;
        answer.problem = "stopped";
        return answer;
    };
    CHECK(build(api, folder.path()).problem == "stopped");
    const std::size_t first = api.asked.size();
    api.before = {};
    const Built built = build(api, folder.path());
    CHECK(built.whole);
    std::map<std::string, int> times;
    for (const std::string& query : api.asked) ++times[query];
    CHECK(first == 21);
    CHECK(times["laps?session_key=9523"] == 1);
    int locations = 0;
    for (const auto& [query, count] : times)
        locations += query.starts_with("location?") ? count : 0;
    CHECK(locations == 20);
    const std::size_t before = api.asked.size();
    CHECK(build(api, folder.path()).whole);
    CHECK(api.asked.size() == before + 1);  // only which session it is
}

TEST_CASE("What cannot be had is said, and the rest is kept", "[openf1][build]") {
    NEED_RECORDED();
    TempFolder folder;
    FakeApi api = FakeApi::recorded();
    api.before = [&](const std::string& collection, const auto&) -> std::optional<Answer> {
        if (collection != "stints") return std::nullopt;
        Answer answer;
        answer.problem = "stints: the server answered 500. Try again later";
        return answer;
    };
    const Built built = build(api, folder.path());
    CHECK_FALSE(built.whole);
    REQUIRE(built.missing.size() == 1);
    std::string error;
    const auto session = load_session(built.path, error);
    REQUIRE(session);
    CHECK(session->laps.size() == 1'237);
    CHECK(session->stints.empty());
    CHECK(std::find(session->notes.begin(), session->notes.end(), "no weather") !=
          session->notes.end());
    api.before = {};
    CHECK(build(api, folder.path()).whole);
    CHECK(load_session(built.path, error)->stints.size() == 43);
}

TEST_CASE("A session is found by year and circuit, or as the latest race", "[openf1][build]") {
    TempFolder folder;
    FakeApi api;
    const auto session = [](int key, const char* start, const char* end, bool cancelled) {
        return json{{"session_key", key},        {"date_start", start}, {"date_end", end},
                    {"is_cancelled", cancelled}, {"year", 2024},        {"session_name", "Race"}};
    };
    api.tables["sessions"] = {session(1, "2024-05-01T13:00:00Z", "2024-05-01T15:00:00Z", false),
                              session(2, "2024-06-01T13:00:00Z", "2024-06-01T15:00:00Z", false),
                              session(3, "2024-06-08T13:00:00Z", "2024-06-08T15:00:00Z", true),
                              session(4, "2024-08-08T13:00:00Z", "2024-08-08T15:00:00Z", false)};
    CHECK(build(api, folder.path(), {0, 0, {}, "Race"}).path == folder.path() + "/2.openf1");
    CHECK(api.asked[0] == "sessions?session_name=Race&year=2024");
    build(api, folder.path(), {0, 2023, "Monte Carlo", "Race"});
    CHECK(std::count(api.asked.begin(), api.asked.end(),
                     "sessions?session_name=Race&circuit_short_name=Monte%20Carlo&year=2023") == 1);
    api.tables.clear();
    const Built none = build(api, folder.path(), {77, 0, {}, "Race"});
    CHECK(none.path.empty());
    CHECK(none.problem.find("no such session") != std::string::npos);
}

TEST_CASE("How long to wait is read from the answer", "[openf1]") {
    CHECK(retry_after_ms("7") == 7'000);
    CHECK(retry_after_ms("") == -1);
    CHECK(retry_after_ms("Wed, 21 Oct 2025 07:28:00 GMT") == -1);
    CHECK(retry_after_ms("-1") == -1);
}
