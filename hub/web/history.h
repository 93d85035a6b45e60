#pragma once
// What the web part asks of those it must not know: the store and the plugin host. hub/app connects
// them.

#include <optional>
#include <string>
#include <vector>

#include "hub/core/state.h"

namespace racehub::web {

/// A race in a list.
struct RaceSummary {
    std::string race_id;
    std::string track;
    Phase phase = Phase::finished;
    TimeUs armed_us = 0;
    TimeUs started_us = 0;  ///< 0: never
    TimeUs ended_us = 0;    ///< 0: not yet
    std::int32_t entries = 0;
    std::int64_t laps = 0;    ///< counted laps of all entries
    std::int32_t winner = 0;  ///< entry; 0: none
    std::string winner_driver;
    std::int32_t best_entry = 0;  ///< entry with the fastest lap; 0: none
    TimeUs best_lap_us = 0;
};

/// One lap of a stored race.
struct LapRow {
    std::int32_t entry = 0;
    Lap lap;
};

/// A race as it was last left, with its track.
struct StoredRace {
    std::string track;
    Race race;
};

/// Questions about stored races. [any thread, several at once] May throw std::runtime_error:
/// answered with 503.
class History {
  public:
    virtual ~History() = default;
    /// Newest first; `track` empty: all; `before_race_id` empty: from the newest. An unknown race
    /// id gives an empty page.
    virtual std::vector<RaceSummary> races(const std::string& track,
                                           const std::string& before_race_id,
                                           std::size_t limit) = 0;
    virtual std::optional<StoredRace> race(const std::string& race_id) = 0;
    /// In order of entry and lap; nothing for an unknown race.
    virtual std::optional<std::vector<LapRow>> laps(const std::string& race_id) = 0;
    /// JSON envelopes of the race's facts after that seq, in order; nothing for an unknown race.
    virtual std::optional<std::vector<std::string>> facts(const std::string& race_id,
                                                          std::uint64_t after_seq,
                                                          std::size_t limit) = 0;
};

/// The plugins, as seen from the web. [any thread]
class SourcesView {
  public:
    virtual ~SourcesView() = default;
    /// A JSON array with one object for each source; see `Source` in schema/openapi.yaml.
    virtual std::string sources_json() = 0;
    enum class Enabled { done, unknown, refused };
    /// Starts a quarantined or stopped source again. `message` says why it was refused.
    virtual Enabled enable(const std::string& source, std::string& message) = 0;
    enum class Asked { done, unknown, not_running, too_large };
    /// A person asks a running source for `what`; `args_json` is one JSON object. What it answers
    /// comes as samples and health.
    virtual Asked ask(const std::string& source, const std::string& what,
                      const std::string& args_json) = 0;
    /// What was said between the source and its device: JSON lines with numbers above `after`;
    /// nothing for an unknown source.
    virtual std::optional<std::string> log_lines(const std::string& source,
                                                 std::uint64_t after) = 0;
};

}  // namespace racehub::web
