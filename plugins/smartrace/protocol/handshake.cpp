#include "plugins/smartrace/protocol/handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace racehub::smartrace {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kMaxShown = 60;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view first_line(std::string_view head) {
    return trimmed(head.substr(0, head.find('\n')));
}

// Value of the first header of that name, which is given in small letters; empty: none.
std::string_view header(std::string_view head, std::string_view name) {
    for (auto at = head.find('\n'); at != head.npos; at = head.find('\n', at + 1)) {
        const std::string_view line = head.substr(at + 1, head.find('\n', at + 1) - at - 1);
        const auto colon = line.find(':');
        if (colon == line.npos || lowered(trimmed(line.substr(0, colon))) != name) continue;
        return trimmed(line.substr(colon + 1));
    }
    return {};
}

std::string accept_of(std::string_view key) {
    const std::string text = std::string(key).append(kGuid);
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string refusal(std::string_view status, std::string_view text) {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(text.size()) +
           "\r\nConnection: close\r\n\r\n" + std::string(text);
}

std::string printable(std::string_view text) {
    std::string result(text.substr(0, kMaxShown));
    for (char& c : result) {
        if (c < ' ' || c > '~') c = '?';
    }
    return result;
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<std::size_t> head_end(std::string_view bytes) {
    const auto strict = bytes.find("\r\n\r\n");
    const auto loose = bytes.find("\n\n");
    if (strict == bytes.npos && loose == bytes.npos) return std::nullopt;
    return strict < loose ? strict + 4 : loose + 2;
}

std::optional<std::string> read_request(std::string_view head, std::string& answer) {
    const std::string_view line = first_line(head);
    if (line.substr(0, 4) != "GET " || line.find(" HTTP/1.") == line.npos) {
        answer = refusal("400 Bad Request", "This is a websocket for SmartRace sensors.\n");
        return std::nullopt;
    }
    const std::string_view key = header(head, "sec-websocket-key");
    const bool upgrade = lowered(header(head, "upgrade")) == "websocket";
    if (!upgrade || key.empty() || key.size() > kMaxShown) {
        answer = refusal("426 Upgrade Required",
                         "This is RaceHub's websocket for SmartRace sensors, not a page. "
                         "Enter this address in the sensor.\n");
        return std::nullopt;
    }
    return std::string(key);
}

std::string accept_answer(std::string_view key) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept_of(key) + "\r\n\r\n";
}

std::string request_text(std::string_view host, int port, std::string_view key) {
    const bool bare_v6 = host.find(':') != host.npos && host.substr(0, 1) != "[";
    const std::string place =
        (bare_v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
    return "GET / HTTP/1.1\r\nHost: " + place +
           "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: " +
           std::string(key) + "\r\nSec-WebSocket-Version: 13\r\nOrigin: http://" + place +
           "\r\n\r\n";
}

bool read_answer(std::string_view head, std::string_view key, std::string& problem) {
    const std::string_view line = first_line(head);
    const auto space = line.find(' ');
    if (line.substr(0, 5) != "HTTP/" || space == line.npos) {
        problem = "it answers \"" + printable(line) + "\", which is not HTTP";
        return false;
    }
    if (line.substr(space + 1, 3) != "101") {
        problem = "it answers \"" + printable(line.substr(space + 1)) + "\" instead of a websocket";
        return false;
    }
    if (header(head, "sec-websocket-accept") != accept_of(key)) {
        problem = "its websocket answer is for somebody else";
        return false;
    }
    return true;
}

}  // namespace racehub::smartrace
