#pragma once
// Follows one server through its sessions: frames in, observations out. Pure: no socket, no clock.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/emperor/fold/cars.h"
#include "plugins/emperor/fold/gaps.h"
#include "plugins/emperor/fold/session.h"
#include "plugins/emperor/fold/track_line.h"

namespace racehub::emperor {

class Follower {
  public:
    explicit Follower(std::vector<TeamRule> teams) : teams_(std::move(teams)) {}
    Follower(const Follower&) = delete;  // its session looks at its teams
    Follower& operator=(const Follower&) = delete;

    /// A new connection: what comes first may be a picture from long ago.
    void connected();

    /// What the frame says that was not known, in the order in which the hub should hear it.
    std::vector<Observation> take(const Frame& frame, std::int64_t now_us);

    /// The whole session again, beginning with the race: for a hub that did not take it.
    std::vector<Observation> tell_all(std::int64_t now_us);

    /// The race that the hub knows, or should know; empty: none.
    std::string report_id() const;
    const Session* session() const { return session_ ? &*session_ : nullptr; }
    const Snapshot* latest() const { return latest_ ? &*latest_ : nullptr; }
    /// The first picture after a connect is old, and nothing has happened since: the server stands.
    bool stale() const { return !fresh_; }

    /// Where the cars are, how fast and how far apart, since the last call: at most one of a type.
    std::vector<Sample> samples(std::int64_t now_us);

    /// The track's line, learned from the cars; empty: not yet.
    const TrackLine& line() const { return line_; }

    /// What a restart must not forget, in pieces of at most kMaxPiece bytes; only those that
    /// changed since the last call. An empty value: the piece is not needed any more.
    std::vector<std::pair<std::string, std::string>> changed_pieces();
    /// `piece(name)` gives what was kept under that name, or "".
    template <class Piece>
    void load(Piece&& piece) {
        std::vector<std::string> pieces;
        for (std::size_t i = 0; i < kMaxPieces; ++i) {
            pieces.push_back(piece(piece_name(i)));
            if (pieces.back().empty()) break;
        }
        load_pieces(pieces);
    }

    static constexpr std::size_t kMaxPiece = 4'000;  ///< a value of an instance may have 4,096
    static constexpr std::size_t kMaxPieces = 60;    ///< it may have 64 of them

  private:
    static std::string piece_name(std::size_t i) { return "session" + std::to_string(i); }
    void load_pieces(const std::vector<std::string>& pieces);
    void take_snapshot(const Snapshot& snapshot, std::int64_t now_us,
                       std::vector<Observation>& told);
    void watch_clock(const Snapshot& snapshot, std::int64_t now_us);
    bool looks_live(const Snapshot& snapshot, std::int64_t now_us) const;

    const std::vector<TeamRule> teams_;
    std::optional<Session> session_;
    NameBook names_;
    ServerClock clock_;
    Cars cars_;
    Gaps gaps_;
    TrackLine line_;
    std::string track_;  // that line_ is of
    std::optional<Snapshot> latest_;
    std::optional<Snapshot> held_;  // old, until it turns out that the server lives
    bool fresh_ = false;
    bool first_ = true;  // the next snapshot is the first of this connection
    std::map<std::string, std::int64_t> completed_us_;  // newest stamps of laps, by driver
    std::vector<std::string> pieces_;                   // as handed out last
};

}  // namespace racehub::emperor
