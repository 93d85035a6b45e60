#pragma once
// What the hub is told, as the SDK takes it. Pure.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace racehub::emperor {

struct Observation {
    std::string type;
    std::string data;
    std::string key;           ///< empty: may be said again at will
    std::int64_t time_us = 0;  ///< hub's clock
    std::int64_t recv_us = 0;
    bool opens = false;  ///< it opens the race: if it is refused, what follows would be, too
};

/// Text of any bytes is written: what is no UTF-8 is replaced.
std::string to_text(const nlohmann::json& object);

}  // namespace racehub::emperor
