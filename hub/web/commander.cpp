#include "hub/web/commander.h"

#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/web/text.h"

namespace racehub::web {

using nlohmann::json;

namespace {

/// A member that must be a text of 1 to kMaxName bytes; `required` false: may be missing.
std::optional<Problem> read_text(const json& object, const char* key, bool required,
                                 std::string& out) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        if (!required) return std::nullopt;
        return Problem{400, "bad_command", std::string("\"") + key + "\" is missing.", key};
    }
    const auto* text = found->get_ptr<const std::string*>();
    if (text == nullptr || text->size() > kMaxName || (required && text->empty())) {
        return Problem{400, "bad_command",
                       std::string("\"") + key + "\" is a text of at most " +
                           std::to_string(kMaxName) + " bytes.",
                       key};
    }
    for (const char c : *text) {
        if (is_control(c)) {
            return Problem{400, "bad_command",
                           std::string("\"") + key + "\" has control characters.", key};
        }
    }
    out = *text;
    return std::nullopt;
}

}  // namespace

std::optional<Problem> Commander::read(const json& object, const std::string& track,
                                       const std::string& director, Event& command) {
    std::string type;
    command.track = track;
    if (auto problem = read_text(object, "id", true, command.key)) return problem;
    if (auto problem = read_text(object, "command", true, type)) return problem;
    if (auto problem = read_text(object, "race_id", false, command.race_id)) return problem;
    if (track.empty()) {
        if (auto problem = read_text(object, "track", true, command.track)) return problem;
    }
    bool known = false;
    for (const auto name : payload_types(Kind::command)) known = known || name == type;
    if (!known) {
        return Problem{400, "unknown_command", "This hub has no such command.", "command"};
    }
    const auto data = object.find("data");
    std::string error;
    if (!decode_command(type, data == object.end() ? json::object() : *data, command.data, error)) {
        return Problem{400, "bad_command", error, "data"};
    }
    command.source = "director:" + director;
    return std::nullopt;
}

std::optional<Problem> Commander::submit(Event command, ReceiptCallback done) {
    if (engine_.submit(std::move(command), std::move(done))) return std::nullopt;
    return Problem{503, "inbox_full",
                   "The hub cannot take commands now: its log is not being written, or it stops.",
                   ""};
}

json outcome_json(const Receipt& receipt) {
    json outcome = {{"accepted", receipt.logged && receipt.outcome.accepted}};
    if (receipt.logged && receipt.outcome.accepted) {
        outcome["seq"] = receipt.seq;
    } else {
        outcome["code"] = receipt.outcome.code;
        outcome["message"] = receipt.outcome.message;
    }
    if (receipt.duplicate) outcome["duplicate"] = true;
    return outcome;
}

}  // namespace racehub::web
