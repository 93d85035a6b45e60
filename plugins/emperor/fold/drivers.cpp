#include "plugins/emperor/fold/drivers.h"

#include "plugins/emperor/protocol/values.h"

namespace racehub::emperor {

const std::string& NameBook::learn(const std::string& guid, const std::string& name) {
    const auto found = names_.find(guid);
    if (found != names_.end()) {
        if (!name.empty() && !is_short_for(name, found->second)) found->second = name;
        return found->second;
    }
    if (guid.empty() || names_.size() >= kMaxNames) return spare_ = name;
    return names_[guid] = name;
}

const std::string* NameBook::find(const std::string& guid) const {
    const auto found = names_.find(guid);
    return found == names_.end() ? nullptr : &found->second;
}

EntryNames names_of(const Driver& driver, const std::string& whole_name,
                    const std::vector<TeamRule>& teams) {
    EntryNames names;
    names.driver = whole_name.empty() ? "Car " + std::to_string(driver.info.car_id) : whole_name;
    names.car = driver.info.car;
    if (const CarRecord* car = driver.car(); names.car.empty() && car) names.car = car->name;
    if (names.car.empty()) names.car = driver.info.model;
    names.team = driver.info.team;
    names.code = driver.info.initials;
    for (const TeamRule& rule : teams) {
        if (!fits(rule.pattern, names.driver)) continue;
        names.team = rule.team;
        names.color = rule.color;
        break;
    }
    return names;
}

}  // namespace racehub::emperor
