#pragma once
// Asks a plugin file what it contains, in a process of its own: a library that crashes or hangs
// while it is loaded cannot take the hub with it.

#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace racehub::plugin_host {

class Prober {
  public:
    /// Loading a library takes milliseconds; on a busy Pi from an SD card a second.
    static constexpr std::int64_t kLimitMs = 5'000;
    static constexpr std::size_t kMaxAnswerBytes = 1u << 20;

    explicit Prober(std::string host_program, std::int64_t limit_ms = kLimitMs)
        : host_program_(std::move(host_program)), limit_ms_(limit_ms) {}

    /// {"ok":true,"plugins":[descriptor…]} or {"ok":false,"error":"<file> <why>"} as JSON text.
    /// Remembers the answer as long as path, size and time of the file stay the same. Blocks at
    /// most the limit. [any-thread]
    std::string probe(const std::string& file);

  private:
    struct Stamp {
        std::int64_t size = -1;
        std::int64_t time_ns = -1;
        bool operator==(const Stamp&) const = default;
    };
    struct Known {
        Stamp stamp;
        std::string answer;
    };
    std::string run(const std::string& file) const;

    const std::string host_program_;
    const std::int64_t limit_ms_;
    std::mutex mutex_;
    std::map<std::string, Known> known_;  // mutex_; one for each file that was ever asked about
};

}  // namespace racehub::plugin_host
