#pragma once
// What the web part asks of whoever keeps the sources' settings; hub/app connects them.

#include <functional>
#include <string>

namespace racehub::web {

/// An answer as it goes to the peer: errors have the shape of Problem.
struct SettingsAnswer {
    int status = 200;
    std::string json;
};

/// Settings of sources, for race directors. Texts are JSON as schema/openapi.yaml has it; secrets
/// come in but never go out. [any-thread, several at once]
class SettingsView {
  public:
    virtual ~SettingsView() = default;
    /// The plugins that there are, with their schemas. May look at files for a while.
    virtual SettingsAnswer plugins() = 0;
    virtual SettingsAnswer show(const std::string& source) = 0;
    /// `who`: name and address, for the log. The source is new or changed, and started.
    virtual SettingsAnswer save(const std::string& source, const std::string& body,
                                const std::string& who) = 0;
    virtual SettingsAnswer remove(const std::string& source, const std::string& who) = 0;
    /// "test" or "discover" with candidate settings. Returns at once; `done` follows once, on any
    /// thread, after at most 17 s.
    virtual void examine(const std::string& body, std::function<void(SettingsAnswer)> done) = 0;
};

}  // namespace racehub::web
