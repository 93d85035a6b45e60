#pragma once
// What C++ asks of the browser: imports of the module "rh", answered by page/rh.js. Texts are UTF-8
// and copied before the call returns. Nothing here waits: answers come back through the functions
// that a main file exports.

#include <cstdint>
#include <string>

#include "webui/model/hub_client.h"

#define RH_IMPORT(name) __attribute__((import_module("rh"), import_name(name)))

extern "C" {
RH_IMPORT("now_ms") double rh_now_ms();  ///< monotonic, of this page
RH_IMPORT("random") std::uint32_t rh_random();
RH_IMPORT("socket_open")
void rh_socket_open(const char* path);  ///< closes the one before; rh_on_text, rh_on_closed follow
RH_IMPORT("socket_send") void rh_socket_send(const char* text);
RH_IMPORT("socket_close") void rh_socket_close();
}

namespace racehub::platform {

/// The page's monotonic clock in microseconds. A second ahead of zero, because zero means "never".
inline TimeUs local_us() { return static_cast<TimeUs>(rh_now_ms() * 1'000.0) + kSecondUs; }

/// The page's one live socket.
class BrowserSocket final : public SocketPort {
  public:
    void open(const std::string& path) override { rh_socket_open(path.c_str()); }
    void send(const std::string& text) override { rh_socket_send(text.c_str()); }
    void close() override { rh_socket_close(); }
};

}  // namespace racehub::platform
