#pragma once
// The browser's side of the live socket: opens and reopens it, folds snapshot and facts with the
// hub's own code, keeps the clock offset, and sends commands. The platform lends a socket and a
// clock; everything else is here and tested natively. One thread, the page's. Instants called
// `local_us` are the page's own monotonic clock.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "webui/model/clock_offset.h"
#include "webui/model/connection.h"
#include "webui/model/feed.h"

namespace racehub {

/// One live socket, as the platform gives it. Opening closes the one before; its late events must
/// not be delivered.
class SocketPort {
  public:
    virtual ~SocketPort() = default;
    virtual void open(const std::string& path) = 0;
    virtual void send(const std::string& text) = 0;
    virtual void close() = 0;
};

/// What a device senses right now; the newest of its samples.
struct TimerLights {
    std::optional<bool> gate_ready;      ///< the start gate is closed and waits; none: not known
    std::map<std::int32_t, bool> lanes;  ///< by lane: its sensor sees something; others: not known
    std::string text;                    ///< the device's own words
};

/// What the hub says about one source of events (a plugin).
struct SourceHealth {
    std::string id, name;  ///< name: of the plugin, as it calls itself
    std::string health;    ///< unknown, starting, ok, degraded, failed, restarting, quarantined
    bool stale = false;    ///< says "ok", but has not been heard for longer than it promised
    std::string text;      ///< its own words
    std::string track;     ///< the one it belongs to; may be empty
    std::optional<TimerLights> lights;  ///< none: it has no such thing
    std::int64_t restarts = 0, crashes = 0;
    TimeUs next_try_us = 0;  ///< hub's clock; 0: none is planned
};

/// What the hub says about its log.
struct StorageHealth {
    bool ok = true;
    std::string text;
};

/// What a command came to.
struct CommandAnswer {
    enum class Result : std::uint8_t { accepted = 1, refused, unanswered };
    std::string id;
    std::string command;
    Result result = Result::accepted;
    std::string code, message;
};

class HubClient {
  public:
    static constexpr TimeUs kPingUs = 10 * kSecondUs;
    static constexpr int kFirstPings =
        4;  ///< in quick succession, so that the offset is good from the start
    static constexpr TimeUs kFirstPingUs = 250'000;
    static constexpr TimeUs kAnswerUs =
        5 * kSecondUs;  ///< a command unanswered this long is reported as such
    static constexpr std::size_t kMaxPending = 32;  ///< nobody clicks faster than the hub answers
    static constexpr std::size_t kMaxSources = 64;

    HubClient(SocketPort& port, std::uint32_t seed);

    // ---- the platform calls ----
    void start(TimeUs local_us);
    void on_text(TimeUs local_us, std::string_view text);
    void on_closed(TimeUs local_us);
    void tick(TimeUs local_us);  ///< at least every quarter of a second while the page is visible
    void retry_now(TimeUs local_us);  ///< network back, page visible again
    void reopen(TimeUs local_us);     ///< after log-in and log-out: the socket carries the session

    // ---- the views read ----
    const HubState& state() const { return state_; }
    bool has_state() const { return has_state_; }
    const Feed& feed() const { return feed_; }
    const std::vector<SourceHealth>& sources() const { return sources_; }
    /// Of the timing device of a track; empty lights when none tells.
    const TimerLights& lights(const std::string& track) const;
    const StorageHealth& storage() const { return storage_; }
    const Connection& connection() const { return connection_; }
    const ClockOffset& clock() const { return clock_; }
    TimeUs hub_now_us(TimeUs local_us) const { return clock_.hub_us(local_us); }
    bool director() const { return director_; }
    const std::string& hub_version() const { return hub_version_; }
    const std::string& log_id() const { return log_id_; }
    std::uint64_t bad_messages() const { return bad_messages_; }
    std::uint32_t revision() const {
        return revision_;
    }  ///< changes whenever something visible did

    // ---- the views act ----
    /// Sends a command; its answer comes through take_answers(). Without a live socket the answer
    /// is "unanswered" at once: nothing is kept to be sent later, because what was meant for now
    /// must not happen in a minute.
    std::string command(TimeUs local_us, const Payload& data, const std::string& track,
                        const std::string& race_id);
    std::vector<CommandAnswer> take_answers();
    bool pending() const { return !pending_.empty(); }
    /// Corrections that were made before this page's snapshot, from the hub's log.
    void add_history(const Event& fact) { feed_.add_history(fact, state_); }

  private:
    struct Pending {
        std::string command;
        TimeUs sent_us = 0;
    };

    void do_step(Connection::Step step);
    void on_message(TimeUs local_us, const nlohmann::json& message);
    void on_hello(TimeUs local_us, const nlohmann::json& message);
    void on_snapshot(TimeUs local_us, const nlohmann::json& message);
    void on_facts(TimeUs local_us, const nlohmann::json& message);
    void on_sources(const nlohmann::json& message);
    void on_sample(const nlohmann::json& message);
    void on_outcome(const nlohmann::json& message);
    void misunderstood(TimeUs local_us);
    void start_over(TimeUs local_us);
    void send_ping(TimeUs local_us);
    void expire_pending(TimeUs local_us);
    std::uint32_t random();

    SocketPort& port_;
    std::uint32_t random_;
    Connection connection_;
    ClockOffset clock_;
    HubState state_;
    bool has_state_ = false;
    Feed feed_;
    std::vector<SourceHealth> sources_;
    StorageHealth storage_;
    bool director_ = false;
    std::string hub_version_, log_id_;
    std::uint64_t bad_messages_ = 0;
    std::uint32_t revision_ = 0;
    int ticks_behind_ = 0;  ///< in a row that counted further than we have folded
    int pings_ = 0;         ///< since the socket opened
    TimeUs next_ping_us_ = 0;
    std::string command_prefix_;  ///< ids are unique among all pages, so that a repeated one is
                                  ///< not a second command
    std::uint32_t next_command_ = 0;
    std::map<std::string, Pending> pending_;  ///< by id
    std::vector<CommandAnswer> answers_;
};

}  // namespace racehub
