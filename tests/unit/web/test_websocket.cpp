// The websocket codec: what it reads must not depend on how the input is cut, nor on who sends it.
#include <catch2/catch.hpp>
#include <random>

#include "hub/web/audience.h"
#include "hub/web/websocket.h"

namespace racehub::web {
namespace {

/// Writes down all that a reader says.
class Notes final : public WebSocketEvents {
  public:
    bool on_text(std::string_view message) override { return note("text " + std::string(message)); }
    bool on_ping(std::string_view payload) override { return note("ping " + std::string(payload)); }
    void on_close(std::optional<std::uint16_t> code) override {
        note("close " + std::to_string(code.value_or(0)));
    }
    void on_violation(CloseCode code, std::string_view) override {
        note("violation " + std::to_string(static_cast<int>(code)));
    }
    bool on_begin() override { return true; }

    std::vector<std::string> said;
    std::size_t stop_after = 1'000'000;

  private:
    bool note(std::string what) {
        said.push_back(std::move(what));
        return said.size() < stop_after;
    }
};

std::string masked(unsigned first, const std::string& payload) {
    std::string out = {static_cast<char>(first)};
    if (payload.size() < 126) {
        out += static_cast<char>(0x80 | payload.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xff);
    }
    const std::string key = "\x0f\xf0\x55\xaa";
    out += key;
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ key[i % 4]);
    return out;
}

std::vector<std::string> read_whole(const std::string& bytes) {
    Notes notes;
    WebSocketReader reader;
    reader.read(bytes, 4096, notes);
    return notes.said;
}

std::vector<std::string> read_cut(const std::string& bytes, std::mt19937& random) {
    Notes notes;
    auto reader = std::make_unique<WebSocketReader>();
    for (std::size_t at = 0; at < bytes.size();) {
        const auto size = std::min<std::size_t>(bytes.size() - at, random() % 9);
        // As the hub does it: between messages any other reader will do.
        if (reader->at_rest()) reader = std::make_unique<WebSocketReader>();
        if (!reader->read(std::string_view(bytes).substr(at, size), 4096, notes)) break;
        at += size;
    }
    return notes.said;
}

}  // namespace

TEST_CASE("Cutting the input differently changes nothing", "[websocket]") {
    std::mt19937 random(3);
    const std::vector<std::string> pieces = {
        masked(0x81, "{\"type\":\"ping\"}"),
        masked(0x81, ""),
        masked(0x01, "Zo"),
        masked(0x00, "\xc3"),
        masked(0x80, "\xab"),
        masked(0x89, "p"),
        masked(0x8a, "q"),
        masked(0x88, "\x03\xe8"),
        masked(0x88,
               "\x03\xe8"
               "t\xc3\xbc"),
        masked(0x81, std::string(200, 'x')),
        masked(0x81, std::string(4096, 'y')),
        masked(0x81, std::string(4097, 'y')),
        masked(0x82, "b"),
        masked(0x83, "c"),
        masked(0xc1, "rsv"),
        masked(0x09, "fragment"),
        masked(0x81, "\xff"),
        std::string("\x81\x01x", 3),
        std::string("\x81\xff\x80\0\0\0\0\0\0\0abcd", 14),
    };
    std::map<std::string, int> kinds;
    for (int round = 0; round < 30'000; ++round) {
        std::string bytes;
        for (auto count = 1 + random() % 6; count > 0; --count)
            bytes += pieces[random() % pieces.size()];
        if (random() % 3 == 0) bytes[random() % bytes.size()] = static_cast<char>(random());
        const auto whole = read_whole(bytes);
        for (const auto& note : whole)
            ++kinds[note.substr(0, note.find(' ', note[0] == 'v' ? 10 : 0))];
        REQUIRE(read_cut(bytes, random) == whole);
    }
    for (const auto* kind : {"text", "ping", "close", "violation 1002", "violation 1003",
                             "violation 1007", "violation 1009"}) {
        INFO(kind);
        CHECK(kinds[kind] > 100);
    }
}

TEST_CASE("A callback can stop the reader, and nothing behind it is delivered", "[websocket]") {
    Notes notes;
    notes.stop_after = 2;
    WebSocketReader reader;
    CHECK_FALSE(
        reader.read(masked(0x81, "1") + masked(0x81, "2") + masked(0x81, "3"), 4096, notes));
    CHECK(notes.said == std::vector<std::string>{"text 1", "text 2"});
}

TEST_CASE("A reader is at rest between messages only", "[websocket]") {
    Notes notes;
    WebSocketReader reader;
    CHECK(reader.at_rest());
    const auto begin = masked(0x01, "ab");
    const auto end = masked(0x80, "c");
    for (const char byte : begin + end) {
        REQUIRE(reader.read({&byte, 1}, 4096, notes));
        if (notes.said.empty()) CHECK_FALSE(reader.at_rest());
    }
    CHECK(reader.at_rest());
    CHECK(notes.said == std::vector<std::string>{"text abc"});
}

TEST_CASE("Our frames are the standard's", "[websocket]") {
    CHECK(*text_frame("") == std::string("\x81\0", 2));
    CHECK(*text_frame("Hello") == "\x81\x05Hello");
    CHECK(text_frame(std::string(125, 'a'))->substr(0, 2) == "\x81\x7d");
    CHECK(text_frame(std::string(126, 'a'))->substr(0, 4) == std::string("\x81\x7e\0\x7e", 4));
    CHECK(text_frame(std::string(65'536, 'a'))->substr(0, 10) ==
          std::string("\x81\x7f\0\0\0\0\0\1\0\0", 10));
    CHECK(*pong_frame("x") == "\x8a\x01x");
    CHECK(*close_frame(CloseCode::policy, "no") == "\x88\x04\x03\xf0no");
    CHECK(close_frame(CloseCode::normal, std::string(500, 'x'))->size() == 2 + 125);
    CHECK(*close_reply(std::nullopt) == std::string("\x88\0", 2));
    CHECK(*close_reply(4000) == std::string("\x88\x02\x0f\xa0", 4));
    CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    for (const auto* bad : {"", "x", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==",
                            "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25j\nQ=="}) {
        CHECK_FALSE(websocket_accept(bad));
    }
}

TEST_CASE("A channel keeps the newest frames", "[audience]") {
    Channel channel(3);
    CHECK(channel.begin() == 0);
    for (int i = 0; i < 5; ++i) channel.push(text_frame(std::to_string(i)));
    CHECK(channel.begin() == 2);
    CHECK(channel.end() == 5);
    for (auto i = channel.begin(); i < channel.end(); ++i)
        CHECK(*channel.at(i) == *text_frame(std::to_string(i)));
}

}  // namespace racehub::web
