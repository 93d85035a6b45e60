#include "plugins/smartrace/protocol/names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace racehub::smartrace {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxNameBytes = 64;  // of a driver or car in the hub

// At most so many bytes, and no half character at the end.
std::string cut(std::string text) {
    if (text.size() <= kMaxNameBytes) return text;
    std::size_t size = kMaxNameBytes;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    text.resize(size);
    return text;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Order assign(const Slot& slot, int lanes) {
    json data = {{"entry", slot.controller}, {"driver", slot.driver}, {"car", slot.car}};
    if (lanes > 0) data["lane"] = slot.controller;
    if (!slot.color.empty()) data["color"] = slot.color;
    return {slot.controller, "entry.assign", dump(data)};
}

}  // namespace

std::vector<Order> Names::take(const std::vector<Slot>& told, const std::vector<Slot>& entries,
                               int lanes) {
    std::vector<Order> orders;
    for (Slot slot : told) {
        if (lanes > 0 && slot.controller > lanes) continue;
        slot.driver = cut(std::move(slot.driver));
        slot.car = cut(std::move(slot.car));
        const auto known = told_.find(slot.controller);
        if (known != told_.end() && known->second == slot) continue;
        const bool was_ours = known != told_.end() && known->second.assigned;
        before_[slot.controller] = known != told_.end() ? known->second : Slot{};
        told_[slot.controller] = slot;
        const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Slot& each) {
            return each.controller == slot.controller;
        });
        const bool there = entry != entries.end() && entry->assigned;
        if (slot.assigned) {
            const bool same = there && entry->driver == slot.driver && entry->car == slot.car &&
                              (slot.color.empty() || entry->color == slot.color);
            if (!same) orders.push_back(assign(slot, lanes));
        } else if (was_ours && there) {
            orders.push_back({slot.controller, "entry.clear", dump({{"entry", slot.controller}})});
        }
    }
    return orders;
}

void Names::refused(int controller) {
    const auto before = before_.find(controller);
    if (before == before_.end() || before->second.controller == 0) {
        told_.erase(controller);
    } else {
        told_[controller] = before->second;
    }
}

std::string Names::save() const {
    json saved = json::array();
    for (const auto& [controller, slot] : told_) {
        saved.push_back({{"controller", controller},
                         {"assigned", slot.assigned},
                         {"driver", slot.driver},
                         {"car", slot.car},
                         {"color", slot.color}});
    }
    return dump(saved);
}

void Names::load(std::string_view text) {
    const json saved = json::parse(text, nullptr, false);
    if (!saved.is_array()) return;
    for (const json& each : saved) {
        if (!each.is_object()) continue;
        const auto text_of = [&each](const char* key) {
            const json value = each.value(key, json());
            return value.is_string() ? value.get<std::string>() : std::string();
        };
        const json controller = each.value("controller", json());
        const json assigned = each.value("assigned", json());
        if (!controller.is_number_integer() || !assigned.is_boolean()) continue;
        const auto number = controller.get<std::int64_t>();
        if (number < 1 || number > kMaxController) continue;
        told_[static_cast<int>(number)] = {static_cast<int>(number), assigned.get<bool>(),
                                           text_of("driver"), text_of("car"), text_of("color")};
    }
}

}  // namespace racehub::smartrace
