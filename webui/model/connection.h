#pragma once
// When to open the live socket, when to give it up, and how fresh the picture is. Pure: instants
// and randomness come in, the next step comes out; the platform owns the socket.

#include "hub/core/types.h"

namespace racehub {

enum class ConnectionPhase : std::uint8_t {
    connecting = 1,  ///< a socket is being opened, or has not said anything yet
    live,            ///< messages come
    stale,           ///< the socket is open, but nothing has come for kStaleUs
    waiting,         ///< no socket; the next try comes at retry_us()
};

class Connection {
  public:
    // The hub says something at least once a second.
    static constexpr TimeUs kStaleUs = 3 * kSecondUs;  ///< two ticks missing: say so
    static constexpr TimeUs kDeadUs =
        10 * kSecondUs;  ///< a socket this silent is broken: open a new one
    static constexpr TimeUs kConnectUs = 6 * kSecondUs;  ///< to open and to be greeted
    static constexpr TimeUs kFirstRetryUs =
        250'000;  ///< a restarting hub is back in about a second
    static constexpr TimeUs kSteadyUs =
        5 * kSecondUs;  ///< live this long: the next loss starts over with short waits
    static constexpr TimeUs kLongestRetryUs =
        5 * kSecondUs;  ///< at most this stale after the network is back

    enum class Step : std::uint8_t { none = 1, open, close };

    Step start(TimeUs now_us);
    /// Something intelligible arrived.
    void on_message(TimeUs now_us);
    /// The socket closed or could not be opened. `random` spreads the retries of many screens.
    void on_closed(TimeUs now_us, std::uint32_t random);
    /// Call once a second or oftener.
    Step tick(TimeUs now_us, std::uint32_t random);
    /// The network or the page came back: do not wait any longer.
    Step retry_now(TimeUs now_us);
    /// Gives the present socket up and opens another at once (after log-in, or to start over).
    Step reopen(TimeUs now_us);

    ConnectionPhase phase() const { return phase_; }
    TimeUs retry_us() const { return retry_us_; }
    TimeUs last_message_us() const { return last_message_us_; }  ///< 0: never
    bool ever_live() const { return last_message_us_ != 0; }
    int attempts() const { return attempts_; }  ///< since it was last live for kSteadyUs

  private:
    void wait(TimeUs now_us, std::uint32_t random);

    ConnectionPhase phase_ = ConnectionPhase::waiting;
    TimeUs since_us_ = 0;  ///< beginning of the phase
    TimeUs retry_us_ = 0;
    TimeUs last_message_us_ = 0;
    int attempts_ = 0;
};

}  // namespace racehub
