#include "hub/plugin_host/config_schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 6> kTypes{"object",  "array",  "string",
                                                 "integer", "number", "boolean"};

bool is_secret(const json& schema) { return schema.value("format", "") == "secret"; }

std::string type_of(const json& schema) { return schema.value("type", ""); }

bool is_integer(const json& value) {
    if (value.is_number_integer()) return true;
    return value.is_number_float() && std::abs(value.get<double>()) < 9e15 &&
           std::floor(value.get<double>()) == value.get<double>();
}

bool has_type(const json& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return is_integer(value);
    if (type == "number") return value.is_number();
    return value.is_boolean();
}

std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

// " from 1 to 65535", " of at least 3 items": the limits in words.
std::string range(const json& schema, const char* least, const char* most, bool size) {
    const bool low = schema.contains(least);
    const bool high = schema.contains(most);
    if (!low && !high) return "";
    if (low && high) {
        return (size ? " of " : " from ") + schema[least].dump() + " to " + schema[most].dump();
    }
    const std::string word = low ? "at least " : "at most ";
    return (size ? " of " : " of ") + word + schema[low ? least : most].dump();
}

std::string expected(const json& schema) {
    if (schema.contains("enum")) {
        std::string text = "must be one of ";
        for (const auto& option : schema["enum"]) text += shown(option) + ", ";
        return text.substr(0, text.size() - 2);
    }
    const std::string type = type_of(schema);
    if (type == "object") return "must be an object {…}";
    if (type == "boolean") return "must be true or false";
    if (type == "integer") return "must be an integer" + range(schema, "minimum", "maximum", false);
    if (type == "number") return "must be a number" + range(schema, "minimum", "maximum", false);
    if (type == "array") {
        const std::string limits = range(schema, "minItems", "maxItems", true);
        return "must be a list" + (limits.empty() ? " […]" : limits + " items");
    }
    const std::string limits = range(schema, "minLength", "maxLength", true);
    return "must be a text" + (limits.empty() ? "" : limits + " characters");
}

void complain(std::vector<std::string>& problems, const std::string& path,
              const std::string& what) {
    if (problems.size() < kMaxProblems) problems.push_back(path + ": " + what);
}

bool within(const json& schema, const json& value) {
    const auto at_least = [&](const char* key, double measured) {
        return !schema.contains(key) || measured >= schema[key].get<double>();
    };
    const auto at_most = [&](const char* key, double measured) {
        return !schema.contains(key) || measured <= schema[key].get<double>();
    };
    if (value.is_number()) {
        return at_least("minimum", value.get<double>()) && at_most("maximum", value.get<double>());
    }
    if (value.is_string()) {
        const auto size = static_cast<double>(characters(value.get_ref<const std::string&>()));
        return at_least("minLength", size) && at_most("maxLength", size);
    }
    if (value.is_array()) {
        const auto size = static_cast<double>(value.size());
        return at_least("minItems", size) && at_most("maxItems", size);
    }
    return true;
}

void apply_object(const json& schema, json& value, const std::string& path,
                  std::vector<std::string>& problems) {
    const json none = json::object();
    const json& properties = schema.contains("properties") ? schema["properties"] : none;
    std::vector<std::string> known;
    for (const auto& [key, unused] : properties.items()) known.push_back(key);
    if (schema.contains("additionalProperties") && !schema["additionalProperties"].get<bool>()) {
        for (const auto& [key, unused] : value.items()) {
            if (properties.contains(key)) continue;
            const std::string meant = closest(key, known);
            std::string list;
            for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
            complain(problems, path + "." + clean_text(key, 60),
                     !meant.empty() ? "unknown key; did you mean \"" + meant + "\"?"
                     : list.empty() ? "unknown key; there are no settings here"
                                    : "unknown key; known are: " + list);
        }
    }
    for (const auto& [key, sub_schema] : properties.items()) {
        if (!value.contains(key) && sub_schema.contains("default")) {
            value[key] = sub_schema["default"];
        }
        if (value.contains(key)) apply_schema(sub_schema, value[key], path + "." + key, problems);
    }
    if (!schema.contains("required")) return;
    for (const auto& key : schema["required"]) {
        const auto& name = key.get_ref<const std::string&>();
        if (value.contains(name)) continue;
        const bool described = properties.contains(name);
        complain(problems, path + "." + name,
                 "is missing" + (described ? "; it " + expected(properties[name]) : std::string()));
    }
}

// Keywords whose value must be of a kind; the rest of what is allowed only informs.
const char* keyword_problem(const std::string& key, const json& value) {
    static const std::array<std::string_view, 4> sizes{"minItems", "maxItems", "minLength",
                                                       "maxLength"};
    static const std::array<std::string_view, 6> informs{"title",   "description", "examples",
                                                         "$schema", "$id",         "$comment"};
    if (std::find(informs.begin(), informs.end(), key) != informs.end()) return nullptr;
    if (std::find(sizes.begin(), sizes.end(), key) != sizes.end()) {
        return value.is_number_unsigned() ? nullptr : "must be a whole number";
    }
    if (key == "minimum" || key == "maximum")
        return value.is_number() ? nullptr : "must be a number";
    if (key == "enum") return value.is_array() && !value.empty() ? nullptr : "must be a list";
    if (key == "additionalProperties")
        return value.is_boolean() ? nullptr : "must be true or false";
    if (key == "format") return value == "secret" ? nullptr : "may only be \"secret\"";
    if (key == "properties" || key == "items")
        return value.is_object() ? nullptr : "must be an object";
    if (key == "required") {
        const bool texts =
            value.is_array() &&
            std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); });
        return texts ? nullptr : "must be a list of names";
    }
    if (key == "type" || key == "default") return nullptr;
    return "is not among the keywords that RaceHub checks";
}

bool check_node(const json& schema, const std::string& path, int depth, std::string& error) {
    if (!schema.is_object()) return error = path + ": must be an object", false;
    if (depth > kMaxConfigDepth) return error = path + ": nested too deeply", false;
    const auto type = schema.find("type");
    if (type == schema.end() || !type->is_string() ||
        std::find(kTypes.begin(), kTypes.end(), type->get_ref<const std::string&>()) ==
            kTypes.end()) {
        return error =
                   path + ".type: must be one of object, array, string, integer, number, boolean",
               false;
    }
    for (const auto& [key, value] : schema.items()) {
        if (const char* problem = keyword_problem(key, value)) {
            return error = path + "." + clean_text(key, 60) + ": " + problem, false;
        }
    }
    if (schema.contains("properties")) {
        for (const auto& [key, sub_schema] : schema["properties"].items()) {
            if (!check_node(sub_schema, path + ".properties." + key, depth + 1, error))
                return false;
        }
    }
    if (schema.contains("items") &&
        !check_node(schema["items"], path + ".items", depth + 1, error)) {
        return false;
    }
    if (schema.contains("default")) {
        json value = schema["default"];
        std::vector<std::string> problems;
        apply_schema(schema, value, path + ".default", problems);
        if (!problems.empty()) return error = problems.front(), false;
    }
    return true;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string shown(const json& value, std::size_t max_bytes) {
    const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() <= max_bytes) return text;
    return clean_text(text, max_bytes) + "…";
}

std::string closest(std::string_view word, const std::vector<std::string>& candidates) {
    constexpr std::size_t kLongestWord = 64;
    std::string best;
    std::size_t best_distance = 3;  // two slips at most
    if (word.size() > kLongestWord) return best;
    for (const auto& candidate : candidates) {
        if (candidate.size() > kLongestWord) continue;
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

bool parse_json(std::string_view text, std::size_t max_bytes, json& value, std::string& error) {
    if (text.size() > max_bytes) {
        return error = "longer than " + std::to_string(max_bytes) + " bytes", false;
    }
    bool too_deep = false;
    const auto watch_depth = [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > kMaxConfigDepth;
        return !too_deep;
    };
    try {
        value = json::parse(text.begin(), text.end(), watch_depth);
    } catch (const json::exception& problem) {
        // "[json.exception.parse_error.101] parse error at line 3, column 7: …" without its tag.
        const std::string_view what = problem.what();
        const std::size_t tag = what.find("] ");
        error = clean_text(tag == std::string_view::npos ? what : what.substr(tag + 2), 300);
        return false;
    }
    if (too_deep) return error = "nested deeper than " + std::to_string(kMaxConfigDepth), false;
    return true;
}

bool check_schema(const json& schema, std::string& error) {
    if (!check_node(schema, "schema", 0, error)) return false;
    if (type_of(schema) != "object") return error = "schema.type: must be \"object\"", false;
    return true;
}

void apply_schema(const json& schema, json& value, const std::string& path,
                  std::vector<std::string>& problems) {
    const std::string type = type_of(schema);
    const bool listed =
        !schema.contains("enum") ||
        std::find(schema["enum"].begin(), schema["enum"].end(), value) != schema["enum"].end();
    if (!has_type(value, type) || !listed || !within(schema, value)) {
        const std::string got =
            is_secret(schema) ? " (its value is not shown)" : ", not " + shown(value);
        return complain(problems, path, expected(schema) + got);
    }
    if (type == "integer" && value.is_number_float()) {
        value = static_cast<std::int64_t>(value.get<double>());
    }
    if (type == "object") apply_object(schema, value, path, problems);
    if (type == "array" && schema.contains("items")) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            apply_schema(schema["items"], value[i], path + "[" + std::to_string(i) + "]", problems);
        }
    }
}

json without_secrets(const json& schema, const json& value) {
    if (is_secret(schema)) return value == "" ? value : json(kHiddenSecret);
    json result = value;
    if (value.is_object()) {
        const json known = schema.value("properties", json::object());
        const bool others = schema.value("additionalProperties", true);
        for (const auto& [key, item] : value.items()) {
            if (known.contains(key)) {
                result[key] = without_secrets(known[key], item);
            } else if (!others) {
                result.erase(key);
            }
        }
    }
    if (value.is_array() && schema.contains("items")) {
        for (auto& item : result) item = without_secrets(schema["items"], item);
    }
    return result;
}

json with_secrets(const json& schema, const json& value, const json& stored) {
    if (is_secret(schema)) {
        if (value != kHiddenSecret) return value;
        return stored.is_string() ? stored : json("");
    }
    json result = value;
    if (value.is_object() && schema.contains("properties")) {
        for (const auto& [key, sub_schema] : schema["properties"].items()) {
            if (!value.contains(key)) continue;
            const bool there = stored.is_object() && stored.contains(key);
            result[key] = with_secrets(sub_schema, value[key], there ? stored[key] : json());
        }
    }
    if (value.is_array() && schema.contains("items")) {
        const bool same = stored.is_array() && stored.size() == value.size();
        for (std::size_t i = 0; i < value.size(); ++i) {
            result[i] = with_secrets(schema["items"], value[i], same ? stored[i] : json());
        }
    }
    return result;
}

json without_required(const json& schema) {
    json result = schema;
    result.erase("required");
    if (result.contains("properties")) {
        for (auto& each : result["properties"]) each = without_required(each);
    }
    if (result.contains("items")) result["items"] = without_required(result["items"]);
    return result;
}

json example_value(const json& schema) {
    if (schema.contains("default")) return schema["default"];
    if (schema.contains("enum")) return schema["enum"].front();
    const std::string type = type_of(schema);
    if (type == "boolean") return false;
    if (type == "integer" || type == "number") {
        return schema.contains("minimum")   ? schema["minimum"]
               : schema.contains("maximum") ? schema["maximum"]
                                            : json(0);
    }
    if (type == "string") return std::string(schema.value("minLength", std::size_t{0}), 'x');
    json result = type == "array" ? json::array() : json::object();
    if (type == "array" && schema.contains("items")) {
        for (std::size_t i = 0; i < schema.value("minItems", std::size_t{0}); ++i) {
            result.push_back(example_value(schema["items"]));
        }
    }
    if (type == "object" && schema.contains("required")) {
        for (const auto& key : schema["required"]) {
            const auto& name = key.get_ref<const std::string&>();
            if (schema.contains("properties") && schema["properties"].contains(name)) {
                result[name] = example_value(schema["properties"][name]);
            }
        }
    }
    return result;
}

}  // namespace racehub::plugin_host
