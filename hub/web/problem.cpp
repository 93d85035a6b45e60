#include "hub/web/problem.h"

#include <nlohmann/json.hpp>

namespace racehub::web {

std::string to_json(const Problem& problem) {
    nlohmann::ordered_json error = {{"code", problem.code}, {"message", problem.message}};
    error["where"] = problem.where;
    return nlohmann::ordered_json{{"error", std::move(error)}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace racehub::web
