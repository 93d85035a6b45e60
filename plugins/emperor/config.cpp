#include "plugins/emperor/config.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace racehub::emperor {
namespace {

using nlohmann::json;

constexpr int kManagerPort = 8772;
constexpr const char* kPath = "/api/race-control";
constexpr std::size_t kMaxUrl = 1'024;

// Reads members of one object; the first that is wrong ends it with a message.
class Reader {
  public:
    Reader(const json& object, std::string where, std::string& error)
        : object_(object), where_(std::move(where)), error_(error) {}

    void text(const char* key, std::string& value, std::size_t max_bytes) {
        const json* found = find(key);
        if (!found) return;
        if (!found->is_string() || found->get_ref<const std::string&>().size() > max_bytes) {
            return fail(key, "must be a text of at most " + std::to_string(max_bytes) + " bytes");
        }
        value = found->get<std::string>();
        // They go into the head of a request.
        if (value.find_first_of(std::string("\r\n\0", 3)) != std::string::npos) {
            fail(key, "must be one line");
        }
    }
    void flag(const char* key, bool& value) {
        const json* found = find(key);
        if (!found) return;
        if (!found->is_boolean()) return fail(key, "must be true or false");
        value = found->get<bool>();
    }
    void number(const char* key, int& value, int min, int max) {
        const json* found = find(key);
        if (!found) return;
        const auto given = found->is_number_integer() ? found->get<std::int64_t>() : min - 1LL;
        if (given < min || given > max) {
            return fail(key, "must be a whole number from " + std::to_string(min) + " to " +
                                 std::to_string(max));
        }
        value = static_cast<int>(given);
    }
    /// Calls `each(element, its name)` for up to `max` objects.
    template <class Each>
    void list(const char* key, std::size_t max, Each&& each) {
        const json* found = find(key);
        if (!found) return;
        if (!found->is_array() || found->size() > max) {
            return fail(key, "must be a list of at most " + std::to_string(max));
        }
        for (std::size_t i = 0; i < found->size() && error_.empty(); ++i) {
            const std::string name = std::string(key) + "[" + std::to_string(i) + "]";
            if (!(*found)[i].is_object()) return fail(name, "must be an object");
            each((*found)[i], name + ".");
        }
    }
    void fail(const std::string& key, const std::string& what) {
        if (error_.empty()) error_ = where_ + key + " " + what;
    }

  private:
    const json* find(const char* key) const {
        if (!error_.empty()) return nullptr;
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }
    const json& object_;
    const std::string where_;
    std::string& error_;
};

bool is_header_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

void read_headers(Reader& reader, Config& config, std::string& error) {
    reader.list("headers", 16, [&](const json& object, const std::string& where) {
        std::string name, value;
        Reader inner(object, where, error);
        inner.text("name", name, 128);
        inner.text("value", value, 4'096);
        if (!is_header_name(name)) inner.fail("name", "must be letters, digits and -");
        config.headers.emplace_back(std::move(name), std::move(value));
    });
}

void read_teams(Reader& reader, Config& config, std::string& error) {
    reader.list("teams", 64, [&](const json& object, const std::string& where) {
        TeamRule rule;
        Reader inner(object, where, error);
        inner.text("pattern", rule.pattern, 64);
        inner.text("team", rule.team, 64);
        inner.text("color", rule.color, 7);
        if (rule.pattern.empty()) inner.fail("pattern", "must not be empty");
        const bool hex =
            rule.color.size() == 7 && rule.color[0] == '#' &&
            rule.color.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
        if (!rule.color.empty() && !hex) inner.fail("color", "must be like #1cedaf");
        config.teams.push_back(std::move(rule));
    });
}

}  // namespace

const char* const kConfigSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["url"],
  "properties": {
    "url": {"type": "string", "minLength": 1, "maxLength": 1024, "title": "Server",
      "description": "wss://name.emperorservers.com, ws://192.168.1.5:8772, or the manager's page as the browser shows it"},
    "ca_file": {"type": "string", "default": "", "maxLength": 1024,
      "description": "Certificate of the authority (PEM); empty: those this machine trusts"},
    "tls_insecure": {"type": "boolean", "default": false,
      "description": "Do not check the server's certificate: anybody in between can read and change everything"},
    "origin": {"type": "string", "default": "", "maxLength": 1024,
      "description": "Origin header; empty: none, which the server accepts"},
    "cookie": {"type": "string", "default": "", "maxLength": 4096, "format": "secret",
      "description": "Cookie header of a signed-in browser, where the server's read access is not open"},
    "headers": {"type": "array", "default": [], "maxItems": 16,
      "items": {"type": "object", "additionalProperties": false, "required": ["name", "value"],
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 128},
          "value": {"type": "string", "maxLength": 4096, "format": "secret"}}}},
    "teams": {"type": "array", "default": [], "maxItems": 64,
      "description": "Marks drivers by their names; the first that fits counts",
      "items": {"type": "object", "additionalProperties": false, "required": ["pattern", "team"],
        "properties": {
          "pattern": {"type": "string", "minLength": 1, "maxLength": 64,
            "description": "-YORK: anywhere in the name; *-YORK: at its end; * stands for any text"},
          "team": {"type": "string", "maxLength": 64},
          "color": {"type": "string", "default": "", "maxLength": 7, "description": "#1cedaf"}}}},
    "samples_hz": {"type": "integer", "default": 10, "minimum": 1, "maximum": 20,
      "description": "Pictures of the cars' places a second, at most"},
    "silence_s": {"type": "integer", "default": 30, "minimum": 2, "maximum": 300,
      "description": "Connect again after so many seconds without a word; servers say something every 10 s"},
    "map": {"type": "boolean", "default": true, "description": "Fetch the server's map of the track, or learn one"},
    "log_messages": {"type": "boolean", "default": true, "description": "Keep messages for the protocol log"}
  }
})json";

std::string Address::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::string Address::text() const { return (tls ? "wss://" : "ws://") + authority() + path; }

bool read_address(std::string_view url, Address& address, std::string& problem) {
    address = Address{};
    const auto fail = [&](const char* text) {
        problem = text;
        return false;
    };
    if (url.size() > kMaxUrl) return fail("is too long");
    for (const char c : url) {
        if (c <= ' ' || c == 0x7F) return fail("must not hold spaces");
    }
    bool bare = true;
    for (const auto& [scheme, tls] : {std::pair{"ws://", false}, std::pair{"wss://", true},
                                      std::pair{"http://", false}, std::pair{"https://", true}}) {
        if (!url.starts_with(scheme)) continue;
        url.remove_prefix(std::string_view(scheme).size());
        address.tls = tls;
        bare = false;
        break;
    }
    if (url.find("://") != std::string_view::npos) return fail("must begin with ws:// or wss://");
    std::string_view place = url.substr(0, url.find_first_of("/?#"));
    std::string_view path = url.substr(place.size());
    path = path.substr(0, path.find('#'));
    if (place.find('@') != std::string_view::npos) {
        return fail("must not hold a password; use cookie or headers");
    }
    address.port = bare ? kManagerPort : address.tls ? 443 : 80;
    const bool bracket = place.starts_with('[');
    const auto end = bracket ? place.find(']') : place.rfind(':');
    if (bracket && end == std::string_view::npos) return fail("has a [ without a ]");
    std::string_view port;
    if (bracket) {
        address.host = place.substr(1, end - 1);
        port = place.substr(end + 1);
    } else {
        address.host = place.substr(0, end);
        port = end == std::string_view::npos ? "" : place.substr(end);
    }
    if (address.host.empty()) return fail("names no server");
    if (!port.empty()) {
        const char* const last = port.data() + port.size();
        const auto [rest, error] = std::from_chars(port.data() + 1, last, address.port);
        if (port[0] != ':' || error != std::errc() || rest != last || address.port < 1 ||
            address.port > 65535) {
            return fail("must have a port from 1 to 65535 after the :");
        }
    }
    // The address bar of a browser is good enough.
    const bool page = path.find(kPath) == std::string_view::npos && path.find('?') == path.npos;
    address.path = page ? kPath : std::string(path);
    return true;
}

bool read_config(std::string_view json_text, Config& config, std::string& error) {
    config = Config{};
    error.clear();
    const json object = json::parse(json_text, nullptr, false);
    if (!object.is_object()) {
        error = "the configuration must be a JSON object";
        return false;
    }
    Reader reader(object, "", error);
    std::string url, problem;
    reader.text("url", url, kMaxUrl);
    if (!read_address(url, config.server, problem)) reader.fail("url", problem);
    reader.text("ca_file", config.ca_file, 1'024);
    reader.flag("tls_insecure", config.tls_insecure);
    reader.text("origin", config.origin, 1'024);
    reader.text("cookie", config.cookie, 4'096);
    read_headers(reader, config, error);
    read_teams(reader, config, error);
    reader.number("samples_hz", config.samples_hz, 1, 20);
    reader.number("silence_s", config.silence_s, 2, 300);
    reader.flag("map", config.map);
    reader.flag("log_messages", config.log_messages);
    return error.empty();
}

}  // namespace racehub::emperor
