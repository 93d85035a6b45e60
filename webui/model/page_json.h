#pragma once
// The view-models as one JSON object, for the plain pages: their script puts texts into elements
// and decides nothing.

#include <string>

#include "hub/core/leaderboard.h"
#include "webui/model/hub_client.h"

namespace racehub {

/// {"connection":{..},"tracks":[..],"race":{..},"summary":{..},"session":{..},"notices":[..]}.
/// `track` may be empty or unknown: then the first track is shown, and "race" names it. Notices
/// newer than `after_seq` only.
std::string page_json(const HubClient& client, const std::string& track, TimeUs local_us,
                      std::uint64_t after_seq, RankBy rank_by = RankBy::average);

/// The state of the line in words, for both faces: never silently stale.
struct ConnectionView {
    ConnectionPhase phase = ConnectionPhase::connecting;
    bool fresh = false;  ///< false: what is shown may be out of date
    std::string text;    ///< "Live", "No update for 4 s", "No connection, next try in 2 s"
};
ConnectionView connection_view(const HubClient& client, TimeUs local_us);

/// `wanted` when the hub has it, else its first track, else empty.
std::string choose_track(const HubState& state, const std::string& wanted);

}  // namespace racehub
