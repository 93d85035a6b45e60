#include "plugins/track_controller/server/firmware.h"

#include <algorithm>
#include <array>
#include <vector>

namespace racehub::track_controller {
namespace {

using nlohmann::json;

constexpr const char* kFirmware = "racehub-0.1.0";
constexpr const char* kProtocol = "1.0";

std::string pretty(const json& value) {
    return value.dump(2, ' ', false, json::error_handler_t::replace);
}

Served error(int status, const std::string& text) {
    return {Served::Kind::answer, status, pretty({{"error", text}})};
}

Served ok(std::string body) { return {Served::Kind::answer, 200, std::move(body)}; }

// The last value of that name; an empty one counts as absent. Nothing is decoded, as there.
std::string_view parameter(std::string_view query, std::string_view name) {
    std::string_view found;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals) == name) found = pair.substr(equals + 1);
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return found;
}

// What is wrong with a lane string, or nothing.
std::string lanes_error(std::string_view lanes, int lane_count) {
    std::array<bool, 10> seen{};
    for (const char c : lanes) {
        if (c < '0' || c > '9') return "invalid lanes: " + std::string(lanes);
        const int lane = c - '0';
        if (lane < 1 || lane > lane_count)
            return "lane " + std::to_string(lane) + " out of range 1.." +
                   std::to_string(lane_count);
        if (seen[static_cast<std::size_t>(lane)]) return "duplicate lane " + std::to_string(lane);
        seen[static_cast<std::size_t>(lane)] = true;
    }
    return {};
}

json pin(bool invert) {
    return {{"debounced", 1}, {"invert", invert}, {"last_edge_ms", 0}, {"pull", "up"}, {"raw", 1}};
}

std::string dbg_text(const RaceBoard& board, std::int64_t uptime_ms) {
    json lanes = json::object();
    for (int lane = 1; lane <= board.lane_count(); ++lane) lanes[std::to_string(lane)] = pin(false);
    const bool idle = board.phase() == Phase::idle;
    const char* phase = idle ? "IDLE" : board.phase() == Phase::racing ? "RACING" : "ARMED";
    return pretty(
        {{"controller",
          {{"firmware", kFirmware}, {"protocol", kProtocol}, {"uptime_ms", uptime_ms}}},
         {"engine",
          {{"active_lanes", board.active_lanes().empty() ? json() : json(board.active_lanes())},
           {"gate_ready", board.gate_ready()},
           {"phase", phase},
           {"race_id", idle ? json() : json(board.coming_id())}}},
         {"io", {{"debounce_ms", 10}, {"lanes", lanes}, {"start_gate", pin(true)}}}});
}

Served wait_race(std::string_view query, const RaceBoard& board, int waiting) {
    // `after` comes before the limit, and that before the lanes; the hub's race director arms, so
    // the lanes are only looked at.
    const std::string_view after = parameter(query, "after");
    if (!after.empty() && board.last() && board.last()->id != after) return ok(race_text(board));
    if (waiting >= kMaxWaiters) return error(503, "too many wait clients");
    const std::string wrong = lanes_error(parameter(query, "lanes"), board.lane_count());
    if (!wrong.empty()) return error(400, wrong);
    return {Served::Kind::race_wait, 200, {}};
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> found;
    while (found.size() < 3) {
        const std::size_t from = line.find_first_not_of(" \t");
        if (from == line.npos) break;
        line.remove_prefix(from);
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        found.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return found;
}

}  // namespace

std::string race_text(const RaceBoard& board) {
    if (!board.last()) return "null";
    json times = json::object();
    for (const auto& [lane, ms] : board.last()->times_ms) times[std::to_string(lane)] = ms;
    return pretty({{"race_id", board.last()->id}, {"times_ms", std::move(times)}});
}

std::string gate_text(bool ready) { return pretty({{"gate_ready", ready}}); }

Served serve(std::string_view request, const RaceBoard& board, const Waiters& waiters,
             std::int64_t uptime_ms) {
    const auto said = words(request);
    if (said.size() < 2) return error(400, "bad request");
    if (said[0] != "GET") return error(405, "method not allowed");
    const std::size_t mark = std::min(said[1].find('?'), said[1].size());
    const std::string_view path = said[1].substr(0, mark);
    const std::string_view query = said[1].substr(std::min(mark + 1, said[1].size()));
    if (path == "/info") {
        return ok(pretty({{"firmware", kFirmware},
                          {"lane_count", board.lane_count()},
                          {"protocol", kProtocol}}));
    }
    if (path == "/state") return ok(race_text(board));
    if (path == "/gate") return ok(gate_text(board.gate_ready()));
    if (path == "/dbg") return ok(dbg_text(board, uptime_ms));
    if (path == "/wifi/scan") return ok("[]");  // there is no radio
    if (path == "/wait/race") return wait_race(query, board, waiters.race);
    if (path == "/wait/gate") {
        if (board.gate_ready()) return ok(gate_text(true));
        if (waiters.gate >= kMaxWaiters) return error(503, "too many wait clients");
        return {Served::Kind::gate_wait, 200, {}};
    }
    return error(404, "not found");
}

std::string http_answer(int status, std::string_view body) {
    return "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Error") +
           "\r\nContent-Type: application/json\r\nAccess-Control-Allow-Origin: *\r\n"
           "Connection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace racehub::track_controller
