#include "hub/web/query.h"

#include <charconv>

#include "hub/web/http_head.h"

namespace racehub::web {

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto item = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        const auto equals = item.find('=');
        if (item.substr(0, equals) != name) continue;
        if (equals == std::string_view::npos) return std::string();
        return percent_decoded(item.substr(equals + 1));
    }
    return std::nullopt;
}

std::optional<std::uint64_t> as_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return number;
}

std::optional<std::uint64_t> query_number(std::string_view query, std::string_view name) {
    const auto value = query_value(query, name);
    return value ? as_number(*value) : std::nullopt;
}

}  // namespace racehub::web
