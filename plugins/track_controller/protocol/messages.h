#pragma once
// What a Track Controller says, as values, for protocol 1.0 and 2.0 over any transport. Reading is
// lenient where devices differ (unknown keys, key order, floats, null) and strict where a wrong
// guess would be a wrong result. No exception leaves these functions.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace racehub::track_controller {

/// Lane strings have one digit a lane, so there are lanes 1 to 9.
constexpr int kMaxDeviceLanes = 9;
/// A longer run is a fault of the device's clock, not a race.
constexpr std::int64_t kMaxTimeUs = 3'600'000'000;
/// Race ids go back to the device in URLs and command lines: only these lengths and characters.
constexpr std::size_t kMaxRaceIdBytes = 64;

enum class Protocol : std::uint8_t { unknown, v1, v2, newer };

struct DeviceInfo {
    Protocol protocol = Protocol::unknown;
    std::string protocol_text;
    std::string firmware;
    int lane_count = 0;  ///< 0: not said
};

struct LaneTime {
    int lane = 0;
    std::int64_t time_us = 0;
    bool operator==(const LaneTime&) const = default;
};

/// One completed race. Lanes without a time are absent: did not finish, or not used.
struct RaceResult {
    std::string id;
    std::vector<LaneTime> times;  ///< ascending lanes, plausible times only
    std::string fault;  ///< empty, or the first of: negative_time too_long bad_time bad_lane
    bool operator==(const RaceResult&) const = default;
};

enum class Phase : std::uint8_t { unknown, idle, armed, racing };

struct LaneSensor {
    int lane = 0;
    bool triggered = false;
    std::int64_t last_edge_ms = -1;  ///< -1: not said
};

/// The dbg answer. Every part is optional.
struct Snapshot {
    std::optional<std::int64_t> uptime_ms;
    std::optional<bool> gate_ready;
    Phase phase = Phase::unknown;
    std::string race_id;            ///< of the armed or running race; empty: none
    std::vector<int> active_lanes;  ///< ascending; empty: none or not said
    std::vector<LaneSensor> lanes;
    std::string text;  ///< the whole answer as compact JSON, for people
};

/// One protocol 2.0 frame.
struct Frame {
    enum class Kind : std::uint8_t { ok, error, event };
    Kind kind = Kind::error;
    std::optional<std::int64_t> id;  ///< ok, and errors about a usable request
    std::int64_t sub = 0;            ///< event
    std::string name;                ///< event: "state", "completed"…; error: its code
    std::string message;             ///< error: text for people
    std::string body;                ///< ok: its value as JSON; event: the whole frame
};

/// Any of these is nothing when the text is not that.
std::optional<DeviceInfo> read_info(std::string_view text);
/// With the answer of either protocol, bare or within {"id":…,"ok":…}.
std::optional<DeviceInfo> read_info_or_frame(std::string_view text);
std::optional<RaceResult> read_race(std::string_view text);
bool is_no_race(std::string_view text);
std::optional<bool> read_gate(std::string_view text);
std::optional<Snapshot> read_snapshot(std::string_view text);
std::optional<Frame> read_frame(std::string_view text);
/// The text of {"error": …} or {"err": …}: to be shown, never matched on.
std::optional<std::string> read_error(std::string_view text);

/// Events of protocol 2.0, from Frame::body.
struct LaneEvent {
    int lane = 0;
    bool triggered = false;
};
std::optional<LaneEvent> read_lane_event(std::string_view body);
Phase read_phase_event(std::string_view body);
/// A phase event that leaves ARMED.
bool was_armed(std::string_view body);

/// "13" for lanes 1 and 3: ascending digits, each once.
std::string lane_digits(std::vector<int> lanes);
/// The fields of the subscribe answer: the sub to listen for.
std::optional<std::int64_t> read_sub(std::string_view body);

/// A protocol 2.0 request: {"id":…,"cmd":…} and the given pairs of name and JSON value.
std::string write_request(std::int64_t id, std::string_view cmd,
                          const std::vector<std::pair<std::string, std::string>>& fields = {});
/// A JSON string literal.
std::string json_string(std::string_view text);

}  // namespace racehub::track_controller
