#include "hub/app/adapters.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "hub/core/codec.h"

namespace racehub::app {
namespace {

using nlohmann::json;

[[noreturn]] void unanswered(const std::string& error) { throw std::runtime_error(error); }

web::RaceSummary summary_of(const store::RaceRow& row) {
    web::RaceSummary summary;
    summary.race_id = row.race_id;
    summary.track = row.track;
    summary.phase = enum_from<Phase>(row.phase).value_or(Phase::finished);
    summary.armed_us = row.armed_us;
    summary.started_us = row.started_us;
    summary.ended_us = row.ended_us;
    summary.entries = row.entries;
    summary.laps = row.laps;
    summary.winner = row.winner;
    summary.winner_driver = row.winner_driver;
    summary.best_entry = row.best_entry;
    summary.best_lap_us = row.best_us;
    return summary;
}

}  // namespace

bool StoredHistory::known(const std::string& race_id, store::RaceRow& row) {
    std::string error;
    if (history_.race(race_id, row, error)) return true;
    if (!error.empty()) unanswered(error);
    return false;
}

std::vector<web::RaceSummary> StoredHistory::races(const std::string& track,
                                                   const std::string& before_race_id,
                                                   std::size_t limit) {
    store::RaceRow before;
    if (!before_race_id.empty() && !known(before_race_id, before)) return {};
    std::vector<store::RaceRow> rows;
    std::string error;
    if (!history_.races(track, before.first_seq, limit, rows, error)) unanswered(error);
    std::vector<web::RaceSummary> page;
    for (const store::RaceRow& row : rows) page.push_back(summary_of(row));
    return page;
}

/// A race is the fold of its facts: no second table can disagree with it.
std::optional<web::StoredRace> StoredHistory::race(const std::string& race_id) {
    store::RaceRow row;
    if (!known(race_id, row)) return std::nullopt;
    Race race;
    std::string error;
    if (!history_.fold(race_id, race, error)) unanswered(error);
    return web::StoredRace{row.track, std::move(race)};
}

std::optional<std::vector<web::LapRow>> StoredHistory::laps(const std::string& race_id) {
    std::optional<web::StoredRace> stored = race(race_id);
    if (!stored) return std::nullopt;
    std::vector<web::LapRow> rows;
    for (EntryState& entry : stored->race.entries) {
        for (Lap& lap : entry.laps) rows.push_back({entry.entry.entry, std::move(lap)});
    }
    return rows;
}

std::optional<std::vector<std::string>> StoredHistory::facts(const std::string& race_id,
                                                             std::uint64_t after_seq,
                                                             std::size_t limit) {
    store::RaceRow row;
    if (!known(race_id, row)) return std::nullopt;
    store::FactPage page;
    std::string error;
    if (!history_.race_facts(race_id, after_seq, limit, page, error)) unanswered(error);
    return std::move(page.facts);
}

std::string Sources::sources_json() {
    json all = json::parse(plugins_.sources_json(), nullptr, false);
    if (!all.is_object() || !all.contains("sources")) return "[]";
    // For everybody who watches: settings are the race director's (SettingsDesk).
    for (json& source : all["sources"]) {
        for (const char* key : {"config", "config_schema", "file"}) source.erase(key);
    }
    return all["sources"].dump();
}

web::SourcesView::Enabled Sources::enable(const std::string& source, std::string& message) {
    if (plugins_.restart(source)) return Enabled::done;
    message = "There is no source \"" + source + "\".";
    return Enabled::unknown;
}

web::SourcesView::Asked Sources::ask(const std::string& source, const std::string& what,
                                     const std::string& args_json) {
    switch (plugins_.ask(source, what, args_json)) {
        case plugin_host::PluginHost::Asked::done:
            return Asked::done;
        case plugin_host::PluginHost::Asked::not_running:
            return Asked::not_running;
        case plugin_host::PluginHost::Asked::too_large:
            return Asked::too_large;
        case plugin_host::PluginHost::Asked::unknown:
            break;
    }
    return Asked::unknown;
}

StoredKv::StoredKv(store::Store& store, std::function<void(const std::string&)> complain)
    : store_(store), complain_(std::move(complain)), thread_([this] { run(); }) {}

StoredKv::~StoredKv() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

std::map<std::string, std::string> StoredKv::load(const std::string& instance) {
    // What waits is newer than what is stored. Taken first: a value may be stored meanwhile, but
    // not be lost between the two.
    std::map<Name, std::string> newer;
    {
        const std::lock_guard lock(mutex_);
        newer = writing_;
        for (const auto& [name, value] : waiting_) newer[name] = value;
    }
    std::map<std::string, std::string> all = store_.kv_load(instance);
    for (const auto& [name, value] : newer) {
        if (name.first != instance) continue;
        all.erase(name.second);
        if (!value.empty()) all[name.second] = value;
    }
    return all;
}

void StoredKv::put(const std::string& instance, const std::string& key, const std::string& value) {
    {
        const std::lock_guard lock(mutex_);
        waiting_[{instance, key}] = value;
    }
    changed_.notify_all();
}

void StoredKv::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        writing_.swap(waiting_);
        lock.unlock();
        for (const auto& [name, value] : writing_) {
            std::string error;
            if (!store_.kv_put(name.first, name.second, value, error))
                complain_(name.first + ": " + error);
        }
        lock.lock();
        writing_.clear();
    }
}

std::string sample_json(const plugin_host::Input& sample) {
    json object, data;
    std::string error;
    if (!parse_object(sample.data, data, error)) return {};
    object["type"] = sample.type;
    object["track"] = sample.track;
    object["source"] = sample.source;
    object["time_us"] = sample.time_us;
    object["data"] = std::move(data);
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace racehub::app
