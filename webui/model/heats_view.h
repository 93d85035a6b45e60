#pragma once
// A session of heats as figures and finished texts: the list of heats, the leaderboard, reports on
// offer. Pure, like race_view.h.

#include "hub/core/leaderboard.h"

namespace racehub {

/// Where a planned heat stands.
enum class HeatStage : std::uint8_t { planned = 1, next, armed, running, held, done };
RH_ENUM_NAMES(HeatStage, {HeatStage::planned, "planned"}, {HeatStage::next, "next"},
              {HeatStage::armed, "armed"}, {HeatStage::running, "running"},
              {HeatStage::held, "held"}, {HeatStage::done, "done"});

/// One lane of one heat.
struct HeatLaneView {
    std::int32_t lane = 0;
    std::int32_t entry = 0;
    std::string driver;
    std::uint32_t color = 0;
    std::string result;  ///< "3.123", "DNF"; empty: none that is final
    std::string place;   ///< "1"; empty: none
    bool withdrawn = false;
};

struct HeatView {
    std::int32_t heat = 0;
    HeatStage stage = HeatStage::planned;
    std::string stage_text;           ///< "next", "not final", "done"
    std::vector<HeatLaneView> lanes;  ///< by lane
};

/// A line of the leaderboard.
struct BoardRow {
    std::int32_t entry = 0;
    std::string place, driver, car;
    std::uint32_t color = 0;
    std::string runs;  ///< "3 of 6"
    std::string best, average, points;
    std::string note;  ///< "1 DNF", "withdrawn"
    bool withdrawn = false;
    bool ranked = false;  ///< has run at least once
};

/// A report that came when no heat was armed.
struct OfferView {
    std::string report_id;
    std::string age;
    std::string text;   ///< "Lane 1 3.123 · lane 2 3.456"
    std::string fault;  ///< what the device found wrong; empty: nothing
};

struct SessionView {
    bool known = false;  ///< false: no session has been planned on this track
    std::string name;
    std::string progress;      ///< "4 of 12 heats run"
    std::string winner;        ///< "Ada wins the session"; empty until all heats are done
    std::int32_t next = 0;     ///< heat that is armed next; 0: none is left
    std::size_t current = 0;   ///< index of the heat to look at: on the track, else next, else last
    std::string next_line_up;  ///< "lane 1 Ada, lane 2 Max"
    std::vector<HeatView> heats;
    std::vector<BoardRow> board;
    std::string rank_text;  ///< "by average time"
    bool partial = true;    ///< heats are still to come
};

/// Cost: one pass over all heats; build it where it is shown.
SessionView session_view(const HubState& state, std::string_view track_id, RankBy rank_by);
std::vector<OfferView> offers_view(const Track& track, TimeUs hub_now_us);

/// Heats of a session, before it is planned: "12 heats: each runs 2 times on each lane, ...".
std::string plan_text(const RotationRequest& request);

/// Reads "17 Ada, Red Baron" as number, driver and car; the number may be missing, then it is
/// `next_number`. False when there is no name.
bool parse_participant(std::string_view text, std::int32_t next_number, Entry& entry);

}  // namespace racehub
