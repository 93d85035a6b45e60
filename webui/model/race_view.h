#pragma once
// What one track shows at one instant, as figures and finished texts. Pure: the same state and
// instant give the same picture on every screen; views draw it, the plain pages get it as JSON.

#include "hub/core/standings.h"

namespace racehub {

/// The band across the screen.
enum class Flag : std::uint8_t { none = 1, armed, lights, green, yellow, white, chequered, black };
RH_ENUM_NAMES(Flag, {Flag::none, "none"}, {Flag::armed, "armed"}, {Flag::lights, "lights"},
              {Flag::green, "green"}, {Flag::yellow, "yellow"}, {Flag::white, "white"},
              {Flag::chequered, "chequered"}, {Flag::black, "black"});

/// The start lights at an instant, from the announced schedule: all screens switch together.
struct LightsView {
    bool shown = false;
    std::int32_t count = 0;
    std::int32_t lit = 0;  ///< red ones, from the left
    bool go = false;       ///< just went out: shown for kGoShownUs
};

inline constexpr TimeUs kGoShownUs = 3 * kSecondUs;
inline constexpr TimeUs kJustCrossedUs = 1'500'000;  ///< a row lights up this long after a crossing
inline constexpr std::size_t kLastLaps = 3;

/// One line of the standings.
struct RowView {
    std::int32_t entry = 0;
    std::int32_t lane = 0;
    std::string position;  ///< "1", or the status when out of the race
    std::string driver;    ///< never empty
    std::string car;
    std::uint32_t color = 0;  ///< 0xrrggbb
    std::string laps;
    std::string running;  ///< the lap being driven; empty: none
    std::string last, best, average, gap, interval, total;
    std::array<std::string, kLastLaps> last_laps;  ///< newest first; empty where there is none
    std::string status;                            ///< short; empty while racing normally
    std::string note;                              ///< jump start, penalty, pit stops
    EntryStatus status_code = EntryStatus::ready;
    bool fastest = false;          ///< holds the race's fastest lap
    bool last_is_best = false;     ///< the entry's own best was its last lap
    bool last_is_fastest = false;  ///< and the race's
    bool just_crossed = false;
    bool overdue = false;  ///< longer on its way than twice its average: look after it
    std::string age;       ///< of the last crossing
    HeatStatus heat = HeatStatus::waiting;  ///< heats only
    bool by_hand = false;                   ///< this heat time was set by the race director
};

struct RaceView {
    bool known = false;  ///< false: this hub has no such track
    std::string track_id, track_name;
    std::int32_t lanes = 0;
    std::string race_id;
    Phase phase = Phase::idle;
    bool paused = false;
    Flag flag = Flag::none;
    std::string phase_text;
    std::string hint;          ///< for the race director
    std::string watcher_hint;  ///< for everybody else
    std::string rules;         ///< "20 laps"
    std::string clock;         ///< what the big clock shows
    std::string clock_label;   ///< what that is: "Race time", "Time left", "Start in"
    std::string progress;      ///< "Lap 7 of 20"; empty: nothing to say
    LightsView lights;
    std::vector<RowView> rows;
    std::string fastest;  ///< "Anna 12.345 (lap 7)"; empty: none yet
    std::string end_reason;
    bool reported = false;         ///< others time this race
    bool heat = false;             ///< lanes have one time each; below is about heats only
    std::int32_t heat_number = 0;  ///< in the session; 0: none
    std::int32_t next_heat = 0;    ///< what arming would arm; 0: the roster, without a session
    bool has_session = false;
    bool held = false;       ///< the times are not final: the race director decides
    std::string hold_text;   ///< why, in a sentence
    bool can_rerun = false;  ///< the heat has a result that may be run again or set by hand
    bool can_arm = false, can_start = false, can_stop = false, can_abort = false;
    bool can_pause = false, can_resume = false, can_clear = false;
    bool running_clocks = false;  ///< something on this picture moves by itself
    TimeUs next_change_us =
        0;  ///< hub clock; when it has to be drawn again without any message; 0: at leisure
};

/// `hub_now_us`: the instant on the hub's clock. Cost: the standings and one pass over the rows.
RaceView race_view(const HubState& state, std::string_view track_id, TimeUs hub_now_us);
LightsView lights_view(const Race& race, TimeUs hub_now_us);

/// "#rrggbb", or the lane's own colour where it is empty or odd. Neighbours differ without colour
/// vision too, in brightness.
std::uint32_t entry_color(const Entry& entry);
/// The same for who changes lanes from heat to heat: by number.
std::uint32_t participant_color(const Entry& entry);

}  // namespace racehub
