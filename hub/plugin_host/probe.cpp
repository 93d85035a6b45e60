#include "hub/plugin_host/probe.h"

#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hub/plugin_host/one_shot.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

std::string failure(const std::string& why) {
    return json{{"ok", false}, {"error", why}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string Prober::run(const std::string& file) const {
    const OneShot said = ask_once(host_program_, {"probe", file, std::to_string(::getpid())}, {},
                                  limit_ms_, kMaxAnswerBytes);
    if (!said.started) return failure(said.text);
    if (!said.complete) return failure(file + " does not finish loading");
    if (said.signal != 0) {
        return failure(file + " crashes while it is loaded " + crash_text(said.signal));
    }
    const std::string& answer = said.text;
    const json parsed = json::parse(answer, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("ok"))
        return failure(file + " ended the probe early");
    if (!parsed["ok"].get<bool>()) return failure(file + " " + parsed.value("error", ""));
    return answer;
}

std::string Prober::probe(const std::string& file) {
    struct stat info {};
    Stamp stamp;
    if (::stat(file.c_str(), &info) == 0) {
        stamp = {info.st_size,
                 std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
    }
    {
        const std::lock_guard lock(mutex_);
        const auto found = known_.find(file);
        if (found != known_.end() && found->second.stamp == stamp && stamp.size >= 0) {
            return found->second.answer;
        }
    }
    std::string answer = run(file);
    if (answer.rfind("{\"error\"", 0) == 0) return answer;  // what failed may succeed next time
    const std::lock_guard lock(mutex_);
    known_[file] = {stamp, answer};
    return answer;
}

}  // namespace racehub::plugin_host
