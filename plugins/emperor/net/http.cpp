#include "plugins/emperor/net/http.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "plugins/emperor/protocol/values.h"

namespace racehub::emperor {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455

std::string base64(const unsigned char* data, std::size_t size) {
    std::string text(4 * ((size + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data,
                                       static_cast<int>(size));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::string accept_of(const std::string& key) {
    const std::string text = key + std::string(kGuid);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
        throw std::runtime_error("no SHA-1");
    }
    return base64(digest.data(), size);
}

std::string credentials(const Config& config) {
    std::string lines;
    if (!config.origin.empty()) lines += "Origin: " + config.origin + "\r\n";
    if (!config.cookie.empty()) lines += "Cookie: " + config.cookie + "\r\n";
    for (const auto& [name, value] : config.headers) lines += name + ": " + value + "\r\n";
    return lines;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

std::string websocket_key() {
    std::array<unsigned char, 16> random{};
    if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
        throw std::runtime_error("no random numbers");
    }
    return base64(random.data(), random.size());
}

std::string upgrade_request(const Config& config, const std::string& key) {
    return "GET " + encode_path(config.server.path) +
           " HTTP/1.1\r\nHost: " + config.server.authority() +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: " +
           key + "\r\n" + credentials(config) + "\r\n";
}

std::string get_request(const Config& config, const std::string& path) {
    return "GET " + encode_path(path) + " HTTP/1.0\r\nHost: " + config.server.authority() +
           "\r\nConnection: close\r\n" + credentials(config) + "\r\n";
}

std::optional<std::size_t> head_end(std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    return end + 4;
}

Head read_head(std::string_view text) {
    Head head;
    if (!text.starts_with("HTTP/1.")) return head;
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || text.size() < space + 4) return head;
    std::from_chars(text.data() + space + 1, text.data() + space + 4, head.status);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string name = lower(line.substr(0, colon));
        const std::string_view value = trimmed(line.substr(colon + 1));
        if (name == "location") head.location = tidy_text(value, kMaxText);
        if (name == "upgrade") head.upgrade = lower(value);
        if (name == "sec-websocket-accept") head.accept = value;
        if (name == "content-length") {
            std::size_t length = 0;
            const char* const last = value.data() + value.size();
            const auto read = std::from_chars(value.data(), last, length);
            if (read.ec == std::errc() && read.ptr == last) head.length = length;
        }
    }
    return head;
}

std::string upgrade_problem(const Head& head, const std::string& key, const Config& config,
                            bool& for_good) {
    for_good = false;
    const std::string place = config.server.authority();
    const int status = head.status;
    if (status == 101) {
        if (head.upgrade == "websocket" && head.accept == accept_of(key)) return {};
        return "What answers at " + place + " is no websocket.";
    }
    if (status == 0) return "What answers at " + place + " is no web server.";
    for_good = true;
    if (status >= 300 && status < 400 && head.location.find("://") != std::string::npos) {
        return place + " sends us elsewhere, to " + head.location + ": enter that address as url.";
    }
    if ((status >= 300 && status < 400) || status == 401) {
        return place +
               " wants a login: let everybody read in the manager's accounts (\"open\"), or enter "
               "a "
               "signed-in browser's cookie.";
    }
    if (status == 403) {
        return place +
               " refuses us (403): leave origin empty, or make it the server's own address.";
    }
    if (status == 404) {
        return place +
               " has no race control (404): switch performance mode off in the manager's "
               "options, and check url.";
    }
    for_good = false;
    return place + " answers " + std::to_string(status) + " instead of opening a websocket.";
}

std::string encode_path(std::string_view path) {
    constexpr char kHex[] = "0123456789ABCDEF";
    constexpr std::string_view kFree = "-._~/!$&'()*+,;=:@%?";
    std::string out;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || kFree.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out;
}

}  // namespace racehub::emperor
