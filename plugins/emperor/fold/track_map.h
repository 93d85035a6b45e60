#pragma once
// A track's map: the server's own picture with its scale, and the line that cars drive. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/emperor/fold/track_line.h"

namespace racehub::emperor {

/// What map.ini says, or a snapshot. Nothing: it says no scale.
std::optional<MapScale> read_map_ini(std::string_view text);

struct ImageSize {
    int width_px = 0, height_px = 0;
};
/// Of a PNG, by its first bytes. Nothing: it is none.
std::optional<ImageSize> png_size(std::string_view bytes);

/// Where the server keeps a track's files, "/content/tracks/<track>/<layout>"; empty: it has no
/// name that may stand in a path.
std::string track_folder(const SessionInfo& info);

struct MapImage {
    std::string url;
    ImageSize size;
    MapScale scale;
};

/// Data of map.reported; empty if nothing is known.
std::string map_report(const std::string& name, const std::vector<TrackLine::Point>& line,
                       const std::optional<MapImage>& image);

}  // namespace racehub::emperor
