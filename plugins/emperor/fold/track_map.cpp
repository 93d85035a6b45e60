#include "plugins/emperor/fold/track_map.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace racehub::emperor {
namespace {

using nlohmann::json;

constexpr int kMaxPixels = 100'000;  // as the hub's

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

bool is_folder_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of("/\\?#%") == std::string::npos;
}

}  // namespace

std::optional<MapScale> read_map_ini(std::string_view text) {
    MapScale map;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view key = trimmed(line.substr(0, equals));
        const std::string_view value = trimmed(line.substr(equals + 1));
        double number = 0;
        const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
        if (read.ec != std::errc() || !std::isfinite(number) || std::abs(number) > 1e5) continue;
        if (key == "WIDTH") map.width_px = number;
        if (key == "HEIGHT") map.height_px = number;
        if (key == "SCALE_FACTOR") map.scale = number;
        if (key == "X_OFFSET") map.offset_x = number;
        if (key == "Z_OFFSET") map.offset_z = number;
    }
    if (!(map.scale > 0) || map.scale > 1'000) return std::nullopt;
    return map;
}

std::optional<ImageSize> png_size(std::string_view bytes) {
    constexpr std::string_view kSignature("\x89PNG\r\n\x1A\n", 8);
    if (bytes.size() < 24 || !bytes.starts_with(kSignature) || bytes.substr(12, 4) != "IHDR") {
        return std::nullopt;
    }
    const std::uint32_t width = big_endian(bytes, 16), height = big_endian(bytes, 20);
    if (width == 0 || height == 0 || width > kMaxPixels || height > kMaxPixels) return std::nullopt;
    return ImageSize{static_cast<int>(width), static_cast<int>(height)};
}

std::string track_folder(const SessionInfo& info) {
    if (!is_folder_name(info.track)) return {};
    std::string folder = "/content/tracks/" + info.track;
    if (info.layout.empty()) return folder;
    return is_folder_name(info.layout) ? folder + "/" + info.layout : "";
}

std::string map_report(const std::string& name, const std::vector<TrackLine::Point>& line,
                       const std::optional<MapImage>& image) {
    if (line.empty() && !image) return {};
    json map = {{"path", json::array()}};
    if (!name.empty()) map["name"] = name;
    for (const TrackLine::Point& point : line) {
        map["path"].push_back({{"x_mm", point.x_mm}, {"y_mm", point.y_mm}});
    }
    if (!line.empty()) map["sectors"] = json::array({map["path"].front()});
    const std::int64_t um_per_px = image ? std::llround(image->scale.scale * 1e6) : 0;
    if (um_per_px > 0) {
        map["image"] = {{"url", image->url},
                        {"width_px", image->size.width_px},
                        {"height_px", image->size.height_px},
                        {"offset_x_mm", std::llround(image->scale.offset_x * 1'000)},
                        {"offset_y_mm", std::llround(image->scale.offset_z * 1'000)},
                        {"um_per_px", um_per_px}};
    }
    return map.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace racehub::emperor
