// PIN, sessions and limits of tries, with a clock that the test turns.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "hub/web/director.h"
#include "hub/web/pin.h"
#include "hub/web/sessions.h"

namespace racehub::web {
namespace {

/// A directory of its own for each test, removed in the end.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "racehub-web-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path;
};

RequestHead with(const std::string& name, const std::string& value) {
    RequestHead head;
    head.headers.emplace_back(name, value);
    return head;
}

}  // namespace

TEST_CASE("A PIN is drawn once and known by its hash", "[pin]") {
    const Folder folder;
    const Pin first(folder.path);
    REQUIRE(first.fresh());
    CHECK(first.matches(*first.fresh()));
    CHECK_FALSE(first.matches("00000000"));
    CHECK_FALSE(first.matches(""));
    Pin second(folder.path);
    CHECK_FALSE(second.fresh());
    CHECK(second.matches(*first.fresh()));
    const auto redrawn = second.redraw();
    CHECK(second.matches(redrawn));
    CHECK(second.fresh() == redrawn);
    CHECK_FALSE(second.matches(*first.fresh()));
}

TEST_CASE("A PIN's file that holds no hash is not silently replaced", "[pin]") {
    const Folder folder;
    write_private_file(folder.path / "director.pin", "garbage\n");
    CHECK_THROWS_WITH(Pin(folder.path), Catch::Contains("remove it"));
}

TEST_CASE("A state directory that cannot be written is said in a sentence", "[pin]") {
    CHECK_THROWS_WITH(Pin("/nowhere"), Catch::Contains("cannot write /nowhere/director.pin"));
}

TEST_CASE("Sessions live twelve hours, survive a restart and can be revoked", "[session]") {
    const Folder folder;
    std::int64_t now = 1'000'000'000'000'000;
    const auto clock = [&now] { return now; };
    Sessions sessions(folder.path, clock);
    const auto ada = Sessions::hash_of(sessions.open("Ada", "192.0.2.1"));
    const auto bo = Sessions::hash_of(sessions.open("Bo", "192.0.2.2"));
    CHECK(sessions.find(ada)->name == "Ada");
    CHECK_FALSE(sessions.find(""));
    CHECK_FALSE(sessions.find(ada.substr(0, 63)));

    Sessions again(folder.path, clock);
    CHECK(again.find(bo)->address == "192.0.2.2");
    CHECK(again.list().size() == 2);
    CHECK(again.revoke(again.find(bo)->id));
    CHECK_FALSE(again.revoke("nobody"));
    CHECK_FALSE(again.find(bo));
    CHECK_FALSE(Sessions(folder.path, clock).find(bo));

    now += Sessions::kLifetimeUs - 1;
    CHECK(again.find(ada));
    now += 1;
    CHECK_FALSE(again.find(ada));
    CHECK(again.list().empty());
}

TEST_CASE("There is an end to the number of sessions: the oldest makes room", "[session]") {
    const Folder folder;
    std::int64_t now = 1;
    Sessions sessions(folder.path, [&now] { return ++now; });
    const auto first = Sessions::hash_of(sessions.open("first", ""));
    std::string last;
    for (std::size_t i = 0; i < Sessions::kMaxSessions; ++i) last = sessions.open("more", "");
    CHECK(sessions.list().size() == Sessions::kMaxSessions);
    CHECK_FALSE(sessions.find(first));
    CHECK(sessions.find(Sessions::hash_of(last)));
}

TEST_CASE("Tries of a PIN are limited for each address and in all", "[session]") {
    LoginLimits limits;
    const auto address = [](int n) { return *Address::parse("192.0.2." + std::to_string(n)); };
    std::int64_t now = 5;
    for (int i = 0; i < 5; ++i) CHECK(limits.take(address(1), now));
    CHECK_FALSE(limits.take(address(1), now));
    for (int n = 2; n <= 4; ++n) {
        for (int i = 0; i < 5; ++i) CHECK(limits.take(address(n), now));
    }
    CHECK_FALSE(limits.take(address(5), now));  // 20 in all
    limits.forgive(address(2));                 // it knew the PIN
    CHECK(limits.take(address(5), now));
    now += LoginLimits::kWindowUs;
    CHECK(limits.take(address(1), now));
}

TEST_CASE("A request shows its session by header or cookie", "[session]") {
    const auto hash = Sessions::hash_of("secret");
    CHECK(session_of(with("authorization", "Bearer secret")) == hash);
    CHECK(session_of(with("authorization", "bearer  secret ")) == hash);
    CHECK(session_of(with("cookie", "a=b; racehub_session=secret; c=d")) == hash);
    CHECK(session_of(with("authorization", "Basic secret")).empty());
    CHECK(session_of(with("authorization", "Bearer")).empty());
    CHECK(session_of(with("cookie", "xracehub_session=secret")).empty());
    CHECK(session_of(with("x-session", "secret")).empty());
}

}  // namespace racehub::web
