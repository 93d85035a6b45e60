#pragma once
// What a race director does with sources: choose, add, change, test, discover, restart, remove,
// listen to their protocol. Knows the hub's REST interface (schema/openapi.yaml); requests are
// fetched from it and answers given to it, so that it needs no browser.

#include <cstdint>
#include <string>
#include <vector>

#include "hub/core/types.h"
#include "webui/model/settings_form.h"

namespace racehub {

/// A plugin that a source can be made of.
struct PluginChoice {
    std::string library, plugin_id, name, description;
    std::string problem;  ///< it cannot be used, and why
    bool tests = false, discovers = false;
    nlohmann::json schema;
};

/// A line of the protocol with a device.
struct WireLine {
    TimeUs time_us = 0;
    std::string dir, text;  ///< "in", "out", "note"
};

/// Something that discovery found.
struct FoundDevice {
    std::string label;
    nlohmann::json config;
};

class SourceDesk {
  public:
    static constexpr std::size_t kMaxLines = 200;  ///< shown; all of them are in the download
    static constexpr TimeUs kLogUs = kSecondUs;    ///< the protocol is asked for so often

    struct Request {
        std::string method, path, body;
    };
    enum class Mode : std::uint8_t { nothing = 1, choose_plugin, form };

    /// To be sent, in order. [each frame]
    std::vector<Request> take_requests();
    /// The answer to a request; status 0: none came. Others' are ignored.
    void on_answer(const std::string& method, const std::string& path, int status,
                   const std::string& body);

    // ---- acting ----
    void choose(const std::string& source);
    void add();  ///< shows the plugins
    void make_of(const PluginChoice& plugin, const std::string& track,
                 const std::vector<std::string>& taken);
    void save();
    void test() { examine("test"); }
    void discover() { examine("discover"); }
    void use(const FoundDevice& found);
    void restart();
    void remove();
    void ask(const std::string& what);
    void leave();
    /// Asks for new lines of the protocol now and then; call it while it is shown.
    void listen(TimeUs local_us);

    // ---- reading ----
    Mode mode() const { return mode_; }
    const std::vector<PluginChoice>& plugins() const { return plugins_; }
    bool plugins_known() const { return plugins_known_; }
    const std::string& source() const { return source_; }
    bool is_new() const { return is_new_; }
    bool known() const { return form_known_; }  ///< its settings have arrived
    bool busy() const { return !waiting_.empty(); }
    const std::string& busy_text() const { return waiting_; }
    const std::string& plugin_name() const { return plugin_name_; }
    bool tests() const { return tests_; }
    bool discovers() const { return discovers_; }
    SettingsForm& form() { return form_; }
    bool unsaved() const { return is_new_ || changed_ || form_.changed(); }
    /// What came of the last action; `good`: green.
    const std::string& message() const { return message_; }
    bool message_good() const { return message_good_; }
    const std::vector<std::string>& problems() const { return problems_; }
    const std::vector<FoundDevice>& found() const { return found_; }
    const std::vector<WireLine>& lines() const { return lines_; }
    std::string log_path() const { return path_of("log"); }

    // What every source has; changed by the view, then set changed.
    std::string new_id, track;
    bool enabled = true;
    void touch() { changed_ = true; }

  private:
    void request(const std::string& method, const std::string& path, const std::string& body,
                 const std::string& waiting);
    void examine(const std::string& what);
    std::string path_of(const std::string& what) const;
    nlohmann::json settings() const;
    void say(std::string text, bool good);
    void on_plugins(const nlohmann::json& body);
    void on_settings(const nlohmann::json& body);
    void on_saved(int status, const nlohmann::json& body);
    void on_examined(const nlohmann::json& body);
    void on_log(const std::string& body);
    void take_problems(const nlohmann::json& body);

    Mode mode_ = Mode::nothing;
    std::vector<Request> requests_;
    std::vector<PluginChoice> plugins_;
    bool plugins_known_ = false;
    std::string source_, library_, plugin_id_, plugin_name_;
    bool is_new_ = false, form_known_ = false, changed_ = false;
    bool tests_ = false, discovers_ = false;
    SettingsForm form_;
    std::string waiting_;       ///< what is being waited for, in words; empty: nothing
    std::string waiting_path_;  ///< of that request
    std::string message_;
    bool message_good_ = false;
    std::vector<std::string> problems_;
    std::vector<FoundDevice> found_;
    std::vector<WireLine> lines_;
    std::uint64_t last_line_ = 0;
    bool log_asked_ = false;
    TimeUs next_log_us_ = 0;
};

}  // namespace racehub
