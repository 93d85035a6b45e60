#pragma once
// Reads one HTTP answer as a Track Controller sends it: to the end of the connection, not by
// Content-Length, because the firmware counts characters where HTTP counts bytes. A body shorter
// than Content-Length was cut on its way and is a failed request; a longer one is normal.
// Bounded: 8 kB of head, 64 kB of body (a dbg answer has 1.4 kB). Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace racehub::track_controller {

struct HttpReply {
    int status = 0;
    std::string body;
};

class HttpReplyReader {
  public:
    static constexpr std::size_t kMaxHeadBytes = 8 * 1024;
    static constexpr std::size_t kMaxBodyBytes = 64 * 1024;

    /// In a stream the body is not kept: take_body hands it over piece by piece, without end.
    enum class Use : std::uint8_t { whole, stream };
    explicit HttpReplyReader(Use use = Use::whole) : use_(use) {}

    /// False once the answer cannot be one; error() says why. The rest is ignored.
    bool feed(std::string_view bytes);
    /// The connection was closed by the device. False if what came is no whole answer.
    bool finish();

    bool head_complete() const { return head_complete_; }
    /// As many bytes as announced have come: a device that now forgets to close may be cut off.
    bool length_reached() const;
    const HttpReply& reply() const { return reply_; }
    std::string take_body();
    const std::string& error() const { return error_; }

  private:
    bool read_head(std::string_view head);
    bool read_status(std::string_view line);
    bool read_header(std::string_view line);
    bool fail(std::string why);

    Use use_;
    std::string head_;
    bool head_complete_ = false;
    std::optional<std::size_t> content_length_;
    HttpReply reply_;
    std::string error_;
};

}  // namespace racehub::track_controller
