#pragma once
// The network thread: keeps one connection to the server, reads it without a pause, and hands on
// what the follower makes of it.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <racehub/worker.hpp>
#include <string>

#include "plugins/emperor/committer.h"
#include "plugins/emperor/config.h"
#include "plugins/emperor/fold/follower.h"
#include "plugins/emperor/map_fetcher.h"
#include "plugins/emperor/net/http.h"
#include "plugins/emperor/net/link.h"
#include "plugins/emperor/net/websocket.h"

namespace racehub::emperor {

/// How the connection is, for people.
struct ReaderStatus {
    bool connected = false;
    bool for_good = false;  ///< wrong in a way that trying again does not mend
    std::string problem;    ///< empty while connected
    std::int64_t next_try_us = 0;
    std::int64_t heard_us = 0;  ///< last frame; 0: none yet
    std::string about;          ///< server, track and session
    int drivers = 0;            ///< connected ones
    bool stale = false;         ///< the server stands: what it shows is old
    std::uint64_t snapshots = 0, laps = 0, bad = 0;
    std::map<int, std::uint64_t> unknown;  ///< event types that are not known, and how often
};

class Reader {
  public:
    /// `changed` is called on the network thread when the status has changed.
    Reader(sdk::Host host, const Config& config, Committer& committer, MapFetcher& maps,
           std::function<void()> changed);

    /// Before run: what a former life of the plugin knew.
    void load();

    void run(sdk::StopToken& token);                ///< [own-thread] until the token says stop
    void interrupt() { interrupter_.interrupt(); }  ///< [any-thread]
    ReaderStatus status() const;                    ///< [any-thread]

    /// [any-thread] The track may be free now: tell a race that was refused again.
    void try_again();
    /// [any-thread] A race director aborted this race: it is not told again.
    void give_up(const std::string& report_id);

  private:
    using Clock = Link::Clock;
    bool converse(Link& link, sdk::StopToken& token);
    bool upgrade(Link& link, std::string& rest, std::string& problem, bool& for_good);
    void take(const std::string& frame);
    void hand_on(std::vector<Observation> told);
    bool is_given_up(const std::string& report_id) const;
    void take_requests();
    void publish_samples();
    void publish_map();
    void note(const Frame& frame, const std::string& text);
    void set_problem(const std::string& problem, bool for_good);
    void show();

    const sdk::Host host_;
    const Config config_;
    Committer& committer_;
    MapFetcher& maps_;
    const std::function<void()> changed_;
    Interrupter interrupter_;
    Follower follower_;                     // network thread
    std::map<int, std::uint64_t> unknown_;  // network thread
    std::string map_folder_;                // network thread; of the track whose map is known
    std::optional<MapImage> map_image_;     // network thread
    bool line_told_ = false;                // network thread

    mutable std::mutex mutex_;
    ReaderStatus status_;     // mutex_
    bool try_again_ = false;  // mutex_
    std::string given_up_;    // mutex_
};

}  // namespace racehub::emperor
