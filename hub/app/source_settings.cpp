#include "hub/app/source_settings.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace racehub::app {
namespace {

using nlohmann::json;
using plugin_host::Isolation;
using plugin_host::SourceConfig;

/// All sources with the largest settings there can be.
constexpr std::size_t kMaxFileBytes = 64 * 64 * 1024;

json to_json(const SourceConfig& config) {
    return {{"id", config.id},
            {"library", config.library},
            {"plugin_id", config.plugin_id},
            {"enabled", config.enabled},
            {"isolation", config.isolation == Isolation::child ? "child" : "hub"},
            {"track", config.track},
            {"tracks", config.tracks},
            {"may_command", config.may_command},
            {"config", config.config}};
}

SourceConfig from_json(const json& object) {
    SourceConfig config;
    config.id = object.at("id");
    config.library = object.at("library");
    config.plugin_id = object.value("plugin_id", "");
    config.enabled = object.value("enabled", true);
    config.isolation =
        object.value("isolation", "child") == "hub" ? Isolation::in_process : Isolation::child;
    config.track = object.value("track", "");
    config.tracks = object.value("tracks", std::vector<std::string>());
    config.may_command = object.value("may_command", false);
    config.config = object.value("config", json::object());
    return config;
}

bool write_whole(int fd, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        done += static_cast<std::size_t>(written);
    }
    return ::fsync(fd) == 0;
}

/// So that the new name survives a power cut, too.
void sync_folder(const std::string& file) {
    const auto folder = std::filesystem::path(file).parent_path().string();
    const int fd =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

}  // namespace

void SourceSettings::load(std::vector<std::string>& notes) {
    std::error_code problem;
    if (!std::filesystem::exists(file_, problem)) return;
    std::string why;
    try {
        std::ifstream file(file_, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        if (text.str().size() > kMaxFileBytes) throw std::runtime_error("is too large");
        const json root = json::parse(text.str());
        for (const json& each : root.at("sources")) {
            const std::string id = each.at("id");
            const bool removed = each.value("removed", false);
            changes_[id] = Change{removed, removed ? SourceConfig{} : from_json(each)};
        }
        return;
    } catch (const std::exception& wrong) {
        why = wrong.what();
    }
    changes_.clear();
    std::filesystem::rename(file_, file_ + ".bad", problem);
    notes.push_back(file_ + " cannot be used (" + why + ") and was set aside as " + file_ +
                    ".bad; the sources are those of the configuration file");
}

std::vector<SourceConfig> SourceSettings::over(const std::vector<SourceConfig>& from_file,
                                               std::vector<std::string>& notes) const {
    std::vector<SourceConfig> result;
    std::map<std::string, Change> left = changes_;
    for (const SourceConfig& config : from_file) {
        const auto found = left.find(config.id);
        if (found == left.end()) {
            result.push_back(config);
            continue;
        }
        notes.push_back("plugins[" + config.id + "]: " +
                        (found->second.removed ? "was removed in the dashboard"
                                               : "the dashboard's settings are used") +
                        ", see " + file_);
        if (!found->second.removed) result.push_back(found->second.config);
        left.erase(found);
    }
    for (const auto& [id, change] : left) {
        if (!change.removed) result.push_back(change.config);
    }
    return result;
}

bool SourceSettings::keep(const SourceConfig& config, std::string& error) {
    return keep(config.id, Change{false, config}, error);
}

bool SourceSettings::keep_removed(const std::string& id, std::string& error) {
    return keep(id, Change{true, {}}, error);
}

bool SourceSettings::keep(const std::string& id, Change change, std::string& error) {
    const std::map<std::string, Change> before = changes_;
    changes_[id] = std::move(change);
    if (write(error)) return true;
    changes_ = before;
    return false;
}

bool SourceSettings::write(std::string& error) const {
    json list = json::array();
    for (const auto& [id, change] : changes_) {
        list.push_back(change.removed ? json{{"id", id}, {"removed", true}}
                                      : to_json(change.config));
    }
    const std::string text = json{{"version", 1}, {"sources", std::move(list)}}.dump(
                                 2, ' ', false, json::error_handler_t::replace) +
                             "\n";
    const std::string temporary = file_ + ".new";
    // Passwords are in it.
    const int fd =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool written = fd >= 0 && write_whole(fd, text);
    int reason = errno;
    if (fd >= 0) ::close(fd);
    if (written && std::rename(temporary.c_str(), file_.c_str()) == 0) {
        sync_folder(file_);
        return true;
    }
    if (written) reason = errno;
    ::unlink(temporary.c_str());
    error = file_ + " cannot be written (" + std::strerror(reason) + ")";
    return false;
}

}  // namespace racehub::app
