#pragma once
// Small owners and helpers for descriptors, sockets and the monotonic clock, shared by both ends of
// the wire.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace racehub::plugin_host {

/// Owns one file descriptor.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    ~Fd() { reset(); }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset(int fd = -1);
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_ = -1;
};

/// CLOCK_MONOTONIC; the same in all processes of the machine.
std::int64_t monotonic_us();

/// Two connected, non-blocking, close-on-exec SOCK_SEQPACKET ends. False: errno says why.
bool socket_pair(Fd& one, Fd& other);

enum class Sent { ok, full, gone };
/// One datagram, with a file if `file` >= 0. Never blocks.
Sent send_datagram(int socket, std::string_view bytes, int file = -1);

enum class Received { message, nothing, end };
/// One datagram into `buffer` (kMaxMessageBytes + 1 bytes); `size` is its real size. A file that
/// came with it goes to `file`, or is closed by the kernel if `file` is null.
Received receive_datagram(int socket, char* buffer, std::size_t& size, Fd* file = nullptr);

/// `text` in a sealed memory file, or an empty Fd.
Fd text_in_file(std::string_view text);
/// The first `size` bytes of such a file.
bool text_from_file(int file, std::size_t size, std::string& text);

}  // namespace racehub::plugin_host
