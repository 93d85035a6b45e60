#include "plugins/smartrace/side.h"

namespace racehub::smartrace {

std::string age_text(std::int64_t since_us, std::int64_t now_us) {
    if (since_us == 0) return "never";
    const std::int64_t seconds = (now_us - since_us) / 1'000'000;
    if (seconds < 10) return "just now";
    if (seconds < 60) return "less than a minute ago";
    if (seconds < 3600) return std::to_string(seconds / 60) + " min ago";
    return std::to_string(seconds / 3600) + " h ago";
}

}  // namespace racehub::smartrace
