// All that a sensor, an app or a damaged file may give the SmartRace plugin. The first letter says
// what the rest is: h an HTTP head, w a websocket's bytes in hex, m messages (one a line, before
// each the milliseconds since the last), s saved clocks, f facts (a line each: type, JSON).
//
// link: racehub::smartrace_logic

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "plugins/smartrace/protocol/handshake.h"
#include "plugins/smartrace/protocol/lap_book.h"
#include "plugins/smartrace/protocol/names.h"
#include "plugins/smartrace/protocol/outbox.h"
#include "plugins/smartrace/protocol/roster.h"
#include "plugins/smartrace/protocol/ws_peer.h"
#include "tests/fuzz/fuzz.h"

using namespace racehub::smartrace;

namespace {

constexpr std::int64_t kNowUs = 1'700'000'000'000'000;

void try_head(std::string_view bytes) {
    const auto end = head_end(bytes);
    RH_ASSERT(!end || *end <= bytes.size());
    std::string answer, problem;
    const auto key = read_request(bytes, answer);
    RH_ASSERT(key.has_value() == answer.empty());
    RH_ASSERT(read_answer(bytes, "key", problem) == problem.empty());
    for (const char c : problem) RH_ASSERT(c >= ' ' && c <= '~');
    RH_ASSERT(problem.size() < 200);
}

std::string from_hex(std::string_view text) {
    std::string bytes;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        unsigned value = 0;
        std::from_chars(text.data() + at, text.data() + at + 2, value, 16);
        bytes += static_cast<char>(value);
    }
    return bytes;
}

// Cutting the bytes differently never changes what is read.
void try_websocket(std::string_view bytes) {
    WsPeer whole(WsPeer::Side::server, 1'000), cut(WsPeer::Side::server, 1'000);
    const auto expected = whole.read(bytes);
    std::vector<WsMessage> got;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (WsMessage& each : cut.read(bytes.substr(at, 1))) got.push_back(std::move(each));
    }
    RH_ASSERT(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        RH_ASSERT(got[i].opcode == expected[i].opcode);
        RH_ASSERT(got[i].payload == expected[i].payload);
        RH_ASSERT(got[i].payload.size() <= 1'000);
    }
    WsPeer client(WsPeer::Side::client, 1'000);
    client.read(bytes);
}

void check_observation(const Observation& seen, std::set<std::string>& keys) {
    const auto data = nlohmann::json::parse(seen.data);
    RH_ASSERT(data["lane"] >= 1 && data["lane"] <= kMaxController);
    RH_ASSERT(keys.insert(seen.key).second);
    RH_ASSERT(seen.key.size() <= 128);
    RH_ASSERT(seen.time_us <= seen.recv_us);
    RH_ASSERT(seen.recv_us - seen.time_us <= 3'600'000'000);
}

void try_messages(std::string_view text) {
    LapBook book{BookRules{}};
    Roster roster("main");
    std::set<std::string> keys;
    std::int64_t now_us = kNowUs;
    LineId line = 1;
    book.opened(line, "10.0.0.5", now_us);
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view said = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        std::int64_t passed_ms = 0;
        const auto rest = std::from_chars(said.data(), said.data() + said.size(), passed_ms);
        said.remove_prefix(static_cast<std::size_t>(rest.ptr - said.data()));
        now_us += std::clamp<std::int64_t>(passed_ms, 0, 100'000'000) * 1000;
        if (said == "x") book.opened(++line, "10.0.0.5", now_us);
        const AppMessage told = read_app_message(said);
        RH_ASSERT((told.says == AppSays::bad) == !told.problem.empty());
        for (const std::string& each : greeting(told.slots, 7)) RH_ASSERT(each.size() < 200'000);
        roster.snapshot(said);
        roster.fact("entry.assigned", "main", said);
        const SensorMessage message = read_sensor_message(said);
        RH_ASSERT((message.says == SensorSays::bad) == !message.problem.empty());
        book.foresee(line, message, now_us);
        for (const auto& each : book.take(line, message, now_us).observations) {
            check_observation(each, keys);
        }
    }
    LapBook again{BookRules{}};
    const std::string saved = book.save();
    again.load(saved);
    RH_ASSERT(again.save().size() == saved.size());
}

void try_saved(std::string_view text) {
    LapBook book{BookRules{}};
    book.load(text);
    RH_ASSERT(book.save().size() <= 4'000);
    book.opened(1, "10.0.0.5", kNowUs);
    std::set<std::string> keys;
    for (const std::int64_t stamp : {1'000LL, 1'722'773'108'999LL, 7LL}) {
        const auto message = read_sensor_message(lap_text(1, stamp));
        for (const auto& each : book.take(1, message, kNowUs).observations) {
            check_observation(each, keys);
        }
    }
}

// Whatever facts and kept values say: every telling is a message of a controller, none twice, and
// what is kept comes back.
void try_facts(std::string_view text) {
    std::map<std::string, std::string> kept;
    const auto put = [&](std::string_view key, std::string_view value) {
        RH_ASSERT(value.size() <= 4'096);
        kept[std::string(key)] = value;
        RH_ASSERT(kept.size() <= 62);
    };
    const auto get = [&](std::string_view key) { return kept[std::string(key)]; };
    Outbox outbox("main", kMaxController, put);
    std::uint64_t last = 0, count = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto space = std::min(line.find(' '), line.size());
        const std::string_view type = line.substr(0, space), data = line.substr(space);
        if (type == "snapshot") outbox.snapshot(data);
        if (type == "kept") kept["q0"] = data.substr(0, 4'096);
        if (type == "names") Names().load(data);
        outbox.fact(type, "main", "7", kNowUs, data);
        for (const Telling& each : outbox.take()) {
            RH_ASSERT(each.number > last);
            RH_ASSERT(each.controller >= 1 && each.controller <= kMaxController);
            const SensorSays says = read_sensor_message(each.text()).says;
            RH_ASSERT(says == SensorSays::lap || says == SensorSays::pit_enter ||
                      says == SensorSays::pit_leave || each.stamp_ms < 0);
            last = each.number;
            ++count;
        }
    }
    Outbox again("main", kMaxController, put);
    again.load(get);
    (void)again.take();
    RH_ASSERT(count <= last);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 'h') try_head(rest);
    if (data[0] == 'w') try_websocket(from_hex(rest));
    if (data[0] == 'm') try_messages(rest);
    if (data[0] == 's') try_saved(rest);
    if (data[0] == 'f') try_facts(rest);
    return 0;
}
