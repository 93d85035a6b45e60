#pragma once
// What the configuration file's keys, read one by one, cannot show. Each answer is a sentence that
// begins with the key; empty: nothing is wrong.

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "hub/app/config.h"

namespace racehub::app {

/// Before it is read as JSON: empty, or of another encoding.
std::string mistake_in_text(const std::string& text);

/// Whether a name can be shown: UTF-8 without control characters, which steer a terminal, and
/// without marks of writing direction, which let a name look like another.
bool is_plain(std::string_view text);
inline constexpr const char* kNotPlain =
    "holds an invisible character (a control character or a mark of writing direction); write the "
    "text anew";

/// Watches a JSON parser for what it forgives: of a key that stands twice in an object one is lost
/// without a word, and deep nesting costs stack in whatever reads the values.
class KeyCheck {
  public:
    /// To be given to json::parse. Valid as long as this.
    nlohmann::json::parser_callback_t callback();
    const std::string& mistake() const { return mistake_; }

  private:
    struct Level {
        bool is_list = false;
        std::size_t items = 0;       ///< of a list, so far
        std::string key;             ///< of an object: the one being read
        std::set<std::string> keys;  ///< of an object, so far
    };
    std::string path() const;
    void see_key(const std::string& key);
    void begin_value();

    std::vector<Level> levels_;
    std::string mistake_;
};

/// Names that must be unique, or must name something of the file; rules and entries that the hub
/// would refuse.
std::string mistake_in(const HubConfig& config);

}  // namespace racehub::app
