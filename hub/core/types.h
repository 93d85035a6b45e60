#pragma once
// The words of a race as types, with the one spelling each has in JSON. Pure: no clock, no I/O, no
// exceptions.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace racehub {

/// Microseconds, always: instants on the hub's clock (since the Unix epoch) or durations.
using TimeUs = std::int64_t;

inline constexpr TimeUs kSecondUs = 1'000'000;
inline constexpr TimeUs kHourUs = 3'600 * kSecondUs;

// Limits with their reasons. What exceeds them is refused at the border with a message, never cut.
inline constexpr int kMaxLanes = 64;  ///< more than any slot, derby or drag track has
inline constexpr std::int32_t kMaxEntry =
    9'999;  ///< highest entry number; car numbers have up to four digits
inline constexpr std::size_t kMaxEntries =
    128;  ///< entries in one race; the largest sim grids hold fewer
inline constexpr std::size_t kMaxLapsPerEntry = 20'000;  ///< a 24-hour slot race has about 12,000
inline constexpr std::size_t kMaxTracks = 32;            ///< tracks that one hub runs at once
inline constexpr std::size_t kMaxName = 64;              ///< bytes in an id, driver or car name
inline constexpr std::size_t kMaxText = 400;             ///< bytes in a reason or message
inline constexpr int kMaxLights = 10;
inline constexpr std::size_t kMaxPauses = 1'000;   ///< pauses in one race
inline constexpr std::size_t kMaxPenalties = 100;  ///< penalties of one entry in one race
inline constexpr std::size_t kMaxHeats =
    2'000;                                     ///< of one session; 128 entries on 8 lanes make 128
inline constexpr std::size_t kMaxOffers = 8;   ///< reports kept for the race director on one track
inline constexpr std::size_t kMaxSplits = 16;  ///< sector crossings kept for one lap
inline constexpr std::size_t kMaxSectors = 8;  ///< sector times of a reported lap; most have 3
inline constexpr std::size_t kMaxStints = 64;  ///< of one entry; a 24-hour race has about 40
inline constexpr std::size_t kMaxMessages = 64;  ///< newest messages of a race kept in the state
inline constexpr std::size_t kMaxMapPoints =
    1'000;  ///< of a line on a map: finer than a screen shows, and one event holds them
inline constexpr TimeUs kMaxRaceUs =
    1'000 * kHourUs;                               ///< race clock of a reported race, either way
inline constexpr std::int32_t kMaxRate = 100'000;  ///< 100 times as fast, in thousandths

/// The spelling of an enumeration in JSON: kNames[i].first is the value. The first name is not a
/// default.
template <class E>
struct EnumNames;

#define RH_ENUM_NAMES(Type, ...)                                             \
    template <>                                                              \
    struct EnumNames<Type> {                                                 \
        static constexpr auto kNames =                                       \
            std::to_array<std::pair<Type, std::string_view>>({__VA_ARGS__}); \
    }

template <class E>
constexpr std::string_view name_of(E value) {
    for (const auto& [candidate, name] : EnumNames<E>::kNames) {
        if (candidate == value) return name;
    }
    return "unknown";
}

template <class E>
constexpr std::optional<E> enum_from(std::string_view text) {
    for (const auto& [value, name] : EnumNames<E>::kNames) {
        if (name == text) return value;
    }
    return std::nullopt;
}

enum class Kind : std::uint8_t { observation = 1, command, fact, sample };
RH_ENUM_NAMES(Kind, {Kind::observation, "observation"}, {Kind::command, "command"},
              {Kind::fact, "fact"}, {Kind::sample, "sample"});

/// Where on the track a detection happened.
enum class Gate : std::uint8_t {
    start = 1,
    finish,
    sector_1,
    sector_2,
    sector_3,
    sector_4,
    pit_in,
    pit_out
};
RH_ENUM_NAMES(Gate, {Gate::start, "start"}, {Gate::finish, "finish"}, {Gate::sector_1, "sector_1"},
              {Gate::sector_2, "sector_2"}, {Gate::sector_3, "sector_3"},
              {Gate::sector_4, "sector_4"}, {Gate::pit_in, "pit_in"}, {Gate::pit_out, "pit_out"});

/// How a race is timed: laps past gates; one run from the start gate to the finish on each lane; or
/// by others (a sim's server, a Grand Prix), who report its laps.
enum class Discipline : std::uint8_t { circuit = 1, heat, reported };
RH_ENUM_NAMES(Discipline, {Discipline::circuit, "circuit"}, {Discipline::heat, "heat"},
              {Discipline::reported, "reported"});

/// Circuit: idle → armed → lights → running → finishing → finished; aborted from armed to
/// finishing. Heat: idle → armed → running → finished, or → held (implausible: the race director
/// decides) → finished or armed again. Reported: idle → armed → running → finished, and back to
/// running when its source goes back in time.
enum class Phase : std::uint8_t {
    idle = 1,
    armed,
    lights,
    running,
    finishing,
    finished,
    aborted,
    held
};
RH_ENUM_NAMES(Phase, {Phase::idle, "idle"}, {Phase::armed, "armed"}, {Phase::lights, "lights"},
              {Phase::running, "running"}, {Phase::finishing, "finishing"},
              {Phase::finished, "finished"}, {Phase::aborted, "aborted"}, {Phase::held, "held"});

/// What ends a race: a number of laps, a time, or only the race director.
enum class Distance : std::uint8_t { laps = 1, time, open };
RH_ENUM_NAMES(Distance, {Distance::laps, "laps"}, {Distance::time, "time"},
              {Distance::open, "open"});

/// Where an entry's first lap begins: at lights out, or at its first crossing (rolling start).
enum class FirstLap : std::uint8_t { from_start = 1, from_first_crossing };
RH_ENUM_NAMES(FirstLap, {FirstLap::from_start, "from_start"},
              {FirstLap::from_first_crossing, "from_first_crossing"});

/// How the others end once the first entry has: each finishes the lap it is on, or each drives the
/// whole distance.
enum class Finish : std::uint8_t { current_lap = 1, full_distance };
RH_ENUM_NAMES(Finish, {Finish::current_lap, "current_lap"},
              {Finish::full_distance, "full_distance"});

enum class JumpRule : std::uint8_t { ignore = 1, warn, time_penalty, disqualify };
RH_ENUM_NAMES(JumpRule, {JumpRule::ignore, "ignore"}, {JumpRule::warn, "warn"},
              {JumpRule::time_penalty, "time_penalty"}, {JumpRule::disqualify, "disqualify"});

/// Status of an entry in a race. `dns`: the race ended and the entry never crossed.
enum class EntryStatus : std::uint8_t { ready = 1, running, finished, dnf, dsq, dns };
RH_ENUM_NAMES(EntryStatus, {EntryStatus::ready, "ready"}, {EntryStatus::running, "running"},
              {EntryStatus::finished, "finished"}, {EntryStatus::dnf, "dnf"},
              {EntryStatus::dsq, "dsq"}, {EntryStatus::dns, "dns"});

/// counted; crossing_void: the crossing never happened (a ghost), its time belongs to the next lap;
/// lap_void: the car did cross, but the lap does not count (a cut corner, a marshal's hand).
enum class LapStatus : std::uint8_t { counted = 1, crossing_void, lap_void };
RH_ENUM_NAMES(LapStatus, {LapStatus::counted, "counted"},
              {LapStatus::crossing_void, "crossing_void"}, {LapStatus::lap_void, "lap_void"});

/// Why a crossing was shown but not counted.
enum class IgnoreReason : std::uint8_t {
    no_race = 1,
    not_started,
    too_soon,
    paused,
    no_entry,
    entry_out,
    entry_finished,
    too_late,
    before_start
};
RH_ENUM_NAMES(IgnoreReason, {IgnoreReason::no_race, "no_race"},
              {IgnoreReason::not_started, "not_started"}, {IgnoreReason::too_soon, "too_soon"},
              {IgnoreReason::paused, "paused"}, {IgnoreReason::no_entry, "no_entry"},
              {IgnoreReason::entry_out, "entry_out"},
              {IgnoreReason::entry_finished, "entry_finished"},
              {IgnoreReason::too_late, "too_late"}, {IgnoreReason::before_start, "before_start"});

/// Why a race went to its last laps or ended.
enum class EndReason : std::uint8_t {
    distance = 1,
    all_finished,
    grace_over,
    stopped,
    aborted,
    timed,     ///< a plausible heat result came in
    accepted,  ///< the race director accepted a held one
    reported   ///< who times the race reported its result, or a next one
};
RH_ENUM_NAMES(EndReason, {EndReason::distance, "distance"},
              {EndReason::all_finished, "all_finished"}, {EndReason::grace_over, "grace_over"},
              {EndReason::stopped, "stopped"}, {EndReason::aborted, "aborted"},
              {EndReason::timed, "timed"}, {EndReason::accepted, "accepted"},
              {EndReason::reported, "reported"});

/// A lane's result in a heat. `waiting`: none yet.
enum class HeatStatus : std::uint8_t { waiting = 1, timed, dnf };
RH_ENUM_NAMES(HeatStatus, {HeatStatus::waiting, "waiting"}, {HeatStatus::timed, "timed"},
              {HeatStatus::dnf, "dnf"});

/// Why a heat's result is not believed: it is held for the race director and never shown as final.
enum class HoldReason : std::uint8_t {
    all_dnf = 1,
    identical_times,
    under_minimum,
    at_timeout,
    negative,
    lanes_differ,
    device_fault
};
RH_ENUM_NAMES(HoldReason, {HoldReason::all_dnf, "all_dnf"},
              {HoldReason::identical_times, "identical_times"},
              {HoldReason::under_minimum, "under_minimum"}, {HoldReason::at_timeout, "at_timeout"},
              {HoldReason::negative, "negative"}, {HoldReason::lanes_differ, "lanes_differ"},
              {HoldReason::device_fault, "device_fault"});

/// What a reported race counts: laps and time, or only the best lap.
enum class SessionKind : std::uint8_t { race = 1, qualifying, practice };
RH_ENUM_NAMES(SessionKind, {SessionKind::race, "race"}, {SessionKind::qualifying, "qualifying"},
              {SessionKind::practice, "practice"});

/// What is shown to the drivers of a reported race. `none`: a message shows no flag.
enum class RaceFlag : std::uint8_t {
    none = 1,
    green,
    yellow,
    double_yellow,
    red,
    safety_car,
    virtual_safety_car,
    chequered,
    blue,
    black_and_white,
    black,
    white
};
RH_ENUM_NAMES(RaceFlag, {RaceFlag::none, "none"}, {RaceFlag::green, "green"},
              {RaceFlag::yellow, "yellow"}, {RaceFlag::double_yellow, "double_yellow"},
              {RaceFlag::red, "red"}, {RaceFlag::safety_car, "safety_car"},
              {RaceFlag::virtual_safety_car, "virtual_safety_car"},
              {RaceFlag::chequered, "chequered"}, {RaceFlag::blue, "blue"},
              {RaceFlag::black_and_white, "black_and_white"}, {RaceFlag::black, "black"},
              {RaceFlag::white, "white"});

/// What a message of a reported race is about.
enum class About : std::uint8_t { control = 1, flag, chat, collision, radio, session };
RH_ENUM_NAMES(About, {About::control, "control"}, {About::flag, "flag"}, {About::chat, "chat"},
              {About::collision, "collision"}, {About::radio, "radio"},
              {About::session, "session"});

/// Rules of one race. The defaults are a club's slot race; the start figures are the Carrera
/// project's.
struct RaceSettings {
    Discipline discipline = Discipline::circuit;
    Distance distance = Distance::open;
    std::int32_t laps = 10;            ///< distance "laps"
    TimeUs time_us = 300 * kSecondUs;  ///< distance "time", on the race clock (pauses excluded)
    FirstLap first_lap = FirstLap::from_start;
    Finish finish = Finish::current_lap;
    TimeUs grace_us = 60 * kSecondUs;  ///< after the first finisher; 0 ends the race at once
    TimeUs min_lap_us = 400'000;  ///< sooner is a bounce: shown, not counted; 0 switches it off
    TimeUs max_lap_us =
        120 * kSecondUs;         ///< later is marked suspect (a missed crossing); 0 switches it off
    std::int32_t lights = 5;     ///< 0: no lights, go after lead_us
    TimeUs lead_us = kSecondUs;  ///< from the command to the first light, announced ahead
    TimeUs light_interval_us = kSecondUs;
    TimeUs hold_min_us = kSecondUs;  ///< all lights on until lights out: random between min and max
    TimeUs hold_max_us = 4 * kSecondUs;
    JumpRule jump_rule = JumpRule::warn;
    TimeUs jump_penalty_us = 5 * kSecondUs;
    TimeUs min_heat_us = 500'000;  ///< a lane time below it is held
    TimeUs heat_timeout_us =
        15 * kSecondUs;  ///< of the timing device; a DNF counts as this much in an average

    bool operator==(const RaceSettings&) const = default;

    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v.optional("discipline", s.discipline);
        v.optional("distance", s.distance);
        v.optional("laps", s.laps, 1, 10'000);
        v.optional("time_us", s.time_us, kSecondUs, 48 * kHourUs);
        v.optional("first_lap", s.first_lap);
        v.optional("finish", s.finish);
        v.optional("grace_us", s.grace_us, 0, kHourUs);
        v.optional("min_lap_us", s.min_lap_us, 0, kHourUs);
        v.optional("max_lap_us", s.max_lap_us, 0, 24 * kHourUs);
        v.optional("lights", s.lights, 0, kMaxLights);
        v.optional("lead_us", s.lead_us, 0, 60 * kSecondUs);
        v.optional("light_interval_us", s.light_interval_us, 100'000, 10 * kSecondUs);
        v.optional("hold_min_us", s.hold_min_us, 0, 60 * kSecondUs);
        v.optional("hold_max_us", s.hold_max_us, 0, 60 * kSecondUs);
        v.optional("jump_rule", s.jump_rule);
        v.optional("jump_penalty_us", s.jump_penalty_us, 0, kHourUs);
        v.optional("min_heat_us", s.min_heat_us, 0, kHourUs);
        v.optional("heat_timeout_us", s.heat_timeout_us, kSecondUs, kHourUs);
    }
};

/// Driver + car + lane in one race. On a track with lanes the entry's number is its lane.
struct Entry {
    std::int32_t entry = 0;  ///< unique in the race, from 1
    std::int32_t lane = 0;   ///< 1-based; 0 where there are no lanes
    std::string driver;
    std::string car;
    std::string color;  ///< "#rrggbb", or empty: the screen chooses by lane
    std::string team{};
    std::string code{};  ///< the driver in three or four letters, for maps and towers

    bool operator==(const Entry&) const = default;

    template <class Self, class V>
    static void fields(Self& e, V& v) {
        v("entry", e.entry, 1, kMaxEntry);
        v.optional("lane", e.lane, 0, kMaxLanes);
        v.optional("driver", e.driver, kMaxName);
        v.optional("car", e.car, kMaxName);
        v.optional("color", e.color, kMaxName);
        v.optional("team", e.team, kMaxName);
        v.optional("code", e.code, kMaxName);
    }
};

/// Who times a reported race, and what it is.
struct RaceReport {
    std::string source;     ///< the only source that may report on it
    std::string report_id;  ///< the race in the source's words: the same id is the same race
    std::string name;       ///< for people
    SessionKind session = SessionKind::race;

    bool operator==(const RaceReport&) const = default;

    template <class Self, class V>
    static void fields(Self& r, V& v) {
        v("source", r.source, kMaxName);
        v("report_id", r.report_id, kMaxName);
        v.optional("name", r.name, kMaxName);
        v.optional("session", r.session);
    }
};

/// A place on a map, in millimetres from an arbitrary zero.
struct Point {
    std::int32_t x_mm = 0;
    std::int32_t y_mm = 0;

    bool operator==(const Point&) const = default;

    template <class Self, class V>
    static void fields(Self& p, V& v) {
        v("x_mm", p.x_mm);
        v("y_mm", p.y_mm);
    }
};

/// A picture that lies under the map: pixel = (place + offset) / um_per_px.
struct MapImage {
    std::string url;
    std::int32_t width_px = 0;
    std::int32_t height_px = 0;
    std::int32_t offset_x_mm = 0;
    std::int32_t offset_y_mm = 0;
    std::int32_t um_per_px = 0;

    bool operator==(const MapImage&) const = default;

    template <class Self, class V>
    static void fields(Self& m, V& v) {
        v("url", m.url, kMaxText);
        v("width_px", m.width_px, 1, 100'000);
        v("height_px", m.height_px, 1, 100'000);
        v("offset_x_mm", m.offset_x_mm);
        v("offset_y_mm", m.offset_y_mm);
        v("um_per_px", m.um_per_px, 1, 2'000'000'000);
    }
};

/// What a track looks like from above: where `car.located` samples lie.
struct TrackMap {
    std::string name;
    std::vector<Point> path;      ///< the racing line, once around
    std::vector<Point> pit_path;  ///< may be empty, as the other two
    std::vector<Point> sectors;   ///< where sectors begin; the first is the start line
    std::optional<MapImage> image;

    bool operator==(const TrackMap&) const = default;

    template <class Self, class V>
    static void fields(Self& m, V& v) {
        v.optional("name", m.name, kMaxName);
        v("path", m.path, kMaxMapPoints);
        v.optional("pit_path", m.pit_path, kMaxMapPoints);
        v.optional("sectors", m.sectors, kMaxSectors);
        v.optional("image", m.image);
    }
};

}  // namespace racehub
