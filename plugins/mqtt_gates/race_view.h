#pragma once
// What MQTT devices are told about the race: folds a snapshot and the facts after it into a few
// small retained messages, and knows when the start signal is due. Pure; plugin thread.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::mqtt {

/// One retained message; `name` is its topic below the prefix.
struct Announcement {
    std::string name;
    std::string payload;
};

class RaceView {
  public:
    /// `track`: the only one looked at; empty: whichever speaks.
    explicit RaceView(std::string track) : track_(std::move(track)) {}

    void snapshot(std::string_view json_text);
    /// Folds one fact. True: the lights went out with it.
    bool fact(std::string_view type, std::string_view track, std::string_view race_id,
              std::int64_t time_us, std::string_view data);

    /// The retained messages as they should be now: state, lights, results (once a race has ended).
    std::vector<Announcement> announcements() const;

    const std::string& race_id() const { return race_id_; }
    const std::string& phase() const { return phase_; }

  private:
    using Json = nlohmann::json;
    struct Crossing {
        std::int64_t crossed_us = 0, stamp_us = 0;
        std::string clock, status = "counted";
    };
    struct Entry {
        Json names;  // entry, lane, driver, car, color
        std::string status = "ready";
        std::map<std::int64_t, std::int64_t> penalties;  // by id, in force
        std::map<std::int64_t, Crossing> crossings;      // by lap id
    };
    struct Pause {
        std::int64_t from_us = 0, to_us = 0;  // to 0: still standing
    };

    void load_race(const Json& race);
    void load_entry(const Json& state);
    void begin(std::string_view race_id, const Json& data);
    void phase_fact(std::string_view type, std::int64_t time_us, const Json& data);
    void entry_fact(std::string_view type, const Json& data);
    void end_pause(std::int64_t time_us);
    std::int64_t clock_us(std::int64_t from_us, std::int64_t to_us) const;
    Json results_of(const Entry& entry) const;
    Json state() const;
    Json lights() const;

    const std::string track_;
    std::string shown_track_, race_id_, phase_ = "idle";
    Json settings_ = Json::object(), start_ = Json::object();
    std::int64_t lit_ = 0, started_us_ = 0, ended_us_ = 0;
    std::vector<Pause> pauses_;
    std::map<std::int64_t, Entry> entries_;
};

}  // namespace racehub::mqtt
