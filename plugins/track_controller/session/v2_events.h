#pragma once
// What the events of protocol 2.0 mean, the same over serial and over server-sent events.

#include <cstdint>

#include "plugins/track_controller/session/device_book.h"

namespace racehub::track_controller {

constexpr const char* kV2Topics = "gate,lanes,race,engine";

enum class V2Change : std::uint8_t {
    nothing,
    completed,  ///< a race ended that was not known yet; its result is in the book
    armed,
    racing,
    idle,         ///< after a race
    disarmed,     ///< before the gate opened, by somebody
    events_lost,  ///< the device dropped events: ask it for its state
};

/// Takes over lights and results into the book, and says what to do about it.
inline V2Change follow_event(const Frame& event, DeviceBook& book, std::int64_t now_us) {
    if (event.name == "overflow") return V2Change::events_lost;
    if (event.name == "completed") {
        const auto race = read_race(event.body);
        if (!race) return V2Change::events_lost;
        return book.result(*race, now_us) ? V2Change::completed : V2Change::nothing;
    }
    if (event.name == "state") {
        if (const auto ready = read_gate(event.body)) book.gate(*ready);
        if (const auto lane = read_lane_event(event.body)) book.lane(lane->lane, lane->triggered);
    } else if (event.name == "phase") {
        switch (read_phase_event(event.body)) {
            case Phase::armed:
                return V2Change::armed;
            case Phase::racing:
                return V2Change::racing;
            case Phase::idle:
                return was_armed(event.body) ? V2Change::disarmed : V2Change::idle;
            case Phase::unknown:
                break;
        }
    }
    return V2Change::nothing;
}

}  // namespace racehub::track_controller
