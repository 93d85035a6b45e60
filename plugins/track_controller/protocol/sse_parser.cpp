#include "plugins/track_controller/protocol/sse_parser.h"

namespace racehub::track_controller {

void SseParser::feed(std::string_view bytes) {
    for (const char c : bytes) {
        const bool second_half = after_cr_ && c == '\n';
        after_cr_ = c == '\r';
        if (second_half) continue;
        if (c == '\n' || c == '\r') {
            end_line();
        } else if (line_.size() + data_.size() < kMaxEventBytes) {
            line_.push_back(c);
        } else {
            too_long_ = true;
        }
    }
}

void SseParser::reset() {
    line_.clear();
    data_.clear();
    has_data_ = too_long_ = after_cr_ = false;
}

void SseParser::end_line() {
    std::string_view line = line_;
    if (line.empty()) {
        if (too_long_) {
            ++dropped_;
        } else if (has_data_) {
            on_data_(data_);
        }
        data_.clear();
        has_data_ = too_long_ = false;
    } else if (line.starts_with("data:")) {
        line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
        if (has_data_) data_.push_back('\n');
        data_.append(line);
        has_data_ = true;
    }
    line_.clear();
}

}  // namespace racehub::track_controller
