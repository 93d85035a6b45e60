#include "hub/app/track_setup.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "hub/core/codec.h"

namespace racehub::app {
namespace {

using nlohmann::json;

/// As the log has it: on a track with lanes an entry's number is its lane.
Entry as_logged(Entry entry, std::int32_t lanes) {
    if (lanes > 0 && entry.lane == 0) entry.lane = entry.entry;
    return entry;
}

std::string remembered(const TrackConfig& track) {
    json entries = json::array();
    for (const Entry& entry : track.entries) {
        entries.push_back(to_json(as_logged(entry, track.lanes)));
    }
    return json{{"name", track.name},
                {"lanes", track.lanes},
                {"settings", to_json(track.settings)},
                {"entries", std::move(entries)}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

/// What the file said at the last start; none: not known.
std::optional<TrackConfig> recalled(const std::string& text) {
    json object;
    std::string error;
    if (text.empty() || !parse_object(text, object, error)) return std::nullopt;
    Payload configure;
    if (!decode_payload(TrackConfigure::kType, object, configure, error)) return std::nullopt;
    TrackConfig track;
    track.name = std::get<TrackConfigure>(configure).name;
    track.lanes = std::get<TrackConfigure>(configure).lanes;
    track.settings = std::get<TrackConfigure>(configure).settings.value_or(RaceSettings{});
    for (const json& each : object.value("entries", json::array())) {
        Payload assign;
        if (!decode_payload(EntryAssign::kType, each, assign, error)) return std::nullopt;
        track.entries.push_back(std::get<EntryAssign>(assign).entry);
    }
    return track;
}

const Entry* find(const std::vector<Entry>& entries, std::int32_t number) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& each) { return each.entry == number; });
    return found == entries.end() ? nullptr : &*found;
}

}  // namespace

/// What has to be done, and the words for it.
struct TrackSetup::Change {
    TrackConfigure configure;
    bool configures = false;
    std::vector<Entry> assigned;
    std::vector<std::int32_t> cleared;
    std::string words;

    void add(const std::string& word) { words += (words.empty() ? "" : ", ") + word; }

    Change(const Track& known, const TrackConfig& before, const TrackConfig& now) {
        configure = {known.name, known.lanes, known.settings};
        if (now.name != before.name) configure.name = now.name;
        if (now.lanes != before.lanes) configure.lanes = now.lanes;
        json rules = to_json(known.settings);
        const json rules_before = to_json(before.settings), rules_now = to_json(now.settings);
        for (const auto& [key, value] : rules_now.items()) {
            if (value == rules_before.value(key, json()) || value == rules[key]) continue;
            rules[key] = value;
            add("settings." + key);
        }
        std::string error;
        decode_settings(rules, configure.settings.emplace(), error);
        if (configure.name != known.name) add("name");
        if (configure.lanes != known.lanes) add("lanes");
        configures = !words.empty();
        for (const Entry& each : now.entries) {
            const Entry entry = as_logged(each, now.lanes);
            const Entry* was = find(before.entries, entry.entry);
            const Entry* is = find(known.roster, entry.entry);
            if ((was != nullptr && *was == entry) || (is != nullptr && *is == entry)) continue;
            assigned.push_back(entry);
            add("entry " + std::to_string(entry.entry));
        }
        for (const Entry& entry : before.entries) {
            const Entry* is = find(known.roster, entry.entry);
            // One on a lane that goes, goes with it.
            if (find(now.entries, entry.entry) != nullptr || is == nullptr) continue;
            if (is->lane > configure.lanes) continue;
            cleared.push_back(entry.entry);
            add("entry " + std::to_string(entry.entry) + " (removed)");
        }
    }
};

void TrackSetup::apply(const HubState& state, const std::vector<TrackConfig>& wanted) {
    std::string left;
    for (const Track& known : state.tracks) {
        const bool named = std::any_of(wanted.begin(), wanted.end(), [&](const TrackConfig& each) {
            return each.id == known.id;
        });
        if (!named) left += (left.empty() ? "" : ", ") + known.id;
    }
    if (!left.empty()) {
        ports_.say(false, "in the log, but not in \"tracks\" of the configuration file: " + left +
                              ". They stay, with their races; to be without them, begin with an "
                              "empty state folder");
    }
    for (const TrackConfig& track : wanted) {
        const Track* known = state.find(track.id);
        if (known == nullptr) {
            make(track);
        } else {
            follow(*known, track);
        }
    }
}

bool TrackSetup::command(const std::string& track, Payload data) {
    const Outcome outcome = ports_.command(track, std::move(data));
    if (!outcome.accepted) ports_.say(true, "track " + track + ": " + outcome.message);
    return outcome.accepted;
}

void TrackSetup::make(const TrackConfig& wanted) {
    bool good = command(wanted.id, TrackConfigure{wanted.name, wanted.lanes, wanted.settings});
    for (const Entry& entry : wanted.entries) good &= command(wanted.id, EntryAssign{entry});
    if (good) ports_.remember(wanted.id, remembered(wanted));
}

void TrackSetup::follow(const Track& known, const TrackConfig& wanted) {
    const std::string text = remembered(wanted), last = ports_.recall(wanted.id);
    if (text == last) return;
    std::optional<TrackConfig> before = recalled(last);
    if (!before) {
        // A log of an older hub: which rules race control changed is not known, so they stay.
        before = wanted;
        before->name = known.name;
        before->lanes = known.lanes;
        for (Entry& entry : before->entries) entry = as_logged(entry, wanted.lanes);
    }
    const Change change(known, *before, wanted);
    if (!change.words.empty()) {
        if (known.race && !known.race->ended()) {
            return ports_.say(true, "track " + known.id + ": the file's changes (" + change.words +
                                        ") wait, because a race is on. Stop or abort it and "
                                        "restart the hub, or change them at race control");
        }
        if (!carry_out(known, change)) return;
        ports_.say(false, "track " + known.id + ": changed as in the file: " + change.words);
    }
    ports_.remember(wanted.id, text);
}

bool TrackSetup::carry_out(const Track& known, const Change& change) {
    if (change.configures && !command(known.id, change.configure)) return false;
    bool good = true;
    for (const std::int32_t entry : change.cleared) good &= command(known.id, EntryClear{entry});
    for (const Entry& entry : change.assigned) good &= command(known.id, EntryAssign{entry});
    return good;
}

}  // namespace racehub::app
