#include "hub/app/config_checks.h"

#include <algorithm>

#include "hub/core/codec.h"
#include "hub/core/decide.h"
#include "hub/web/address.h"
#include "hub/web/host_rules.h"
#include "hub/web/text.h"

namespace racehub::app {
namespace {

using nlohmann::json;

std::string item(const std::string& list, std::size_t index) {
    return list + "[" + std::to_string(index) + "]";
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// The hub's own rules decide, so that the file cannot promise what the log would refuse.
Outcome decided(HubState& state, const std::string& track, Payload data) {
    Event input;
    input.track = track;
    input.data = std::move(data);
    std::vector<Event> facts;
    return decide(state, input, facts);
}

std::string mistake_in_entries(HubState& state, const TrackConfig& track, const std::string& path) {
    std::set<std::int32_t> numbers, lanes;
    for (std::size_t i = 0; i < track.entries.size(); ++i) {
        const Entry& entry = track.entries[i];
        const std::string here = item(path + ".entries", i);
        if (entry.lane > 0 && !lanes.insert(entry.lane).second) {
            return here + ".lane: lane " + std::to_string(entry.lane) + " has an entry already";
        }
        if (!numbers.insert(entry.entry).second) {
            return here + ".entry: " + std::to_string(entry.entry) + " is used twice";
        }
        if (entry.lane > 0 && track.lanes == 0) {
            return path +
                   ".lanes: is missing; the entries name lanes (where there are none, give "
                   "them \"entry\" instead of \"lane\")";
        }
        const Outcome outcome = decided(state, track.id, EntryAssign{entry});
        if (outcome.accepted) continue;
        return here + (outcome.code == "bad_lane" ? ".lane: " : ": ") + outcome.message;
    }
    return {};
}

std::string mistake_in_tracks(const HubConfig& config, std::set<std::string>& names) {
    HubState state;
    for (std::size_t i = 0; i < config.tracks.size(); ++i) {
        const TrackConfig& track = config.tracks[i];
        const std::string here = item("tracks", i);
        if (!names.insert(track.id).second) {
            return here + ".id: " + quoted(track.id) + " is used twice";
        }
        const Outcome outcome =
            decided(state, track.id, TrackConfigure{track.name, track.lanes, track.settings});
        if (!outcome.accepted) {
            return here + (outcome.code == "bad_track" ? ".id: " : ": ") + outcome.message;
        }
        if (std::string wrong = mistake_in_entries(state, track, here); !wrong.empty()) {
            return wrong;
        }
    }
    return {};
}

std::string mistake_in_plugins(const HubConfig& config, const std::set<std::string>& tracks) {
    std::set<std::string> ids;
    const auto unknown = [&](const std::string& key, const std::string& name) {
        return key + ": there is no track " + quoted(name) +
               " in this file; add it to \"tracks\", or mend the name";
    };
    for (std::size_t i = 0; i < config.plugins.size(); ++i) {
        const PluginConfig& plugin = config.plugins[i];
        const std::string here = item("plugins", i);
        if (!ids.insert(plugin.id).second) {
            return here + ".id: " + quoted(plugin.id) + " is used twice";
        }
        if (!plugin.track.empty() && tracks.count(plugin.track) == 0) {
            return unknown(here + ".track", plugin.track);
        }
        for (std::size_t j = 0; j < plugin.tracks.size(); ++j) {
            if (plugin.tracks[j] == "*" || tracks.count(plugin.tracks[j]) != 0) continue;
            return unknown(item(here + ".tracks", j), plugin.tracks[j]);
        }
    }
    const std::string& carrera = config.web.carrera_track;
    if (!carrera.empty() && tracks.count(carrera) == 0) {
        return unknown("web.carrera_ws.track", carrera);
    }
    return {};
}

std::string mistake_in_web(const WebConfig& config) {
    for (std::size_t i = 0; i < config.hosts.size(); ++i) {
        if (web::HostRules::is_name(config.hosts[i])) continue;
        return item("web.hosts", i) + ": " + quoted(config.hosts[i]) +
               " is not a host name; write it without http://, port and path, as "
               "\"race.example\"";
    }
    for (std::size_t i = 0; i < config.origins.size(); ++i) {
        if (web::HostRules::is_origin(config.origins[i])) continue;
        return item("web.origins", i) + ": " + quoted(config.origins[i]) +
               " is not an origin as browsers send it; write scheme and name, and a port only if "
               "it is not the usual one, without a path: \"https://club.example\"";
    }
    for (std::size_t i = 0; i < config.trusted_proxies.size(); ++i) {
        if (web::Address::parse(config.trusted_proxies[i])) continue;
        return item("web.trusted_proxies", i) + ": " + quoted(config.trusted_proxies[i]) +
               " is not an IP address";
    }
    return {};
}

}  // namespace

std::string mistake_in_text(const std::string& text) {
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return "is empty; copy an example from deploy/";
    }
    const auto utf16 = [&](char a, char b) {
        return text.size() > 1 && text[0] == a && text[1] == b;
    };
    if (utf16('\xff', '\xfe') || utf16('\xfe', '\xff')) {
        return "is not UTF-8 but UTF-16; save it as UTF-8 in your editor";
    }
    std::size_t line = 1;
    for (std::size_t at = 0; at < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (!web::is_utf8(std::string_view(text).substr(at, end - at))) {
            return "is not UTF-8: see line " + std::to_string(line) +
                   "; save it as UTF-8 in your editor";
        }
        at = end + 1;
    }
    return {};
}

bool is_plain(std::string_view text) {
    if (std::any_of(text.begin(), text.end(), web::is_control)) return false;
    // C1 controls; U+061C, U+200E/F, U+202A..202E, U+2028/9, U+2066..2069, U+FEFF.
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const auto at = [&](std::size_t offset) {
            return i + offset < text.size() ? static_cast<unsigned char>(text[i + offset]) : 0U;
        };
        if (at(0) == 0xc2 && at(1) >= 0x80 && at(1) < 0xa0) return false;
        if (at(0) == 0xd8 && at(1) == 0x9c) return false;
        if (at(0) == 0xe2 && at(1) == 0x80 &&
            (at(2) == 0x8e || at(2) == 0x8f || (at(2) >= 0xa8 && at(2) <= 0xae))) {
            return false;
        }
        if (at(0) == 0xe2 && at(1) == 0x81 && at(2) >= 0xa6 && at(2) <= 0xa9) return false;
        if (at(0) == 0xef && at(1) == 0xbb && at(2) == 0xbf) return false;
    }
    return true;
}

std::string KeyCheck::path() const {
    std::string path;
    for (const Level& level : levels_) {
        if (level.is_list) {
            path += "[" + std::to_string(level.items - 1) + "]";
        } else {
            path += (path.empty() ? "" : ".") + level.key.substr(0, kMaxName);
        }
    }
    return path;
}

void KeyCheck::see_key(const std::string& key) {
    Level& level = levels_.back();
    level.key = key;
    if (!level.keys.insert(key).second && mistake_.empty()) mistake_ = path() + ": stands twice";
}

void KeyCheck::begin_value() {
    if (!levels_.empty() && levels_.back().is_list) ++levels_.back().items;
}

json::parser_callback_t KeyCheck::callback() {
    return [this](int, json::parse_event_t event, json& parsed) {
        switch (event) {
            case json::parse_event_t::object_start:
            case json::parse_event_t::array_start:
                begin_value();
                if (levels_.size() == kMaxJsonDepth && mistake_.empty()) {
                    mistake_ = path() + ": is nested too deep";
                }
                levels_.emplace_back().is_list = event == json::parse_event_t::array_start;
                break;
            case json::parse_event_t::object_end:
            case json::parse_event_t::array_end:
                levels_.pop_back();
                break;
            case json::parse_event_t::key:
                see_key(parsed.get_ref<const std::string&>());
                break;
            case json::parse_event_t::value:
                begin_value();
                break;
        }
        return true;
    };
}

std::string mistake_in(const HubConfig& config) {
    std::set<std::string> tracks;
    std::string mistake = mistake_in_tracks(config, tracks);
    if (mistake.empty()) mistake = mistake_in_plugins(config, tracks);
    if (mistake.empty()) mistake = mistake_in_web(config.web);
    return mistake;
}

}  // namespace racehub::app
