#pragma once
// Fetches a session and keeps it as one file. What is in the file already is not asked for again,
// so that a build that was stopped goes on where it was.

#include "plugins/openf1/api.h"
#include "plugins/openf1/session.h"

namespace racehub::openf1 {

/// Which session: its key; or a year and a circuit; or, with nothing given, the latest race.
struct Wanted {
    std::int64_t session_key = 0;
    std::int32_t year = 0;
    std::string circuit;           ///< circuit_short_name, "Monte Carlo"
    std::string session = "Race";  ///< session_name
};

struct Progress {
    std::string doing;     ///< "location of 44"
    std::size_t done = 0;  ///< requests answered, those of earlier builds included
    std::size_t of = 0;    ///< 0: not known yet
    std::uint64_t bytes = 0;
    std::int64_t left_s = -1;  ///< about how long it goes on; -1: not known
};

/// "17 of 42 requests, 12 MB, about 40 s to go: location of 44".
std::string text_of(const Progress& progress);

struct Built {
    std::string path;                  ///< empty: there is no file
    bool whole = false;                ///< false: some of it could not be fetched; build again
    std::vector<std::string> missing;  ///< what could not be fetched, for people
    std::string problem;               ///< why it ended early; empty: it did not
};

class Builder {
  public:
    /// `api` outlives this. `now_us`: what time it is, for "the latest".
    Builder(Api& api, std::string folder, std::function<void(const Progress&)> on_progress,
            Micros now_us);
    Built build(const Wanted& wanted);

    /// Where a session is kept.
    static std::string path_of(const std::string& folder, std::int64_t session_key);

  private:
    bool find(const Wanted& wanted, nlohmann::json& info, std::string& problem);
    bool latest(const std::string& query, nlohmann::json& info, std::string& problem);
    bool step(const std::string& kind, std::int32_t driver, const std::string& query);
    bool store(const std::string& kind, std::int32_t driver, Answer answer);
    void store_intervals(const nlohmann::json& rows);
    void fetch_grid(const std::string& key);
    void fetch_cars();
    void say(const std::string& doing);
    bool add(const Section& section, std::string_view bytes);

    Api& api_;
    const std::string folder_;
    const std::function<void(const Progress&)> on_progress_;
    const Micros now_us_;
    Progress progress_;
    Built built_;
    SessionRow info_;
    SessionWriter writer_;
    std::vector<Section> known_;  ///< of earlier builds
    nlohmann::json drivers_, laps_, results_;
    std::chrono::steady_clock::time_point began_;
    std::size_t asked_ = 0;
};

}  // namespace racehub::openf1
