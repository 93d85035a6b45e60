#include "plugins/emperor/map_fetcher.h"

#include <csignal>
#include <utility>

#include "plugins/emperor/net/http.h"
#include "plugins/emperor/protocol/values.h"

namespace racehub::emperor {
namespace {

constexpr std::chrono::seconds kFetchTime{10};
constexpr std::size_t kPngHead = 64;  // its size stands in the first 24 bytes
constexpr std::size_t kMaxIni = 4'096;

}  // namespace

void MapFetcher::fetch(const std::string& folder, const MapScale& scale) {
    const std::lock_guard lock(mutex_);
    folder_ = folder;
    scale_ = scale;
    image_.reset();
    wished_.notify_one();
}

std::optional<MapImage> MapFetcher::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(image_, std::nullopt);
}

void MapFetcher::interrupt() {
    interrupter_.interrupt();
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    wished_.notify_one();
}

void MapFetcher::run(sdk::StopToken& token) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    while (!token.stopping()) {
        std::string folder;
        MapScale scale;
        {
            std::unique_lock lock(mutex_);
            wished_.wait(lock, [this] { return interrupted_ || !folder_.empty(); });
            if (interrupted_) return;
            folder = std::exchange(folder_, "");
            scale = scale_;
        }
        std::optional<MapImage> image = fetch_image(folder, scale);
        if (!image) host_.logged("note", "The server shows no map in " + folder + ".");
        const std::lock_guard lock(mutex_);
        if (folder_.empty()) image_ = std::move(image);  // else another track is wished for
    }
}

std::optional<MapImage> MapFetcher::fetch_image(const std::string& folder, MapScale scale) {
    const std::string path = folder + "/map.png";
    const auto bytes = get(path, kPngHead);
    const auto size = bytes ? png_size(*bytes) : std::nullopt;
    if (!size) return std::nullopt;
    if (!(scale.scale > 0)) {
        const auto ini = get(folder + "/data/map.ini", kMaxIni);
        const auto read = ini ? read_map_ini(*ini) : std::nullopt;
        if (!read) return std::nullopt;
        scale = *read;
    }
    const Address& server = config_.server;
    std::string url =
        (server.tls ? "https://" : "http://") + server.authority() + encode_path(path);
    if (url.size() > kMaxText) return std::nullopt;  // the hub would not take it
    return MapImage{std::move(url), *size, scale};
}

/// The first `enough` bytes of a file, or all of it; nothing: the server does not have it.
std::optional<std::string> MapFetcher::get(const std::string& path, std::size_t enough) {
    Link link(interrupter_);
    const auto deadline = Link::Clock::now() + kFetchTime;
    std::string problem, bytes;
    if (!link.open(config_.server, config_.ca_file, config_.tls_insecure, deadline, problem) ||
        !link.write(get_request(config_, path), deadline, problem)) {
        return std::nullopt;
    }
    for (;;) {
        const auto end = head_end(bytes);
        if (!end && bytes.size() > kMaxHeadBytes) return std::nullopt;
        if (end && bytes.size() - *end >= enough) break;
        if (link.read(bytes, deadline, problem) != Link::Read::data) break;
    }
    const auto end = head_end(bytes);
    if (!end) return std::nullopt;
    const Head head = read_head(std::string_view(bytes).substr(0, *end));
    if (head.status != 200) return std::nullopt;
    return bytes.substr(*end, enough);
}

}  // namespace racehub::emperor
