#include "plugins/emperor/fold/report.h"

#include <nlohmann/json.hpp>

namespace racehub::emperor {

std::string to_text(const nlohmann::json& object) {
    return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace racehub::emperor
