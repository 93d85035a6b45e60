#pragma once
// The twin of the browser without one: the same stage, driven by a program on a clock of its own.
// The tests of the views use it.

#include <functional>

#include "webui/platform/stage.h"

namespace racehub::platform {

/// Remembers what the app asked for.
class HeadlessHost final : public ui::Host {
  public:
    void show_query(const std::string& query) override { queries.push_back(query); }
    void open_session(const std::string& pin, const std::string& name) override {
        sessions.push_back(pin + "/" + name);
    }
    void close_session() override { sessions.emplace_back(); }
    void get(const std::string& path) override { paths.push_back(path); }
    void send(const std::string& method, const std::string& path,
              const std::string& body) override {
        sent.push_back({method, path, body});
    }
    void download(const std::string& path) override { downloads.push_back(path); }
    TimeUs zone_us(TimeUs) override { return 0; }
    void speak(const std::string& text) override { spoken.push_back(text); }

    std::vector<std::string> queries, sessions, paths, spoken, downloads;
    struct Sent {
        std::string method, path, body;
    };
    std::vector<Sent> sent;
};

class Headless {
  public:
    static constexpr TimeUs kFrameUs = 16'667;

    /// `now`: the page's clock; it moves on by a frame with each one that is drawn.
    Headless(HubClient& client, const std::string& query, std::function<TimeUs&()> now);

    HeadlessHost host;
    Stage stage;

    /// Draws until nothing moves any more, or `most` frames; the last frame.
    Stage::Frame settle(int most = 20);
    const ui::Item* find(
        const std::string& label) const;       ///< null: nothing with these words can be pressed
    bool says(const std::string& text) const;  ///< part of something that is written
    /// False: not there, not enabled, or out of sight.
    bool press(const std::string& label);
    bool hold(const std::string& label, TimeUs duration_us);
    bool type(const std::string& label, const std::string& text);

  private:
    std::function<TimeUs&()> now_;
};

}  // namespace racehub::platform
