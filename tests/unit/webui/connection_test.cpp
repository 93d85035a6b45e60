#include "webui/model/connection.h"

#include <catch2/catch.hpp>

using namespace racehub;
using Step = Connection::Step;

TEST_CASE("a silent socket is called stale, then broken", "[webui][connection]") {
    Connection connection;
    TimeUs now = kSecondUs;
    CHECK(connection.start(now) == Step::open);
    CHECK(connection.phase() == ConnectionPhase::connecting);
    connection.on_message(now);
    CHECK(connection.phase() == ConnectionPhase::live);
    CHECK(connection.tick(now + Connection::kStaleUs - 1, 0) == Step::none);
    CHECK(connection.phase() == ConnectionPhase::live);
    CHECK(connection.tick(now + Connection::kStaleUs, 0) == Step::none);
    CHECK(connection.phase() == ConnectionPhase::stale);
    connection.on_message(now + Connection::kStaleUs + 1);
    CHECK(connection.phase() == ConnectionPhase::live);
    now += Connection::kStaleUs + 1;
    CHECK(connection.tick(now + Connection::kDeadUs, 0) == Step::close);
    CHECK(connection.phase() == ConnectionPhase::waiting);
}

TEST_CASE("retries wait longer and longer, spread by chance, and never too long",
          "[webui][connection]") {
    Connection connection;
    TimeUs now = kSecondUs;
    connection.start(now);
    TimeUs longest = 0;
    for (int attempt = 0; attempt < 12; ++attempt) {
        connection.on_closed(now, 0);
        const TimeUs soonest = connection.retry_us() - now;
        CHECK(soonest >= Connection::kFirstRetryUs / 2);
        CHECK(soonest * 2 >= longest);
        longest = std::max(longest, soonest * 2);
        CHECK(connection.tick(connection.retry_us() - 1, 0) == Step::none);
        now = connection.retry_us();
        CHECK(connection.tick(now, 0) == Step::open);
    }
    CHECK(longest == Connection::kLongestRetryUs);
    connection.on_closed(now, 0xffffffffU);
    CHECK(connection.retry_us() - now <= Connection::kLongestRetryUs);
    CHECK(connection.retry_us() - now > Connection::kLongestRetryUs / 2);
}

TEST_CASE("only a connection that held starts over with short waits", "[webui][connection]") {
    Connection connection;
    TimeUs now = kSecondUs;
    connection.start(now);
    for (int i = 0; i < 6; ++i) {  // greeted and dropped at once, six times
        connection.on_message(now);
        connection.on_closed(now, 0);
        now = connection.retry_us();
        connection.tick(now, 0);
    }
    connection.on_message(now);
    connection.on_closed(now, 0);
    CHECK(connection.retry_us() - now == Connection::kLongestRetryUs / 2);
    now = connection.retry_us();
    connection.tick(now, 0);
    connection.on_message(now);
    now += Connection::kSteadyUs;
    connection.on_message(now);
    connection.on_closed(now, 0);
    CHECK(connection.retry_us() - now == Connection::kFirstRetryUs / 2);
}

TEST_CASE("a page that comes back does not wait", "[webui][connection]") {
    Connection connection;
    connection.start(kSecondUs);
    connection.on_closed(kSecondUs, 0);
    CHECK(connection.retry_now(kSecondUs + 1) == Step::open);
    connection.on_message(kSecondUs + 2);
    CHECK(connection.retry_now(kSecondUs + 3) == Step::none);
    // The machine slept for an hour: the socket still looks open.
    CHECK(connection.retry_now(kHourUs) == Step::open);
}

TEST_CASE("a socket that is never greeted is given up", "[webui][connection]") {
    Connection connection;
    connection.start(kSecondUs);
    CHECK(connection.tick(kSecondUs + Connection::kConnectUs - 1, 0) == Step::none);
    CHECK(connection.tick(kSecondUs + Connection::kConnectUs, 0) == Step::close);
    connection.on_message(kSecondUs + Connection::kConnectUs + 1);  // too late: a socket we gave up
    CHECK(connection.phase() == ConnectionPhase::waiting);
}
