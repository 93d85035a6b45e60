#include <racehub/plugin.h>

#include <catch2/catch.hpp>
#include <random>

#include "hub/plugin_host/wire.h"

using namespace racehub::plugin_host;

namespace {
Message full_message(MessageType type) {
    Message m;
    m.type = type;
    m.flags = 2;
    m.code = RH_KIND_OBSERVATION;
    m.version = 3;
    m.id = 4;
    m.seq = 5;
    m.cause = 6;
    m.time_us = -7;
    m.recv_us = 8;
    m.name = "gate.crossed";
    m.track = "main";
    m.race_id = "race-1";
    m.source = "gates";
    m.key = "k";
    m.data = R"({"lane":1})";
    return m;
}
bool reads(const std::string& bytes, Direction direction) {
    Message message;
    std::string error;
    const bool ok = decode(bytes, direction, message, error);
    CHECK(ok == error.empty());
    return ok;
}
}  // namespace

TEST_CASE("a message survives the wire") {
    const Message sent = full_message(MessageType::publish);
    const std::string bytes = encode(sent);
    Message got;
    std::string error;
    REQUIRE(decode(bytes, Direction::to_hub, got, error));
    CHECK(got.type == sent.type);
    CHECK(got.flags == sent.flags);
    CHECK(got.code == sent.code);
    CHECK(got.version == sent.version);
    CHECK(got.id == sent.id);
    CHECK(got.seq == sent.seq);
    CHECK(got.cause == sent.cause);
    CHECK(got.time_us == sent.time_us);
    CHECK(got.recv_us == sent.recv_us);
    CHECK(got.name == sent.name);
    CHECK(got.track == sent.track);
    CHECK(got.race_id == sent.race_id);
    CHECK(got.source == sent.source);
    CHECK(got.key == sent.key);
    CHECK(got.data == sent.data);
}

TEST_CASE("each message has its direction") {
    for (const auto type : {MessageType::hello, MessageType::kv_item, MessageType::start,
                            MessageType::event, MessageType::reply, MessageType::stop}) {
        CHECK(reads(encode(full_message(type)), Direction::to_instance));
        CHECK_FALSE(reads(encode(full_message(type)), Direction::to_hub));
    }
    for (const auto type : {MessageType::started, MessageType::publish,
                            MessageType::publish_durable, MessageType::log, MessageType::health,
                            MessageType::kv_put, MessageType::alive, MessageType::stopped}) {
        CHECK(reads(encode(full_message(type)), Direction::to_hub));
        CHECK_FALSE(reads(encode(full_message(type)), Direction::to_instance));
    }
}

TEST_CASE("what is not a message is refused") {
    const std::string good = encode(full_message(MessageType::publish));
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_FALSE(reads(good.substr(0, size), Direction::to_hub));
    }
    CHECK_FALSE(reads(good + "x", Direction::to_hub));
    CHECK_FALSE(reads("not a message", Direction::to_hub));
    CHECK_FALSE(reads(std::string(kMaxMessageBytes + 1, '\0'), Direction::to_hub));
    std::string other_version = good;
    ++other_version[0];
    CHECK_FALSE(reads(other_version, Direction::to_hub));
    std::string unknown_type = good;
    unknown_type[4] = 77;
    CHECK_FALSE(reads(unknown_type, Direction::to_hub));
    Message in_file = full_message(MessageType::publish);
    in_file.flags = kDataInFile;
    CHECK_FALSE(reads(encode(in_file), Direction::to_hub));
}

TEST_CASE("codes are known and texts within their limits") {
    Message m = full_message(MessageType::publish);
    m.code = RH_KIND_FACT;
    CHECK_FALSE(reads(encode(m), Direction::to_hub));
    m = full_message(MessageType::publish_durable);
    m.code = RH_KIND_SAMPLE;
    CHECK_FALSE(reads(encode(m), Direction::to_hub));
    m = full_message(MessageType::log);
    m.code = 9;
    CHECK_FALSE(reads(encode(m), Direction::to_hub));
    m = full_message(MessageType::publish);
    const std::string name(RH_MAX_NAME_BYTES, 'n');
    const std::string data(RH_MAX_DATA_BYTES, 'd');
    m.name = m.track = m.race_id = m.source = m.key = name;
    m.data = data;
    CHECK(fits(m));
    CHECK(encode(m).size() <= kMaxMessageBytes);
    CHECK(reads(encode(m), Direction::to_hub));
    const std::string too_long = name + "n";
    m.key = too_long;
    CHECK_FALSE(fits(m));
    CHECK_FALSE(reads(encode(m), Direction::to_hub));
    m.key = name;
    m.type = MessageType::log;
    m.code = 1;
    CHECK_FALSE(fits(m));
    CHECK_FALSE(reads(encode(m), Direction::to_hub));
}

TEST_CASE("random bytes and flipped bits never do harm") {
    std::mt19937 random(7);
    const std::string good = encode(full_message(MessageType::publish));
    Message message;
    std::string error;
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes = good;
        for (int flips = 0; flips < 3; ++flips) {
            bytes[random() % bytes.size()] ^= static_cast<char>(1 << (random() % 8));
        }
        decode(bytes, Direction::to_hub, message, error);
        decode(bytes, Direction::to_instance, message, error);
    }
}

TEST_CASE("text for people is cleaned") {
    CHECK(clean_text("a\nb\tc\x01\x7f", 100) == "a b c??");
    CHECK(clean_text("Zo\xc3\xab \xff\xfe", 100) == "Zo\xc3\xab ??");
    CHECK(clean_text("\xed\xa0\x80", 100) == "???");       // a surrogate
    CHECK(clean_text("\xc0\xaf", 100) == "??");            // overlong
    CHECK(clean_text("\xf4\x90\x80\x80", 100) == "????");  // beyond Unicode
    CHECK(clean_text("ab\xc3\xab", 3) == "ab");            // not cut inside a character
    CHECK(clean_text("ab\xc3", 3) == "ab?");
    CHECK(is_utf8("\xf0\x9f\x8f\x81"));
    CHECK_FALSE(is_utf8("\xf0\x9f\x8f"));
}
