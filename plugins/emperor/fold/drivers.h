#pragma once
// Who drives: whole names, teams and entry numbers of drivers. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/emperor/protocol/message.h"

namespace racehub::emperor {

/// Drivers whose name fits the pattern (see fits) are of this team.
struct TeamRule {
    std::string pattern, team, color;
};

/// An entry of the hub's race.
struct EntryNames {
    int entry = 0;
    std::string driver, car, team, code, color;
    bool operator==(const EntryNames&) const = default;
};

/// Remembers whole names: servers shorten them ("Joseph E."), but not in all messages.
class NameBook {
  public:
    /// Takes a name as it was told and gives the whole one, as far as known.
    const std::string& learn(const std::string& guid, const std::string& name);
    const std::string* find(const std::string& guid) const;
    const std::map<std::string, std::string>& all() const { return names_; }

  private:
    static constexpr std::size_t kMaxNames = 1'000;  ///< more drivers than a league's season has
    std::map<std::string, std::string> names_;       // by GUID
    std::string spare_;
};

/// The entry of a driver, but for its number.
EntryNames names_of(const Driver& driver, const std::string& whole_name,
                    const std::vector<TeamRule>& teams);

}  // namespace racehub::emperor
