#pragma once
// Server-sent events, as protocol 2.0 uses them: `data:` lines, a blank line ends an event, a line
// that begins with a colon is a sign of life. Cutting the input differently never changes the
// result. Bounded: 16 kB an event; a longer one is dropped and counted. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace racehub::track_controller {

class SseParser {
  public:
    static constexpr std::size_t kMaxEventBytes = 16 * 1024;

    explicit SseParser(std::function<void(std::string_view)> on_data)
        : on_data_(std::move(on_data)) {}

    void feed(std::string_view bytes);
    void reset();
    std::uint64_t dropped() const { return dropped_; }

  private:
    void end_line();

    std::function<void(std::string_view)> on_data_;
    std::string line_;
    std::string data_;
    bool has_data_ = false;
    bool too_long_ = false;
    bool after_cr_ = false;
    std::uint64_t dropped_ = 0;
};

}  // namespace racehub::track_controller
