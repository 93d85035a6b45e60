#pragma once
// Fetches a server's picture of a track on a thread of its own: race control is read without a
// pause.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <racehub/worker.hpp>
#include <string>

#include "plugins/emperor/config.h"
#include "plugins/emperor/fold/track_map.h"
#include "plugins/emperor/net/link.h"

namespace racehub::emperor {

class MapFetcher {
  public:
    MapFetcher(sdk::Host host, const Config& config) : host_(host), config_(config) {}

    /// [any-thread] Fetch the map in this folder of the server; `scale` is what is known of it. The
    /// newest wish counts; the image of the one before is forgotten.
    void fetch(const std::string& folder, const MapScale& scale);
    /// [any-thread] The image that was wished for, once. Nothing: not there yet, or not to be had.
    std::optional<MapImage> take();

    void run(sdk::StopToken& token);  ///< [own-thread] until the token says stop
    void interrupt();                 ///< [any-thread]

  private:
    std::optional<MapImage> fetch_image(const std::string& folder, MapScale scale);
    std::optional<std::string> get(const std::string& path, std::size_t enough);

    const sdk::Host host_;
    const Config config_;
    Interrupter interrupter_;
    std::mutex mutex_;
    std::condition_variable wished_;
    bool interrupted_ = false;       // mutex_
    std::string folder_;             // mutex_; empty: no wish is open
    MapScale scale_;                 // mutex_
    std::optional<MapImage> image_;  // mutex_
};

}  // namespace racehub::emperor
