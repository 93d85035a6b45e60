#pragma once
// The conversation with a Track Controller over its serial port, without the port: it is told what
// came and what time it is. It finds out which protocol the device speaks; the protocols themselves
// are in serial_v1.h and serial_v2.h.
//
// One thread. The line must not call back from within its own functions.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/track_controller/protocol/json_framer.h"
#include "plugins/track_controller/session/device_book.h"
#include "plugins/track_controller/session/timing.h"

namespace racehub::track_controller {

class SerialLine {
  public:
    virtual ~SerialLine() = default;
    virtual void write(std::string_view bytes) = 0;
    /// Close the port and open it again, now or when the device is back; on_open follows.
    virtual void reopen() = 0;
};

class SerialSession;

class SerialDriver {
  public:
    virtual ~SerialDriver() = default;
    virtual void begin(std::int64_t now_us) = 0;
    virtual void on_value(std::string_view json, std::int64_t now_us) = 0;
    /// An answer or event came only in part; the rest of it never will.
    virtual void on_cut(std::int64_t now_us) = 0;
    virtual void on_order(std::int64_t now_us) = 0;
    virtual bool look(std::int64_t now_us) = 0;
    virtual void on_time(std::int64_t now_us) = 0;
    virtual std::int64_t deadline_us() const = 0;
};

class SerialSession {
  public:
    /// `seed` makes the first id of protocol 2.0: different each time.
    SerialSession(DeviceBook& book, SerialLine& line, std::uint32_t seed);
    ~SerialSession();

    void on_open(std::int64_t now_us);
    void on_bytes(std::string_view bytes, std::int64_t now_us);
    /// The port is gone; `why` is a sentence for the organiser.
    void on_closed(const std::string& why, std::int64_t now_us);
    void on_order(std::int64_t now_us);
    /// Somebody wants to see dbg now. False: not while this is going on.
    bool look(std::int64_t now_us);
    void on_time(std::int64_t now_us);
    std::int64_t deadline_us() const;

    // ---- For the drivers
    DeviceBook& book() { return book_; }
    void write_line(std::string_view line);
    /// No answer in time: the port is opened anew.
    void silent(std::int64_t now_us);
    std::uint32_t seed() const { return seed_; }

  private:
    enum class Step : std::uint8_t { closed, settling, identifying, running, refused };

    void on_value(std::string_view json);
    void on_noise(std::string_view line);
    void on_cut(std::int64_t now_us);
    void identify();
    void reopen(Link link, const std::string& text);

    DeviceBook& book_;
    SerialLine& line_;
    std::uint32_t seed_;
    JsonFramer framer_;
    std::unique_ptr<SerialDriver> driver_;
    Step step_ = Step::closed;
    std::int64_t at_us_ = kNever;      // end of the step
    std::int64_t now_us_ = 0;          // of the bytes being framed
    std::int64_t cut_at_us_ = kNever;  // a value half read is given up then
    std::uint64_t broken_ = 0;         // values known to be cut
    int tries_ = 0;
    bool reopening_ = false;
    bool noise_seen_ = false;   // in the bytes just framed
    bool prompt_seen_ = false;  // the device's program has ended
};

}  // namespace racehub::track_controller
