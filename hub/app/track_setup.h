#pragma once
// Brings the tracks of the configuration file into the log when the hub starts.

#include <functional>
#include <string>
#include <vector>

#include "hub/app/config.h"
#include "hub/core/decide.h"

namespace racehub::app {

/// A change belongs to who made it last. What the file said at the last start is remembered: where
/// it says something else now, the file wins; where it says the same, what race control changed
/// since stays. That holds for the name, the lanes, each rule and each entry by itself.
class TrackSetup {
  public:
    /// What it works on.
    struct Ports {
        std::function<Outcome(const std::string& track, Payload command)> command;
        /// What remember() got for this track last; empty: nothing.
        std::function<std::string(const std::string& track)> recall;
        std::function<void(const std::string& track, const std::string& text)> remember;
        std::function<void(bool problem, const std::string& sentence)> say;
    };
    explicit TrackSetup(Ports ports) : ports_(std::move(ports)) {}

    /// `state`: as the log gives it. A track that is new is made; one with a race on is left for
    /// the next start, with a word.
    void apply(const HubState& state, const std::vector<TrackConfig>& wanted);

  private:
    struct Change;
    void make(const TrackConfig& wanted);
    void follow(const Track& known, const TrackConfig& wanted);
    bool carry_out(const Track& known, const Change& change);
    bool command(const std::string& track, Payload data);

    const Ports ports_;
};

}  // namespace racehub::app
