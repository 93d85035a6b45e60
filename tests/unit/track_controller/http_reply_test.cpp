#include "plugins/track_controller/protocol/http_reply.h"

#include <catch2/catch.hpp>

#include "plugins/track_controller/protocol/messages.h"
#include "plugins/track_controller/protocol/sse_parser.h"
#include "tests/unit/track_controller/test_support.h"

using namespace racehub::track_controller;
using namespace racehub::track_controller::test;

namespace {

std::string answer(const std::string& body, std::size_t length, int status = 200) {
    return "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Error") +
           "\r\nContent-Type: application/json\r\nAccess-Control-Allow-Origin: *\r\n"
           "Connection: close\r\nContent-Length: " +
           std::to_string(length) + "\r\n\r\n" + body;
}

std::optional<HttpReply> read(std::string_view bytes) {
    HttpReplyReader reader;
    if (!reader.feed(bytes) || !reader.finish()) return std::nullopt;
    return reader.reply();
}

}  // namespace

TEST_CASE("an answer is read to the end of the connection", "[http]") {
    const std::string body = "{\n  \"gate_ready\": true\n}";
    const auto reply = read(answer(body, body.size()));
    REQUIRE(reply);
    CHECK(reply->status == 200);
    CHECK(reply->body == body);
}

TEST_CASE("Content-Length counts characters: more bytes than announced are whole", "[http]") {
    const std::string body = "{\"wifi\": {\"ssid\": \"Z\xc3\xb6llnerhalle\"}, \"engine\": {}}";
    const auto reply = read(answer(body, body.size() - 1));
    REQUIRE(reply);
    CHECK(read_snapshot(reply->body));
}

TEST_CASE("an answer cut at any byte is a failed request", "[http]") {
    const std::string body = "{\n  \"gate_ready\": true\n}";
    const std::string whole = answer(body, body.size());
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        CAPTURE(cut);
        HttpReplyReader reader;
        reader.feed(whole.substr(0, cut));
        CHECK_FALSE(reader.finish());
        CHECK_FALSE(reader.error().empty());
    }
    // With characters counted, a cut may stay unseen by length; then it is no whole JSON.
    const std::string wide = "{\"race_id\": \"a\", \"x\": \"\xc3\xb6\xc3\xb6\", \"times_ms\": {}}";
    const std::string sent = answer(wide, wide.size() - 2);
    for (std::size_t cut = 0; cut < sent.size(); ++cut) {
        const auto reply = read(sent.substr(0, cut));
        CHECK((!reply || !read_race(reply->body)));
    }
}

TEST_CASE("what no Track Controller sends is refused with its reason", "[http]") {
    CHECK_FALSE(read("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    CHECK_FALSE(read("HTTP/1.1 20 OK\r\n\r\n"));
    CHECK_FALSE(read("HTTP/2 200\r\n\r\n"));
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b"));
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"));
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"));
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"));
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\nA: " + std::string(9000, 'a')));
    CHECK_FALSE(read("HTTP/1.1 200 OK\r\n\r\n" + std::string(70'000, 'a')));
    CHECK(read("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")->status ==
          302);  // judged by the caller
    CHECK(read("HTTP/1.0 200\r\n\r\nnull")->body == "null");
}

TEST_CASE("pieces make the same answer as the whole", "[http]") {
    for (const std::size_t length : {10U, 25U, 26U}) {
        const std::string text = answer("{\"a\": \"\xc3\xb6\", \"b\": [1, 2]}", length);
        const auto whole = read(text);
        for (std::uint32_t seed = 0; seed < 40; ++seed) {
            HttpReplyReader reader;
            in_pieces(text, seed, [&](std::string_view piece) { reader.feed(piece); });
            const bool good = reader.finish();
            REQUIRE(good == whole.has_value());
            if (good) CHECK(reader.reply().body == whole->body);
        }
    }
}

TEST_CASE("a device that forgets to close is noticed by the announced length", "[http]") {
    HttpReplyReader reader;
    reader.feed(answer("null", 4).substr(0, 80));
    CHECK_FALSE(reader.length_reached());
    reader.feed(answer("null", 4).substr(80));
    CHECK(reader.length_reached());
}

TEST_CASE("server-sent events come whole, however they are cut", "[sse]") {
    const std::string text =
        ": ping\n\ndata: {\"id\":1,\"ok\":{\"sub\":1}}\n\ndata:a\r\ndata: b\r\n\r\nevent: x\n\n"
        "data: " +
        std::string(20'000, 'x') + "\n\ndata: last\n\n";
    std::vector<std::string> whole;
    SseParser parser([&](std::string_view data) { whole.emplace_back(data); });
    parser.feed(text);
    CHECK(whole == std::vector<std::string>{"{\"id\":1,\"ok\":{\"sub\":1}}", "a\nb", "last"});
    CHECK(parser.dropped() == 1);
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
        std::vector<std::string> pieces;
        SseParser again([&](std::string_view data) { pieces.emplace_back(data); });
        in_pieces(text, seed, [&](std::string_view piece) { again.feed(piece); });
        REQUIRE(pieces == whole);
    }
}

TEST_CASE("the recorded HTTP answers of a real device", "[http][recording]") {
    const std::string recorded = recording("http-v1.txt");
    if (recorded.empty()) {
        WARN("skipped: no recordings at ../shared/data/track-controller");
        return;
    }
    std::vector<HttpReply> replies;
    for (const std::string& file : {recorded, recording("http-v2.txt")}) {
        for (std::size_t at = file.find("HTTP/1.1"); at != std::string::npos;) {
            const std::size_t next = file.find("HTTP/1.1", at + 1);
            const std::size_t end = std::min(file.find("\n== ", at), file.size());
            const auto reply = read(file.substr(at, end - at));
            REQUIRE(reply);
            replies.push_back(*reply);
            at = next;
        }
    }
    REQUIRE(replies.size() == 12);
    CHECK(read_info_or_frame(replies[0].body)->protocol == Protocol::v1);
    CHECK(read_race(replies[1].body)->times.size() == 2);
    CHECK(read_snapshot(replies[2].body)->phase == Phase::idle);
    CHECK(read_snapshot(replies[2].body)->lanes.size() == 6);
    CHECK(replies[3].status == 400);
    CHECK(read_error(replies[3].body) == "lane 7 out of range 1..6");
    CHECK(read_info_or_frame(replies[6].body)->protocol == Protocol::v2);
    CHECK(replies[7].status == 404);
    CHECK(read_error(replies[7].body) == "not found");
}
