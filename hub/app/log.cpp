#include "hub/app/log.h"

#include <cstdio>
#include <ctime>

namespace racehub::app {
namespace {

const char* mark(Log::Level level) {
    switch (level) {
        case Log::Level::debug:
            return " debug:";
        case Log::Level::info:
            return "";
        case Log::Level::warning:
            return " warning:";
        case Log::Level::error:
            return " ERROR:";
    }
    return "";
}

/// Control characters of foreign text could forge lines or steer a terminal.
std::string clean(std::string_view text) {
    std::string line(text.substr(0, 1'000));
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return line;
}

}  // namespace

void Log::write(Level level, std::string_view who, std::string_view text) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char time[16];
    std::strftime(time, sizeof time, "%H:%M:%S", &local);

    const std::lock_guard lock(mutex_);
    Speaker& speaker = speakers_[std::string(who)];
    if (speaker.second != now) {
        if (speaker.swallowed > 0) {
            std::fprintf(stderr, "%s %s: %llu more lines were not written\n", time,
                         clean(who).c_str(), static_cast<unsigned long long>(speaker.swallowed));
        }
        speaker = Speaker{now, 0, 0};
    }
    if (++speaker.lines > kMaxLinesPerSecond) {
        ++speaker.swallowed;
        return;
    }
    std::fprintf(stderr, "%s%s %s: %s\n", time, mark(level), clean(who).c_str(),
                 clean(text).c_str());
}

}  // namespace racehub::app
