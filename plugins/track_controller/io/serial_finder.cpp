#include "plugins/track_controller/io/serial_finder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace racehub::track_controller {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

}  // namespace

std::vector<std::string> find_track_controllers(const SerialRoots& roots) {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(roots.sys + "/class/tty", error)) {
        // class/tty/ttyACM0/device is one interface of the USB device, which is its parent.
        const fs::path interface = fs::canonical(entry.path() / "device", error);
        if (error) continue;  // not a real port
        const fs::path usb = interface.parent_path();
        if (first_line(usb / "idVendor") == kUsbVendor &&
            first_line(usb / "idProduct") == kUsbProduct)
            found.push_back(roots.dev + "/" + entry.path().filename().string());
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace racehub::track_controller
