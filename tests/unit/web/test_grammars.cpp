// The pure parts of hub/web: texts, queries, host names, addresses, request heads.
#include <catch2/catch.hpp>
#include <random>

#include "hub/web/address.h"
#include "hub/web/host_rules.h"
#include "hub/web/http_head.h"
#include "hub/web/query.h"
#include "hub/web/text.h"

namespace racehub::web {
namespace {

/// The slow and obvious decoder that Utf8Check must agree with.
bool is_utf8_by_the_book(const std::string& bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        const auto lead = static_cast<unsigned char>(bytes[i]);
        const std::size_t size = lead < 0x80       ? 1
                                 : lead >> 5 == 6  ? 2
                                 : lead >> 4 == 14 ? 3
                                 : lead >> 3 == 30 ? 4
                                                   : 0;
        if (size == 0 || i + size > bytes.size()) return false;
        std::uint32_t value = size == 1 ? lead : lead & (0x7fU >> size);
        for (std::size_t k = 1; k < size; ++k) {
            const auto next = static_cast<unsigned char>(bytes[i + k]);
            if (next >> 6 != 2) return false;
            value = value << 6 | (next & 0x3fU);
        }
        constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
        if (value < kLeast[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
            return false;
        i += size;
    }
    return true;
}

HeadResult head(const std::string& text) { return read_head(text); }

const std::string kGood = "GET /api/tracks?a=1 HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\n\r\n";

}  // namespace

TEST_CASE("UTF-8 is checked strictly, in pieces as in one", "[text]") {
    std::mt19937 random(1);
    const std::string alphabet =
        "a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xff";
    int good = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (auto size = random() % 6; size > 0; --size)
            text += alphabet[random() % alphabet.size()];
        const bool expected = is_utf8_by_the_book(text);
        good += expected ? 1 : 0;
        REQUIRE(is_utf8(text) == expected);
        Utf8Check check;
        const auto cut = text.empty() ? 0 : random() % text.size();
        const bool so_far = check.add(text.substr(0, cut)) && check.add(text.substr(cut));
        REQUIRE((so_far && check.at_end()) == expected);
    }
    CHECK(good > 1'000);  // the alphabet makes valid texts too
    for (std::uint32_t value = 0; value < 0x11'0000; value += 7) {
        std::string text;
        if (value < 0x80) {
            text = {static_cast<char>(value)};
        } else if (value < 0x800) {
            text = {static_cast<char>(0xc0 | value >> 6), static_cast<char>(0x80 | (value & 0x3f))};
        } else if (value < 0x1'0000) {
            text = {static_cast<char>(0xe0 | value >> 12),
                    static_cast<char>(0x80 | (value >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (value & 0x3f))};
        } else {
            text = {static_cast<char>(0xf0 | value >> 18),
                    static_cast<char>(0x80 | (value >> 12 & 0x3f)),
                    static_cast<char>(0x80 | (value >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (value & 0x3f))};
        }
        REQUIRE(is_utf8(text) == (value < 0xd800 || value >= 0xe000));
    }
}

TEST_CASE("A head is read whole", "[head]") {
    const auto result = head(kGood + "behind it");
    REQUIRE(result.state == HeadResult::State::complete);
    CHECK(result.head.method == "GET");
    CHECK(result.head.path == "/api/tracks");
    CHECK(result.head.query == "a=1");
    CHECK(result.head.target == "/api/tracks?a=1");
    CHECK(result.head.head_bytes == kGood.size());
    CHECK(result.head.body_bytes == 0);
    CHECK(result.head.header("host") == "localhost");
    CHECK(result.head.header("nothing").empty());
    CHECK_FALSE(result.head.http_1_0);
}

TEST_CASE("A head's beginning is incomplete, never refused, and its end never comes early",
          "[head]") {
    for (std::size_t size = 0; size < kGood.size(); ++size) {
        REQUIRE(head(kGood.substr(0, size)).state == HeadResult::State::incomplete);
    }
}

TEST_CASE("What is refused once stays refused, whatever follows", "[head]") {
    std::mt19937 random(2);
    const std::string alphabet = std::string("\r\n\t :GET/%=?aH1.\0\x7f\xe9", 20);
    int refused = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string text = kGood;
        for (auto changes = 1 + random() % 3; changes > 0; --changes) {
            const auto at = random() % text.size();
            if (random() % 2 == 0) {
                text[at] = alphabet[random() % alphabet.size()];
            } else {
                text.insert(at, 1, alphabet[random() % alphabet.size()]);
            }
        }
        const auto whole = head(text);
        for (std::size_t size = random() % 16; size < text.size(); size += 1 + random() % 16) {
            const auto part = head(text.substr(0, size));
            if (part.state == HeadResult::State::refused) {
                REQUIRE(whole.state == HeadResult::State::refused);
            } else if (part.state == HeadResult::State::complete) {
                REQUIRE(whole.state == HeadResult::State::complete);
                REQUIRE(part.head.head_bytes == whole.head.head_bytes);
            }
        }
        refused += whole.state == HeadResult::State::refused ? 1 : 0;
        if (whole.state != HeadResult::State::complete) continue;
        // What passes holds nothing that a second reader could take for a line end or a second
        // header.
        for (const auto& [name, value] : whole.head.headers) {
            REQUIRE(name.find_first_of(std::string("\r\n\0 :", 5)) == std::string::npos);
            REQUIRE(value.find_first_of(std::string("\r\n\0", 3)) == std::string::npos);
        }
    }
    CHECK(refused > 10'000);
}

TEST_CASE("Tokens in a list are found whatever their case", "[head]") {
    const auto result =
        head("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive , UpGrade\r\n\r\n");
    CHECK(result.head.header_has_token("connection", "upgrade"));
    CHECK_FALSE(result.head.header_has_token("connection", "up"));
    CHECK_FALSE(result.head.header_has_token("upgrade", "upgrade"));
}

TEST_CASE("Percent-encoding is undone or refused", "[text]") {
    CHECK(percent_decoded("a%20b%C3%AB") == "a b\xc3\xab");
    CHECK(percent_decoded("") == "");
    CHECK_FALSE(percent_decoded("%00"));
    CHECK_FALSE(percent_decoded("%0a"));
    CHECK_FALSE(percent_decoded("%c3"));
    CHECK_FALSE(percent_decoded("%4"));
    CHECK_FALSE(percent_decoded("%zz"));
    CHECK_FALSE(percent_decoded("%c0%ae"));
}

TEST_CASE("Queries", "[query]") {
    CHECK(query_value("a=1&b=%C3%AB&c", "b") == "\xc3\xab");
    CHECK(query_value("a=1&b=2&b=3", "b") == "2");
    CHECK(query_value("a=1&c", "c") == "");
    CHECK_FALSE(query_value("a=1", "b"));
    CHECK_FALSE(query_value("xa=1", "a"));
    CHECK_FALSE(query_value("a=%00", "a"));
    CHECK(query_number("n=18446744073709551615", "n") == 18446744073709551615ULL);
    for (const auto* bad :
         {"n=", "n=-1", "n=+1", "n=1x", "n= 1", "n=18446744073709551616", "n=0x1", "m=1"}) {
        CHECK_FALSE(query_number(bad, "n"));
    }
}

TEST_CASE("Host names", "[host]") {
    const HostRules rules({"Race.Club"}, {"https://other.example"});
    for (const auto* ours : {"localhost", "LOCALHOST:80", "localhost.", "127.0.0.1",
                             "10.0.0.7:8080", "[::1]", "[fe80::1]:9", "race.club"}) {
        CHECK(rules.host_allowed(ours));
    }
    for (const auto* not_ours :
         {"", ":80", "evil", "club", "x.race.club", "race.club.evil", "localhost:", "localhost:x",
          "localhost:123456", "local host", "a@localhost", "[::1", "::1", "[localhost]",
          "[127.0.0.1]", "[]", "localhost..", "127.0.0.1.evil"}) {
        INFO(not_ours);
        CHECK_FALSE(rules.host_allowed(not_ours));
    }
}

TEST_CASE("Origins", "[host]") {
    const HostRules rules({"race.club"}, {"https://Other.example"});
    CHECK(rules.origin_allowed("http://race.club", "race.club"));
    CHECK(rules.origin_allowed("http://race.club", "race.club:80"));
    CHECK(rules.origin_allowed("https://race.club", "race.club:443"));
    CHECK(rules.origin_allowed("http://RACE.club:8080", "race.club:8080"));
    CHECK(rules.origin_allowed("http://[::1]:8080", "[::1]:8080"));
    CHECK(rules.origin_allowed("https://other.example", "race.club"));
    CHECK_FALSE(rules.origin_allowed("http://other.example", "race.club"));
    CHECK_FALSE(rules.origin_allowed("http://race.club:81", "race.club"));
    CHECK_FALSE(rules.origin_allowed("https://race.club", "race.club:80"));
    CHECK_FALSE(rules.origin_allowed("http://evil", "evil"));
    CHECK_FALSE(rules.origin_allowed("null", "race.club"));
    CHECK_FALSE(rules.origin_allowed("", "race.club"));
    CHECK_FALSE(rules.origin_allowed("http://race.club/", "race.club"));
    CHECK_FALSE(rules.origin_allowed("ftp://race.club", "race.club"));
    // Two of our own names are two origins: another site may run behind the other one.
    CHECK_FALSE(rules.origin_allowed("http://localhost:8080", "127.0.0.1:8080"));
}

TEST_CASE("Sockets are counted by address", "[address]") {
    const auto one = *Address::parse("192.0.2.1");
    const auto two = *Address::parse("2001:db8:0:1::1");
    const auto proxy = *Address::parse("127.0.0.1");
    CHECK(one.text() == "192.0.2.1");
    CHECK(one == *Address::parse("::ffff:192.0.2.1"));
    CHECK(two.counted() == Address::parse("2001:db8:0:1:ffff::9")->counted());
    CHECK_FALSE(two.counted() == Address::parse("2001:db8:0:2::1")->counted());
    CHECK_FALSE(Address::parse("localhost"));
    CHECK_FALSE(Address::parse(""));

    AddressLedger ledger(6, 2, {proxy});
    AddressLedger::Refusal refusal{};
    {
        const auto first = ledger.take(one, refusal);
        const auto second = ledger.take(one, refusal);
        REQUIRE((first && second));
        CHECK_FALSE(ledger.take(one, refusal));
        CHECK(refusal == AddressLedger::Refusal::too_many_from_address);
        std::vector<AddressSlot> others;
        for (int i = 0; i < 4; ++i) others.push_back(std::move(*ledger.take(proxy, refusal)));
        CHECK_FALSE(ledger.take(two, refusal));
        CHECK(refusal == AddressLedger::Refusal::too_many);
        CHECK(ledger.total() == 6);
    }
    CHECK(ledger.total() == 0);
    CHECK(ledger.take(one, refusal));
}

}  // namespace racehub::web
