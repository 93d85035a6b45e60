#pragma once
// What a mode of the plugin does. Plugin thread.

#include <racehub/plugin.hpp>
#include <string>

namespace racehub::smartrace {

/// How the source is: one sentence that an organiser can act on first, counts behind it.
struct Status {
    rh_health health = RH_HEALTH_UNKNOWN;
    std::string text;
};

class Side {
  public:
    virtual ~Side() = default;
    virtual void start() = 0;
    virtual void stop() = 0;
    virtual void on_event(const sdk::Event& event) = 0;
    virtual void on_fd(int fd, std::uint32_t ready) = 0;
    /// Some times a second, and when an own thread woke the plugin.
    virtual void run(std::int64_t now_us) = 0;
    virtual Status status(std::int64_t now_us) = 0;
};

/// "less than a minute ago"; 0: "never".
std::string age_text(std::int64_t since_us, std::int64_t now_us);

}  // namespace racehub::smartrace
