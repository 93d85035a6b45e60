#include "plugins/emperor/examine.h"

#include <csignal>
#include <racehub/plugin.hpp>

#include "plugins/emperor/net/http.h"
#include "plugins/emperor/net/link.h"
#include "plugins/emperor/net/websocket.h"
#include "plugins/emperor/protocol/message.h"

namespace racehub::emperor {
namespace {

using Clock = Link::Clock;

constexpr std::chrono::seconds kAnswerTime{6};  // the hub waits 15 s for all of it
constexpr std::chrono::seconds kFirstFrameTime{3};

std::string told_by(const Frame& frame) {
    const auto* snapshot = std::get_if<Snapshot>(&frame.message);
    if (!snapshot) return "it has no session to show yet.";
    int drivers = 0;
    for (const Driver& driver : snapshot->drivers) drivers += driver.connected ? 1 : 0;
    std::string text =
        "\"" + snapshot->session.server + "\" shows " +
        (snapshot->track_name.empty() ? snapshot->session.track : snapshot->track_name);
    if (!snapshot->session.name.empty()) text += ", " + snapshot->session.name;
    return text + ", with " + std::to_string(drivers) + (drivers == 1 ? " driver." : " drivers.");
}

// The first frame of a server is its picture, or empty; a live event may slip in before.
std::string first_frame(Link& link, std::string bytes) {
    Websocket socket(kMaxFrameBytes);
    const auto until = Clock::now() + kFirstFrameTime;
    std::string problem;
    for (;;) {
        for (const WsMessage& message : socket.read(bytes)) {
            const Frame frame = read_frame(message.payload);
            if (message.opcode == 1 && (frame.empty || frame.is(EventType::snapshot))) {
                return told_by(frame);
            }
        }
        bytes.clear();
        if (socket.ended() || link.read(bytes, until, problem) != Link::Read::data) {
            return "it says nothing yet.";
        }
    }
}

std::string test(const Config& config) {
    std::signal(SIGPIPE, SIG_IGN);
    const Interrupter nobody;
    Link link(nobody);
    const auto deadline = Clock::now() + kAnswerTime;
    const std::string key = websocket_key();
    std::string problem, bytes;
    if (!link.open(config.server, config.ca_file, config.tls_insecure, deadline, problem) ||
        !link.write(upgrade_request(config, key), deadline, problem)) {
        return sdk::verdict(false, problem);
    }
    while (!head_end(bytes)) {
        if (link.read(bytes, deadline, problem) == Link::Read::data &&
            bytes.size() <= kMaxHeadBytes) {
            continue;
        }
        return sdk::verdict(false, "What answers at " + config.server.authority() +
                                       " is no web server, or says nothing: check the port.");
    }
    const std::size_t end = *head_end(bytes);
    bool for_good = false;
    problem =
        upgrade_problem(read_head(std::string_view(bytes).substr(0, end)), key, config, for_good);
    if (!problem.empty()) return sdk::verdict(false, problem);
    std::string text = "The race control at " + config.server.authority() + " answers";
    if (config.server.tls) text += " by TLS";
    if (config.server.tls && config.tls_insecure) text += ", its certificate not checked";
    return sdk::verdict(true, text + ": " + first_frame(link, bytes.substr(end)));
}

}  // namespace

std::string examine(std::string_view what, std::string_view config_json) {
    if (what != "test") return {};
    Config config;
    std::string error;
    if (!read_config(config_json, config, error)) return sdk::verdict(false, error);
    return test(config);
}

}  // namespace racehub::emperor
