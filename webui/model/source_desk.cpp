#include "webui/model/source_desk.h"

#include <algorithm>

#include "hub/core/codec.h"

namespace racehub {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool flag_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::int64_t integer_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

/// The member if it is a list or an object like `like`, else an empty one.
json part_of(const json& object, const char* key, json like) {
    const auto found = object.find(key);
    return found != object.end() && found->type() == like.type() ? *found : like;
}

std::string text(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// What the hub said no with.
std::string refusal_of(int status, const json& body) {
    if (status == 0) return "The hub does not answer.";
    const auto error = body.find("error");
    if (error != body.end() && error->is_object() && !text_of(*error, "message").empty())
        return text_of(*error, "message");
    return "The hub refused, with status " + std::to_string(status) + ".";
}

}  // namespace

std::vector<SourceDesk::Request> SourceDesk::take_requests() {
    return std::exchange(requests_, {});
}

void SourceDesk::request(const std::string& method, const std::string& path,
                         const std::string& body, const std::string& waiting) {
    if (!waiting.empty()) {
        waiting_ = waiting;
        waiting_path_ = path;
        message_.clear();
    }
    requests_.push_back({method, path, body});
}

std::string SourceDesk::path_of(const std::string& what) const {
    return "/api/sources/" + source_ + (what.empty() ? "" : "/" + what);
}

void SourceDesk::say(std::string words, bool good) {
    message_ = std::move(words);
    message_good_ = good;
}

// ---- Acting ------------------------------------------------------------------------------------

void SourceDesk::leave() {
    mode_ = Mode::nothing;
    source_.clear();
    message_.clear();
    problems_.clear();
    found_.clear();
    lines_.clear();
    waiting_.clear();
    waiting_path_.clear();
    form_ = SettingsForm();
    form_known_ = is_new_ = changed_ = log_asked_ = false;
    last_line_ = 0;
    next_log_us_ = 0;
}

void SourceDesk::choose(const std::string& source) {
    leave();
    mode_ = Mode::form;
    source_ = source;
    request("GET", path_of("settings"), "", "Asking the hub …");
}

void SourceDesk::add() {
    leave();
    mode_ = Mode::choose_plugin;
    request("GET", "/api/plugins", "", "Asking the hub …");
}

void SourceDesk::make_of(const PluginChoice& plugin, const std::string& on_track,
                         const std::vector<std::string>& taken) {
    leave();
    mode_ = Mode::form;
    is_new_ = form_known_ = true;
    library_ = plugin.library;
    plugin_id_ = plugin.plugin_id;
    plugin_name_ = plugin.name;
    tests_ = plugin.tests;
    discovers_ = plugin.discovers;
    form_ = SettingsForm(plugin.schema, json::object());
    track = on_track;
    enabled = true;
    new_id = plugin.library;
    for (int i = 2; std::find(taken.begin(), taken.end(), new_id) != taken.end(); ++i)
        new_id = plugin.library + std::to_string(i);
}

json SourceDesk::settings() const {
    return {{"library", library_},
            {"plugin_id", plugin_id_},
            {"track", track},
            {"enabled", enabled},
            {"config", form_.config()}};
}

void SourceDesk::save() {
    const auto usual = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    if (is_new_ && (new_id.empty() || !std::all_of(new_id.begin(), new_id.end(), usual)))
        return say("The name is made of letters, digits, '_', '-' and '.', without blanks.", false);
    if (is_new_) source_ = new_id;
    request("POST", path_of("settings"), text(settings()), "Saving …");
}

void SourceDesk::examine(const std::string& what) {
    json body = settings();
    body["what"] = what;
    if (!is_new_) body["source"] = source_;
    found_.clear();
    request("POST", "/api/plugins/examine", text(body),
            what == "test" ? "Testing the connection …" : "Looking for devices …");
}

void SourceDesk::use(const FoundDevice& device) {
    form_.merge(device.config);
    say("Filled in: " + device.label + ". Test the connection, then save.", true);
}

void SourceDesk::restart() { request("POST", path_of("enable"), "{}", "Starting again …"); }

void SourceDesk::remove() { request("DELETE", path_of(""), "", "Removing …"); }

void SourceDesk::ask(const std::string& what) {
    request("POST", path_of("ask"), text({{"what", what}, {"args", json::object()}}), "Asking …");
}

void SourceDesk::listen(TimeUs local_us) {
    if (mode_ != Mode::form || is_new_ || log_asked_ || local_us < next_log_us_) return;
    log_asked_ = true;
    next_log_us_ = local_us + kLogUs;
    request("GET", log_path() + "?after=" + std::to_string(last_line_), "", "");
}

// ---- Answers -----------------------------------------------------------------------------------

void SourceDesk::on_answer(const std::string& method, const std::string& path, int status,
                           const std::string& body) {
    if (!source_.empty() && path.rfind(log_path() + "?", 0) == 0) {
        log_asked_ = false;
        if (status == 200) on_log(body);
        return;
    }
    if (path != waiting_path_ || waiting_.empty()) return;
    waiting_.clear();
    waiting_path_.clear();
    json answer;
    std::string error;
    if (!parse_object(body, answer, error)) answer = json::object();
    const bool good = status >= 200 && status < 300;
    if (method == "POST" && path == path_of("settings")) return on_saved(status, answer);
    if (!good) return say(refusal_of(status, answer), false);
    if (path == "/api/plugins") return on_plugins(answer);
    if (path == "/api/plugins/examine") return on_examined(answer);
    if (method == "DELETE") {
        const std::string gone = source_;
        leave();
        return say(gone + " is removed.", true);
    }
    if (path == path_of("settings")) return on_settings(answer);
    if (path == path_of("enable")) return say("Started again.", true);
    if (path == path_of("ask")) say("Asked; the answer is in the protocol below.", true);
}

void SourceDesk::on_plugins(const json& body) {
    plugins_.clear();
    plugins_known_ = true;
    for (const json& each : part_of(body, "plugins", json::array())) {
        if (!each.is_object()) continue;
        PluginChoice plugin;
        plugin.library = text_of(each, "library");
        plugin.plugin_id = text_of(each, "id");
        plugin.name = text_of(each, "name").empty() ? plugin.library : text_of(each, "name");
        plugin.description = text_of(each, "description");
        plugin.problem = text_of(each, "problem");
        plugin.tests = flag_of(each, "tests");
        plugin.discovers = flag_of(each, "discovers");
        plugin.schema = part_of(each, "config_schema", json::object());
        plugins_.push_back(std::move(plugin));
    }
}

void SourceDesk::on_settings(const json& body) {
    library_ = text_of(body, "library");
    plugin_id_ = text_of(body, "plugin_id");
    plugin_name_ = text_of(body, "name").empty() ? library_ : text_of(body, "name");
    track = text_of(body, "track");
    enabled = flag_of(body, "enabled");
    tests_ = flag_of(body, "tests");
    discovers_ = flag_of(body, "discovers");
    changed_ = false;
    form_ = SettingsForm(part_of(body, "config_schema", json::object()),
                         part_of(body, "config", json::object()));
    form_known_ = true;
    if (const std::string problem = text_of(body, "problem"); !problem.empty()) {
        std::vector<std::string> list;
        for (std::size_t at = 0; at < problem.size();) {
            const std::size_t end = std::min(problem.find("; plugins[", at), problem.size());
            list.push_back(problem.substr(at, end - at));
            at = end + 2;
        }
        problems_ = form_.set_problems(list);
    }
}

void SourceDesk::take_problems(const json& body) {
    std::vector<std::string> list;
    for (const json& each : part_of(body, "problems", json::array())) {
        if (each.is_string()) list.push_back(each.get<std::string>());
    }
    problems_ = form_.set_problems(list);
}

void SourceDesk::on_saved(int status, const json& body) {
    take_problems(body);
    if (status < 200 || status >= 300) {
        const bool was_new = is_new_;
        say(status == 422 ? "Not saved: see what is marked below." : refusal_of(status, body),
            false);
        if (was_new) source_.clear();
        return;
    }
    const std::string saved = source_;
    choose(saved);
    say("Saved; " + saved + " starts with it.", true);
}

void SourceDesk::on_examined(const json& body) {
    take_problems(body);
    if (!body.contains("found")) return say(text_of(body, "text"), flag_of(body, "ok"));
    for (const json& each : part_of(body, "found", json::array())) {
        if (!each.is_object()) continue;
        found_.push_back({text_of(each, "label"), part_of(each, "config", json::object())});
    }
    if (found_.empty()) return say("No device was found. Is it switched on and connected?", false);
    say(found_.size() == 1 ? "One device was found."
                           : std::to_string(found_.size()) + " devices were found.",
        true);
}

void SourceDesk::on_log(const std::string& body) {
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = std::min(body.find('\n', at), body.size());
        json line;
        std::string error;
        if (parse_object(std::string_view(body).substr(at, end - at), line, error)) {
            last_line_ = std::max(last_line_, static_cast<std::uint64_t>(integer_of(line, "n")));
            lines_.push_back(
                {integer_of(line, "time_us"), text_of(line, "dir"), text_of(line, "text")});
        }
        at = end + 1;
    }
    if (lines_.size() > kMaxLines) {
        lines_.erase(lines_.begin(), lines_.end() - static_cast<std::ptrdiff_t>(kMaxLines));
    }
}

}  // namespace racehub
