#pragma once
// A form made from a plugin's JSON Schema: rows to be drawn, texts that were typed, and the
// settings that come of them. It judges nothing: the hub says what is wrong, and the message
// belongs to a row.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace racehub {

struct FormRow {
    enum class Kind : std::uint8_t { group = 1, text, secret, number, flag, choice, item, add };
    Kind kind = Kind::text;
    std::string path;                  ///< "gates[0].topic", as the hub's messages name it
    std::string label;                 ///< its title, or its key in words
    std::string help;                  ///< what it is, and what is allowed
    std::string value;                 ///< as it is typed; a flag: "true", "false"
    std::vector<std::string> options;  ///< of a choice
    int depth = 0;                     ///< of groups around it
    bool required = false;
    std::string problem;  ///< what the hub says about it; empty: nothing
};

class SettingsForm {
  public:
    /// More rows than anybody scrolls through; the rest is kept as it is.
    static constexpr std::size_t kMaxRows = 500;

    SettingsForm() = default;
    /// `schema`: an object of the subset in plugins/sdk/README.md. Defaults are filled in.
    SettingsForm(nlohmann::json schema, nlohmann::json config);

    /// In the order of the page. Groups: nested objects and lists; `item` heads one of a list and
    /// can be removed, `add` ends the list.
    const std::vector<FormRow>& rows() const { return rows_; }
    /// Takes what was typed or chosen. A number that is none is kept as text: the hub will say so.
    void set(const std::string& path, const std::string& text);
    void add_item(const std::string& list_path);
    void remove_item(const std::string& item_path);
    /// Settings that discovery found, over what is there.
    void merge(const nlohmann::json& partial);
    /// Messages of the hub, such as "plugins[gates].config.port: must be …". What belongs to no row
    /// is returned.
    std::vector<std::string> set_problems(const std::vector<std::string>& problems);
    /// Without what is as the schema has it anyway, so that a newer plugin may have other defaults.
    nlohmann::json config() const;
    bool changed() const { return changed_; }

  private:
    void lay_out();
    void lay_out_object(const nlohmann::json& schema, nlohmann::json& value,
                        const std::string& path, int depth);
    void lay_out_value(const nlohmann::json& schema, nlohmann::json& value, FormRow row);
    void lay_out_list(const nlohmann::json& schema, nlohmann::json& value, const FormRow& row);
    /// The value and its schema at a path; null: there is none.
    nlohmann::json* find(const std::string& path, const nlohmann::json** schema);

    nlohmann::json schema_ = nlohmann::json::object();
    nlohmann::json value_ = nlohmann::json::object();
    std::vector<FormRow> rows_;
    bool changed_ = false;
};

}  // namespace racehub
