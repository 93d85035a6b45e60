#pragma once
// The whole canvas: bar, tabs, the chosen view, log-in, messages. Knows nothing of the browser: the
// platform hands in size, input and answers, and is told what to do through Host. The headless twin
// is the other platform.

#include <array>
#include <memory>

#include "webui/views/view.h"

namespace racehub::ui {

/// What the app asks of the platform. Nothing here waits; answers come through App::on_....
class Host {
  public:
    virtual ~Host() = default;
    virtual void show_query(
        const std::string& query) = 0;  ///< "?view=race&track=main" into the address bar
    virtual void open_session(const std::string& pin,
                              const std::string& name) = 0;  ///< on_session follows
    virtual void close_session() = 0;                        ///< likewise
    virtual void get(const std::string& path) = 0;           ///< on_got follows
    virtual void send(const std::string& method, const std::string& path,
                      const std::string& body) = 0;      ///< on_sent follows
    virtual void download(const std::string& path) = 0;  ///< as a file
    virtual TimeUs zone_us(TimeUs at_us) = 0;            ///< local time minus UTC at an instant
    virtual void speak(const std::string& text) = 0;     ///< to a screen reader
};

class App final : private Page {
  public:
    static constexpr std::size_t kMaxToasts = 4;
    static constexpr TimeUs kToastUs = 8 * kSecondUs;

    App(HubClient& client, Host& host, const std::string& query);

    /// Between ImGui::NewFrame and ImGui::Render; ui().width, height and touch are set before.
    void draw(TimeUs local_us);
    /// When to draw again without any event; 0: when something happens.
    TimeUs next_us() const { return next_us_; }
    /// True when the picture would be another one now: new facts, an older connection.
    bool stale(TimeUs local_us) const;
    void on_session(TimeUs local_us, int status, const std::string& body);
    /// The answer to Host::get; status 0: none came.
    void on_got(const std::string& path, int status, const std::string& body);
    /// The answer to Host::send; status 0: none came.
    void on_sent(const std::string& method, const std::string& path, int status,
                 const std::string& body);
    Ui& ui() { return ui_; }
    ViewId view() const { return view_; }
    /// Scale of the layout: the wall is laid out in its own pixels, all else in CSS pixels.
    float largest_text() const;

  private:
    struct Toast {
        std::string text;
        bool bad = true;
        TimeUs since_us = 0;
    };

    void go(ViewId view) override;
    void go_to_track(const std::string& track) override;
    void want_history(const std::string& race_id) override;
    void get(const std::string& path) override { host_.get(path); }
    void send(const std::string& method, const std::string& path,
              const std::string& body) override {
        host_.send(method, path, body);
    }
    void download(const std::string& path) override { host_.download(path); }
    TimeUs zone_us(TimeUs at_us) override { return host_.zone_us(at_us); }
    void on_corrections(const std::string& body);

    void read_query(const std::string& query);
    void show_address();
    void draw_bar(Context& context);
    void draw_tabs(Context& context);
    void draw_line(Context& context, const Rect& area);
    void draw_content(Context& context);
    void draw_log_in();
    void draw_log_in_fields();
    void draw_toasts(Context& context);
    void draw_stale(Context& context);
    void collect(const Context& context);
    void toast(TimeUs local_us, std::string text, bool bad);

    HubClient& client_;
    Host& host_;
    Ui ui_;
    ViewId view_ = ViewId::race;
    std::string track_;
    std::map<ViewId, std::unique_ptr<View>> views_;
    bool log_in_shown_ = false;
    std::string log_in_complaint_;
    bool session_pending_ = false;
    std::vector<Toast> toasts_;
    std::uint64_t spoken_seq_ = 0;
    bool spoken_begun_ = false;
    std::uint32_t drawn_revision_ = 0;
    TimeUs drawn_us_ = 0, next_us_ = 0;
    std::string pin_, name_;
    std::string wanted_corrections_;  ///< path of the facts that were asked for last
};

}  // namespace racehub::ui
