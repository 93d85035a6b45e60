#pragma once
// Finds the serial port of a Track Controller by its USB id, whatever name it has today.

#include <string>
#include <vector>

namespace racehub::track_controller {

/// Raspberry Pi Pico with MicroPython.
constexpr const char* kUsbVendor = "2e8a";
constexpr const char* kUsbProduct = "0005";

struct SerialRoots {
    std::string dev = "/dev";
    std::string sys = "/sys";
};

/// Device files of all ports with that id, in the order of their names.
std::vector<std::string> find_track_controllers(const SerialRoots& roots = {});

}  // namespace racehub::track_controller
