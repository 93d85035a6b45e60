#include "plugins/track_controller/examine.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <racehub/plugin.hpp>
#include <random>
#include <vector>

#include "plugins/track_controller/config.h"
#include "plugins/track_controller/io/http_wire.h"
#include "plugins/track_controller/io/serial_wire.h"
#include "plugins/track_controller/protocol/json_text.h"

namespace racehub::track_controller {
namespace {

// Of the 15 s that there are. A device by cable is asked twice, five seconds each.
constexpr std::int64_t kLimitUs = 12 * kSecond;

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// Hears how the connection is and ends with the first word that says something. Nothing is armed:
// no heat is ever ordered.
class Onlooker final : public DeviceListener {
  public:
    bool done = false, well = false;
    std::string text;

    void report_waiting() override {}
    void heat_started(const std::string&, const std::string&) override {}
    void gate_changed(bool) override {}
    void lane_changed(int, bool) override {}
    void measured(const std::string&) override {}
    void traffic(const char*, std::string_view) override {}
    void persist(const LedgerState&) override {}
    void log_warning(const std::string&) override {}
    void link_changed(Link link, bool is_well, const std::string& sentence) override {
        if (done) return;
        text = sentence;
        well = is_well;
        done = link != Link::connecting;
    }
};

// Nobody tries again here, and "idle" is no news.
std::string for_a_test(std::string text) {
    for (const char* end : {"; trying again", "; idle", "; armed"}) {
        if (const auto at = text.find(end); at != text.npos) text = text.substr(0, at) + ".";
    }
    return text;
}

std::string test(const Config& config) {
    if (config.transport == Transport::none)
        return sdk::verdict(true, "No device is set; the track is offered on port " +
                                      std::to_string(config.serve_port) + ".");
    Onlooker onlooker;
    const bool http = config.transport == Transport::http;
    const std::string where =
        http ? config.host + ":" + std::to_string(config.port) : config.device;
    DeviceBook book({ArmPolicy::heats, config.lanes, where}, {}, onlooker);
    const std::uint32_t seed = std::random_device{}();
    std::unique_ptr<Wire> wire;
    if (http) {
        wire = std::make_unique<HttpWire>(config.host, config.port, book, seed);
    } else {
        wire = std::make_unique<SerialWire>(config.device, book, seed);
    }
    const std::int64_t until_us = now_us() + kLimitUs;
    wire->start(now_us());
    while (!onlooker.done && now_us() < until_us) {
        std::vector<pollfd> fds;
        wire->watch(fds);
        const std::int64_t left_us = std::clamp<std::int64_t>(
            std::min(wire->deadline_us(), until_us) - now_us(), 0, kSecond);
        ::poll(fds.data(), fds.size(), static_cast<int>((left_us + kMs - 1) / kMs));
        wire->turn(now_us());
    }
    wire->stop();
    if (!onlooker.done)
        return sdk::verdict(false, "No answer from " + where + ": check its power.");
    return sdk::verdict(onlooker.well, for_a_test(onlooker.text));
}

// A name that stays the same when another port is plugged in first.
std::string lasting_name(const std::string& port) {
    std::error_code error;
    const std::string name = std::filesystem::path(port).filename();
    for (const auto& entry : std::filesystem::directory_iterator("/dev/serial/by-id", error)) {
        if (std::filesystem::read_symlink(entry.path(), error).filename() == name)
            return entry.path();
    }
    return port;
}

std::string discover() {
    nlohmann::json found = nlohmann::json::array();
    for (const std::string& port : find_track_controllers()) {
        found.push_back({{"label", "Raspberry Pi Pico on " + port},
                         {"config", {{"transport", "serial"}, {"device", lasting_name(port)}}}});
    }
    return nlohmann::json{{"found", std::move(found)}}.dump();
}

}  // namespace

std::string examine(std::string_view what, std::string_view config_json) {
    if (what == "discover") return discover();
    return what == "test" ? test(read_config(config_json)) : std::string();
}

}  // namespace racehub::track_controller
