// All that a device, a stranger on its port, or a damaged file may give the Track Controller plugin.
// The first letter says what the rest is: s bytes of a serial port, h an HTTP answer, e a stream of
// events, j one JSON text, k saved state, q a request to the hub as a device, f facts (one a line:
// type, a blank, data).
// link: racehub::track_controller_logic

#include <nlohmann/json.hpp>
#include <set>

#include "plugins/track_controller/config.h"
#include "plugins/track_controller/heat_watch.h"
#include "plugins/track_controller/protocol/http_reply.h"
#include "plugins/track_controller/protocol/json_framer.h"
#include "plugins/track_controller/protocol/sse_parser.h"
#include "plugins/track_controller/server/firmware.h"
#include "tests/fuzz/fuzz.h"

using namespace racehub::track_controller;

namespace {

// What may be reported must be acceptable to the hub, whatever the device wrote.
void try_json(std::string_view text) {
    if (const auto race = read_race(text)) {
        RH_ASSERT(!race->id.empty() && race->id.size() <= kMaxRaceIdBytes);
        // It goes back to the device in a URL and a command line.
        for (const char c : race->id) RH_ASSERT(c > ' ' && c < 0x7f && c != '&' && c != '#');
        std::set<int> lanes;
        for (const LaneTime& time : race->times) {
            RH_ASSERT(lanes.insert(time.lane).second);
            RH_ASSERT(time.lane >= 1 && time.lane <= kMaxDeviceLanes);
            RH_ASSERT(time.time_us >= 0 && time.time_us <= kMaxTimeUs);
        }
        RaceReport report;
        report.race = *race;
        RH_ASSERT(nlohmann::json::parse(heat_reported_data(report))["report_id"] == race->id);
    }
    if (const auto snapshot = read_snapshot(text)) {
        for (const LaneSensor& lane : snapshot->lanes)
            RH_ASSERT(lane.lane >= 1 && lane.lane <= kMaxDeviceLanes);
        RH_ASSERT(std::is_sorted(snapshot->active_lanes.begin(), snapshot->active_lanes.end()));
    }
    if (const auto frame = read_frame(text)) {
        RH_ASSERT(frame->kind != Frame::Kind::ok || frame->id);
        read_lane_event(frame->body);
        read_phase_event(frame->body);
        was_armed(frame->body);
        read_sub(frame->body);
    }
    read_info_or_frame(text);
    read_gate(text);
    read_error(text);
    is_no_race(text);
}

// Cutting the bytes differently never changes what is read.
void try_serial(std::string_view bytes) {
    std::vector<std::string> whole, cut;
    JsonFramer a({[&](std::string_view v) { whole.emplace_back(v); },
                  [&](std::string_view n) { whole.push_back("#" + std::string(n)); }});
    JsonFramer b({[&](std::string_view v) { cut.emplace_back(v); },
                  [&](std::string_view n) { cut.push_back("#" + std::string(n)); }});
    a.feed(bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at) b.feed(bytes.substr(at, 1));
    RH_ASSERT(whole == cut);
    RH_ASSERT(a.half_read() == b.half_read());
    for (const std::string& each : whole) {
        RH_ASSERT(each.size() <= JsonFramer::kMaxValueBytes);
        if (each[0] != '#') try_json(each);
    }
}

void try_reply(std::string_view bytes) {
    HttpReplyReader whole(HttpReplyReader::Use::whole), cut(HttpReplyReader::Use::whole);
    const bool fine = whole.feed(bytes) && whole.finish();
    bool cut_fine = true;
    for (std::size_t at = 0; at < bytes.size() && cut_fine; ++at)
        cut_fine = cut.feed(bytes.substr(at, 1));
    cut_fine = cut_fine && cut.finish();
    RH_ASSERT(fine == cut_fine);
    RH_ASSERT(fine || !whole.error().empty());
    if (!fine) return;
    RH_ASSERT(whole.reply().status == cut.reply().status && whole.reply().body == cut.reply().body);
    try_json(whole.reply().body);
}

void try_events(std::string_view bytes) {
    std::vector<std::string> whole, cut;
    SseParser a([&](std::string_view text) { whole.emplace_back(text); });
    SseParser b([&](std::string_view text) { cut.emplace_back(text); });
    a.feed(bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at) b.feed(bytes.substr(at, 1));
    RH_ASSERT(whole == cut);
    for (const std::string& each : whole) try_json(each);
}

void try_saved(std::string_view text) {
    const LedgerState state = LedgerState::from_json(text);
    RH_ASSERT(state.last_id.size() <= kMaxRaceIdBytes);
    RH_ASSERT(LedgerState::from_json(state.to_json()).to_json() == state.to_json());
    try {
        read_config(text);
    } catch (const std::exception&) {
        // It says what is wrong; nothing else leaves it.
    }
}

void check_answer(const Served& served) {
    if (served.kind != Served::Kind::answer) return;
    RH_ASSERT(served.status == 200 || served.status == 400 || served.status == 404 ||
              served.status == 405 || served.status == 503);
    const auto body = nlohmann::json::parse(served.body);
    RH_ASSERT((served.status != 200) == body.contains("error"));
}

void try_request(std::string_view line) {
    RaceBoard board("main");
    check_answer(serve(line, board, {}, 0));
    board.on_fact({"race.armed", "main", "1", R"({"entries":[{"entry":1,"lane":1}]})", 0});
    board.on_fact({"race.finished", "main", "1", "{}", 0});
    check_answer(serve(line, board, {kMaxWaiters, kMaxWaiters}, 1));
}

void try_facts(std::string_view text) {
    RaceBoard board("");
    HeatWatch watch("");
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto blank = std::min(line.find(' '), line.size());
        const std::string_view type = line.substr(0, blank), data = line.substr(blank);
        board.on_fact({type, "main", "1", data, 5});
        const auto order = watch.on_event(type, "main", "1", data);
        RH_ASSERT(board.lane_count() >= 1 && board.lane_count() <= kMaxDeviceLanes);
        for (const auto& [lane, ms] : board.last().value_or(ServedRace{}).times_ms)
            RH_ASSERT(lane >= 1 && lane <= kMaxDeviceLanes && ms >= 0);
        check_answer(serve("GET /state HTTP/1.1", board, {}, 0));
        check_answer(serve("GET /dbg HTTP/1.1", board, {}, 0));
        if (order) lane_digits(order->lanes);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 's') try_serial(rest);
    if (data[0] == 'h') try_reply(rest);
    if (data[0] == 'e') try_events(rest);
    if (data[0] == 'j') try_json(rest);
    if (data[0] == 'k') try_saved(rest);
    if (data[0] == 'q') try_request(rest);
    if (data[0] == 'f') try_facts(rest);
    return 0;
}
