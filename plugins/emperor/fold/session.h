#pragma once
// One session of the server, folded from its snapshots into what the hub is told: a race, its
// laps, who is where, who came and went. Pure: time comes in as values.

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/emperor/fold/drivers.h"
#include "plugins/emperor/fold/laps.h"
#include "plugins/emperor/fold/report.h"
#include "plugins/emperor/fold/server_clock.h"

namespace racehub::emperor {

/// What makes a session this one and no other.
struct SessionId {
    std::int64_t start_us = 0;  ///< server's clock
    int index = 0;
    bool operator==(const SessionId&) const = default;
    std::string text() const;
};

struct ToldLap {
    int number = 0;
    std::int64_t race_us = 0, lap_us = 0;
    bool cut = false;
    std::vector<std::int64_t> sectors_us;
};

/// A driver in a session.
struct Entrant {
    std::string guid;
    EntryNames names;
    int car_id = 0;
    std::string model;
    bool connected = false, finished = false, retired = false;
    std::map<std::string, CarRecord> cars;  ///< as last seen, by model
    std::int64_t best_us = 0, total_us = 0;
    std::vector<ToldLap> laps;
    int count = 0;     ///< laps so far; those before a restart are not in `laps`
    int position = 0;  ///< as told
    int stint = 0, pits = 0;
    std::string tyres;
    std::int64_t stint_us = 0;  ///< race clock
    std::optional<bool> in_pits;
    bool blue_flag = false;
    std::vector<std::int64_t> splits_us;  ///< of the running lap
    int collisions = 0;                   ///< told so far; -1: those of before do not count
};

class Session {
  public:
    /// `teams` must outlive it. `report_id` is the race in the hub's eyes.
    Session(const Snapshot& snapshot, std::int64_t now_us, const ServerClock& clock,
            const std::vector<TeamRule>& teams);
    /// From save(); empty if that was nothing useful.
    static std::optional<Session> load(const nlohmann::json& saved,
                                       const std::vector<TeamRule>& teams);

    const SessionId& id() const { return id_; }
    const std::string& report_id() const { return report_id_; }
    bool opened() const { return opened_; }
    /// The next snapshot tells the hub of the race again: after a reconnect it may not know it.
    void reopen() { opened_ = false; }
    /// A practice that begins anew keeps its drivers and their laps: it goes on.
    bool continues_as(const Snapshot& snapshot) const;
    void continue_as(const Snapshot& snapshot);
    /// Laps that a session of the server brought along are not this one's.
    void ignore_laps_before(const Snapshot& snapshot);

    /// What is new in a snapshot. The first thing of all opens the race; nothing is told before
    /// somebody is there.
    void take(const Snapshot& snapshot, std::int64_t now_us, const ServerClock& clock,
              NameBook& names, std::vector<Observation>& told);
    void take(const Hit& hit, std::int64_t now_us, std::vector<Observation>& told);
    void take(const LapTold& lap);
    /// A name became whole.
    void rename(const NameBook& names, std::int64_t now_us, std::vector<Observation>& told);
    /// The result, as it stands: the session is over. Nothing if nobody was there.
    void finish(std::int64_t now_us, std::vector<Observation>& told);
    /// Everything again, for a hub that did not take it before.
    void tell_all(std::int64_t now_us, std::vector<Observation>& told);

    std::int64_t race_us(std::int64_t now_us) const { return now_us - zero_us_; }
    const Entrant* by_car(int car_id) const;
    const std::vector<Entrant>& entrants() const { return entrants_; }
    bool is_race() const { return info_.type == SessionType::race; }

    /// What a restart must not forget.
    nlohmann::json save() const;

  private:
    Session(const std::vector<TeamRule>& teams) : teams_(&teams) {}
    struct Telling;

    void set_clock(std::int64_t now_us, const ServerClock& clock);
    Entrant& entrant(const Driver& driver);
    void open(Telling& tell);
    void take_who(const Snapshot& snapshot, NameBook& names, Telling& tell);
    void take_laps(const Snapshot& snapshot, const ServerClock& clock, Telling& tell);
    void take_driver(const Driver& driver, Entrant& entrant, Telling& tell);
    void take_pits(const Driver& driver, Entrant& entrant, Telling& tell);
    void take_splits(const Driver& driver, Entrant& entrant, Telling& tell);
    void take_collisions(const Driver& driver, Entrant& entrant, Telling& tell);
    void take_positions(const Snapshot& snapshot, Telling& tell);
    void take_chats(const Snapshot& snapshot, const ServerClock& clock, Telling& tell);
    void come_or_go(Entrant& entrant, bool connected, Telling& tell);
    void tell_lap(const Entrant& entrant, const ToldLap& lap, Telling& tell) const;
    void tell_hit(Entrant& entrant, const std::string& other, int speed_kmh, std::int64_t race_us,
                  Telling& tell);
    bool has_finished(const Entrant& entrant) const;
    std::vector<const Entrant*> ranking() const;

    const std::vector<TeamRule>* teams_;
    SessionId id_;
    std::string report_id_;
    SessionInfo info_;
    std::string track_name_;
    std::int64_t zero_us_ = 0;         // hub's clock: the race's clock shows 0
    std::int64_t server_zero_us_ = 0;  // the same instant on the server's
    bool opened_ = false;
    bool followed_ = false;  // a snapshot of it has been taken: what comes now is news
    std::vector<Entrant> entrants_;
    std::int64_t chat_us_ = 0;          // of the newest message that was told, server's clock
    std::set<std::string> chats_at_;    // those told with that stamp
    std::map<int, LapTold> told_laps_;  // by car, until its lap is derived
};

}  // namespace racehub::emperor
