#pragma once
// How people reach this machine.

#include <cstdint>
#include <string>
#include <vector>

namespace racehub::app {

/// "http://racebox:8080/", by name first, then by each address of an interface that is up; the
/// loopback last, or alone.
std::vector<std::string> web_addresses(std::uint16_t port, bool local_only);

}  // namespace racehub::app
