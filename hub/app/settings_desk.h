#pragma once
// The dashboard's way to the sources' settings: checks what comes in, gives it to the plugin host,
// keeps it, and says who did it.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "hub/app/source_settings.h"
#include "hub/plugin_host/plugin_host.h"
#include "hub/web/settings_view.h"

namespace racehub::app {

/// [any-thread] `plugins` and `settings` outlive it.
class SettingsDesk final : public web::SettingsView {
  public:
    /// One child each; an organiser looks at one device at a time, and there may be two of them.
    static constexpr int kMaxExaminations = 2;

    struct Ports {
        std::function<bool(const std::string& track)> knows_track;
        std::function<void(const std::string& text)> log;  ///< one line: who did what
    };

    SettingsDesk(plugin_host::PluginHost& plugins, SourceSettings& settings, Ports ports)
        : plugins_(plugins), settings_(settings), ports_(std::move(ports)) {}
    ~SettingsDesk() override { finish(); }
    /// Waits for examinations and takes no more: after PluginHost::stop, before the web part ends.
    void finish();

    web::SettingsAnswer plugins() override;
    web::SettingsAnswer show(const std::string& source) override;
    web::SettingsAnswer save(const std::string& source, const std::string& body,
                             const std::string& who) override;
    web::SettingsAnswer remove(const std::string& source, const std::string& who) override;
    void examine(const std::string& body, std::function<void(web::SettingsAnswer)> done) override;

  private:
    struct Examination {
        std::thread thread;
        std::atomic<bool> ended{false};
    };
    /// Settings as the dashboard sends them, on top of what the source has now: secrets that it was
    /// not shown stay as they are. False: `problem`.
    bool read(const std::string& source, const nlohmann::json& object,
              plugin_host::SourceConfig& config, web::SettingsAnswer& problem) const;
    /// It may be loaded: it lies in a plugin folder, or the source has it already. A race director
    /// is not the one who decides which files the hub's machine runs.
    bool may_use(const std::string& library, const std::string& source) const;

    plugin_host::PluginHost& plugins_;
    SourceSettings& settings_;  // mutex_
    const Ports ports_;
    std::mutex mutex_;  // one change at a time
    std::mutex examinations_mutex_;
    bool finished_ = false;                                   // examinations_mutex_
    std::vector<std::unique_ptr<Examination>> examinations_;  // examinations_mutex_
};

}  // namespace racehub::app
