#include "hub/app/config.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "hub/app/config_checks.h"
#include "hub/core/codec.h"

namespace racehub::app {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxConfigBytes = 1024 * 1024;  ///< a hand-written file; more is a wrong file
constexpr std::size_t kMaxPlugins = 64;

/// One object of the file, read key by key; keys nobody asked for are mistakes. The first error
/// wins.
class Section {
  public:
    Section(const json& object, std::string path, std::string& error)
        : object_(object), path_(std::move(path)), error_(error) {
        if (!error_.empty() || object_.is_object()) return;
        // Without the dot that joins it to its keys.
        const std::string here = path_.substr(0, path_.empty() ? 0 : path_.size() - 1);
        error_ = (here.empty() ? "the file" : here + ":") + " must be an object, {...}, not " +
                 object_.type_name();
    }

    void text(const char* key, std::string& value, std::size_t most = kMaxName) {
        const json* found = find(key);
        if (found == nullptr) return;
        if (!found->is_string()) return fail(key, "must be text in quotes");
        if (found->get_ref<const std::string&>().size() > most) {
            return fail(key, "is longer than " + std::to_string(most) + " bytes");
        }
        if (!is_plain(found->get_ref<const std::string&>())) return fail(key, kNotPlain);
        value = found->get<std::string>();
    }

    template <class Int>
    void integer(const char* key, Int& value, std::int64_t low, std::int64_t high) {
        const json* found = find(key);
        if (found == nullptr) return;
        if (!found->is_number_integer() || found->get<std::int64_t>() < low ||
            found->get<std::int64_t>() > high) {
            return fail(key, "must be an integer from " + std::to_string(low) + " to " +
                                 std::to_string(high) + ", not " + found->dump());
        }
        value = static_cast<Int>(found->get<std::int64_t>());
    }

    void flag(const char* key, bool& value) {
        const json* found = find(key);
        if (found == nullptr) return;
        if (!found->is_boolean()) return fail(key, "must be true or false");
        value = found->get<bool>();
    }

    /// One of two words; true for the second.
    void choice(const char* key, const char* first, const char* second, bool& is_second) {
        std::string word = is_second ? second : first;
        text(key, word);
        if (word != first && word != second) {
            fail(key, std::string("must be \"") + first + "\" or \"" + second + "\"");
        }
        is_second = word == second;
    }

    void texts(const char* key, std::vector<std::string>& values) {
        const json* found = list(key, 64);
        if (found == nullptr) return;
        for (const json& item : *found) {
            if (!item.is_string()) return fail(key, "must be a list of texts");
            if (!is_plain(item.get_ref<const std::string&>())) return fail(key, kNotPlain);
            values.push_back(item.get<std::string>());
        }
    }

    /// Null when absent or wrong.
    const json* list(const char* key, std::size_t most) {
        const json* found = find(key);
        if (found == nullptr) return nullptr;
        if (found->is_array() && found->size() <= most) return found;
        fail(key, "must be a list of at most " + std::to_string(most) + " items");
        return nullptr;
    }

    const json* object(const char* key) {
        const json* found = find(key);
        if (found == nullptr || found->is_object()) return found;
        fail(key, "must be an object");
        return nullptr;
    }

    void require(const char* key) {
        if (error_.empty() && object_.find(key) == object_.end()) fail(key, "is missing");
    }

    /// Ends the section: refuses the keys that were not read.
    void finish() {
        if (!error_.empty()) return;
        for (const auto& [key, value] : object_.items()) {
            if (known_.count(key) != 0) continue;
            std::string names;
            for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
            return fail(key.substr(0, kMaxName).c_str(),
                        "is not a known key; known here: " + names);
        }
    }

    /// A mistake that another reader found, its key within this section in front.
    void take(const std::string& mistake) {
        if (error_.empty()) error_ = path_ + mistake;
    }

    void fail(const char* key, const std::string& what) {
        if (error_.empty()) error_ = path_ + key + ": " + what;
    }

  private:
    const json* find(const char* key) {
        known_.insert(key);
        if (!error_.empty()) return nullptr;
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }

    const json& object_;
    std::string path_;
    std::string& error_;
    std::set<std::string> known_;
};

std::string item(const char* list, std::size_t index) {
    return std::string(list) + "[" + std::to_string(index) + "].";
}

void read_entry(const json& object, const std::string& path, Entry& entry, std::string& error) {
    Section section(object, path, error);
    section.integer("lane", entry.lane, 1, kMaxLanes);
    section.integer("entry", entry.entry, 1, kMaxEntry);
    section.text("driver", entry.driver);
    section.text("car", entry.car);
    section.text("color", entry.color);
    section.text("team", entry.team);
    section.text("code", entry.code);
    section.finish();
    if (entry.entry == 0) entry.entry = entry.lane;
    if (entry.entry == 0) section.fail("lane", "is missing");
}

void read_track(const json& object, const std::string& path, TrackConfig& track,
                std::string& error) {
    Section section(object, path, error);
    section.require("id");
    section.text("id", track.id);
    track.name = track.id;
    section.text("name", track.name);
    section.integer("lanes", track.lanes, 0, kMaxLanes);
    if (const json* settings = section.object("settings")) {
        std::string wrong;
        if (!decode_settings(*settings, track.settings, wrong)) section.take(wrong);
        const json known = to_json(RaceSettings{});
        for (const auto& [key, value] : settings->items()) {
            if (!known.contains(key)) section.take("settings." + key + ": is not a known key");
        }
    }
    if (const json* entries = section.list("entries", kMaxEntries)) {
        for (std::size_t i = 0; i < entries->size() && error.empty(); ++i) {
            read_entry((*entries)[i], path + item("entries", i), track.entries.emplace_back(),
                       error);
        }
    }
    section.finish();
}

void read_plugin(const json& object, const std::string& path, PluginConfig& plugin,
                 std::string& error) {
    Section section(object, path, error);
    section.require("id");
    section.text("id", plugin.id);
    plugin.library = plugin.id;
    section.text("library", plugin.library, 4096);
    section.text("track", plugin.track);
    section.texts("tracks", plugin.tracks);
    section.choice("isolation", "child", "hub", plugin.in_process);
    section.flag("may_command", plugin.may_command);
    section.flag("enabled", plugin.enabled);
    if (const json* config = section.object("config")) plugin.config_json = config->dump();
    section.finish();
}

void read_web(const json& object, WebConfig& web, std::string& error) {
    Section section(object, "web.", error);
    section.integer("port", web.port, 1, 65535);
    section.flag("local_only", web.local_only);
    section.texts("hosts", web.hosts);
    section.texts("origins", web.origins);
    section.texts("trusted_proxies", web.trusted_proxies);
    section.integer("sockets_per_address", web.sockets_per_address, 1, 12'000);
    if (const json* carrera = section.object("carrera_ws")) {
        Section inner(*carrera, "web.carrera_ws.", error);
        inner.text("track", web.carrera_track);
        inner.flag("open_commands", web.carrera_open_commands);
        inner.finish();
    }
    section.finish();
}

void read_store(const json& object, StoreConfig& store, std::string& error) {
    Section section(object, "store.", error);
    bool normal = !store.full_sync;
    section.choice("synchronous", "full", "normal", normal);
    store.full_sync = !normal;
    section.integer("backups_kept", store.backups_kept, 1, 1000);
    section.integer("backup_minutes", store.backup_minutes, 0, 7 * 24 * 60);
    section.finish();
}

void read_root(const json& root, HubConfig& config, std::string& error) {
    Section section(root, "", error);
    if (const json* hub = section.object("hub")) {
        Section inner(*hub, "hub.", error);
        inner.text("name", config.name);
        inner.finish();
    }
    if (const json* web = section.object("web")) read_web(*web, config.web, error);
    if (const json* store = section.object("store")) read_store(*store, config.store, error);
    if (const json* tracks = section.list("tracks", kMaxTracks)) {
        for (std::size_t i = 0; i < tracks->size() && error.empty(); ++i) {
            read_track((*tracks)[i], item("tracks", i), config.tracks.emplace_back(), error);
        }
    }
    if (const json* plugins = section.list("plugins", kMaxPlugins)) {
        for (std::size_t i = 0; i < plugins->size() && error.empty(); ++i) {
            read_plugin((*plugins)[i], item("plugins", i), config.plugins.emplace_back(), error);
        }
    }
    section.finish();
    if (error.empty()) error = mistake_in(config);
}

}  // namespace

bool parse_config(const std::string& text, const std::string& name, HubConfig& config,
                  std::string& error) {
    config = HubConfig{};
    error.clear();
    json root;
    if (text.size() > kMaxConfigBytes) {
        error = "is larger than a configuration can be (1 MiB)";
    } else if (error = mistake_in_text(text); error.empty()) {
        KeyCheck keys;
        try {
            root = json::parse(text, keys.callback(), true, true);
            error = keys.mistake();
        } catch (const json::parse_error& wrong) {
            const auto end = text.begin() + static_cast<std::ptrdiff_t>(
                                                std::min<std::size_t>(wrong.byte, text.size()));
            error =
                "is not JSON: see line " + std::to_string(1 + std::count(text.begin(), end, '\n'));
        }
    }
    if (error.empty()) read_root(root, config, error);
    if (!error.empty()) error = name + ": " + error;
    return error.empty();
}

bool load_config(const std::string& path, HubConfig& config, std::string& error) {
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem)) {
        error = path + ": is a folder; name the file in it.";
        return false;
    }
    std::ifstream file(path, std::ios::binary);
    std::string text(kMaxConfigBytes + 1, '\0');  // one more than is allowed: /dev/zero has no end
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) {
        error = path + ": cannot be read. Is the path right, and may this user read it?";
        return false;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return parse_config(text, path, config, error);
}

}  // namespace racehub::app
