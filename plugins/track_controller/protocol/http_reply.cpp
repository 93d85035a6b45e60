#include "plugins/track_controller/protocol/http_reply.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace racehub::track_controller {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

bool HttpReplyReader::feed(std::string_view bytes) {
    if (!error_.empty()) return false;
    if (!head_complete_) {
        const std::size_t searched = head_.size() < 3 ? 0 : head_.size() - 3;
        head_.append(bytes.substr(0, kMaxHeadBytes + kHeadEnd.size()));
        const std::size_t end = head_.find(kHeadEnd, searched);
        if (end == std::string::npos || end > kMaxHeadBytes) {
            if (head_.size() <= kMaxHeadBytes) return true;
            return fail("the answer has no end of its head within 8 kB");
        }
        // What of `bytes` stands behind the head, counted from its own end: head_ may hold a part.
        const std::size_t before = head_.size() - std::min(bytes.size(), kMaxHeadBytes + 4);
        bytes.remove_prefix(end + kHeadEnd.size() - before);
        head_.resize(end);
        if (!read_head(head_)) return false;
        head_complete_ = true;
    }
    if (use_ == Use::whole && reply_.body.size() + bytes.size() > kMaxBodyBytes)
        return fail("the answer is longer than 64 kB");
    reply_.body.append(bytes);
    return true;
}

bool HttpReplyReader::finish() {
    if (!error_.empty()) return false;
    if (!head_complete_)
        return fail(head_.empty() ? "closed the connection without an answer"
                                  : "closed the connection in the middle of its answer's head");
    if (use_ == Use::whole && content_length_ && reply_.body.size() < *content_length_)
        return fail("sent " + std::to_string(reply_.body.size()) + " of " +
                    std::to_string(*content_length_) + " bytes of its answer");
    return true;
}

bool HttpReplyReader::length_reached() const {
    return head_complete_ && content_length_ && reply_.body.size() >= *content_length_;
}

std::string HttpReplyReader::take_body() { return std::exchange(reply_.body, {}); }

bool HttpReplyReader::read_head(std::string_view head) {
    const std::size_t line_end = std::min(head.find("\r\n"), head.size());
    if (!read_status(head.substr(0, line_end))) return false;
    head.remove_prefix(line_end);
    while (!head.empty()) {
        head.remove_prefix(2);
        const std::size_t end = std::min(head.find("\r\n"), head.size());
        if (!read_header(head.substr(0, end))) return false;
        head.remove_prefix(end);
    }
    return true;
}

bool HttpReplyReader::read_status(std::string_view line) {
    // "HTTP/1.1 200 OK"; the firmware's reason is "OK" or "Error", and means nothing.
    const bool sound = line.size() >= 12 && line.starts_with("HTTP/1.") && is_digit(line[7]) &&
                       line[8] == ' ' && is_digit(line[9]) && is_digit(line[10]) &&
                       is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
    if (!sound) return fail("does not speak HTTP");
    std::from_chars(line.data() + 9, line.data() + 12, reply_.status);
    return true;
}

bool HttpReplyReader::read_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return fail("has a header line without a colon");
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (name == "transfer-encoding" || (name == "content-encoding" && lower(value) != "identity"))
        return fail("sends an encoded answer, which a Track Controller never does");
    if (name != "content-length") return true;
    std::size_t length = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (value.empty() || code != std::errc() || end != value.data() + value.size())
        return fail("has a Content-Length that is no number");
    content_length_ = length;
    return true;
}

bool HttpReplyReader::fail(std::string why) {
    error_ = std::move(why);
    return false;
}

}  // namespace racehub::track_controller
