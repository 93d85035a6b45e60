#pragma once
// The serial port of the session: raw, 115200, looked for twice a second while it is not there,
// under whatever name it comes back. One thread, nothing blocks.
//
// POSIX calls and no library: libserialport refuses names that are links (/dev/serial/by-id) and
// pseudo-terminals, and what is left of it is these forty lines.

#include <string>

#include "plugins/track_controller/io/fd.h"
#include "plugins/track_controller/io/serial_finder.h"
#include "plugins/track_controller/io/wire.h"
#include "plugins/track_controller/session/serial_session.h"

namespace racehub::track_controller {

class SerialWire final : public Wire, private SerialLine {
  public:
    /// `device`: a path, or "auto" for the first Track Controller on USB.
    SerialWire(std::string device, DeviceBook& book, std::uint32_t seed, SerialRoots roots = {});

    void start(std::int64_t now_us) override;
    void stop() override;
    void on_order(std::int64_t now_us) override;
    bool look(std::int64_t now_us) override;
    void watch(std::vector<pollfd>& fds) override;
    std::int64_t deadline_us() const override;
    void turn(std::int64_t now_us) override;

  private:
    void write(std::string_view bytes) override;
    void reopen() override;

    void try_open(std::int64_t now_us);
    /// Empty if it is open now; else a sentence for the organiser.
    std::string open(const std::string& path);
    void receive(std::int64_t now_us);
    void send(std::int64_t now_us);
    void lost(const std::string& why, std::int64_t now_us);

    std::string device_;
    DeviceBook& book_;
    SerialRoots roots_;
    SerialSession session_;
    Fd port_;
    std::string out_;
    std::int64_t open_at_us_ = kNever;
    bool reopen_ = false;
};

}  // namespace racehub::track_controller
