#include "plugins/emperor/track_view.h"

#include <nlohmann/json.hpp>

namespace racehub::emperor {
namespace {

using nlohmann::json;

std::string text_in(const json& object, const char* key) {
    if (!object.is_object()) return {};
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const json& in(const json& object, const char* key) {
    static const json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
}

}  // namespace

bool TrackView::snapshot(std::string_view json_text) {
    const json hub = json::parse(json_text, nullptr, false);
    race_id_.clear();
    for (const json& track : in(hub, "tracks")) {
        if (text_in(track, "id") != track_) continue;
        const json& race = in(track, "race");
        const json& report = in(race, "report");
        if (text_in(report, "source") != instance_) continue;
        race_id_ = text_in(race, "race_id");
        report_id_ = text_in(report, "report_id");
        if (text_in(race, "phase") == "aborted") aborted_ = report_id_;
    }
    return true;
}

bool TrackView::fact(std::string_view type, std::string_view race_id, std::string_view json_text) {
    if (type == "race.armed") {
        const json fact = json::parse(json_text, nullptr, false);
        const json& report = in(fact, "report");
        if (text_in(report, "source") == instance_) {
            race_id_ = race_id;
            report_id_ = text_in(report, "report_id");
        }
        return false;
    }
    if (type == "race.aborted" && !race_id.empty() && race_id == race_id_) aborted_ = report_id_;
    return type == "race.aborted" || type == "race.finished" || type == "race.cleared";
}

}  // namespace racehub::emperor
