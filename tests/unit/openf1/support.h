#pragma once
// An OpenF1 API in memory, and sessions built from it as the plugin builds them.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "plugins/openf1/builder.h"
#include "plugins/openf1/replay.h"
#include "tests/support/hub_driver.h"

namespace racehub::openf1::test {

using nlohmann::json;
namespace fs = std::filesystem;

/// Recorded answers beside the project; tests that need them are left out where they are not.
inline const fs::path kRecorded = "../shared/data/openf1-9523";

/// Without the recorded answers a test ends here, and says so.
#define NEED_RECORDED()                                           \
    if (!fs::exists(kRecorded)) {                                 \
        WARN("no recorded answers beside the project: left out"); \
        return;                                                   \
    }                                                             \
    static_assert(true)

inline std::string file_text(const fs::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

class TempFolder {
  public:
    TempFolder() {
        std::string name = (fs::temp_directory_path() / "openf1-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TempFolder() { fs::remove_all(path_); }
    std::string path() const { return path_; }

  private:
    std::string path_;
};

/// Answers from tables; `before` may answer in its place.
class FakeApi final : public Api {
  public:
    std::map<std::string, json> tables;
    std::function<std::optional<Answer>(const std::string& collection, const std::string& query)>
        before;
    std::vector<std::string> asked;

    /// The recorded answers; intervals, locations and car data are split by driver there.
    static FakeApi recorded() {
        FakeApi api;
        for (const auto& entry : fs::directory_iterator(kRecorded)) {
            const std::string name = entry.path().stem().string();
            if (entry.path().extension() != ".json" || name.find("_lap_") != std::string::npos) {
                continue;
            }
            std::string table = name;
            if (const auto digits = name.find_last_not_of("0123456789");
                digits + 1 < name.size() && name[digits] == '_') {
                table = name.substr(0, digits);
            }
            const json rows = json::parse(file_text(entry.path()));
            json& into = api.tables[table];
            if (into.is_null()) into = json::array();
            into.insert(into.end(), rows.begin(), rows.end());
        }
        return api;
    }

    Answer get(const std::string& collection, const std::string& query) override {
        asked.push_back(collection + "?" + query);
        if (before) {
            if (auto answer = before(collection, query)) return *answer;
        }
        Answer answer;
        answer.rows = json::array();
        std::string driver;
        if (const auto at = query.find("driver_number="); at != std::string::npos) {
            driver = query.substr(at + 14, query.find('&', at) - at - 14);
        }
        for (const json& row : tables[collection]) {
            if (driver.empty() || std::to_string(row.value("driver_number", 0)) == driver) {
                answer.rows.push_back(row);
            }
        }
        answer.bytes = 1;
        answer.kind = answer.rows.empty() ? Answer::Kind::empty : Answer::Kind::rows;
        return answer;
    }
};

inline constexpr Micros kAfterwardsUs = 1'720'000'000'000'000;  // July 2024

inline Built build(FakeApi& api, const std::string& folder,
                   Wanted wanted = {9'523, 0, {}, "Race"}) {
    return Builder(api, folder, {}, kAfterwardsUs).build(wanted);
}

inline std::shared_ptr<const Session> recorded_session(const std::string& folder) {
    FakeApi api = FakeApi::recorded();
    std::string error;
    return load_session(build(api, folder).path, error);
}

/// Drives the real core with what a replay tells.
class CoreListener final : public Listener {
  public:
    racehub::test::HubDriver hub;
    std::map<std::string, int> told, sampled;
    std::map<std::string, std::string> newest;  ///< sample by type
    std::set<std::string> keys;
    std::vector<std::string> wrong;

    CoreListener() {
        TrackConfigure track;
        track.name = "Wall";
        hub.command(track);
    }
    void observe(const char* type, const std::string& data, const std::string& key) override {
        ++told[type];
        if (!keys.insert(key).second) wrong.push_back("key used twice: " + key);
        Event input;
        std::string error;
        if (!decode_payload(type, std::string_view(data), input.data, error)) {
            wrong.push_back(std::string(type) + ": " + error);
            return;
        }
        input.track = "main";
        input.source = "f1";
        input.time_us = input.recv_us = hub.now_us;
        hub.send(input);
        if (!hub.outcome.accepted) wrong.push_back(std::string(type) + ": " + hub.outcome.message);
    }
    void sample(const char* type, const std::string& data) override {
        ++sampled[type];
        newest[type] = data;
        Sample decoded;
        std::string error;
        if (!decode_sample(type, json::parse(data), decoded, error)) {
            wrong.push_back(std::string(type) + ": " + error);
        }
    }
};

}  // namespace racehub::openf1::test
