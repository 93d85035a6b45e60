#pragma once
// What is known about one Track Controller, whichever protocol and wire it speaks: the heat that
// the hub wants timed, what the device is armed for, which results are new, lights, reboots, and
// how the connection is. The sessions do the talking; this decides what it means.
//
// One thread. No I/O, no clock: every instant is an argument.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/track_controller/protocol/messages.h"
#include "plugins/track_controller/protocol/race_ledger.h"

namespace racehub::track_controller {

/// What the hub wants timed.
struct HeatOrder {
    bool armed = false;
    std::string heat;        ///< the hub's race
    std::vector<int> lanes;  ///< raced lanes; empty: all
    int run = 1;             ///< a heat that is run again counts on
    bool operator==(const HeatOrder&) const = default;
};

enum class ArmPolicy : std::uint8_t {
    heats,   ///< armed for the heats of the hub only
    always,  ///< armed again after every race: practice, demonstration
};

enum class Link : std::uint8_t { connecting, connected, retrying, refused, silent };

/// Told what came of it, on the session's thread.
class DeviceListener {
  public:
    virtual ~DeviceListener() = default;
    virtual void report_waiting() = 0;  ///< the ledger has a new report
    /// The start gate opened for this heat. `race_id` is the device's.
    virtual void heat_started(const std::string& heat, const std::string& race_id) = 0;
    virtual void gate_changed(bool ready) = 0;
    virtual void lane_changed(int lane, bool triggered) = 0;
    virtual void measured(const std::string& json) = 0;
    /// One message as it went over the wire; `dir` is "in" or "out".
    virtual void traffic(const char* dir, std::string_view text) = 0;
    /// One plain sentence; `well` is false where something is to be done.
    virtual void link_changed(Link link, bool well, const std::string& text) = 0;
    virtual void persist(const LedgerState& state) = 0;
    virtual void log_warning(const std::string& text) = 0;
};

class DeviceBook {
  public:
    struct Options {
        ArmPolicy policy = ArmPolicy::heats;
        int lanes = 0;      ///< lanes of the track; 0: as many as the device says
        std::string where;  ///< "10.0.0.7:80", "/dev/ttyACM0": for messages
    };
    DeviceBook(Options options, LedgerState state, DeviceListener& listener);

    // ---- What the hub wants
    void order(HeatOrder order, std::int64_t now_us);
    /// Something is to be timed now: an open heat, or anything under ArmPolicy::always. Not while a
    /// result waits for the hub's log: the device keeps only one, and it is our only copy.
    bool wants_armed() const;
    /// The lanes to arm, as the device wants them: "13"; empty: all.
    std::string wanted_digits() const;
    RaceLedger& ledger() { return ledger_; }
    const std::string& after() const { return ledger_.newest_id(); }
    void traffic(const char* dir, std::string_view text) { listener_.traffic(dir, text); }
    void set_where(std::string where) { options_.where = std::move(where); }
    const std::string& where() const { return options_.where; }

    // ---- What the device says
    void connected(const DeviceInfo& info, std::int64_t now_us);
    /// The answer to `state`; nothing: no race since boot.
    void state(const std::optional<RaceResult>& race, std::int64_t now_us);
    /// A wait was answered, or a race.completed came. True if it was new.
    bool result(const RaceResult& race, std::int64_t now_us);
    /// `asked_us` is when it was asked for. Returns the earliest instant at which the device can
    /// have started, if that was since the last one; else 0.
    std::int64_t snapshot(const Snapshot& snapshot, std::int64_t asked_us, std::int64_t now_us);
    void gate(bool ready);
    void lane(int lane, bool triggered);
    /// Our wait was sent to a device in this phase: an idle one is now armed for the open heat.
    void waiting(Phase phase, std::int64_t now_us);
    /// The gate opened: cars are running.
    void started();
    /// It was disarmed before the gate opened.
    void disarmed();
    /// The device said that it starts; its memory is empty.
    void rebooted();

    // ---- How the connection is
    void connecting(const std::string& text);
    /// The connection is gone: what happened since is unknown until the device is asked again.
    void lost(Link link, const std::string& text);
    /// A sentence about what works only in part; empty: all is well again.
    void trouble(const std::string& text);

    std::optional<bool> gate_ready() const { return gate_ready_; }
    /// The device is armed with other lanes than the heat has; empty when not.
    const std::string& mismatch() const { return mismatch_; }
    /// As far as we know the device waits for a gate to open, or times a race.
    bool armed_now() const;
    /// …and by this hub, so that it may take that back.
    bool armed_by_us() const;
    const Arming& arming() const { return ledger_.state().armed; }
    const DeviceInfo& info() const { return info_; }

  private:
    static bool is_armed(const Arming& arming);
    bool heat_open() const;
    std::vector<int> usable_lanes() const;
    bool take(const RaceResult& race, std::int64_t now_us);
    bool is_ours(const RaceResult& race, std::int64_t now_us) const;
    void set_arming(const Arming& arming);
    void follow_arming(const Snapshot& snapshot);
    std::int64_t started_anew(const Snapshot& snapshot, std::int64_t asked_us, std::int64_t now_us);
    void follow_lanes(const Snapshot& snapshot);
    void set_lane(int lane, bool triggered);
    void memory_lost();
    void tell_link();
    std::string connected_text() const;

    Options options_;
    RaceLedger ledger_;
    DeviceListener& listener_;
    HeatOrder order_;
    std::string done_heat_;   // its result was taken: not armed again for it…
    int done_run_ = 0;        // …unless it is run again
    std::string started_id_;  // device's race whose start was told
    DeviceInfo info_;
    Link link_ = Link::connecting;
    std::string link_text_;
    std::string trouble_;
    std::string mismatch_;
    std::string told_;  // last text given to the listener
    std::int64_t armed_us_ = 0;
    bool contacted_ = false;    // the device's last race was read once in this life
    bool outage_ = true;        // not in step with the device since…
    bool gap_pending_ = false;  // a result may have been lost before the next one
    bool empty_ = false;        // the device has no last race since it lost its memory
    bool check_loss_ = false;   // …which costs a result unless the next snapshot says otherwise
    std::optional<bool> gate_ready_;
    std::map<int, LaneSensor> lanes_;
    bool lane_events_ = false;  // the device tells each change of a lane by itself
    std::optional<std::int64_t> uptime_ms_;
    std::int64_t uptime_asked_us_ = 0;  // when uptime_ms_ was asked for…
    std::int64_t uptime_at_us_ = 0;     // …and when it came
};

}  // namespace racehub::track_controller
