#include "plugins/smartrace/examine.h"

#include <poll.h>

#include <cctype>
#include <racehub/plugin.hpp>

#include "plugins/smartrace/config.h"
#include "plugins/smartrace/net/app_link.h"
#include "plugins/smartrace/net/listener.h"
#include "plugins/smartrace/protocol/messages.h"

namespace racehub::smartrace {
namespace {

constexpr std::int64_t kLimitUs = 8'000'000;

// An examination has no host; sockets want somebody to watch them and to tell the time.
class LoneHost {
  public:
    LoneHost() {
        table_.struct_size = sizeof(table_);
        table_.abi_minor = RH_ABI_MINOR;
        table_.ctx = this;
        table_.log = [](void*, rh_log_level, rh_str) {};
        table_.set_health = [](void*, rh_health, rh_str) {};
        table_.wake = [](void*) -> rh_status { return RH_OK; };
        table_.now_us = [](void*) -> std::int64_t {
            return std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::steady_clock::now().time_since_epoch())
                .count();
        };
        table_.watch_fd = [](void* ctx, int fd, std::uint32_t interest) -> rh_status {
            static_cast<LoneHost*>(ctx)->watched_ = {fd, static_cast<short>(to_poll(interest)), 0};
            return RH_OK;
        };
    }
    sdk::Host get() const { return sdk::Host(&table_); }

    /// Waits a moment for the one descriptor that is watched, and serves the link with it.
    void serve(AppLink& link) {
        watched_.revents = 0;
        const bool any = watched_.events != 0;
        if (poll(&watched_, any ? 1 : 0, 100) > 0) {
            std::uint32_t ready = 0;
            if ((watched_.revents & POLLIN) != 0) ready |= RH_FD_READ;
            if ((watched_.revents & POLLOUT) != 0) ready |= RH_FD_WRITE;
            if ((watched_.revents & (POLLERR | POLLHUP)) != 0) ready |= RH_FD_ERROR;
            link.on_fd(watched_.fd, ready);
        }
        link.run(get().now_us());
    }

  private:
    static int to_poll(std::uint32_t interest) {
        return ((interest & RH_FD_READ) != 0 ? POLLIN : 0) |
               ((interest & RH_FD_WRITE) != 0 ? POLLOUT : 0);
    }
    rh_host table_{};
    pollfd watched_{-1, 0, 0};
};

class Onlooker final : public AppListener {
  public:
    void on_app_ready(AppLink&) override { ready = true; }
    void on_app_message(AppLink&, const WsMessage& message, std::int64_t) override {
        const AppMessage told = read_app_message(message.payload);
        if (told.says == AppSays::api_version) version = told.api_version;
        for (const Slot& slot : told.slots) {
            if (slot.assigned) drivers += (drivers.empty() ? "" : ", ") + slot.driver;
        }
    }
    void on_app_lost(AppLink&, const std::string&) override { lost = true; }
    void on_delivered(AppLink&, std::uint64_t) override {}
    void on_sent(AppLink&, const Delivery::Item&) override {}

    bool ready = false, lost = false;
    std::int64_t version = 0;
    std::string drivers;
};

// Greets the app and does not register: a sensor that is registered keeps its place.
std::string test_app(const Config& config) {
    LoneHost host;
    Onlooker onlooker;
    AppLink link(host.get(), config.app_host, config.app_port, true, onlooker);
    const std::int64_t until_us = host.get().now_us() + kLimitUs;
    while (!onlooker.ready && !onlooker.lost && host.get().now_us() < until_us) host.serve(link);
    if (!onlooker.ready) {
        std::string text = link.status_text(host.get().now_us());
        // Nobody tries again here.
        if (const auto again = text.rfind(" Next try"); again != text.npos) text.resize(again);
        const auto colon = text.find(": ");
        if (colon < 10) text.erase(0, colon + 2);
        if (text.empty() || text.rfind("Connecting", 0) == 0) {
            text = link.place() + " does not answer. Open the SmartRace app on the tablet.";
        }
        text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
        return sdk::verdict(false, text);
    }
    link.stop(1000);
    return sdk::verdict(true, "The SmartRace app at " + link.place() + " answers (API " +
                                  std::to_string(onlooker.version) + "); drivers: " +
                                  (onlooker.drivers.empty() ? "none" : onlooker.drivers) + ".");
}

std::string test_port(const Config& config) {
    LoneHost host;
    Listener listener(host.get(), config.address, config.port);
    const std::string port = std::to_string(config.port);
    if (listener.listen()) {
        return sdk::verdict(true, "Port " + port +
                                      " is free: sensors can connect to it at this machine's "
                                      "address.");
    }
    return sdk::verdict(false, listener.problem() +
                                   " If this source runs already, it has the port: then all is "
                                   "well.");
}

}  // namespace

std::string examine(std::string_view what, std::string_view config_json) {
    if (what != "test") return {};
    Config config;
    std::string error;
    if (!read_config(config_json, config, error)) return sdk::verdict(false, error);
    return config.mode == Mode::server ? test_port(config) : test_app(config);
}

}  // namespace racehub::smartrace
