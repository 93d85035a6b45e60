#pragma once
// The state of every track: what the fold of the facts gives. Plain values; copied freely, compared
// byte for byte through its JSON (codec.h). Only apply.cpp changes it.

#include <map>

#include "hub/core/event.h"

namespace racehub {

/// A crossing of a sector or pit gate within one lap.
struct Split {
    Gate gate = Gate::sector_1;
    TimeUs crossed_us = 0;
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("gate", s.gate);
        v("crossed_us", s.crossed_us);
    }
};

/// One finish-line crossing and the lap that it ends. Laps stand in the order of `crossed_us`.
struct Lap {
    std::int32_t id = 0;  ///< in order of arrival; the name that corrections use
    TimeUs crossed_us = 0;
    std::string clock;  ///< device clock of `stamp_us`; empty: time of arrival
    TimeUs stamp_us = 0;
    LapStatus status = LapStatus::counted;
    bool manual = false;             ///< added by the race director
    std::vector<Split> splits;       ///< since the previous finish-line crossing
    std::vector<TimeUs> sectors_us;  ///< as reported; 0: not known
    bool cut = false;                ///< as reported: never the best lap
    // Derived from the entry's crossings whenever one of them changes; where others time the race,
    // as they reported:
    std::int32_t number = 0;  ///< n-th counted lap; 0: void, or only begins lap 1
    TimeUs lap_us = 0;     ///< race clock since the previous crossing; 0 when void or number is 0
    TimeUs race_us = 0;    ///< race clock at the crossing
    bool suspect = false;  ///< longer than max_lap_us: a crossing was probably missed
    template <class Self, class V>
    static void fields(Self& l, V& v) {
        v("id", l.id);
        v("crossed_us", l.crossed_us);
        v.optional("clock", l.clock, kMaxName);
        v.optional("stamp_us", l.stamp_us);
        v("status", l.status);
        v.optional("manual", l.manual);
        v.optional("splits", l.splits, kMaxSplits);
        v.optional("sectors_us", l.sectors_us, kMaxSectors);
        v.optional("cut", l.cut);
        v("number", l.number);
        v("lap_us", l.lap_us);
        v("race_us", l.race_us);
        v.optional("suspect", l.suspect);
    }
};

/// A reported stretch between two tyre changes.
struct Stint {
    std::int32_t stint = 0;     ///< 1-based
    TimeUs race_us = 0;         ///< race clock at its beginning
    std::string tyre;           ///< in the source's words: "SOFT"
    std::int32_t tyre_age = 0;  ///< laps on that set at the beginning
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("stint", s.stint, 1, 1'000);
        v("race_us", s.race_us, -kMaxRaceUs, kMaxRaceUs);
        v.optional("tyre", s.tyre, kMaxName);
        v.optional("tyre_age", s.tyre_age, 0, 1'000);
    }
};

/// Something said in a reported race.
struct Message {
    TimeUs race_us = 0;
    About about = About::control;
    std::string text;
    std::string from;
    RaceFlag flag = RaceFlag::none;
    std::int32_t sector = 0;
    std::int32_t entry = 0;
    template <class Self, class V>
    static void fields(Self& m, V& v) {
        v("race_us", m.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("about", m.about);
        v("text", m.text, kMaxText);
        v.optional("from", m.from, kMaxName);
        v.optional("flag", m.flag);
        v.optional("sector", m.sector);
        v.optional("entry", m.entry);
    }
};

/// How the clock of a reported race goes: at `at_us` of the hub it showed `race_us`.
struct Pace {
    TimeUs at_us = 0;
    TimeUs race_us = 0;
    std::int32_t rate = 1'000;  ///< thousandths: 1000 as time goes by, 0 stands still
    template <class Self, class V>
    static void fields(Self& p, V& v) {
        v("at_us", p.at_us);
        v("race_us", p.race_us, -kMaxRaceUs, kMaxRaceUs);
        v("rate", p.rate, 0, kMaxRate);
    }
};

struct Penalty {
    std::int32_t id = 0;
    TimeUs penalty_us = 0;
    std::string by;
    std::string reason;
    bool withdrawn = false;
    template <class Self, class V>
    static void fields(Self& p, V& v) {
        v("id", p.id);
        v("penalty_us", p.penalty_us);
        v("by", p.by, kMaxName);
        v("reason", p.reason, kMaxText);
        v("withdrawn", p.withdrawn);
    }
};

/// An entry's race. In a heat: its lane's time. Everything below `penalties` is derived from what
/// stands above it.
struct EntryState {
    Entry entry;
    EntryStatus status = EntryStatus::ready;
    bool jumped = false;
    TimeUs early_us = 0;  ///< jump start: how long before lights out
    bool in_pit = false;
    std::int32_t pit_stops = 0;
    HeatStatus heat = HeatStatus::waiting;
    TimeUs heat_us = 0;         ///< lane time of the heat; meaningful when timed
    bool heat_manual = false;   ///< set by the race director
    std::int32_t position = 0;  ///< as reported; 0: not, or nobody else times the race
    std::vector<Stint> stints;  ///< as reported, in order
    std::int32_t next_lap = 1;  ///< next Lap::id
    std::int32_t next_penalty = 1;
    TimeUs last_crossing_us = 0;  ///< any gate, counted or not; 0: never seen
    std::vector<Lap> laps;
    std::vector<Split> open_splits;  ///< of the lap being driven
    std::vector<Penalty> penalties;
    std::int32_t laps_counted = 0;
    TimeUs last_lap_us = 0;  ///< 0: none
    TimeUs best_lap_us = 0;
    std::int32_t best_lap = 0;  ///< Lap::id of the best
    TimeUs total_us = 0;        ///< race clock at the last counted lap, without penalties
    TimeUs lap_times_us = 0;    ///< sum of the counted laps, for the average
    TimeUs penalty_us = 0;      ///< sum of penalties in force
    template <class Self, class V>
    static void fields(Self& e, V& v) {
        v("entry", e.entry);
        v("status", e.status);
        v.optional("jumped", e.jumped);
        v.optional("early_us", e.early_us);
        v.optional("in_pit", e.in_pit);
        v.optional("pit_stops", e.pit_stops);
        v.optional("heat", e.heat);
        v.optional("heat_us", e.heat_us);
        v.optional("heat_manual", e.heat_manual);
        v.optional("position", e.position);
        v.optional("stints", e.stints, kMaxStints);
        v("next_lap", e.next_lap);
        v("next_penalty", e.next_penalty);
        v("last_crossing_us", e.last_crossing_us);
        v("laps", e.laps, kMaxLapsPerEntry);
        v.optional("open_splits", e.open_splits, kMaxSplits);
        v.optional("penalties", e.penalties, kMaxPenalties);
        v("laps_counted", e.laps_counted);
        v("last_lap_us", e.last_lap_us);
        v("best_lap_us", e.best_lap_us);
        v("best_lap", e.best_lap);
        v("total_us", e.total_us);
        v("lap_times_us", e.lap_times_us);
        v("penalty_us", e.penalty_us);
    }
};

/// The race clock stood from..to; to is 0 while it still stands.
struct Pause {
    TimeUs from_us = 0;
    TimeUs to_us = 0;
    template <class Self, class V>
    static void fields(Self& p, V& v) {
        v("from_us", p.from_us);
        v("to_us", p.to_us);
    }
};

struct Race {
    std::string race_id;
    Phase phase = Phase::armed;
    RaceSettings settings;
    TimeUs armed_us = 0;
    std::int32_t lights = 0;  ///< of the scheduled start
    std::int32_t lights_lit = 0;
    TimeUs first_light_us = 0;
    TimeUs light_interval_us = 0;
    TimeUs go_us = 0;         ///< scheduled lights out; 0: not scheduled
    TimeUs started_us = 0;    ///< lights out; 0: not yet
    TimeUs finishing_us = 0;  ///< first finisher, or time over; 0: not yet
    TimeUs deadline_us = 0;   ///< end of the grace; 0: none
    TimeUs ended_us = 0;
    EndReason end_reason = EndReason::stopped;  ///< meaningful when ended
    std::vector<Pause> pauses;
    std::int32_t heat = 0;           ///< planned heat that this race runs; 0: none
    std::string report_id;           ///< of the device's report that was taken last
    std::optional<HoldReason> hold;  ///< phase held: why
    std::string hold_detail;
    std::optional<RaceReport> report;  ///< others time this race: who, and what it is
    std::optional<Pace> pace;          ///< its clock
    RaceFlag flag = RaceFlag::none;    ///< reported for the whole track
    std::vector<Message> messages;     ///< reported; newest last, at most kMaxMessages
    std::vector<EntryState> entries;   ///< by entry number
    template <class Self, class V>
    static void fields(Self& r, V& v) {
        v("race_id", r.race_id, kMaxName);
        v("phase", r.phase);
        v("settings", r.settings);
        v("armed_us", r.armed_us);
        v("lights", r.lights);
        v("lights_lit", r.lights_lit);
        v("first_light_us", r.first_light_us);
        v("light_interval_us", r.light_interval_us);
        v("go_us", r.go_us);
        v("started_us", r.started_us);
        v("finishing_us", r.finishing_us);
        v("deadline_us", r.deadline_us);
        v("ended_us", r.ended_us);
        v("end_reason", r.end_reason);
        v.optional("pauses", r.pauses, kMaxPauses);
        v.optional("heat", r.heat);
        v.optional("report_id", r.report_id, kMaxName);
        v.optional("hold", r.hold);
        v.optional("hold_detail", r.hold_detail, kMaxText);
        v.optional("report", r.report);
        v.optional("pace", r.pace);
        v.optional("flag", r.flag);
        v.optional("messages", r.messages, kMaxMessages);
        v("entries", r.entries, kMaxEntries);
    }

    bool paused() const { return !pauses.empty() && pauses.back().to_us == 0; }
    bool on() const { return phase == Phase::running || phase == Phase::finishing; }
    bool ended() const { return phase == Phase::finished || phase == Phase::aborted; }
    /// Race clock at an instant: since lights out, pauses excluded; negative before the start. Of a
    /// reported race: what its source's clock shows.
    TimeUs clock_us(TimeUs at_us) const;
    /// Time that the race clock stood between two instants.
    TimeUs paused_us(TimeUs from_us, TimeUs to_us) const;
    const EntryState* find(std::int32_t entry) const;
    EntryState* find(std::int32_t entry);
};

/// The last detection of a lane's gate, in a race or not: what "wave your hand" shows.
struct GateSeen {
    Gate gate = Gate::finish;
    std::int32_t lane = 0;
    TimeUs time_us = 0;
    std::int64_t count = 0;   ///< detections since the track exists
    std::int64_t missed = 0;  ///< detections known to be lost
    template <class Self, class V>
    static void fields(Self& g, V& v) {
        v("gate", g.gate);
        v("lane", g.lane);
        v("time_us", g.time_us);
        v("count", g.count);
        v("missed", g.missed);
    }
};

/// Someone who races in a session.
struct Participant {
    Entry entry;
    bool withdrawn = false;
    template <class Self, class V>
    static void fields(Self& p, V& v) {
        v("entry", p.entry);
        v.optional("withdrawn", p.withdrawn);
    }
};

/// A heat of a session: planned, and once it has been run, its final results.
struct Heat {
    std::int32_t heat = 0;
    HeatLanes lanes;
    std::string race_id;  ///< race that ran it last; empty: not yet
    bool done = false;    ///< `results` are final
    std::vector<HeatResult> results;
    template <class Self, class V>
    static void fields(Self& h, V& v) {
        v("heat", h.heat);
        v("lanes", h.lanes, kMaxLanes);
        v.optional("race_id", h.race_id, kMaxName);
        v.optional("done", h.done);
        v.optional("results", h.results, kMaxLanes);
    }
};

/// Heats whose results count together.
struct Session {
    std::string name;
    std::vector<Participant> participants;
    std::vector<std::int32_t> lanes;
    std::int32_t rounds = 1;
    std::vector<Heat> heats;
    template <class Self, class V>
    static void fields(Self& s, V& v) {
        v("name", s.name, kMaxName);
        v("participants", s.participants, kMaxEntries);
        v("lanes", s.lanes, kMaxLanes);
        v("rounds", s.rounds);
        v("heats", s.heats, kMaxHeats);
    }

    const Heat* find(std::int32_t heat) const;
    Heat* find(std::int32_t heat);
    /// The first heat that has no final results; null when all have.
    const Heat* next() const;
};

/// A report that came when no heat was armed.
struct Offer {
    std::string report_id;
    TimeUs time_us = 0;
    std::vector<LaneTime> results;
    std::vector<std::int32_t> armed_lanes;
    std::string fault;
    template <class Self, class V>
    static void fields(Self& o, V& v) {
        v("report_id", o.report_id, kMaxName);
        v("time_us", o.time_us);
        v("results", o.results, kMaxLanes);
        v.optional("armed_lanes", o.armed_lanes, kMaxLanes);
        v.optional("fault", o.fault, kMaxText);
    }
};

struct Track {
    std::string id;
    std::string name;
    std::int32_t lanes = 0;
    RaceSettings settings;      ///< rules of the next race
    std::vector<Entry> roster;  ///< entries of the next race, by number
    std::optional<Race> race;   ///< current or last race; none when idle
    std::vector<GateSeen> gates;
    std::optional<Session> session;   ///< heats, where the track runs them
    std::vector<Offer> offers;        ///< newest last; at most kMaxOffers
    std::int64_t reports_missed = 0;  ///< holes in the timing device's reports
    std::optional<TrackMap> map;      ///< where reported cars are located
    template <class Self, class V>
    static void fields(Self& t, V& v) {
        v("id", t.id, kMaxName);
        v("name", t.name, kMaxName);
        v("lanes", t.lanes);
        v("settings", t.settings);
        v.optional("roster", t.roster, kMaxEntries);
        v.optional("race", t.race);
        v.optional("gates", t.gates, kMaxLanes * EnumNames<Gate>::kNames.size());
        v.optional("session", t.session);
        v.optional("offers", t.offers, kMaxOffers);
        v.optional("reports_missed", t.reports_missed);
        v.optional("map", t.map);
    }

    Phase phase() const { return race ? race->phase : Phase::idle; }
};

struct HubState {
    std::uint64_t seq = 0;      ///< of the last applied fact
    std::uint64_t races = 0;    ///< races armed so far; the next race_id
    std::vector<Track> tracks;  ///< in the order of their creation
    template <class Self, class V>
    static void fields(Self& h, V& v) {
        v("seq", h.seq);
        v("races", h.races);
        v("tracks", h.tracks, kMaxTracks);
    }

    const Track* find(std::string_view track) const;
    Track* find(std::string_view track);
};

/// Folds one fact into the state. Total: a fact that does not fit (unknown track, entry or lap)
/// changes only `seq`. Facts must come in the order of `seq`. Cost: a few hundred nanoseconds; a
/// correction re-derives one entry's laps.
void apply(HubState& state, const Event& fact);

/// One race out of a log: the fold of the facts that name it.
class RaceFold {
  public:
    explicit RaceFold(std::string race_id) : race_id_(std::move(race_id)) {}
    /// Goes on from what its first facts gave.
    RaceFold(std::string race_id, std::string track, Race race);
    /// Facts in the order of `seq`; those of other races are passed over.
    void take(const Event& fact);
    /// None while its `race.armed` has not been taken.
    const std::optional<Race>& race() const;
    const std::string& track() const;

  private:
    std::string race_id_;
    HubState state_;
    Track none_;
};

}  // namespace racehub
