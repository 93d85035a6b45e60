#include "webui/model/settings_form.h"

#include <algorithm>
#include <cstdlib>

namespace racehub {
namespace {

using nlohmann::json;
using Kind = FormRow::Kind;

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The member if it is a list or an object like `like`, else an empty one.
json part_of(const json& object, const char* key, json like) {
    const auto found = object.find(key);
    return found != object.end() && found->type() == like.type() ? *found : like;
}

/// Schema of a list's items.
json items_of(const json& list) {
    const auto found = list.find("items");
    if (found != list.end() && found->is_object()) return *found;
    return json{{"type", "string"}};
}

/// "tls_ca_file" → "Tls ca file"
std::string in_words(const std::string& key) {
    std::string words = key;
    std::replace(words.begin(), words.end(), '_', ' ');
    if (!words.empty() && words[0] >= 'a' && words[0] <= 'z')
        words[0] = static_cast<char>(words[0] - 'a' + 'A');
    return words;
}

std::string shown(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.is_null() ? "" : value.dump();
}

/// What an empty value of this schema is, defaults filled in.
json fresh(const json& schema) {
    if (schema.contains("default")) return schema["default"];
    const std::string type = text_of(schema, "type");
    if (type == "object") return json::object();
    if (type == "array") return json::array();
    if (type == "boolean") return false;
    if (schema.contains("enum") && !schema["enum"].empty()) return schema["enum"].front();
    return "";
}

Kind kind_of(const json& schema) {
    if (schema.contains("enum")) return Kind::choice;
    const std::string type = text_of(schema, "type");
    if (text_of(schema, "format") == "secret") return Kind::secret;
    if (type == "boolean") return Kind::flag;
    if (type == "integer" || type == "number") return Kind::number;
    if (type == "object" || type == "array") return Kind::group;
    return Kind::text;
}

std::string help_of(const json& schema) {
    std::string help = text_of(schema, "description");
    const bool from = schema.contains("minimum"), to = schema.contains("maximum");
    std::string range;
    if (from && to) range = shown(schema["minimum"]) + " to " + shown(schema["maximum"]);
    if (from && !to) range = "at least " + shown(schema["minimum"]);
    if (to && !from) range = "at most " + shown(schema["maximum"]);
    if (!range.empty()) help += help.empty() ? range : " (" + range + ")";
    return help;
}

/// Is it text of a number, whole if `whole`?
bool is_number(const std::string& text, bool whole) {
    if (text.empty() || text.size() > 18) return false;
    const auto usual = [whole](char c) {
        return (c >= '0' && c <= '9') || c == '-' || (!whole && (c == '.' || c == 'e'));
    };
    if (!std::all_of(text.begin(), text.end(), usual)) return false;
    char* end = nullptr;
    std::strtod(text.c_str(), &end);
    return *end == '\0';
}

json typed(const json& schema, const std::string& text) {
    const Kind kind = kind_of(schema);
    if (kind == Kind::flag) return text == "true";
    const std::string type = text_of(schema, "type");
    if (type == "integer" && is_number(text, true)) return std::strtoll(text.c_str(), nullptr, 10);
    if (type == "number" && is_number(text, false)) return std::strtod(text.c_str(), nullptr);
    if (schema.contains("enum")) {
        for (const json& option : schema["enum"]) {
            if (shown(option) == text) return option;
        }
    }
    return text;
}

/// What was typed into a field with the dots of a hidden secret: the dots, or something without
/// any.
std::string secret_of(const std::string& text) {
    constexpr std::string_view kDot = "•", kHidden = "•••";
    std::string secret = text;
    if (secret == kHidden) return secret;
    for (std::size_t at = 0; (at = secret.find(kDot, at)) != std::string::npos;)
        secret.erase(at, kDot.size());
    return secret;
}

std::string key_path(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
}

/// Where something is and how to get in: what people look for first. JSON objects have no order.
constexpr std::string_view kFirst[] = {"mode", "host",     "address", "url",
                                       "port", "username", "user",    "password"};

/// Keys in the order people fill them in: what must be there first, groups last.
std::vector<std::string> keys_in_order(const json& properties, const json& required) {
    std::vector<std::string> keys;
    for (const auto& [key, schema] : properties.items()) keys.push_back(key);
    const auto rank = [&](const std::string& key) {
        if (kind_of(properties[key]) == Kind::group) return 100;
        if (std::find(required.begin(), required.end(), key) != required.end()) return 0;
        const auto found = std::find(std::begin(kFirst), std::end(kFirst), key);
        return 1 + static_cast<int>(found - std::begin(kFirst));
    };
    std::stable_sort(keys.begin(), keys.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return keys;
}

}  // namespace

SettingsForm::SettingsForm(json schema, json config)
    : schema_(std::move(schema)), value_(std::move(config)) {
    if (!schema_.is_object()) schema_ = json::object();
    if (!value_.is_object()) value_ = json::object();
    lay_out();
}

void SettingsForm::lay_out() {
    rows_.clear();
    lay_out_object(schema_, value_, "", 0);
}

void SettingsForm::lay_out_object(const json& schema, json& value, const std::string& path,
                                  int depth) {
    const json properties = part_of(schema, "properties", json::object());
    const json required = part_of(schema, "required", json::array());
    for (const std::string& key : keys_in_order(properties, required)) {
        if (rows_.size() >= kMaxRows) return;
        const json& sub = properties[key];
        FormRow row;
        row.path = key_path(path, key);
        row.label = text_of(sub, "title").empty() ? in_words(key) : text_of(sub, "title");
        row.help = help_of(sub);
        row.depth = depth;
        row.required = std::find(required.begin(), required.end(), key) != required.end();
        const bool group = kind_of(sub) == Kind::group;
        if (!value.contains(key) && (group || sub.contains("default"))) value[key] = fresh(sub);
        json missing = "";
        lay_out_value(sub, value.contains(key) ? value[key] : missing, std::move(row));
    }
}

void SettingsForm::lay_out_value(const json& schema, json& value, FormRow row) {
    row.kind = kind_of(schema);
    if (row.kind == Kind::choice) {
        for (const json& option : schema["enum"]) row.options.push_back(shown(option));
    }
    if (row.kind != Kind::group) {
        row.value = row.kind == Kind::flag ? (value == true ? "true" : "false") : shown(value);
        rows_.push_back(std::move(row));
        return;
    }
    rows_.push_back(row);
    if (text_of(schema, "type") == "array") return lay_out_list(schema, value, row);
    if (!value.is_object()) value = json::object();
    lay_out_object(schema, value, row.path, row.depth + 1);
}

void SettingsForm::lay_out_list(const json& schema, json& value, const FormRow& list) {
    if (!value.is_array()) value = json::array();
    const json items = items_of(schema);
    for (std::size_t i = 0; i < value.size() && rows_.size() < kMaxRows; ++i) {
        FormRow row;
        row.path = list.path + "[" + std::to_string(i) + "]";
        row.depth = list.depth + 1;
        row.label = list.label + " " + std::to_string(i + 1);
        FormRow head = row;
        head.kind = Kind::item;
        rows_.push_back(head);
        if (text_of(items, "type") == "object") {
            if (!value[i].is_object()) value[i] = json::object();
            lay_out_object(items, value[i], row.path, row.depth);
        } else {
            lay_out_value(items, value[i], std::move(row));
        }
    }
    FormRow add;
    add.kind = Kind::add;
    add.path = list.path;
    add.label = list.label;
    add.depth = list.depth + 1;
    rows_.push_back(std::move(add));
}

json* SettingsForm::find(const std::string& path, const json** schema) {
    json* value = &value_;
    *schema = &schema_;
    for (std::size_t at = 0; at < path.size();) {
        if (path[at] == '[') {
            const std::size_t end = path.find(']', at);
            const auto index = std::strtoul(path.c_str() + at + 1, nullptr, 10);
            if (!value->is_array() || index >= value->size() || !(*schema)->contains("items"))
                return nullptr;
            value = &(*value)[index];
            *schema = &(**schema)["items"];
            at = end + 1;
        } else {
            if (path[at] == '.') ++at;
            const std::size_t end = std::min(path.find_first_of(".[", at), path.size());
            const std::string key = path.substr(at, end - at);
            const auto properties = (*schema)->find("properties");
            if (properties == (*schema)->end() || !properties->contains(key)) return nullptr;
            value = &(*value)[key];
            *schema = &(*properties)[key];
            at = end;
        }
    }
    return value;
}

void SettingsForm::set(const std::string& path, const std::string& text) {
    const json* schema = nullptr;
    json* value = find(path, &schema);
    if (value == nullptr) return;
    const std::string kept = kind_of(*schema) == Kind::secret ? secret_of(text) : text;
    *value = typed(*schema, kept);
    changed_ = true;
    for (FormRow& row : rows_) {
        if (row.path != path || row.kind == Kind::item || row.kind == Kind::add) continue;
        row.value = kept;
        row.problem.clear();
    }
}

void SettingsForm::add_item(const std::string& list_path) {
    const json* schema = nullptr;
    json* list = find(list_path, &schema);
    if (list == nullptr || !list->is_array()) return;
    list->push_back(fresh(items_of(*schema)));
    changed_ = true;
    lay_out();
}

void SettingsForm::remove_item(const std::string& item_path) {
    const std::size_t bracket = item_path.rfind('[');
    if (bracket == std::string::npos) return;
    const json* schema = nullptr;
    json* list = find(item_path.substr(0, bracket), &schema);
    const auto index = std::strtoul(item_path.c_str() + bracket + 1, nullptr, 10);
    if (list == nullptr || !list->is_array() || index >= list->size()) return;
    list->erase(index);
    changed_ = true;
    lay_out();
}

void SettingsForm::merge(const json& partial) {
    if (!partial.is_object()) return;
    value_.merge_patch(partial);
    changed_ = true;
    lay_out();
}

std::vector<std::string> SettingsForm::set_problems(const std::vector<std::string>& problems) {
    for (FormRow& row : rows_) row.problem.clear();
    std::vector<std::string> others;
    for (const std::string& problem : problems) {
        const std::size_t colon = problem.find(": ");
        const std::size_t config = problem.find("config.");
        if (colon == std::string::npos || config == std::string::npos || config > colon) {
            others.push_back(problem);
            continue;
        }
        const std::string path = problem.substr(config + 7, colon - config - 7);
        bool taken = false;
        for (FormRow& row : rows_) {
            if (taken || row.path != path) continue;
            row.problem = problem.substr(colon + 2);
            taken = true;
        }
        if (!taken) others.push_back(problem);
    }
    return others;
}

json SettingsForm::config() const {
    json config = value_;
    const json properties = part_of(schema_, "properties", json::object());
    const json required = part_of(schema_, "required", json::array());
    for (const auto& [key, schema] : properties.items()) {
        if (!config.contains(key)) continue;
        const bool needed = std::find(required.begin(), required.end(), key) != required.end();
        const bool usual = schema.contains("default") ? config[key] == schema["default"]
                                                      : config[key] == "" || config[key].empty();
        if (usual && !needed) config.erase(key);
    }
    return config;
}

}  // namespace racehub
