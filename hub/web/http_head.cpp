#include "hub/web/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "hub/web/text.h"

namespace racehub::web {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

/// Characters of path and query in RFC 3986, without '%' (checked by its own rule).
bool is_target_char(char c) {
    return is_alnum(c) || std::string_view("-._~!$&'()*+,;=:@/?").find(c) != std::string_view::npos;
}

/// POCO decodes `=?charset?encoding?text?=`, line breaks included.
bool has_encoded_word(std::string_view value) {
    const auto begin = value.find("=?");
    return begin != std::string_view::npos && value.find("?=", begin + 2) != std::string_view::npos;
}

/// Reads one head; members are the state between lines.
class HeadReader {
  public:
    explicit HeadReader(std::string_view bytes) : bytes_(bytes) {}

    HeadResult run() {
        std::size_t at = 0;
        for (bool first = true;; first = false) {
            const auto end = bytes_.find('\n', at);
            if (end == std::string_view::npos) {
                return refused_or(rest(bytes_.substr(at), first), HeadResult::State::incomplete);
            }
            if (end == at || bytes_[end - 1] != '\r') {
                return refuse(400, "bare_line_feed", "Lines end with CR LF.", "head");
            }
            if (end + 1 > kMaxHeadBytes) {
                return refused_or(too_large(), HeadResult::State::complete);
            }
            const auto line = bytes_.substr(at, end - 1 - at);
            at = end + 1;
            if (!first && line.empty()) break;
            if (!(first ? request_line(line) : header_line(line))) return std::move(result_);
        }
        result_.head.head_bytes = at;
        return refused_or(whole_head(), HeadResult::State::complete);
    }

  private:
    bool fail(int status, const char* code, const char* message, const char* where) {
        result_.state = HeadResult::State::refused;
        result_.problem = {status, code, message, where};
        return false;
    }
    HeadResult refuse(int status, const char* code, const char* message, const char* where) {
        fail(status, code, message, where);
        return std::move(result_);
    }
    bool too_large() {
        return fail(431, "head_too_large", "The request head is longer than 16 kB.", "head");
    }
    HeadResult refused_or(bool fine, HeadResult::State state) {
        if (fine) result_.state = state;
        return std::move(result_);
    }

    /// The line that has not ended yet: what can be wrong already is said at once.
    bool rest(std::string_view line, bool first) {
        if (bytes_.size() > kMaxHeadBytes) return too_large();
        if (first && line.size() > kMaxTargetBytes + 32) return too_long_target();
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        return plain(line, first ? "request line" : "header");
    }

    /// Without control characters; a tab is the grammar's business, not ours.
    bool plain(std::string_view line, const char* where) {
        if (std::none_of(line.begin(), line.end(),
                         [](char c) { return is_control(c) && c != '\t'; })) {
            return true;
        }
        return fail(400, "control_character", "Control characters are not allowed here.", where);
    }

    bool too_long_target() {
        return fail(414, "target_too_long", "The request target is longer than 2 kB.",
                    "request line");
    }

    bool request_line(std::string_view line) {
        if (!plain(line, "request line")) return false;
        const auto first = line.find(' ');
        const auto last = line.rfind(' ');
        if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last ||
            !is_token(line.substr(0, first))) {
            return fail(400, "bad_request_line", "The first line is: method, target, version.",
                        "request line");
        }
        const auto version = line.substr(last + 1);
        if (version != "HTTP/1.1" && version != "HTTP/1.0") {
            const bool http = version.substr(0, 5) == "HTTP/";
            return fail(http ? 505 : 400, http ? "http_version" : "bad_request_line",
                        "This server speaks HTTP/1.1.", "request line");
        }
        result_.head.http_1_0 = version == "HTTP/1.0";
        const auto method = line.substr(0, first);
        if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
            return fail(501, "unknown_method", "This method is not known here.", "request line");
        }
        result_.head.method = method;
        return target(line.substr(first + 1, last - first - 1));
    }

    bool target(std::string_view text) {
        if (text.size() > kMaxTargetBytes) return too_long_target();
        if (text.empty() || text.front() != '/') {
            return fail(400, "bad_target", "The target is a path that starts with a slash.",
                        "request line");
        }
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '%') {
                if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 ||
                    hex_value(text[i + 2]) < 0) {
                    return fail(400, "bad_target", "A percent sign is followed by two hex digits.",
                                "request line");
                }
            } else if (!is_target_char(text[i])) {
                return fail(400, "bad_target", "A character of the target must be percent-encoded.",
                            "request line");
            }
        }
        const auto question = text.find('?');
        result_.head.target = text;
        result_.head.path = text.substr(0, question);
        if (question != std::string_view::npos) result_.head.query = text.substr(question + 1);
        return true;
    }

    bool header_line(std::string_view line) {
        if (result_.head.headers.size() == kMaxHeaders) {
            return fail(431, "too_many_headers", "A request has at most 64 headers.", "header");
        }
        if (line.front() == ' ' || line.front() == '\t') {
            return fail(400, "folded_header", "Folded header lines are not allowed.", "header");
        }
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
            return fail(400, "bad_header", "A header is a name, a colon and a value.", "header");
        }
        if (!plain(line.substr(colon + 1), "header")) return false;
        const auto value = trimmed(line.substr(colon + 1));
        if (has_encoded_word(value)) {
            return fail(400, "encoded_word", "Encoded words are not allowed in headers.", "header");
        }
        result_.head.headers.emplace_back(lower_case(line.substr(0, colon)), value);
        return true;
    }

    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(
            std::count_if(result_.head.headers.begin(), result_.head.headers.end(),
                          [name](const auto& header) { return header.first == name; }));
    }

    /// Rules over the whole head: which headers there must and must not be.
    bool whole_head() {
        const auto hosts = count("host");
        if (hosts != 1) {
            return fail(400, hosts == 0 ? "host_missing" : "host_twice",
                        "A request has exactly one Host header.", "header host");
        }
        const auto lengths = count("content-length");
        if (count("transfer-encoding") > 0) {
            return lengths > 0
                       ? fail(400, "two_lengths",
                              "Content-Length and Transfer-Encoding exclude each other.",
                              "header transfer-encoding")
                       : fail(501, "transfer_encoding", "Send the body with a Content-Length.",
                              "header transfer-encoding");
        }
        if (lengths > 1) {
            return fail(400, "two_lengths", "Content-Length is sent once.",
                        "header content-length");
        }
        if (count("expect") > 0) {
            return fail(417, "expectation", "Send the body at once, without Expect.",
                        "header expect");
        }
        return lengths == 0 ? no_length() : length(result_.head.header("content-length"));
    }

    bool takes_body() const {
        const auto& method = result_.head.method;
        return method == "POST" || method == "PUT" || method == "PATCH";
    }

    bool no_length() {
        if (!takes_body()) return true;
        return fail(411, "length_missing", "Send the body with a Content-Length.",
                    "header content-length");
    }

    bool length(std::string_view text) {
        if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
            return fail(400, "bad_length", "Content-Length is a number.", "header content-length");
        }
        std::size_t bytes = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), bytes);
        if (parsed.ec != std::errc() || bytes > kMaxBodyBytes) {
            return fail(413, "body_too_large", "A body has at most 64 kB.",
                        "header content-length");
        }
        if (bytes > 0 && !takes_body()) {
            return fail(400, "unexpected_body", "This method takes no body.",
                        "header content-length");
        }
        result_.head.body_bytes = bytes;
        return true;
    }

    std::string_view bytes_;
    HeadResult result_;
};

}  // namespace

std::string_view RequestHead::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

bool RequestHead::has_header(std::string_view name) const {
    return std::any_of(headers.begin(), headers.end(),
                       [name](const auto& header) { return header.first == name; });
}

bool RequestHead::header_has_token(std::string_view name, std::string_view token) const {
    for (const auto& [key, value] : headers) {
        if (key != name) continue;
        for (std::string_view rest = value; !rest.empty();) {
            const auto comma = rest.find(',');
            if (same_letters(trimmed(rest.substr(0, comma)), token)) return true;
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        }
    }
    return false;
}

HeadResult read_head(std::string_view bytes) { return HeadReader(bytes).run(); }

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
                return std::nullopt;
            }
            c = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        }
        if (is_control(c)) return std::nullopt;
        out.push_back(c);
    }
    if (!is_utf8(out)) return std::nullopt;
    return out;
}

}  // namespace racehub::web
