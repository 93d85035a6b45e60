#include "hub/web/text.h"

#include <algorithm>

namespace racehub::web {

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

bool same_letters(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
    return out;
}

bool Utf8Check::add(std::string_view bytes) {
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (missing_ > 0) {
            good_ = good_ && byte >= low_ && byte <= high_;
            low_ = 0x80;
            high_ = 0xbf;
            --missing_;
        } else if (byte >= 0x80) {
            good_ = good_ && byte >= 0xc2 && byte <= 0xf4;
            missing_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
            // The first continuation byte is where overlong forms, surrogates and too large values
            // show.
            if (byte == 0xe0) low_ = 0xa0;
            if (byte == 0xed) high_ = 0x9f;
            if (byte == 0xf0) low_ = 0x90;
            if (byte == 0xf4) high_ = 0x8f;
        }
        if (!good_) return false;
    }
    return good_;
}

bool is_utf8(std::string_view bytes) {
    Utf8Check check;
    return check.add(bytes) && check.at_end();
}

}  // namespace racehub::web
