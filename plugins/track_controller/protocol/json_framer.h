#pragma once
// Finds JSON values in what a Track Controller writes to its serial port: by value, not by line,
// because protocol 1.0 answers are pretty-printed over many lines, and between them stand boot
// messages, tracebacks and prompts.
//
// Rules, made for a device that may be reset or unplugged in the middle of anything:
// - a value begins in column 0 with `{` or `[`, or is a line `null`; all else is noise;
// - braces in strings do not count;
// - a value is given up, and its rest read as noise, at the first byte that JSON cannot have there
//   (so boot noise inside a cut value ends it), and for a fresh one at a `{` in column 0;
// - limits: 16 kB a value (a dbg answer has 1.4 kB), 32 levels, 200 bytes of a noise line.
// Cutting the input differently never changes the result. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace racehub::track_controller {

class JsonFramer {
  public:
    static constexpr std::size_t kMaxValueBytes = 16 * 1024;
    static constexpr std::size_t kMaxNoiseBytes = 200;
    static constexpr int kMaxDepth = 32;

    struct Sink {
        std::function<void(std::string_view)> value;  ///< one whole JSON text; valid in the call
        std::function<void(std::string_view)> noise;  ///< one printable line of anything else
    };

    explicit JsonFramer(Sink sink) : sink_(std::move(sink)) {}

    void feed(std::string_view bytes);
    /// Forgets what is half read: after a reconnect.
    void reset();

    /// A value has begun and not ended.
    bool half_read() const {
        return place_ == Place::value || place_ == Place::string || place_ == Place::escape;
    }
    /// Values given up half read, for being cut, too long or too deep.
    std::uint64_t broken() const { return broken_; }

  private:
    enum class Place : std::uint8_t { line_start, word, value, string, escape, noise };

    void take(char c);
    void begin_value(char c);
    void take_in_value(char c);
    void take_in_string(char c);
    void end_word();
    void give_up(char c);
    void add_noise(char c);
    void end_noise();

    Sink sink_;
    std::string text_;   // the value being read, or the word that may be `null`
    std::string noise_;  // the noise line being read
    Place place_ = Place::line_start;
    int depth_ = 0;
    bool column_0_ = true;  // within a value: the previous byte ended a line
    std::uint64_t broken_ = 0;
};

}  // namespace racehub::track_controller
