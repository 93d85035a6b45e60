#include "hub/plugin_host/examine.h"

#include <racehub/plugin.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hub/plugin_host/config_schema.h"
#include "hub/plugin_host/one_shot.h"
#include "hub/plugin_host/plugin_file.h"
#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLabelBytes = 200;

json failure(const std::string& text) { return {{"ok", false}, {"text", text}}; }

json bad_answer(const std::string& why) {
    return failure("The plugin's answer is of no use (" + why +
                   "). This is a fault of the plugin; its author should know.");
}

std::string clean(const json& text, std::size_t max_bytes) {
    return clean_text(text.get_ref<const std::string&>(), max_bytes);
}

json checked_found(const json& found) {
    if (!found.is_array()) return bad_answer("found is not a list");
    json list = json::array();
    for (const json& each : found) {
        if (list.size() == kMaxFound) break;
        const bool good = each.is_object() && each.contains("label") && each["label"].is_string() &&
                          each.contains("config") && each["config"].is_object();
        if (!good) return bad_answer("a device without label or config");
        list.push_back(
            {{"label", clean(each["label"], kMaxLabelBytes)}, {"config", each["config"]}});
    }
    return {{"found", std::move(list)}};
}

std::string seconds(std::int64_t time_ms) { return std::to_string((time_ms + 999) / 1000) + " s"; }

}  // namespace

json checked_answer(std::string_view what, std::string_view text) {
    json answer;
    std::string error;
    if (!parse_json(text, kMaxConfigBytes, answer, error)) return bad_answer(error);
    if (!answer.is_object()) return bad_answer("it is not an object");
    if (what == "discover" && answer.contains("found")) return checked_found(answer["found"]);
    const bool good = answer.contains("ok") && answer["ok"].is_boolean() &&
                      answer.contains("text") && answer["text"].is_string();
    if (!good) return bad_answer("ok or text is missing");
    if (what == "discover" && answer["ok"] == true) return bad_answer("found is missing");
    return {{"ok", answer["ok"]}, {"text", clean(answer["text"], RH_MAX_TEXT_BYTES)}};
}

json examine(const Examination& given, const json& config) {
    const OneShot said = ask_once(given.host_program,
                                  {"examine", given.file, std::to_string(given.index), given.what,
                                   std::to_string(::getpid())},
                                  config.dump(), given.limit_ms, kMaxConfigBytes + 1, given.over);
    if (!said.started) return failure(said.text);
    if (!said.complete && said.text.empty()) {
        return failure("There was no answer within " + seconds(given.limit_ms) +
                       ". The device may be switched off, or the address is another one's.");
    }
    if (said.signal != 0) {
        return failure("The plugin crashed while it was looking " + crash_text(said.signal) +
                       ". This is a fault of the plugin; its author should know.");
    }
    return checked_answer(given.what, said.text);
}

std::string examine_here(const std::string& file, std::uint32_t index, std::string_view what,
                         const std::string& config_json) {
    PluginFile library;
    std::string error;
    std::string answer;
    if (library.open(file, error) && index < library.count() &&
        library.examine(index, what, config_json, answer, error)) {
        return answer;
    }
    return failure("The plugin cannot do this: it " + error + ".")
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace racehub::plugin_host
