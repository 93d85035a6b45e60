#pragma once
// Protocol 1.0 from the device's side: a request line in, an answer or a wait out, with the limits
// and words of the real firmware, so that whatever reads a Track Controller reads the hub.
//
// No I/O.

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/track_controller/server/race_board.h"

namespace racehub::track_controller {

/// The firmware holds so many requests that wait for a race, and as many for the gate.
constexpr int kMaxWaiters = 4;

struct Served {
    enum class Kind : std::uint8_t { answer, race_wait, gate_wait };
    Kind kind = Kind::answer;
    int status = 200;
    std::string body;
};

struct Waiters {
    int race = 0;
    int gate = 0;
};

/// `request` is the first line, without its end.
Served serve(std::string_view request, const RaceBoard& board, const Waiters& waiters,
             std::int64_t uptime_ms);

/// What those hear that wait.
std::string race_text(const RaceBoard& board);
std::string gate_text(bool ready);

/// Head and body, as the firmware writes them.
std::string http_answer(int status, std::string_view body);

}  // namespace racehub::track_controller
