#pragma once
// The hub's log: lines on standard error, which a terminal shows and a service manager keeps.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace racehub::app {

/// [any-thread] One line each, with the time of day and who speaks. Nobody can flood it: beyond
/// kMaxLinesPerSecond of one speaker, lines are counted instead, and the count is told when it is
/// quiet again.
class Log {
  public:
    static constexpr int kMaxLinesPerSecond = 20;

    enum class Level { debug, info, warning, error };
    void write(Level level, std::string_view who, std::string_view text);

  private:
    struct Speaker {
        std::int64_t second = 0;
        int lines = 0;
        std::uint64_t swallowed = 0;
    };
    std::mutex mutex_;
    std::map<std::string, Speaker, std::less<>>
        speakers_;  // mutex_; parts of the hub and configured sources
};

}  // namespace racehub::app
