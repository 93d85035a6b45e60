#include "plugins/track_controller/protocol/json_text.h"

#include <algorithm>

namespace racehub::track_controller {

using nlohmann::json;

namespace {

json parse_bounded(std::string_view text) {
    constexpr int kMaxDepth = 32;
    bool too_deep = false;
    const json::parser_callback_t watch = [&](int depth, json::parse_event_t, json&) {
        too_deep |= depth > kMaxDepth;
        return !too_deep;
    };
    json value = json::parse(text, watch, false);
    return too_deep ? json(json::value_t::discarded) : value;
}

}  // namespace

json parse_json(std::string_view text) {
    json value = parse_bounded(text);
    const auto foreign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
    if (!value.is_discarded() || std::none_of(text.begin(), text.end(), foreign)) return value;
    // The name of a Wi-Fi network may be in any character set; it must not cost us the rest.
    std::string plain(text);
    std::replace_if(plain.begin(), plain.end(), foreign, '?');
    return parse_bounded(plain);
}

const json& member(const json& object, const char* name) {
    static const json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(name);
    return found == object.end() ? kNull : *found;
}

std::string text_member(const json& object, const char* name, std::size_t limit) {
    const json& value = member(object, name);
    if (!value.is_string()) return {};
    std::string text = value.get<std::string>();
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
    text.resize(limit);
    return text;
}

}  // namespace racehub::track_controller
