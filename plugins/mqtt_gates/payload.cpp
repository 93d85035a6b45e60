#include "plugins/mqtt_gates/payload.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace racehub::mqtt {
namespace {

using nlohmann::json;

std::string_view trimmed(std::string_view text) {
    // A closing NUL comes from C programs that send the size of their buffer.
    const std::string_view blank(" \t\r\n\0", 5);
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::any_of(words.begin(), words.end(),
                       [word](const std::string& each) { return trimmed(each) == word; });
}

Meaning judge(const PayloadRules& rules, std::string_view word) {
    if (contains(rules.ignore, word)) return Meaning::ignored;
    if (!rules.accept.empty() && !contains(rules.accept, word)) return Meaning::ignored;
    return Meaning::crossing;
}

Reading bad(std::string problem) {
    Reading reading;
    reading.meaning = Meaning::bad;
    reading.problem = std::move(problem);
    return reading;
}

// The member as a number of microseconds; false: it is there and no usable number.
bool read_stamp(const json& object, const char* key, double unit_us,
                std::optional<std::int64_t>& stamp_us) {
    const auto found = object.find(key);
    if (found == object.end() || stamp_us) return true;
    if (!found->is_number()) return false;
    const double value_us = found->get<double>() * unit_us;
    if (!(value_us >= 0 && value_us <= static_cast<double>(kMaxStampUs))) return false;
    const bool exact = found->is_number_integer() && unit_us == 1;
    stamp_us = exact ? found->get<std::int64_t>() : std::llround(value_us);
    return true;
}

bool read_number(const json& object, std::optional<std::int64_t>& number) {
    const auto found = object.find("n");
    if (found == object.end()) return true;
    if (!found->is_number_integer()) return false;
    if (found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t{kMaxNumber}) {
        return false;
    }
    const auto value = found->get<std::int64_t>();
    if (value < 0 || value > kMaxNumber) return false;
    number = value;
    return true;
}

// Names end up in logs and keys: printable ASCII only, and no slash, which separates them there.
bool read_name(const json& object, const char* key, std::size_t max_bytes, std::string& name) {
    const auto found = object.find(key);
    if (found == object.end()) return true;
    if (found->is_number_integer()) {
        name = found->dump();
    } else if (found->is_string()) {
        name = found->get<std::string>();
    } else {
        return false;
    }
    return name.size() <= max_bytes && std::all_of(name.begin(), name.end(), [](char c) {
               return c > ' ' && c <= '~' && c != '/';
           });
}

Reading read_object(const PayloadRules& rules, const json& object) {
    Reading reading;
    for (const auto& [key, unit_us] :
         {std::pair{"t_us", 1.0}, std::pair{"t_ms", 1e3}, std::pair{"t_s", 1e6}}) {
        if (!read_stamp(object, key, unit_us, reading.stamp_us)) {
            return bad(std::string(key) + " must be a number of time since the gate's start");
        }
    }
    if (!read_number(object, reading.number)) return bad("n must be a whole number from 0");
    if (!read_name(object, "dev", kMaxDeviceBytes, reading.device)) {
        return bad("dev must be a name of at most 39 printable characters without /");
    }
    if (!read_name(object, "boot", kMaxBootBytes, reading.boot)) {
        return bad("boot must be a name of at most 24 printable characters without /");
    }
    std::string word;
    if (const auto found = object.find("event"); found != object.end()) {
        if (!found->is_string()) return bad("event must be a word");
        word = found->get<std::string>();
    }
    reading.meaning = judge(rules, trimmed(word));
    return reading;
}

}  // namespace

Reading read_payload(const PayloadRules& rules, std::string_view payload) {
    if (payload.size() > kMaxPayloadBytes) {
        return bad("the payload is larger than " + std::to_string(kMaxPayloadBytes) + " bytes");
    }
    const std::string_view text = trimmed(payload);
    if (text.empty() || text.front() != '{') {
        Reading reading;
        reading.meaning = judge(rules, text);
        return reading;
    }
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return bad("the payload begins with { and is not a JSON object");
    return read_object(rules, object);
}

}  // namespace racehub::mqtt
