#pragma once
// Draws a form that was made from a plugin's schema.

#include "webui/model/settings_form.h"
#include "webui/views/ui.h"

namespace racehub::ui {

/// In the layout. What is typed and pressed goes into the form.
void form_rows(Ui& ui, SettingsForm& form);

/// A labelled text of one line; true when it was changed.
bool labelled_field(Ui& ui, const std::string& id, const std::string& label, std::string& value,
                    const Field& like = {});

}  // namespace racehub::ui
