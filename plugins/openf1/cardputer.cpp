#include "plugins/openf1/cardputer.h"

#include <Poco/Base64Encoder.h>
#include <Poco/SHA1Engine.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "plugins/openf1/instant.h"

namespace racehub::openf1 {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

json points(const std::vector<Place2>& from) {
    json list = json::array();
    for (const Place2& place : from) list.push_back({{"x", place.x}, {"y", place.y}});
    return list;
}

json seconds(Micros time_us) {
    return time_us == 0 ? json() : json(static_cast<double>(time_us) / 1e6);
}

json fastest_lap(const Session& session) {
    if (session.fastest == nullptr) return json::object();
    const LapRow& lap = *session.fastest;
    return {{"driver_number", lap.driver},           {"lap_number", lap.number},
            {"lap_time", seconds(lap.lap_us)},       {"sector_1", seconds(lap.sector_us[0])},
            {"sector_2", seconds(lap.sector_us[1])}, {"sector_3", seconds(lap.sector_us[2])}};
}

json layout_of(const Session& session) {
    const Layout& layout = session.layout;
    json sectors = json::array();
    const char* kNames[] = {"Start/Finish", "Sector 1 End", "Sector 2 End"};
    for (std::size_t i = 0; i < std::min<std::size_t>(3, layout.sectors.size()); ++i) {
        sectors.push_back(
            {{"id", kNames[i]}, {"x", layout.sectors[i].x}, {"y", layout.sectors[i].y}});
    }
    // It divides by the width and the height: neither may be nothing.
    const std::int32_t wide = layout.max_x > layout.min_x ? 0 : 1;
    const std::int32_t high = layout.max_y > layout.min_y ? 0 : 1;
    return {{"track_path", points(layout.path)},
            {"pit_path", points(layout.pit)},
            {"sector_points", std::move(sectors)},
            {"bounds",
             {{"min_x", layout.min_x},
              {"max_x", layout.max_x + wide},
              {"min_y", layout.min_y},
              {"max_y", layout.max_y + high}}}};
}

std::string lowered(std::string_view text) {
    std::string low(text);
    for (char& c : low) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    return low;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

HandHeldFiles::HandHeldFiles(const Session& session) {
    json drivers = json::array();
    for (const DriverRow& driver : session.drivers) {
        const std::string color = driver.color.empty() ? "ffffff" : driver.color.substr(1);
        drivers.push_back({{"driver_number", driver.driver},
                           {"name_acronym", driver.code.empty() ? "???" : driver.code},
                           {"team_colour", color},
                           {"full_name", driver.name},
                           {"team_name", driver.team}});
    }
    json podium = json::array();
    std::int32_t winner = 0;
    for (std::int32_t position = 1; position <= 3; ++position) {
        for (const ResultRow& row : session.results) {
            if (row.position != position) continue;
            if (position == 1) winner = row.driver;
            podium.push_back(row.driver);
        }
    }
    drivers_ = dump(drivers);
    layout_ = dump(layout_of(session));
    metadata_ = dump({{"session_key", session.info.session_key},
                      {"reference_start_time", format_instant(session.begin_us())},
                      {"race_winner", winner == 0 ? json() : json(winner)},
                      {"podium_drivers", std::move(podium)},
                      {"fastest_lap", fastest_lap(session)}});
}

const std::string* HandHeldFiles::find(std::string_view name) const {
    if (name == "drivers") return &drivers_;
    if (name == "track_layout") return &layout_;
    return name == "race_metadata" ? &metadata_ : nullptr;
}

bool read_request(std::string_view head, HandHeldRequest& request) {
    const std::size_t line_end = head.find("\r\n");
    if (line_end == std::string_view::npos) return false;
    const std::string_view line = head.substr(0, line_end);
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || last <= first) return false;
    if (line.substr(last + 1).substr(0, 7) != "HTTP/1.") return false;
    request.method = line.substr(0, first);
    request.path = line.substr(first + 1, last - first - 1);
    bool upgrade = false;
    std::string key;
    head.remove_prefix(line_end + 2);
    while (!head.empty()) {
        const std::size_t end = std::min(head.find("\r\n"), head.size());
        const std::string_view field = head.substr(0, end);
        head.remove_prefix(std::min(end + 2, head.size()));
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string name = lowered(field.substr(0, colon));
        const std::string_view value = trimmed(field.substr(colon + 1));
        if (name == "upgrade" && lowered(value) == "websocket") upgrade = true;
        if (name == "sec-websocket-key" && value.size() <= 64) key = value;
    }
    request.websocket_key = upgrade ? key : std::string();
    return true;
}

std::optional<HandHeldPath> read_path(std::string_view path) {
    path = path.substr(0, path.find('?'));
    const bool session = path.starts_with("/session/");
    if (!session && !path.starts_with("/ws/")) return std::nullopt;
    path.remove_prefix(session ? 9 : 4);
    HandHeldPath found;
    const auto [end, failed] =
        std::from_chars(path.data(), path.data() + path.size(), found.session);
    if (failed != std::errc() || found.session <= 0) return std::nullopt;
    path.remove_prefix(static_cast<std::size_t>(end - path.data()));
    if (!session) return path.empty() ? std::optional(found) : std::nullopt;
    if (!path.starts_with('/') || path.size() < 2) return std::nullopt;
    path.remove_prefix(1);
    if (path.ends_with(".json")) path.remove_suffix(5);
    found.file = path;
    return found;
}

std::string http_answer(int status, std::string_view body) {
    const char* reason = status == 200 ? "OK" : status == 404 ? "Not Found" : "Bad Request";
    return "HTTP/1.1 " + std::to_string(status) + " " + reason +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n" + std::string(body);
}

std::string websocket_handshake(std::string_view key) {
    Poco::SHA1Engine sha1;
    sha1.update(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    const auto& digest = sha1.digest();
    std::ostringstream accept;
    Poco::Base64Encoder encoder(accept);
    encoder.write(reinterpret_cast<const char*>(digest.data()),
                  static_cast<std::streamsize>(digest.size()));
    encoder.close();
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept.str() + "\r\n\r\n";
}

std::string websocket_frame(int opcode, std::string_view payload) {
    std::string frame;
    frame.reserve(payload.size() + 4);
    frame += static_cast<char>(0x80 | opcode);
    if (payload.size() < 126) {
        frame += static_cast<char>(payload.size());
    } else {
        frame += static_cast<char>(126);
        frame += static_cast<char>(payload.size() >> 8U);
        frame += static_cast<char>(payload.size() & 0xFFU);
    }
    return frame += payload;
}

}  // namespace racehub::openf1
