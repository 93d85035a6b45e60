#include "plugins/track_controller/io/serial_wire.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace racehub::track_controller {
namespace {

// A device that comes back is open again within half a second.
constexpr std::int64_t kLookUs = 500 * kMs;
// Commands have less than 100 bytes and one is outstanding: more unsent is a port that is stuck.
constexpr std::size_t kMaxUnsentBytes = 4096;

// 115200 8N1, raw, no flow control, and DTR kept when the port is closed.
bool make_raw(int fd) {
    termios settings{};
    if (::tcgetattr(fd, &settings) != 0) return false;
    ::cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    settings.c_cflag &= ~static_cast<tcflag_t>(HUPCL | CRTSCTS | CSTOPB);
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 0;
    ::cfsetispeed(&settings, B115200);
    ::cfsetospeed(&settings, B115200);
    return ::tcsetattr(fd, TCSANOW, &settings) == 0;
}

std::string why_not(const std::string& path, int error) {
    switch (error) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
            return "There is no " + path + ": plug the Track Controller in, or set `device`.";
        case EACCES:
        case EPERM:
            return "The hub may not open " + path +
                   ": install the udev rule 99-racehub-track-controller.rules, or add the hub's "
                   "user "
                   "to the group dialout.";
        case EBUSY:
            return path +
                   " is used by another program: end that (a browser with RallyLab, mpremote, "
                   "a serial monitor); if this source runs already, all is well.";
        default:
            return path + " cannot be opened (" + std::strerror(error) + "): check the cable.";
    }
}

}  // namespace

SerialWire::SerialWire(std::string device, DeviceBook& book, std::uint32_t seed, SerialRoots roots)
    : device_(std::move(device)),
      book_(book),
      roots_(std::move(roots)),
      session_(book, *this, seed) {}

void SerialWire::start(std::int64_t now_us) { open_at_us_ = now_us; }

void SerialWire::stop() { port_.reset(); }

void SerialWire::on_order(std::int64_t now_us) { session_.on_order(now_us); }

bool SerialWire::look(std::int64_t now_us) { return session_.look(now_us); }

void SerialWire::watch(std::vector<pollfd>& fds) {
    if (!port_.open()) return;
    const int events = out_.empty() ? POLLIN : POLLIN | POLLOUT;
    fds.push_back({port_.get(), static_cast<short>(events), 0});
}

std::int64_t SerialWire::deadline_us() const {
    return reopen_ ? 0 : std::min(open_at_us_, session_.deadline_us());
}

void SerialWire::turn(std::int64_t now_us) {
    if (port_.open()) receive(now_us);
    session_.on_time(now_us);
    if (std::exchange(reopen_, false)) {
        port_.reset();
        open_at_us_ = now_us + kLookUs;
    }
    if (!port_.open() && now_us >= open_at_us_) try_open(now_us);
    if (port_.open()) send(now_us);
}

void SerialWire::try_open(std::int64_t now_us) {
    open_at_us_ = now_us + kLookUs;
    std::string path = device_;
    if (device_ == "auto") {
        const auto found = find_track_controllers(roots_);
        if (found.empty())
            return session_.on_closed(
                "No Track Controller is plugged in (looking for USB id 2e8a:0005): check the "
                "cable.",
                now_us);
        path = found.front();
    }
    const std::string problem = open(path);
    if (!problem.empty()) return session_.on_closed(problem, now_us);
    open_at_us_ = kNever;
    out_.clear();
    book_.set_where(path);
    session_.on_open(now_us);
}

std::string SerialWire::open(const std::string& path) {
    port_.reset(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!port_.open()) return why_not(path, errno);
    // TIOCEXCL does not bind root, and two that talk to one device cancel each other's waits.
    if (::flock(port_.get(), LOCK_EX | LOCK_NB) != 0) {
        port_.reset();
        return why_not(path, EBUSY);
    }
    if (::ioctl(port_.get(), TIOCEXCL) != 0 || !make_raw(port_.get())) {
        const int error = errno;
        port_.reset();
        if (error == ENOTTY) return path + " is no serial port: set `device` to one.";
        return why_not(path, error);
    }
    ::tcflush(port_.get(), TCIOFLUSH);
    return {};
}

void SerialWire::receive(std::int64_t now_us) {
    std::array<char, 4096> buffer;
    for (int round = 0; round < 32 && port_.open(); ++round) {
        const ssize_t got = ::read(port_.get(), buffer.data(), buffer.size());
        if (got > 0) {
            session_.on_bytes({buffer.data(), static_cast<std::size_t>(got)}, now_us);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            // With VMIN 0 an idle port reads nothing, too: only a hang-up says that it is gone.
            pollfd state{port_.get(), POLLIN, 0};
            const bool gone = got < 0 || (::poll(&state, 1, 0) > 0 &&
                                          (state.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0);
            if (gone) lost("The Track Controller was unplugged: plug it in again.", now_us);
            return;
        }
    }
}

void SerialWire::write(std::string_view bytes) { out_.append(bytes); }

void SerialWire::send(std::int64_t now_us) {
    while (!out_.empty()) {
        const ssize_t sent = ::write(port_.get(), out_.data(), out_.size());
        if (sent > 0) {
            out_.erase(0, static_cast<std::size_t>(sent));
        } else if (sent < 0 && errno == EINTR) {
            continue;
        } else if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            return lost("The Track Controller was unplugged: plug it in again.", now_us);
        } else {
            if (out_.size() > kMaxUnsentBytes)
                lost(
                    "The serial port takes nothing any more: unplug the Track Controller and plug "
                    "it in again.",
                    now_us);
            return;
        }
    }
}

void SerialWire::reopen() { reopen_ = true; }

void SerialWire::lost(const std::string& why, std::int64_t now_us) {
    port_.reset();
    out_.clear();
    open_at_us_ = now_us + kLookUs;
    session_.on_closed(why, now_us);
}

}  // namespace racehub::track_controller
