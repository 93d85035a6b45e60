#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace racehub::web {

// Character classes of the protocols' grammars: ASCII only, never the locale's.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_token_char(char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
/// 0 to 15, or -1.
constexpr int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string lower_case(std::string_view text);
/// Equal but for the case of ASCII letters.
bool same_letters(std::string_view a, std::string_view b);
/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);
/// Lower-case hex of each byte.
std::string to_hex(std::string_view bytes);

/// Checks UTF-8 in pieces, as they come: no overlong forms, no surrogates, nothing above U+10FFFF.
class Utf8Check {
  public:
    /// False as soon as the text cannot be UTF-8 any more; stays false.
    bool add(std::string_view bytes);
    /// True when no character is left unfinished.
    bool at_end() const { return good_ && missing_ == 0; }

  private:
    bool good_ = true;
    int missing_ = 0;           // continuation bytes still to come
    unsigned char low_ = 0x80;  // range of the next continuation byte
    unsigned char high_ = 0xbf;
};

bool is_utf8(std::string_view bytes);

}  // namespace racehub::web
