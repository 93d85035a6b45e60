#include <catch2/catch.hpp>

#include "plugins/smartrace/protocol/handshake.h"
#include "plugins/smartrace/protocol/ws_peer.h"

using namespace racehub::smartrace;

namespace {

using Side = WsPeer::Side;

std::string taken(WsPeer& peer) { return std::exchange(peer.output(), {}); }

}  // namespace

TEST_CASE("messages pass whole, however the bytes are cut", "[websocket]") {
    WsPeer client(Side::client, 10'000), server(Side::server, 10'000);
    client.send(Opcode::text, "first");
    client.send(Opcode::binary, std::string(300, 'x'));
    client.send(Opcode::text, "");
    const std::string bytes = taken(client);
    const auto piece = GENERATE(1U, 2U, 7U, 1'000U);
    std::vector<WsMessage> got;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        for (auto& each : server.read(std::string_view(bytes).substr(at, piece))) {
            got.push_back(each);
        }
    }
    REQUIRE(got.size() == 3);
    CHECK(got[0].payload == "first");
    CHECK(got[1].opcode == Opcode::binary);
    CHECK(got[1].payload == std::string(300, 'x'));
    CHECK(got[2].payload.empty());
    CHECK_FALSE(server.ended());
}

TEST_CASE("what we send to sensors is one unfragmented frame", "[websocket]") {
    WsPeer server(Side::server, 100);
    server.send(Opcode::text, std::string(2'000, 'n'));
    const std::string bytes = taken(server);
    REQUIRE(bytes.size() == 2'004);
    CHECK(static_cast<unsigned char>(bytes[0]) == 0x81);
    CHECK(static_cast<unsigned char>(bytes[1]) == 126);
}

TEST_CASE("pings are answered, pongs come through", "[websocket]") {
    WsPeer client(Side::client, 100), server(Side::server, 100);
    client.send(Opcode::ping, "17");
    server.read(taken(client));
    const auto got = client.read(taken(server));
    REQUIRE(got.size() == 1);
    CHECK(got[0].opcode == Opcode::pong);
    CHECK(got[0].payload == "17");
}

TEST_CASE("the end: goodbye, and broken rules", "[websocket]") {
    WsPeer client(Side::client, 100), server(Side::server, 100);
    client.close(1001, "bye");
    const auto got = server.read(taken(client));
    REQUIRE(got.size() == 1);
    CHECK(got[0].close_code == 1001);
    CHECK(server.ended());
    CHECK(server.problem() == "it said goodbye");

    WsPeer strict(Side::server, 100);
    strict.read("\x81\x02hi");  // a client that does not mask
    CHECK(strict.ended());
    WsPeer small(Side::server, 100), large(Side::client, 100);
    large.send(Opcode::text, std::string(101, 'x'));
    CHECK(small.read(taken(large)).empty());
    CHECK(small.ended());
    CHECK(small.problem() == "its message is too long");
}

TEST_CASE("the HTTP before a websocket", "[handshake]") {
    const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
    const std::string request = request_text("10.0.0.9", 50780, key);
    CHECK(head_end(request) == request.size());
    CHECK_FALSE(head_end(request.substr(0, request.size() - 1)));
    std::string refusal, problem;
    REQUIRE(read_request(request, refusal) == key);
    const std::string answer = accept_answer(key);
    CHECK(answer.rfind("HTTP/1.1 101 ", 0) == 0);
    CHECK(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != answer.npos);
    CHECK(read_answer(answer, key, problem));
    CHECK_FALSE(read_answer(answer, "another", problem));
    CHECK_FALSE(read_answer("HTTP/1.1 404 Not Found\r\n\r\n", key, problem));
    CHECK(problem == "it answers \"404 Not Found\" instead of a websocket");
    CHECK_FALSE(read_answer("SSH-2.0-x\r\n\r\n", key, problem));
    CHECK_FALSE(read_request("GET / HTTP/1.1\r\nHost: x\r\n\r\n", refusal));
    CHECK(refusal.rfind("HTTP/1.1 426 ", 0) == 0);
    CHECK_FALSE(read_request("\x16\x03\x01\r\n\r\n", refusal));
    CHECK(refusal.rfind("HTTP/1.1 400 ", 0) == 0);
    CHECK(request_text("fd00::1", 1, key).find("Host: [fd00::1]:1\r\n") != request.npos);
}
