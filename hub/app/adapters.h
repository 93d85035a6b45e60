#pragma once
// Connects parts that must not know each other: the web part's questions to the store and to the
// plugin host, and the plugins' small state to the store.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "hub/plugin_host/engine_port.h"
#include "hub/plugin_host/plugin_host.h"
#include "hub/store/history.h"
#include "hub/store/store.h"
#include "hub/web/history.h"

namespace racehub::app {

/// Stored races for the web part. [any-thread]
class StoredHistory final : public web::History {
  public:
    explicit StoredHistory(const store::History& history) : history_(history) {}
    std::vector<web::RaceSummary> races(const std::string& track, const std::string& before_race_id,
                                        std::size_t limit) override;
    std::optional<web::StoredRace> race(const std::string& race_id) override;
    std::optional<std::vector<web::LapRow>> laps(const std::string& race_id) override;
    std::optional<std::vector<std::string>> facts(const std::string& race_id,
                                                  std::uint64_t after_seq,
                                                  std::size_t limit) override;

  private:
    bool known(const std::string& race_id, store::RaceRow& row);
    const store::History& history_;
};

/// The plugins for the web part. [any-thread]
class Sources final : public web::SourcesView {
  public:
    explicit Sources(plugin_host::PluginHost& plugins) : plugins_(plugins) {}
    std::string sources_json() override;
    Enabled enable(const std::string& source, std::string& message) override;
    Asked ask(const std::string& source, const std::string& what,
              const std::string& args_json) override;
    std::optional<std::string> log_lines(const std::string& source, std::uint64_t after) override {
        return plugins_.log_lines(source, after);
    }

  private:
    plugin_host::PluginHost& plugins_;
};

/// The plugins' small state. A thread of its own writes it: who looks after the plugins must not
/// wait for a disk, or all of them would seem to hang. What cannot be stored is told through
/// `complain`. At most one value of each key waits, and keys of an instance are limited by the SDK.
class StoredKv final : public plugin_host::KvStore {
  public:
    StoredKv(store::Store& store, std::function<void(const std::string&)> complain);
    ~StoredKv() override;  ///< writes what still waits
    std::map<std::string, std::string> load(const std::string& instance) override;
    void put(const std::string& instance, const std::string& key,
             const std::string& value) override;

  private:
    using Name = std::pair<std::string, std::string>;  ///< instance, key
    void run();

    store::Store& store_;
    std::function<void(const std::string&)> complain_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Name, std::string> waiting_;  // mutex_
    std::map<Name, std::string> writing_;  // mutex_; changed only while nothing is written
    bool stopping_ = false;                // mutex_
    std::thread thread_;
};

/// A plugin's sample as the live socket shows it: {"type","track","source","time_us","data"}.
/// Empty: `data` is not one JSON object.
std::string sample_json(const plugin_host::Input& sample);

}  // namespace racehub::app
