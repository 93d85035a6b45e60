#pragma once

#include <memory>
#include <string>

#include "hub/web/audience.h"
#include "hub/web/commander.h"

namespace racehub::web {

struct CarreraSettings {
    std::string track;  ///< empty: the first track there is
    bool open_commands =
        false;  ///< true: start, stop and reset without a session, as in the original
};

/// `/ws` as the Carrera F1 race control project speaks it, for its pages and scripts: bare words
/// in, its messages out, for one track. Lanes are its "tracks": 1 and 2 as ever, more as
/// `track_3_laps` and so on. Loop thread only.
class CarreraSocket final : public AudienceHandler {
  public:
    CarreraSocket(std::shared_ptr<EventLoop> loop, Commander& commander, const Sessions& sessions,
                  CarreraSettings settings, WebCounters& counters, Refusals& refusals);

    UpgradeTarget& target() { return audience_; }
    /// Before the loop runs: the state that outlives this object and to which each fact of
    /// on_fact() has been applied.
    void watch(const HubState& state) { state_ = &state; }
    void on_fact(const Event& fact);
    /// Sends what on_fact() queued.
    void publish() { audience_.flush(); }
    void shut() { audience_.shut(); }

    void on_join(Spectator& spectator, const RequestHead& head) override;
    void on_text(Spectator& spectator, std::string_view message) override;
    void on_overrun(Spectator& spectator) override;

  private:
    const Track* track() const;
    void say(const nlohmann::ordered_json& message);
    Frame full_state() const;
    Frame race_finished(const Track& track) const;
    void say_lap(const Event& fact, const LapCompleted& lap);
    void order(Spectator& spectator, const std::string& track, Payload command,
               const std::string& director);
    void refuse(Spectator& spectator, const Problem& problem);

    const std::shared_ptr<EventLoop> loop_;
    Commander& commander_;
    const Sessions& sessions_;
    const CarreraSettings settings_;
    Refusals& refusals_;
    Audience audience_;
    const HubState* state_ = nullptr;
};

}  // namespace racehub::web
