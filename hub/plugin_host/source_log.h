#pragma once
// What was said between a source and its device (source.logged), and what the device senses
// (device.sensed). Both come from plugins: bounded and checked here.

#include <cstdint>
#include <deque>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace racehub::plugin_host {

/// The newest lines of one source's protocol. [any-thread]
class SourceLog {
  public:
    /// Some minutes of a talkative device; 64 sources of it are 16 MB.
    static constexpr std::size_t kMaxLines = 2'000;
    static constexpr std::size_t kMaxBytes = 256 * 1024;

    /// `dir`: "in", "out" or "note"; `text` is cleaned and cut.
    void add(std::int64_t time_us, std::string_view dir, std::string_view text);
    /// Lines with a number above `after`, oldest first, each {"n","time_us","dir","text"} and a
    /// line break. Numbers have no holes: a first one above after + 1 tells that lines were lost.
    std::string json_lines(std::uint64_t after) const;

  private:
    struct Line {
        std::uint64_t number;
        std::int64_t time_us;
        std::string dir, text;
    };
    mutable std::mutex mutex_;
    std::deque<Line> lines_;    // mutex_
    std::size_t bytes_ = 0;     // mutex_
    std::uint64_t number_ = 0;  // mutex_; of the newest line
};

/// Reads the data of source.logged. False: `error`.
bool read_logged(std::string_view data, std::string& dir, std::string& text, std::string& error);

/// Reads the data of device.sensed: known members only, clean, bounded. False: `error`.
bool read_sensed(std::string_view data, nlohmann::json& sensed, std::string& error);

}  // namespace racehub::plugin_host
