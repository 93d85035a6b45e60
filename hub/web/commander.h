#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "hub/engine/engine.h"
#include "hub/web/problem.h"
#include "hub/web/sessions.h"

namespace racehub::web {

/// Brings race directors' commands to the race thread: the one way for REST, the live socket and
/// the Carrera words. [any thread]
class Commander {
  public:
    explicit Commander(Engine& engine) : engine_(engine) {}

    /// Reads {"id","command","track","race_id","data"}; `track` may come from elsewhere (the path).
    /// A problem says what is wrong.
    static std::optional<Problem> read(const nlohmann::json& object, const std::string& track,
                                       const std::string& director, Event& command);

    /// `done` is called on the race thread once the command is decided and in the log. A problem:
    /// it was not even taken.
    std::optional<Problem> submit(Event command, ReceiptCallback done);

  private:
    Engine& engine_;
};

/// {"accepted":true,"seq":N}, or {"accepted":false,"code","message"}; a repeated id also has
/// "duplicate":true.
nlohmann::json outcome_json(const Receipt& receipt);

}  // namespace racehub::web
