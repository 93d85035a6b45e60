#pragma once

#include <string>

namespace racehub::web {

/// The one shape in which the web part says no: `{"error":{"code","message","where"}}`.
/// `message` is for people and names the remedy where there is one. Nothing the client sent is ever
/// copied into it.
struct Problem {
    int status = 400;  ///< HTTP status.
    std::string
        code;  ///< For programs and counters: snake_case, from the code only, never from input.
    std::string message;  ///< One sentence.
    std::string
        where;  ///< The part of the request that is wrong, such as `header host`; may be empty.
};

std::string to_json(const Problem& problem);

}  // namespace racehub::web
