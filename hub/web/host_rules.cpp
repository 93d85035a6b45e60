#include "hub/web/host_rules.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "hub/web/address.h"
#include "hub/web/text.h"

namespace racehub::web {
namespace {

struct HostPort {
    std::string name;  // lower case, without a trailing dot; IPv6 without brackets
    std::string port;  // empty: none given
    bool is_address = false;
};

std::optional<HostPort> split(std::string_view text) {
    HostPort result;
    std::string_view name = text;
    std::string_view port;
    const auto colon = text.rfind(':');
    const bool bracketed = !text.empty() && text.front() == '[';
    const auto bracket = text.find(']');
    if (bracketed && bracket == std::string_view::npos) return std::nullopt;
    if (colon != std::string_view::npos && (!bracketed || colon > bracket)) {
        name = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) {
            return std::nullopt;
        }
    }
    if (bracketed) {
        if (name.back() != ']') return std::nullopt;
        name = name.substr(1, name.size() - 2);
        if (name.find(':') == std::string_view::npos || !Address::parse(name)) return std::nullopt;
        result.is_address = true;
    } else {
        if (!name.empty() && name.back() == '.') name.remove_suffix(1);
        const auto is_name_char = [](char c) {
            return is_alnum(c) || c == '-' || c == '.' || c == '_';
        };
        if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_char)) {
            return std::nullopt;
        }
        result.is_address = Address::parse(name).has_value();
    }
    result.name = lower_case(name);
    result.port = port;
    return result;
}

std::string machine_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return {};
    return lower_case(name.data());
}

}  // namespace

HostRules::HostRules(const std::vector<std::string>& names, const std::vector<std::string>& origins)
    : names_{"localhost"} {
    for (const auto& name : names) names_.push_back(lower_case(name));
    const auto machine = machine_name();
    if (!machine.empty()) {
        names_.push_back(machine);
        names_.push_back(machine.substr(0, machine.find('.')) + ".local");
    }
    for (const auto& origin : origins) origins_.push_back(lower_case(origin));
}

bool HostRules::host_allowed(std::string_view host_header) const {
    const auto host = split(host_header);
    if (!host) return false;
    return host->is_address || std::find(names_.begin(), names_.end(), host->name) != names_.end();
}

bool HostRules::origin_allowed(std::string_view origin, std::string_view host_header) const {
    const auto text = lower_case(origin);
    if (std::find(origins_.begin(), origins_.end(), text) != origins_.end()) return true;
    const bool secure = text.rfind("https://", 0) == 0;
    if (!secure && text.rfind("http://", 0) != 0) return false;
    auto ours = split(host_header);
    auto theirs = split(std::string_view(text).substr(secure ? 8 : 7));
    if (!ours || !theirs || !host_allowed(host_header)) return false;
    const std::string_view usual = secure ? "443" : "80";
    if (ours->port == usual) ours->port.clear();
    if (theirs->port == usual) theirs->port.clear();
    return ours->name == theirs->name && ours->port == theirs->port;
}

bool HostRules::is_name(std::string_view text) {
    if (Address::parse(text)) return true;
    const auto host = split(text);
    return host && host->port.empty();
}

bool HostRules::is_origin(std::string_view text) {
    const bool secure = text.rfind("https://", 0) == 0;
    if (!secure && text.rfind("http://", 0) != 0) return false;
    const auto host = split(text.substr(secure ? 8 : 7));
    return host && host->port != (secure ? "443" : "80") && text.back() != '.';
}

}  // namespace racehub::web
