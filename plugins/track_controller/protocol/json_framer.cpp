#include "plugins/track_controller/protocol/json_framer.h"

namespace racehub::track_controller {
namespace {

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// What may stand in JSON outside of strings: structure, numbers, and the letters of true, false,
// null and of exponents. Boot messages and tracebacks soon have another.
bool may_stand_in_value(char c) {
    constexpr std::string_view kAllowed = "{}[],:\"0123456789+-.Eaeflnrstu \t\r\n";
    return kAllowed.find(c) != std::string_view::npos;
}

}  // namespace

void JsonFramer::feed(std::string_view bytes) {
    for (const char c : bytes) take(c);
}

void JsonFramer::reset() {
    text_.clear();
    noise_.clear();
    depth_ = 0;
    place_ = Place::line_start;
}

void JsonFramer::take(char c) {
    switch (place_) {
        case Place::line_start:
            if (c == '{' || c == '[') {
                begin_value(c);
            } else if (c == 'n') {
                text_.assign(1, c);
                place_ = Place::word;
            } else if (!is_line_end(c)) {
                place_ = Place::noise;
                add_noise(c);
            }
            return;
        case Place::word:
            if (is_line_end(c)) return end_word();
            text_.push_back(c);
            if (!std::string_view("null").starts_with(text_)) {
                noise_ = text_;
                text_.clear();
                place_ = Place::noise;
            }
            return;
        case Place::value:
            return take_in_value(c);
        case Place::string:
            return take_in_string(c);
        case Place::escape:
            text_.push_back(c);
            place_ = Place::string;
            return;
        case Place::noise:
            return is_line_end(c) ? end_noise() : add_noise(c);
    }
}

void JsonFramer::begin_value(char c) {
    text_.assign(1, c);
    depth_ = 1;
    column_0_ = false;
    place_ = Place::value;
}

void JsonFramer::take_in_value(char c) {
    const bool fresh = column_0_ && c == '{';
    column_0_ = is_line_end(c);
    if (fresh || !may_stand_in_value(c) || text_.size() >= kMaxValueBytes) return give_up(c);
    text_.push_back(c);
    if (c == '"') {
        place_ = Place::string;
    } else if (c == '{' || c == '[') {
        if (++depth_ > kMaxDepth) give_up(' ');
    } else if (c == '}' || c == ']') {
        if (--depth_ > 0) return;
        place_ = Place::line_start;
        sink_.value(text_);
        text_.clear();
    }
}

void JsonFramer::take_in_string(char c) {
    // JSON has no bare line end in a string: the rest of this value was lost.
    if (is_line_end(c) || text_.size() >= kMaxValueBytes) return give_up(c);
    text_.push_back(c);
    if (c == '\\') place_ = Place::escape;
    if (c == '"') place_ = Place::value;
}

void JsonFramer::end_word() {
    if (text_ == "null") {
        sink_.value(text_);
    } else {
        noise_ = text_;
        end_noise();
    }
    text_.clear();
    place_ = Place::line_start;
}

void JsonFramer::give_up(char c) {
    ++broken_;
    const bool at_line_start = text_.empty() || is_line_end(text_.back());
    text_.clear();
    depth_ = 0;
    place_ = at_line_start || is_line_end(c) ? Place::line_start : Place::noise;
    take(c);
}

void JsonFramer::add_noise(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f && noise_.size() < kMaxNoiseBytes) noise_.push_back(c);
    if (noise_ == ">>> ") end_noise();  // a prompt: no line end will come
}

void JsonFramer::end_noise() {
    if (noise_.find_first_not_of(' ') != std::string::npos) sink_.noise(noise_);
    noise_.clear();
    place_ = Place::line_start;
}

}  // namespace racehub::track_controller
