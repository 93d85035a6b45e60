#pragma once
// A plugin host with real child processes around a FakeHub, for tests.

#include <racehub/plugin.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "hub/plugin_host/plugin_host.h"
#include "tests/unit/plugin_host/fake_hub.h"

namespace racehub::plugin_host {

inline std::string fixture(const std::string& name) {
    return std::string(FIXTURE_DIR) + "/" + name + ".so";
}

inline SourceConfig source(const std::string& library, const std::string& id = "gates") {
    SourceConfig config;
    config.id = id;
    config.library = fixture(library);
    config.track = "main";
    return config;
}

class Rig {
  public:
    Rig() {
        options.host_program = HOST_PROGRAM;
        options.plugin_folders = {FIXTURE_DIR};
        options.log = [this](int level, std::string_view id, std::string_view text) {
            const std::lock_guard lock(mutex_);
            lines_.push_back(std::to_string(level) + " " + std::string(id) + ": " +
                             std::string(text));
            changed_.notify_all();
        };
        options.on_change = [this] {
            const std::lock_guard lock(mutex_);
            changed_.notify_all();
        };
    }
    ~Rig() {
        if (host) host->stop();
    }

    std::vector<std::string> run(std::vector<SourceConfig> sources) {
        host = std::make_unique<PluginHost>(options, hub);
        auto problems = host->configure(std::move(sources));
        host->start();
        return problems;
    }
    nlohmann::json status(const std::string& id = "gates") const {
        const nlohmann::json all = nlohmann::json::parse(host->sources_json());
        for (const auto& source : all["sources"]) {
            if (source["id"] == id) return source;
        }
        return nullptr;
    }
    /// Waits for the status to satisfy the condition.
    template <class Condition>
    bool until(Condition&& condition, const std::string& id = "gates") {
        std::unique_lock lock(mutex_);
        // Counters change without notice, hence the second look each 20 ms.
        for (int i = 0; i < 1000; ++i) {
            if (condition(status(id))) return true;
            changed_.wait_for(lock, std::chrono::milliseconds(20));
        }
        return false;
    }
    bool until_state(const std::string& state, const std::string& id = "gates") {
        return until([&](const nlohmann::json& s) { return s["state"] == state; }, id);
    }
    bool logged(const std::string& part) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
            return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
                return line.find(part) != std::string::npos;
            });
        });
    }
    std::size_t lines_with(const std::string& part) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count_if(
            lines_.begin(), lines_.end(),
            [&](const std::string& line) { return line.find(part) != std::string::npos; }));
    }
    bool said(const std::string& part, Input* found = nullptr) {
        return hub.saw("test.said", part, found);
    }
    /// The instance is up and has its first snapshot.
    bool ready() { return said("\"snapshot\""); }

    FakeHub hub;
    PluginHost::Options options;
    std::unique_ptr<PluginHost> host;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;  // mutex_
};

}  // namespace racehub::plugin_host
