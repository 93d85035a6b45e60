// The real web part on a real race thread, with a log in memory: what tests/process/test_web_*.py
// drive.
//
//   web_hub STATE_DIRECTORY [OPTIONS_JSON]
//
// Options are those of WebSettings by name. It prints one JSON line, {"port","pin"}, and then obeys
// lines on its standard input, one JSON array each, until that ends: ["cross",track,lane,lap_us?],
// ["storage",false], ["sample",{...}], ["sources",[...]], ["facts",count]. Each line is answered
// with one line.

#include <future>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/web/web_server.h"

namespace racehub {
namespace {

using nlohmann::json;

class MemoryLog final : public Journal, public web::History {
  public:
    std::optional<Outcome> find(const std::string& source, const std::string& key) override {
        const std::lock_guard lock(mutex_);
        const auto found = outcomes_.find(source + "\n" + key);
        return found == outcomes_.end() ? std::nullopt : std::optional(found->second);
    }

    std::optional<Race> fold_race(const std::string& race_id, const std::string& track) override {
        std::lock_guard lock(mutex_);
        RaceFold fold(race_id);
        for (const Event& fact : facts_) fold.take(fact);
        return fold.track() == track ? fold.race() : std::nullopt;
    }

    bool append(const JournalBatch& batch, std::string& error) override {
        const std::lock_guard lock(mutex_);
        if (broken_) {
            error = "the disk is full; make room";
            return false;
        }
        for (const auto& input : batch.inputs) {
            if (input.event.key.empty()) continue;
            outcomes_[input.event.source + "\n" + input.event.key] = input.outcome;
        }
        for (const auto& fact : batch.facts) {
            apply(state_, fact);
            facts_.push_back(fact);
            const auto* track = state_.find(fact.track);
            if (track != nullptr && track->race && track->race->race_id == fact.race_id) {
                races_[std::stoull(fact.race_id)] = {track->id, *track->race};
            }
        }
        return true;
    }

    void set_broken(bool broken) {
        const std::lock_guard lock(mutex_);
        broken_ = broken;
    }

    std::vector<web::RaceSummary> races(const std::string& track, const std::string& before,
                                        std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        std::vector<web::RaceSummary> page;
        for (auto at = races_.rbegin(); at != races_.rend() && page.size() < limit; ++at) {
            const auto& [place, race] = at->second;
            if (!track.empty() && place != track) continue;
            if (!before.empty() && at->first >= std::stoull(before)) continue;
            page.push_back(summary(place, race));
        }
        return page;
    }

    std::optional<web::StoredRace> race(const std::string& race_id) override {
        const std::lock_guard lock(mutex_);
        for (const auto& [number, race] : races_) {
            if (race.race.race_id == race_id) return race;
        }
        return std::nullopt;
    }

    std::optional<std::vector<web::LapRow>> laps(const std::string& race_id) override {
        const auto found = race(race_id);
        if (!found) return std::nullopt;
        std::vector<web::LapRow> rows;
        for (const auto& entry : found->race.entries) {
            for (const auto& lap : entry.laps) rows.push_back({entry.entry.entry, lap});
        }
        return rows;
    }

    std::optional<std::vector<std::string>> facts(const std::string& race_id, std::uint64_t after,
                                                  std::size_t limit) override {
        if (!race(race_id)) return std::nullopt;
        const std::lock_guard lock(mutex_);
        std::vector<std::string> page;
        for (const auto& fact : facts_) {
            if (fact.race_id == race_id && fact.seq > after && page.size() < limit) {
                page.push_back(encode_event(fact));
            }
        }
        return page;
    }

  private:
    static web::RaceSummary summary(const std::string& track, const Race& race) {
        web::RaceSummary one;
        one.race_id = race.race_id;
        one.track = track;
        one.phase = race.phase;
        one.armed_us = race.armed_us;
        one.started_us = race.started_us;
        one.ended_us = race.ended_us;
        one.entries = static_cast<std::int32_t>(race.entries.size());
        for (const auto& row : standings(race)) {
            one.laps += row.laps;
            if (row.fastest) one.best_entry = row.entry;
            if (row.fastest) one.best_lap_us = row.best_lap_us;
            if (row.position == 1 && race.ended() && row.laps > 0) one.winner = row.entry;
        }
        return one;
    }

    std::mutex mutex_;
    bool broken_ = false;
    std::map<std::string, Outcome> outcomes_;
    HubState state_;
    std::vector<Event> facts_;
    std::map<std::uint64_t, web::StoredRace> races_;
};

class FixedSources final : public web::SourcesView {
  public:
    std::string sources_json() override {
        const std::lock_guard lock(mutex_);
        return sources_.dump();
    }
    Enabled enable(const std::string& source, std::string& message) override {
        const std::lock_guard lock(mutex_);
        for (auto& one : sources_) {
            if (one["id"] != source) continue;
            if (one["state"] != "quarantined") {
                message = "The source is not quarantined.";
                return Enabled::refused;
            }
            one["state"] = "ok";
            return Enabled::done;
        }
        return Enabled::unknown;
    }
    Asked ask(const std::string& source, const std::string& what,
              const std::string& args_json) override {
        if (source == "bad") return Asked::not_running;
        if (source != "gates") return Asked::unknown;
        const std::lock_guard lock(mutex_);
        const json line = {
            {"n", ++asked_}, {"time_us", 1}, {"dir", "out"}, {"text", what + args_json}};
        log_ += line.dump() + "\n";
        return what.size() > 128 ? Asked::too_large : Asked::done;
    }
    std::optional<std::string> log_lines(const std::string& source, std::uint64_t after) override {
        if (source != "gates") return std::nullopt;
        const std::lock_guard lock(mutex_);
        return after >= asked_ ? "" : log_;
    }
    void set(json sources) {
        const std::lock_guard lock(mutex_);
        sources_ = std::move(sources);
    }

  private:
    std::mutex mutex_;
    std::uint64_t asked_ = 0;  // mutex_
    std::string log_;          // mutex_; one line for each ask
    json sources_ = json::array({{{"id", "gates"}, {"state", "ok"}, {"text", "connected"}},
                                 {{"id", "bad"}, {"state", "quarantined"}, {"text", "crashed"}}});
};

/// Takes any settings for "gates" but those with {"config":{"bad":…}}.
class FixedSettings final : public web::SettingsView {
  public:
    web::SettingsAnswer plugins() override {
        return {200, R"({"plugins":[{"library":"mqtt_gates","id":"racehub.mqtt_gates"}]})"};
    }
    web::SettingsAnswer show(const std::string& source) override {
        if (source != "gates") return none();
        return {200,
                R"({"id":"gates","problem":"","changed_here":false,"config":{"host":"here"}})"};
    }
    web::SettingsAnswer save(const std::string&, const std::string& body,
                             const std::string& who) override {
        const bool bad = body.find("\"bad\"") != std::string::npos;
        std::cerr << "saved by " + who + "\n";
        if (!bad) return {200, R"({"saved":true})"};
        json problem = json::parse(web::to_json({422, "invalid", "These are not valid.", "body"}));
        problem["problems"] = {"bad: is unknown"};
        return {422, problem.dump()};
    }
    web::SettingsAnswer remove(const std::string& source, const std::string&) override {
        return source == "gates" ? web::SettingsAnswer{200, R"({"removed":true})"} : none();
    }
    void examine(const std::string&, std::function<void(web::SettingsAnswer)> done) override {
        done({200, R"({"found":[{"label":"one","config":{}}]})"});
    }

  private:
    static web::SettingsAnswer none() {
        return {404, web::to_json({404, "no_source", "There is none.", "source"})};
    }
};

web::WebSettings settings_from(const std::string& state_directory, const json& options) {
    web::WebSettings settings;
    settings.version = "test";
    settings.address = "127.0.0.1";
    settings.port = 0;
    settings.state_directory = state_directory;
    settings.hub_name = options.value("hub_name", "Test Hub");
    settings.dashboard = options.value("dashboard", "");
    settings.hosts = options.value("hosts", settings.hosts);
    settings.origins = options.value("origins", settings.origins);
    settings.trusted_proxies = options.value("trusted_proxies", settings.trusted_proxies);
    settings.carrera_track = options.value("carrera_track", "");
    settings.carrera_open_commands = options.value("carrera_open_commands", false);
    auto& limits = settings.limits;
    limits.sockets = options.value("sockets", limits.sockets);
    limits.sockets_per_address = options.value("sockets_per_address", limits.sockets_per_address);
    return settings;
}

void configure(Engine& engine, const std::string& id, std::int32_t lanes) {
    Event event;
    event.track = id;
    event.source = "config";
    TrackConfigure data;
    data.name = id;
    data.lanes = lanes;
    RaceSettings& settings = data.settings.emplace();
    settings.lights = 1;
    settings.lead_us = 1'000;
    settings.light_interval_us = 100'000;
    settings.hold_min_us = settings.hold_max_us = 1'000;
    settings.min_lap_us = 0;
    event.data = data;
    std::promise<void> decided;  // whoever connects finds the tracks
    engine.submit(event, [&](const Receipt&) { decided.set_value(); });
    decided.get_future().wait();
}

void obey(const json& line, Engine& engine, MemoryLog& log, FixedSources& sources,
          web::WebServer& server) {
    const auto word = line.at(0).get<std::string>();
    if (word == "cross") {
        Event event;
        event.track = line.at(1);
        event.source = "gates";
        GateCrossed crossing;
        crossing.lane = line.at(2);
        event.data = crossing;
        engine.submit(event);
    } else if (word == "facts") {
        // Many facts that change nothing: crossings outside a race are shown, not counted.
        for (int i = 0; i < line.at(1).get<int>(); ++i) {
            Event event;
            event.track = "one";
            event.source = "gates";
            GateCrossed crossing;
            crossing.lane = 1;
            event.data = crossing;
            engine.submit(event);
        }
    } else if (word == "storage") {
        log.set_broken(!line.at(1).get<bool>());
    } else if (word == "sample") {
        server.add_sample(line.at(1).dump());
    } else if (word == "sources") {
        sources.set(line.at(1));
        server.sources_changed();
    }
}

/// Runs until the standard input ends.
int serve(const std::string& state_directory, const json& options) {
    MemoryLog log;
    FixedSources sources;
    SystemClock clock({}, 0);
    Engine engine({"0123456789abcdef0123456789abcdef", {}, 0, 0}, log, clock);
    web::WebServer server(settings_from(state_directory, options), engine, log, sources,
                          [](web::LogLevel, const std::string& line) { std::cerr << line + "\n"; });
    FixedSettings settings;
    server.add_settings(settings);
    engine.add_sink(server);
    engine.on_storage([&server](const StorageStatus& status) { server.storage_changed(status); });
    engine.start();
    configure(engine, "one", 2);
    configure(engine, "two", options.value("lanes", 4));
    server.start();
    std::cout << json{{"port", server.port()}, {"pin", server.fresh_pin().value_or("")}} << "\n"
              << std::flush;
    for (std::string line; std::getline(std::cin, line);) {
        obey(json::parse(line), engine, log, sources, server);
        std::cout << "ok\n" << std::flush;
    }
    server.stop();
    engine.stop();
    return 0;
}

}  // namespace
}  // namespace racehub

int main(int count, char** arguments) {
    if (count < 2) {
        std::cerr << "usage: web_hub STATE_DIRECTORY [OPTIONS_JSON]\n";
        return 2;
    }
    return racehub::serve(arguments[1], nlohmann::json::parse(count > 2 ? arguments[2] : "{}"));
}
