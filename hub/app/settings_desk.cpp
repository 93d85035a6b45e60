#include "hub/app/settings_desk.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/plugin_host/config_schema.h"
#include "hub/web/problem.h"

namespace racehub::app {
namespace {

using nlohmann::json;
using plugin_host::SourceConfig;
using web::SettingsAnswer;

SettingsAnswer answer(const json& body, int status = 200) {
    return {status, body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

SettingsAnswer refusal(const web::Problem& problem) {
    return {problem.status, web::to_json(problem)};
}

SettingsAnswer no_source() {
    return refusal(
        {404, "no_source", "This hub has no such source; GET /api/sources lists them.", "source"});
}

/// Reads what is there; what has another type is named.
class Reader {
  public:
    explicit Reader(const json& object) : object_(object) {}
    void text(const char* key, std::string& value) {
        take(key, [&](const json& found) {
            if (!found.is_string() || found.get_ref<const std::string&>().size() > 4096)
                return false;
            value = found.get<std::string>();
            return true;
        });
    }
    void flag(const char* key, bool& value) {
        take(key, [&](const json& found) {
            if (found.is_boolean()) value = found.get<bool>();
            return found.is_boolean();
        });
    }
    void texts(const char* key, std::vector<std::string>& value) {
        take(key, [&](const json& found) {
            const bool good = found.is_array() && found.size() <= 64 &&
                              std::all_of(found.begin(), found.end(),
                                          [](const json& each) { return each.is_string(); });
            if (good) value = found.get<std::vector<std::string>>();
            return good;
        });
    }
    void object(const char* key, json& value) {
        take(key, [&](const json& found) {
            if (found.is_object()) value = found;
            return found.is_object();
        });
    }
    const std::string& wrong() const { return wrong_; }

  private:
    template <class Take>
    void take(const char* key, Take&& take) {
        const auto found = object_.find(key);
        if (found != object_.end() && !take(*found) && wrong_.empty()) wrong_ = key;
    }
    const json& object_;
    std::string wrong_;
};

}  // namespace

void SettingsDesk::finish() {
    const std::lock_guard lock(examinations_mutex_);
    finished_ = true;
    for (auto& each : examinations_) each->thread.join();
    examinations_.clear();
}

SettingsAnswer SettingsDesk::plugins() { return answer({{"plugins", plugins_.plugins()}}); }

SettingsAnswer SettingsDesk::show(const std::string& source) {
    const auto found = plugins_.inspected(source);
    if (!found) return no_source();
    const SourceConfig& config = found->config;
    const bool child = config.isolation == plugin_host::Isolation::child;
    json body = {{"id", config.id},
                 {"library", config.library},
                 {"plugin_id", config.plugin_id.empty() ? found->info.id : config.plugin_id},
                 {"name", found->info.name},
                 {"track", config.track},
                 {"tracks", config.tracks},
                 {"enabled", config.enabled},
                 {"may_command", config.may_command},
                 {"isolation", child ? "child" : "hub"},
                 {"problem", found->problem},
                 {"tests", found->info.tests},
                 {"discovers", found->info.discovers},
                 {"config", json::object()}};
    {
        const std::lock_guard lock(mutex_);
        body["changed_here"] = settings_.has(source);
    }
    if (!found->info.config_schema.is_null()) {
        body["config_schema"] = found->info.config_schema;
        body["config"] = plugin_host::without_secrets(
            found->info.config_schema, found->problem.empty() ? config.config : found->given);
    }
    return answer(body);
}

bool SettingsDesk::may_use(const std::string& library, const std::string& source) const {
    const auto found = plugins_.inspected(source);
    return (found && found->config.library == library) ||
           (!library.empty() && library.find('/') == std::string::npos &&
            library.find(".so") == std::string::npos);
}

bool SettingsDesk::read(const std::string& source, const json& object, SourceConfig& config,
                        SettingsAnswer& problem) const {
    const auto before = plugins_.inspected(source);
    if (before) config = before->config;
    if (before) config.config = before->given;
    config.id = source;
    json given = json::object();
    Reader reader(object);
    reader.text("library", config.library);
    reader.text("plugin_id", config.plugin_id);
    reader.text("track", config.track);
    reader.texts("tracks", config.tracks);
    reader.flag("enabled", config.enabled);
    reader.flag("may_command", config.may_command);
    if (before && !object.contains("config")) given = before->given;
    reader.object("config", given);
    std::string wrong = reader.wrong();
    std::string why = "This setting has the wrong type.";
    if (wrong.empty() && !may_use(config.library, source)) {
        wrong = "library";
        why =
            "This is not the name of a library in the plugin folder; GET /api/plugins lists them.";
    }
    if (wrong.empty() && !config.track.empty() && !ports_.knows_track(config.track)) {
        wrong = "track";
        why = "This hub has no such track; GET /api/tracks lists them.";
    }
    if (!wrong.empty()) {
        problem = refusal({400, "bad_" + wrong, why, wrong});
        return false;
    }
    const bool same = before && before->config.library == config.library;
    config.config =
        same && !before->info.config_schema.is_null()
            ? plugin_host::with_secrets(before->info.config_schema, given, before->given)
            : given;
    return true;
}

SettingsAnswer SettingsDesk::save(const std::string& source, const std::string& body,
                                  const std::string& who) {
    json object;
    std::string error;
    if (!parse_object(body, object, error)) {
        return refusal({400, "not_json", "The body is one JSON object.", "body"});
    }
    if (!SourceConfig::is_id(source)) {
        return refusal({400, "bad_source",
                        "A source's id is of letters, digits, '_', '-' and '.', and not \"hub\".",
                        "source"});
    }
    const std::lock_guard lock(mutex_);
    SourceConfig config;
    SettingsAnswer problem;
    if (!read(source, object, config, problem)) return problem;
    const bool known = plugins_.inspected(source).has_value();
    const auto problems = plugins_.put(config);
    if (!problems.empty()) {
        const web::Problem invalid{422, "invalid", "These settings are not valid.", "body"};
        json refused = json::parse(web::to_json(invalid));
        refused["problems"] = problems;
        return answer(refused, 422);
    }
    ports_.log(source + ": " + (known ? "settings changed" : "added") + " by " + who);
    if (!settings_.keep(config, error)) {
        ports_.log(source + ": " + error);
        return refusal({503, "not_kept",
                        "The source runs with these settings, but they could not be kept for the "
                        "next start; the hub's log tells why.",
                        ""});
    }
    return answer({{"saved", true}});
}

SettingsAnswer SettingsDesk::remove(const std::string& source, const std::string& who) {
    const std::lock_guard lock(mutex_);
    if (!plugins_.remove(source)) return no_source();
    ports_.log(source + ": removed by " + who);
    std::string error;
    if (settings_.keep_removed(source, error)) return answer({{"removed", true}});
    ports_.log(source + ": " + error);
    return refusal({503, "not_kept",
                    "The source is stopped, but comes back at the next start: this could not be "
                    "kept; the hub's log tells why.",
                    ""});
}

void SettingsDesk::examine(const std::string& body, std::function<void(web::SettingsAnswer)> done) {
    json object;
    std::string error;
    std::string what;
    std::string source;
    SourceConfig candidate;
    SettingsAnswer problem;
    if (!parse_object(body, object, error)) {
        return done(refusal({400, "not_json", "The body is one JSON object.", "body"}));
    }
    Reader reader(object);
    reader.text("what", what);
    reader.text("source", source);
    if (!reader.wrong().empty() || (what != "test" && what != "discover")) {
        return done(refusal({400, "bad_what", "\"what\" is \"test\" or \"discover\".", "what"}));
    }
    if (!read(source, object, candidate, problem)) return done(problem);
    const std::lock_guard lock(examinations_mutex_);
    std::erase_if(examinations_, [](const auto& each) {
        if (each->ended) each->thread.join();
        return each->ended.load();
    });
    if (finished_ || examinations_.size() >= kMaxExaminations) {
        return done(refusal(
            {503, "busy", "Somebody else is looking for devices; try again in a moment.", ""}));
    }
    auto& one = *examinations_.emplace_back(std::make_unique<Examination>());
    one.thread = std::thread([this, &one, what, candidate, done = std::move(done)] {
        done(answer(plugins_.examine(what, candidate)));
        one.ended = true;
    });
}

}  // namespace racehub::app
