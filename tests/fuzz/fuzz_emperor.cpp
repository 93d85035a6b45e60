// All that a race-control server, or what sits in its place, may send. The first letter says what
// the rest is: h an HTTP answer's head, w a websocket's bytes in hex, f frames (one a line, before
// each the milliseconds since the last; x: the connection broke), s a saved session, u small texts.

// link: racehub::emperor_logic

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "hub/core/codec.h"
#include "plugins/emperor/fold/follower.h"
#include "plugins/emperor/fold/track_map.h"
#include "plugins/emperor/net/http.h"
#include "plugins/emperor/net/websocket.h"
#include "plugins/emperor/protocol/values.h"
#include "plugins/emperor/track_view.h"
#include "tests/fuzz/fuzz.h"

using namespace racehub::emperor;

namespace {

constexpr std::int64_t kNowUs = 1'795'222'800'000'000;

void try_head(std::string_view bytes) {
    const auto end = head_end(bytes);
    RH_ASSERT(!end || *end <= bytes.size());
    const Head head = read_head(bytes);
    bool for_good = false;
    const std::string problem = upgrade_problem(head, "key", Config{}, for_good);
    RH_ASSERT(head.status == 101 || !problem.empty());
    RH_ASSERT(problem.size() < 700);
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
    Websocket whole(1'000), cut(1'000);
    const auto expected = whole.read(bytes);
    std::vector<WsMessage> got;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (WsMessage& each : cut.read(bytes.substr(at, 1))) got.push_back(std::move(each));
    }
    RH_ASSERT(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        RH_ASSERT(got[i].opcode == expected[i].opcode && got[i].payload == expected[i].payload);
        RH_ASSERT(got[i].payload.size() <= 1'000);
    }
}

/// What is told must be what the hub takes: its own reader judges.
void check_told(const std::vector<Observation>& told, std::set<std::string>& keys) {
    for (const Observation& each : told) {
        racehub::Payload payload;
        std::string error;
        RH_ASSERT(racehub::decode_payload(each.type, std::string_view(each.data), payload, error));
        RH_ASSERT(each.data.size() <= 61'440);
        RH_ASSERT(each.key.size() <= 128);
        RH_ASSERT(each.key.empty() || keys.insert(each.key).second);
        RH_ASSERT(!each.opens || each.type == "race.reported");
    }
}

void check_samples(Follower& follower, std::int64_t now_us) {
    for (const Sample& each : follower.samples(now_us)) {
        racehub::Sample sample;
        std::string error;
        RH_ASSERT(
            racehub::decode_sample(each.type, nlohmann::json::parse(each.data), sample, error));
    }
}

void try_frames(std::string_view text) {
    Follower follower({{"*-YORK", "York", ""}});
    follower.connected();
    std::set<std::string> keys;
    std::map<std::string, std::string> kept;
    std::int64_t now_us = kNowUs;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view said = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        std::int64_t passed_ms = 0;
        const auto rest = std::from_chars(said.data(), said.data() + said.size(), passed_ms);
        said.remove_prefix(static_cast<std::size_t>(rest.ptr - said.data()));
        now_us += std::clamp<std::int64_t>(passed_ms, 0, 100'000'000) * 1000;
        if (said == "x") {
            follower.connected();
            continue;
        }
        const Frame frame = read_frame(said);
        RH_ASSERT(frame.type != 0 || frame.empty == frame.problem.empty());
        const std::string before = follower.report_id();
        const std::vector<Observation> told = follower.take(frame, now_us);
        // A server may go back to a session that it left; it may say everything again then.
        if (follower.report_id() != before) keys.clear();
        check_told(told, keys);
        check_samples(follower, now_us);
        for (const auto& [name, piece] : follower.changed_pieces()) {
            RH_ASSERT(piece.size() <= Follower::kMaxPiece);
            kept[name] = piece;
        }
    }
    Follower again({});
    again.load([&](const std::string& name) { return kept[name]; });
    RH_ASSERT(again.report_id() == follower.report_id());
}

void try_saved(std::string_view text) {
    Follower follower({});
    bool given = false;
    follower.load(
        [&](const std::string&) { return std::exchange(given, true) ? "" : std::string(text); });
    follower.connected();
    follower.take(read_frame(R"({"EventType":200,"Message":{}})"), kNowUs);
    follower.changed_pieces();
    TrackView view("a", "b");
    view.snapshot(text);
    view.fact("race.armed", "1", text);
}

void try_values(std::string_view text) {
    RH_ASSERT(instant_us(text) >= 0);
    RH_ASSERT(tidy_text(text, 64).size() <= 64);
    const std::size_t half = text.size() / 2;
    const bool fit = fits(text.substr(0, half), text.substr(half));
    RH_ASSERT(!fit || half > 0);
    const auto map = read_map_ini(text);
    RH_ASSERT(!map || map->scale > 0);
    const auto png = png_size(text);
    const std::string report = map_report(
        tidy_text(text, kMaxName), {{1, 2}, {3, 4}},
        MapImage{"http://x/map.png", png.value_or(ImageSize{1, 1}), map.value_or(MapScale{})});
    racehub::Payload payload;
    std::string error;
    RH_ASSERT(racehub::decode_payload("map.reported", std::string_view(report), payload, error));
    is_short_for(text.substr(0, half), text.substr(half));
    Address address;
    std::string problem;
    const bool good = read_address(text, address, problem);
    RH_ASSERT(good == problem.empty());
    if (good) RH_ASSERT(address.port >= 1 && address.port <= 65535 && !address.host.empty());
    if (good) RH_ASSERT(encode_path(address.path).find(' ') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 'h') try_head(rest);
    if (data[0] == 'w') try_websocket(from_hex(rest));
    if (data[0] == 'f') try_frames(rest);
    if (data[0] == 's') try_saved(rest);
    if (data[0] == 'u') try_values(rest);
    return 0;
}
