#pragma once
// The running hub: every part, made in order and taken down in order.

#include <memory>
#include <string>

#include "hub/app/config.h"
#include "hub/app/options.h"

namespace racehub::app {

/// `racehub serve`: runs until SIGINT, SIGTERM or SIGHUP. Returns the exit code; what went wrong is
/// printed as a sentence.
int serve(const Options& options, const HubConfig& config);

}  // namespace racehub::app
