#pragma once
// Sources set up by the race director: a form from the plugin's schema, "test connection" and
// "discover", live lights of the device and the protocol with it.

#include "webui/model/source_desk.h"
#include "webui/views/view.h"

namespace racehub::ui {

class SettingsView final : public View {
  public:
    void draw(Context& context) override;
    void on_sent(const std::string& method, const std::string& path, int status,
                 const std::string& body) override {
        desk_.on_answer(method, path, status, body);
    }

  private:
    void draw_list(Context& context);
    void draw_plugins(Context& context);
    void draw_source(Context& context);
    void draw_head(Context& context);
    void draw_actions(Context& context);
    void draw_message(Context& context);
    void draw_found(Context& context);
    void draw_common(Context& context);
    void draw_device(Context& context);
    void draw_protocol(Context& context);
    const SourceHealth* health(const Context& context, const std::string& source) const;

    SourceDesk desk_;
};

}  // namespace racehub::ui
