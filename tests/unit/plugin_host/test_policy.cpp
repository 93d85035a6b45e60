#include <catch2/catch.hpp>

#include "hub/plugin_host/outbox.h"
#include "hub/plugin_host/policy.h"

using namespace racehub::plugin_host;

namespace {
constexpr std::int64_t kSecond = 1'000'000;
Bytes bytes(std::size_t size = 10) { return std::make_shared<const std::string>(size, 'x'); }
}  // namespace

TEST_CASE("a token bucket gives its burst, then its rate") {
    TokenBucket bucket(10, 3);
    for (int i = 0; i < 3; ++i) CHECK(bucket.take(0));
    CHECK_FALSE(bucket.take(0));
    CHECK_FALSE(bucket.take(99'999));
    CHECK(bucket.take(100'001));
    CHECK_FALSE(bucket.take(100'001));
    CHECK(bucket.next_us(100'001) == Approx(200'001).margin(2));
    // A long pause does not save up more than the burst; time that goes back changes nothing.
    for (int i = 0; i < 3; ++i) CHECK(bucket.take(3600 * kSecond));
    CHECK_FALSE(bucket.take(3600 * kSecond));
    CHECK_FALSE(bucket.take(0));
}

TEST_CASE("the first crash restarts at once, the next wait longer and longer") {
    RestartPolicy::Options options;
    options.quarantine_crashes = 100;
    RestartPolicy policy(options);
    std::vector<std::int64_t> delays;
    for (int i = 0; i < 10; ++i) {
        policy.started(i);
        policy.ended(i);
        delays.push_back(*policy.crashed(i) / kSecond);
    }
    CHECK(delays == std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 32, 60, 60, 60});
}

TEST_CASE("a long good run is forgiven") {
    RestartPolicy policy({});
    policy.started(0);
    policy.ended(kSecond);
    CHECK(policy.crashed(kSecond) == 0);
    policy.started(kSecond);
    policy.ended(2 * kSecond);
    CHECK(policy.crashed(2 * kSecond) == kSecond);
    policy.started(3 * kSecond);
    policy.ended(70 * kSecond);
    CHECK(policy.crashed(70 * kSecond) == 0);
}

TEST_CASE("five crashes in a minute are a quarantine, five in an hour are not") {
    RestartPolicy often({});
    for (int i = 0; i < 4; ++i) CHECK(often.crashed(i * 14 * kSecond));
    CHECK_FALSE(often.crashed(59 * kSecond));
    often.forgive();
    CHECK(often.crashed(60 * kSecond) == 0);
    RestartPolicy seldom({});
    for (int i = 0; i < 50; ++i) CHECK(seldom.crashed(i * 20 * kSecond));
}

TEST_CASE("a failed start waits 1 s to 60 s and is no crash") {
    RestartPolicy policy({});
    std::vector<std::int64_t> delays;
    for (int i = 0; i < 8; ++i) delays.push_back(policy.start_failed() / kSecond);
    CHECK(delays == std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 60, 60});
    policy.started(0);
    CHECK(policy.start_failed() == kSecond);
}

TEST_CASE("answers go before facts, in order") {
    Outbox outbox;
    outbox.push_fact(1, bytes(1));
    outbox.push_fact(2, bytes(2));
    CHECK(outbox.push_answer(bytes(3)));
    std::vector<std::size_t> sizes;
    for (; !outbox.empty(); outbox.pop()) sizes.push_back(outbox.front()->size());
    CHECK(sizes == std::vector<std::size_t>{3, 1, 2});
}

TEST_CASE("who does not keep up loses facts, counted, and gets a snapshot") {
    Outbox outbox;
    std::uint64_t seq = 0;
    while (outbox.lost() == 0) outbox.push_fact(++seq, bytes());
    CHECK(seq == Outbox::kMaxFacts + 1);
    CHECK(outbox.lost() == seq);
    outbox.push_fact(++seq, bytes());
    CHECK(outbox.lost() == seq);
    REQUIRE(outbox.snapshot_due());
    CHECK(outbox.after_gap());
    outbox.snapshot_sent(seq + 2);
    outbox.push_fact(seq + 1, bytes());  // the snapshot told these
    outbox.push_fact(seq + 2, bytes());
    CHECK(outbox.empty());
    outbox.push_fact(seq + 3, bytes());
    CHECK_FALSE(outbox.empty());
    CHECK(outbox.lost() == seq);
}

TEST_CASE("the outbox is bounded in bytes and in answers") {
    Outbox outbox;
    for (std::uint64_t seq = 1; outbox.lost() == 0 && seq < 1000; ++seq)
        outbox.push_fact(seq, bytes(60'000));
    CHECK(outbox.lost() <= Outbox::kMaxFactBytes / 60'000 + 1);
    std::size_t taken = 0;
    while (outbox.push_answer(bytes())) ++taken;
    CHECK(taken == Outbox::kMaxAnswers);
}

TEST_CASE("a new instance wants a snapshot that is no gap") {
    Outbox outbox;
    outbox.want_snapshot(false);
    outbox.push_fact(1, bytes());
    CHECK(outbox.lost() == 0);
    CHECK(outbox.snapshot_due());
    CHECK_FALSE(outbox.after_gap());
    outbox.push_answer(bytes());
    CHECK_FALSE(outbox.snapshot_due());
}
